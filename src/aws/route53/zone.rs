//! `aws:route53/zone:Zone`. The id is the zone's, `Z…`.

use std::time::Duration;

use aws_sdk_route53::{
    operation::get_hosted_zone::GetHostedZoneOutput,
    types::{self as sdk, TagResourceType},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, built, plain_name, record_parts::records, tag, tags};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct Zone;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "lower" = true, "replace" = true))]
    name: String,
    comment: Option<String>,
    #[schemars(extend("replace" = true))]
    delegation_set_id: Option<String>,
    enable_accelerated_recovery: Option<bool>,
    /// Deletes the zone's records with it, whoever made them.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
    /// Makes it a private zone, which these see.
    vpcs: Option<Set<ZoneVpc>>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ZoneVpc {
    vpc_id: String,
    /// That of the provider, when it is not given.
    #[schemars(extend("computed" = true))]
    vpc_region: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    name_servers: Vec<String>,
    primary_name_server: Option<String>,
    zone_id: String,
}

impl Resource for Zone {
    const TYPE: &'static str = "aws:route53/zone:Zone";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.name.trim_end_matches('.').is_empty() || new.name.len() > 1024 {
            return Err(Error::invalid("name", "has 1 to 1024 characters"));
        }
        if new.vpcs.as_ref().is_some_and(|it| it.0.is_empty()) {
            let rule = "names a VPC at least, or is left out for a public zone";
            return Err(Error::invalid("vpcs", rule));
        }
        if new.vpcs.is_some() && new.delegation_set_id.is_some() {
            return Err(Error::invalid("delegationSetId", "is for public zones only"));
        }
        Ok(())
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "name" && wanted.as_str().map(plain_name).as_deref() == live.as_str()
    }

    /// The reference can never be used again, and says whose zone it is:
    /// several zones may have one name.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let vpcs = vpcs(cx, new);
        let config = sdk::HostedZoneConfig::builder()
            .set_comment(new.comment.clone())
            .private_zone(!vpcs.is_empty())
            .build();
        let call = cx.aws.route53().create_hosted_zone().name(&new.name);
        let reply = call
            .caller_reference(&cx.op)
            .hosted_zone_config(config)
            .set_vpc(vpcs.first().map(ZoneVpc::to_sdk))
            .set_delegation_set_id(new.delegation_set_id.clone())
            .send()
            .await?;
        Ok(bare(&reply.hosted_zone.ok_or(Error::missing("HostedZone"))?.id))
    }

    /// A zone is born without tags and with one VPC at most.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let live = live(cx, id).await?.ok_or(Error::unseen("the zone"))?;
        let there: Vec<ZoneVpc> =
            live.vpcs.unwrap_or_default().into_iter().filter_map(ZoneVpc::from_sdk).collect();
        for vpc in vpcs(cx, new).into_iter().filter(|it| !there.contains(it)) {
            associate(cx, id, &vpc).await?;
        }
        if new.enable_accelerated_recovery == Some(true) {
            recover_fast(cx, id, true).await?;
        }
        tag(cx, TagResourceType::Hostedzone, id, cx.birth_tags(&new.tags), Vec::new()).await
    }

    /// Route 53 tells of it at once and its name servers within a minute,
    /// which nobody here waits for: records may be made meanwhile.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let wanted = new.enable_accelerated_recovery;
        let settled = || async {
            let Some(live) = live(cx, id).await?.and_then(|it| it.hosted_zone) else {
                return Ok(None);
            };
            Ok(wanted.is_none_or(|it| recovers_fast(&live) == Some(it)).then_some(()))
        };
        cx.wait("the zone to be visible", Duration::from_secs(900), settled).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    /// One after the other: an account has five calls a second.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(live(cx, id).await?);
        }
        let there = ids.iter().zip(&found).filter(|(_, it)| it.is_some());
        let there: Vec<String> = there.map(|(id, _)| id.clone()).collect();
        let mut tags = tags(cx, TagResourceType::Hostedzone, &there).await?;
        let told = |(id, live): (&String, Option<GetHostedZoneOutput>)| {
            live.map(|it| outputs(cx, id, it, tags.remove(id).unwrap_or_default())).transpose()
        };
        ids.iter().zip(found).map(told).collect()
    }

    /// A private zone has a VPC at any time: the new ones come first.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.comment != new.comment {
            let call = cx.aws.route53().update_hosted_zone_comment().id(id);
            call.comment(new.comment.clone().unwrap_or_default()).send().await?;
        }
        let (before, after) = (Set(vpcs(cx, old)), Set(vpcs(cx, new)));
        let (added, removed) = after.since(&before);
        for vpc in added {
            associate(cx, id, &vpc).await?;
        }
        for vpc in removed {
            let call = cx.aws.route53().disassociate_vpc_from_hosted_zone().hosted_zone_id(id);
            absent(call.vpc(vpc.to_sdk()).send().await, &["VPCAssociationNotFound"])?;
        }
        if old.enable_accelerated_recovery != new.enable_accelerated_recovery {
            recover_fast(cx, id, new.enable_accelerated_recovery.unwrap_or_default()).await?;
        }
        let (set, removed) = new.tags.since(&old.tags);
        tag(cx, TagResourceType::Hostedzone, id, set, removed).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let Some(zone) = live(cx, id).await?.and_then(|it| it.hosted_zone) else { return Ok(()) };
        if recovers_fast(&zone) == Some(true) {
            recover_fast(cx, id, false).await?;
        }
        if last.force_destroy {
            empty(cx, id, &zone.name).await?;
        }
        absent(cx.aws.route53().delete_hosted_zone().id(id).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let name = plain_name(&inputs.name);
        let mut next = (Some(inputs.name.clone()), None);
        loop {
            let call = cx.aws.route53().list_hosted_zones_by_name();
            let page = call.set_dns_name(next.0).set_hosted_zone_id(next.1).send().await?;
            for zone in page.hosted_zones {
                if plain_name(&zone.name) != name {
                    return Ok(None);
                }
                if zone.caller_reference == cx.op {
                    return Ok(Some(bare(&zone.id)));
                }
            }
            if !page.is_truncated {
                return Ok(None);
            }
            next = (page.next_dns_name, page.next_hosted_zone_id);
        }
    }
}

