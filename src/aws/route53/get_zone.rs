//! `aws:route53/getZone:getZone`: the one zone that the arguments describe.

use aws_sdk_route53::types::{HostedZone, TagResourceType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    plain_name, tags_raw,
    zone::{arn, bare, live, recovers_fast},
};
use crate::{aws::check_tags, provider::*};

pub(super) struct GetZone;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: Option<String>,
    zone_id: Option<String>,
    #[serde(default)]
    private_zone: bool,
    /// Only a private zone that this VPC sees is an answer.
    vpc_id: Option<String>,
    /// Only a zone with these tags, among others, is an answer.
    #[serde(default)]
    tags: Tags,
    /// Only a zone that has it, or has it not, is an answer.
    enable_accelerated_recovery: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    caller_reference: String,
    comment: Option<String>,
    enable_accelerated_recovery: bool,
    linked_service_description: Option<String>,
    linked_service_principal: Option<String>,
    name: String,
    name_servers: Vec<String>,
    primary_name_server: Option<String>,
    private_zone: bool,
    resource_record_set_count: i64,
    tags: Tags,
    vpc_id: Option<String>,
    zone_id: String,
}

impl Function for GetZone {
    const TOKEN: &'static str = "aws:route53/getZone:getZone";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let mut ids = match (&args.zone_id, &args.name) {
            (Some(id), None) => vec![id.clone()],
            (None, Some(name)) => named(cx, name, args.private_zone).await?,
            (None, None) if !args.tags.0.is_empty() || args.vpc_id.is_some() => {
                all(cx, args.private_zone).await?
            }
            _ => return Err(Error::invalid("name", "or `zoneId` is needed, not both")),
        };
        if args.zone_id.is_none() && !args.tags.0.is_empty() {
            let tags = tags_raw(cx, TagResourceType::Hostedzone, &ids).await?;
            let live = |id: &String| Tags::live(tags.get(id).cloned().unwrap_or_default());
            ids.retain(|id| check_tags(Some(&args.tags), &live(id)).is_ok());
        }
        let mut found = Vec::new();
        for id in ids {
            if let Some(zone) = output(cx, &id, args).await? {
                found.push(zone);
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(zone), true) => Ok(zone),
            (Some(_), false) => {
                Err(Error::invalid("name", "several zones match, and one is asked for"))
            }
            (None, _) => Err(Error::invalid("name", "no zone matches")),
        }
    }
}

fn is_private(zone: &HostedZone) -> bool {
    zone.config.as_ref().is_some_and(|it| it.private_zone)
}

/// The ids of those of this name.
async fn named(cx: &Cx, name: &str, private: bool) -> Result<Vec<String>> {
    let wanted = plain_name(name);
    let mut ids = Vec::new();
    let mut next = (Some(name.to_owned()), None);
    loop {
        let call = cx.aws.route53().list_hosted_zones_by_name();
        let page = call.set_dns_name(next.0).set_hosted_zone_id(next.1).send().await?;
        for zone in page.hosted_zones {
            if plain_name(&zone.name) != wanted {
                return Ok(ids);
            }
            if is_private(&zone) == private {
                ids.push(bare(&zone.id));
            }
        }
        if !page.is_truncated {
            return Ok(ids);
        }
        next = (page.next_dns_name, page.next_hosted_zone_id);
    }
}

async fn all(cx: &Cx, private: bool) -> Result<Vec<String>> {
    let pages = cx.aws.route53().list_hosted_zones().into_paginator();
    let zones: Vec<HostedZone> = pages.items().send().try_collect().await?;
    Ok(zones.iter().filter(|it| is_private(it) == private).map(|it| bare(&it.id)).collect())
}

/// `None` when it is not what is asked for.
async fn output(cx: &Cx, id: &str, args: &Args) -> Result<Option<Output>> {
    let Some(live) = live(cx, id).await? else { return Ok(None) };
    let zone = live.hosted_zone.ok_or(Error::missing("HostedZone"))?;
    let vpcs = live.vpcs.unwrap_or_default();
    let seen_by = |wanted: &String| vpcs.iter().any(|it| it.vpc_id.as_ref() == Some(wanted));
    if args.vpc_id.as_ref().is_some_and(|it| !seen_by(it)) {
        return Ok(None);
    }
    let recovery = recovers_fast(&zone).unwrap_or_default();
    if args.enable_accelerated_recovery.is_some_and(|it| it != recovery) {
        return Ok(None);
    }
    let ids = [id.to_owned()];
    let tags = tags_raw(cx, TagResourceType::Hostedzone, &ids).await?.remove(id);
    let tags = Tags::live(tags.unwrap_or_default());
    check_tags(Some(&args.tags), &tags)?;
    let service = zone.linked_service.clone();
    let name_servers = live.delegation_set.map(|it| it.name_servers).unwrap_or_default();
    let private_zone = is_private(&zone);
    Ok(Some(Output {
        id: id.to_owned(),
        arn: arn(cx, id),
        caller_reference: zone.caller_reference,
        comment: zone.config.and_then(|it| it.comment),
        enable_accelerated_recovery: recovery,
        linked_service_description: service.as_ref().and_then(|it| it.description.clone()),
        linked_service_principal: service.and_then(|it| it.service_principal),
        name: plain_name(&zone.name),
        primary_name_server: name_servers.first().cloned(),
        name_servers,
        private_zone,
        resource_record_set_count: zone.resource_record_set_count.unwrap_or_default(),
        tags,
        vpc_id: args.vpc_id.clone(),
        zone_id: id.to_owned(),
    }))
}