/// Ids are told as `/hostedzone/Z…`.
pub(super) fn bare(id: &str) -> String {
    id.rsplit('/').next().unwrap_or_default().to_owned()
}

impl ZoneVpc {
    fn to_sdk(&self) -> sdk::Vpc {
        let region = self.vpc_region.as_deref().map(Into::into);
        sdk::Vpc::builder().vpc_id(&self.vpc_id).set_vpc_region(region).build()
    }

    fn from_sdk(live: sdk::Vpc) -> Option<Self> {
        let vpc_region = live.vpc_region.map(|it| it.as_str().to_owned());
        Some(Self { vpc_id: live.vpc_id?, vpc_region })
    }
}

/// Each with its region.
fn vpcs(cx: &Cx, inputs: &Inputs) -> Vec<ZoneVpc> {
    let region = |it: &ZoneVpc| it.vpc_region.clone().or_else(|| Some(cx.place.region.clone()));
    let whole = |it: &ZoneVpc| ZoneVpc { vpc_id: it.vpc_id.clone(), vpc_region: region(it) };
    inputs.vpcs.iter().flat_map(|it| &it.0).map(whole).collect()
}

async fn associate(cx: &Cx, id: &str, vpc: &ZoneVpc) -> Result<()> {
    let call = cx.aws.route53().associate_vpc_with_hosted_zone().hosted_zone_id(id);
    call.vpc(vpc.to_sdk()).send().await?;
    Ok(())
}

async fn recover_fast(cx: &Cx, id: &str, on: bool) -> Result<()> {
    let call = cx.aws.route53().update_hosted_zone_features().hosted_zone_id(id);
    call.enable_accelerated_recovery(on).send().await?;
    Ok(())
}

/// `None` while it changes.
pub(super) fn recovers_fast(zone: &sdk::HostedZone) -> Option<bool> {
    let status = zone.features.as_ref().and_then(|it| it.accelerated_recovery_status.as_ref());
    match status.map(|it| it.as_str()) {
        None | Some("DISABLED") => Some(false),
        Some("ENABLED") => Some(true),
        Some(_) => None,
    }
}

/// Without all records but the two that every zone has at its top.
async fn empty(cx: &Cx, id: &str, name: &str) -> Result<()> {
    let own = |it: &sdk::ResourceRecordSet| {
        plain_name(&it.name) == plain_name(name)
            && matches!(it.r#type, sdk::RrType::Ns | sdk::RrType::Soa)
    };
    let doomed: Vec<_> = records(cx, id).await?.into_iter().filter(|it| !own(it)).collect();
    for sets in doomed.chunks(100) {
        let change = |it: &sdk::ResourceRecordSet| {
            let change = sdk::Change::builder().action(sdk::ChangeAction::Delete);
            built(change.resource_record_set(it.clone()).build())
        };
        let changes = sets.iter().map(change).collect::<Result<Vec<_>>>()?;
        let batch = built(sdk::ChangeBatch::builder().set_changes(Some(changes)).build())?;
        let call = cx.aws.route53().change_resource_record_sets().hosted_zone_id(id);
        call.change_batch(batch).send().await?;
    }
    Ok(())
}

pub(super) async fn live(cx: &Cx, id: &str) -> Result<Option<GetHostedZoneOutput>> {
    absent(cx.aws.route53().get_hosted_zone().id(id).send().await, MISSING)
}

fn outputs(cx: &Cx, id: &str, live: GetHostedZoneOutput, tags: Tags) -> Result<Outputs> {
    let zone = live.hosted_zone.ok_or(Error::missing("HostedZone"))?;
    let recovery = recovers_fast(&zone);
    let vpcs: Vec<ZoneVpc> =
        live.vpcs.unwrap_or_default().into_iter().filter_map(ZoneVpc::from_sdk).collect();
    let delegation = live.delegation_set;
    let inputs = Inputs {
        name: plain_name(&zone.name),
        comment: zone.config.and_then(|it| it.comment).filter(|it| !it.is_empty()),
        delegation_set_id: delegation.as_ref().and_then(|it| it.id.as_deref()).map(bare),
        enable_accelerated_recovery: recovery,
        force_destroy: false,
        vpcs: (!vpcs.is_empty()).then_some(Set(vpcs)),
        tags,
    };
    let name_servers = delegation.map(|it| it.name_servers).unwrap_or_default();
    Ok(Outputs {
        inputs,
        arn: arn(cx, id),
        primary_name_server: name_servers.first().cloned(),
        name_servers,
        zone_id: id.to_owned(),
    })
}

/// Route 53's ARNs have neither a region nor an account.
pub(super) fn arn(cx: &Cx, id: &str) -> String {
    format!("arn:{}:route53:::hostedzone/{id}", cx.place.partition)
}
