//! `aws:route53/record:Record`. The id is `zone_name_TYPE`, with `_set` after
//! it for one of several under a name.

use std::{collections::HashMap, time::Duration};

use aws_sdk_route53::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, built, plain_name,
    record_parts::{
        Alias, Cidr, Failover, Geolocation, Geoproximity, Latency, Weighted, alias_name, meaning,
        records, sent, told,
    },
    serial, zone,
};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Record;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    zone_id: String,
    /// Whole, or without the zone's name; empty for the zone itself.
    #[schemars(extend("replace" = true))]
    name: String,
    #[schemars(extend("enum" = [
        "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF",
        "SRV", "SSHFP", "SVCB", "TLSA", "TXT",
    ]))]
    r#type: String,
    #[schemars(range(max = 2_147_483_647))]
    ttl: Option<i64>,
    /// Texts need no quotes.
    records: Option<Set<String>>,
    #[schemars(length(max = 1))]
    aliases: Option<Vec<Alias>>,
    /// Takes over a record that is there already.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    allow_overwrite: bool,
    /// Needed with each of the routing policies.
    set_identifier: Option<String>,
    health_check_id: Option<String>,
    cidr_routing_policy: Option<Cidr>,
    #[schemars(length(max = 1))]
    failover_routing_policies: Option<Vec<Failover>>,
    #[schemars(length(max = 1))]
    geolocation_routing_policies: Option<Vec<Geolocation>>,
    geoproximity_routing_policy: Option<Geoproximity>,
    #[schemars(length(max = 1))]
    latency_routing_policies: Option<Vec<Latency>>,
    multivalue_answer_routing_policy: Option<bool>,
    #[schemars(length(max = 1))]
    weighted_routing_policies: Option<Vec<Weighted>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    fqdn: String,
}

/// From this many on, a zone is read as a whole.
const WHOLE: usize = 4;

const VISIBLE: Duration = Duration::from_secs(120);
/// A change takes a minute mostly.
const KNOWN: Duration = Duration::from_secs(1800);

impl Resource for Record {
    const TYPE: &'static str = "aws:route53/record:Record";
    const KEY: &'static [&'static str] = &["zoneId", "name", "type", "setIdentifier"];
    const WAITS_ASIDE: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        match (&new.records, &new.aliases) {
            (Some(records), None) if records.0.is_empty() => {
                return Err(Error::invalid("records", "has one value at least"));
            }
            (Some(_), None) if new.ttl.is_none() => {
                return Err(Error::invalid("ttl", "is needed with `records`"));
            }
            (None, Some(_)) if new.ttl.is_some() => {
                return Err(Error::invalid("ttl", "is not for aliases, which have their target's"));
            }
            (Some(_), None) | (None, Some(_)) => {}
            _ => return Err(Error::invalid("records", "or `aliases` is needed, not both")),
        }
        let policies = [
            new.cidr_routing_policy.is_some(),
            new.failover_routing_policies.is_some(),
            new.geolocation_routing_policies.is_some(),
            new.geoproximity_routing_policy.is_some(),
            new.latency_routing_policies.is_some(),
            new.multivalue_answer_routing_policy == Some(true),
            new.weighted_routing_policies.is_some(),
        ];
        let policies = policies.iter().filter(|it| **it).count();
        if policies > 1 {
            return Err(Error::invalid("setIdentifier", "goes with one routing policy, not more"));
        }
        if (policies == 1) != new.set_identifier.is_some() {
            let rule = "goes together with a routing policy";
            return Err(Error::invalid("setIdentifier", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let (Some(zone), Some(name), Some(ty)) = (text("zoneId"), text("name"), text("type"))
        else {
            return Map::new();
        };
        let set = match inputs.get("setIdentifier") {
            None => None,
            Some(Value::String(set)) => Some(set.as_str()),
            Some(_) => return Map::new(),
        };
        Map::from([("id".to_owned(), Value::String(id(zone, name, ty, set)))])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.zone_id))
    }

    /// By meaning: what the names and values are, not how they are written.
    /// Values are compared as texts too, whose dots and case are their own.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let texts = |it: &Value, ty: &str| -> Vec<String> {
            let all = it.as_list().unwrap_or_default().iter();
            let mut all: Vec<_> = all.filter_map(|it| Some(meaning(ty, it.as_str()?))).collect();
            all.sort_unstable();
            all
        };
        let name = |it: &Value, normal: fn(&str) -> String| it.as_str().map(normal);
        match path {
            "name" => name(wanted, plain_name) == name(live, plain_name),
            "records" => {
                ["TXT", "AAAA", "CNAME"].iter().any(|ty| texts(wanted, ty) == texts(live, ty))
            }
            _ if path.starts_with("aliases") && path.ends_with(".name") => {
                name(wanted, alias_name) == name(live, alias_name)
            }
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let fqdn = fqdn(cx, &new.zone_id, &new.name).await?;
        let action = match new.allow_overwrite {
            true => sdk::ChangeAction::Upsert,
            false => sdk::ChangeAction::Create,
        };
        change(cx, &new.zone_id, vec![(action, set(&fqdn, new)?)]).await?;
        Ok(id_of(new))
    }

    /// The zone tells of it at once, and all its name servers within a minute.
    /// Whose process has ended since does not know the change: the next run
    /// comes later than that.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(change) = cx.noted() else {
            let visible = || async { Ok(Self::read(cx, id).await?.map(|_| ())) };
            return cx.wait("the zone to show the record", VISIBLE, visible).await;
        };
        let known = || async {
            let reply = cx.aws.route53().get_change().id(&change).send().await;
            let info = absent(reply, &["NoSuchChange"])?.and_then(|it| it.change_info);
            Ok(info.filter(|it| it.status == sdk::ChangeStatus::Insync).map(drop))
        };
        cx.wait("the zone's name servers to know the record", KNOWN, known).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    /// Zone by zone: an account has five calls a second.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let all = ids.iter().map(|id| Key::parse(id)).collect::<Result<Vec<_>>>()?;
        let mut zones: HashMap<&str, Option<Zone>> = HashMap::new();
        let mut found = Vec::with_capacity(ids.len());
        for key in &all {
            if !zones.contains_key(key.zone) {
                let many = all.iter().filter(|it| it.zone == key.zone).count() >= WHOLE;
                zones.insert(key.zone, Zone::read(cx, key.zone, many).await?);
            }
            let live = match zones.get(key.zone) {
                Some(Some(zone)) => zone.find(cx, key).await?.map(|it| (zone, it)),
                _ => None,
            };
            found.push(live.map(|(zone, it)| outputs(key, &zone.name, it)));
        }
        Ok(found)
    }

    /// Another type or another set goes in the same change: at no time is
    /// there none.
    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        let key = Key::parse(id)?;
        let zone = Zone::read(cx, key.zone, false).await?.ok_or(Error::unseen("the zone"))?;
        let wanted = set(&expanded(key.name, &zone.name), new)?;
        let live = if id == id_of(new) { None } else { zone.find(cx, &key).await? };
        let changes = match live {
            Some(live) => {
                vec![(sdk::ChangeAction::Delete, live), (sdk::ChangeAction::Create, wanted)]
            }
            None => vec![(sdk::ChangeAction::Upsert, wanted)],
        };
        change(cx, key.zone, changes).await
    }

    async fn renamed(_: &Cx, _: &str, new: &Inputs) -> Result<String> {
        Ok(id_of(new))
    }

    /// Only what a record is can be deleted: it is read first.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let key = Key::parse(id)?;
        let Some(zone) = Zone::read(cx, key.zone, false).await? else { return Ok(()) };
        let Some(live) = zone.find(cx, &key).await? else { return Ok(()) };
        match change(cx, key.zone, vec![(sdk::ChangeAction::Delete, live)]).await {
            Err(error) if error.is(MISSING) || not_there(&error) => Ok(()),
            other => other,
        }
    }

    /// A record has no tags: a create of one that exists is refused, and the
    /// same values under the same name are what this operation would make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id_of(inputs);
        let key = Key::parse(&id)?;
        let Some(zone) = Zone::read(cx, key.zone, false).await? else { return Ok(None) };
        let Some(live) = zone.find(cx, &key).await? else { return Ok(None) };
        let wanted = set(&expanded(key.name, &zone.name), inputs)?;
        Ok(alike(&live, &wanted).then_some(id))
    }
}

/// The parts of an id.
#[derive(Debug, PartialEq)]
struct Key<'a> {
    zone: &'a str,
    name: &'a str,
    ty: &'a str,
    set: Option<&'a str>,
}

fn id(zone: &str, name: &str, ty: &str, set: Option<&str>) -> String {
    let name = plain_name(name);
    let set = set.map(|it| format!("_{it}")).unwrap_or_default();
    format!("{zone}_{name}_{ty}{set}")
}

fn id_of(inputs: &Inputs) -> String {
    id(&inputs.zone_id, &inputs.name, &inputs.r#type, inputs.set_identifier.as_deref())
}

impl<'a> Key<'a> {
    /// Names are in lower case and types are not: the first part in capitals
    /// is the type, and a set's identifier may hold anything.
    fn parse(id: &'a str) -> Result<Self> {
        let wrong = || Error::invalid("id", format!("`{id}` is not `zone_name_TYPE`"));
        let (zone, rest) = id.split_once('_').ok_or_else(wrong)?;
        for (at, _) in rest.match_indices('_') {
            let tail = &rest[at + 1..];
            let (ty, set) = tail.split_once('_').map_or((tail, None), |(ty, set)| (ty, Some(set)));
            if !ty.is_empty() && ty.chars().all(|it| it.is_ascii_uppercase()) {
                return Ok(Self { zone, name: &rest[..at], ty, set });
            }
        }
        Err(wrong())
    }

    fn is(&self, fqdn: &str, live: &sdk::ResourceRecordSet) -> bool {
        plain_name(&live.name) == fqdn
            && live.r#type.as_str() == self.ty
            && live.set_identifier.as_deref() == self.set
    }
}

/// What is known of a zone while its records are read.
struct Zone {
    id: String,
    name: String,
    /// All of its records, when many are asked for.
    records: Option<Vec<sdk::ResourceRecordSet>>,
}

impl Zone {
    async fn read(cx: &Cx, id: &str, whole: bool) -> Result<Option<Self>> {
        let live = zone::live(cx, id).await?.and_then(|it| it.hosted_zone);
        let Some(live) = live else { return Ok(None) };
        let records = if whole { Some(records(cx, id).await?) } else { None };
        Ok(Some(Self { id: id.to_owned(), name: plain_name(&live.name), records }))
    }

    async fn find(&self, cx: &Cx, key: &Key<'_>) -> Result<Option<sdk::ResourceRecordSet>> {
        let fqdn = expanded(key.name, &self.name);
        if let Some(records) = &self.records {
            return Ok(records.iter().find(|it| key.is(&fqdn, it)).cloned());
        }
        let call = cx.aws.route53().list_resource_record_sets().hosted_zone_id(&self.id);
        let call = call.start_record_name(&fqdn).start_record_type(key.ty.into());
        let call = call.set_start_record_identifier(key.set.map(str::to_owned));
        let reply = absent(call.max_items(10).send().await, MISSING)?;
        let mut found = reply.map(|it| it.resource_record_sets).unwrap_or_default().into_iter();
        Ok(found.find(|it| key.is(&fqdn, it)))
    }
}

/// With the zone's name, unless it has it.
fn expanded(name: &str, zone: &str) -> String {
    let name = plain_name(name);
    match name.strip_suffix(zone) {
        Some(rest) if rest.is_empty() || rest.ends_with('.') => name,
        _ if name.is_empty() => zone.to_owned(),
        _ => format!("{name}.{zone}"),
    }
}

async fn fqdn(cx: &Cx, zone: &str, name: &str) -> Result<String> {
    let zone = Zone::read(cx, zone, false).await?.ok_or(Error::unseen("the zone"))?;
    Ok(expanded(name, &zone.name))
}

fn not_there(error: &Error) -> bool {
    error.is(&["InvalidChangeBatch"]) && error.message.contains("not found")
}

async fn change(
    cx: &Cx,
    zone: &str,
    changes: Vec<(sdk::ChangeAction, sdk::ResourceRecordSet)>,
) -> Result<()> {
    let one = |(action, set)| {
        built(sdk::Change::builder().action(action).resource_record_set(set).build())
    };
    let changes = changes.into_iter().map(one).collect::<Result<Vec<_>>>()?;
    let batch = built(sdk::ChangeBatch::builder().set_changes(Some(changes)).build())?;
    let call = cx.aws.route53().change_resource_record_sets().hosted_zone_id(zone);
    let reply = call.change_batch(batch).send().await?;
    if let Some(info) = reply.change_info {
        cx.note(info.id);
    }
    Ok(())
}

fn set(fqdn: &str, inputs: &Inputs) -> Result<sdk::ResourceRecordSet> {
    let ty = inputs.r#type.as_str();
    let value = |it: &String| built(sdk::ResourceRecord::builder().value(sent(ty, it)).build());
    let values = inputs.records.as_ref();
    let values = values.map(|it| it.0.iter().map(value).collect::<Result<_>>()).transpose()?;
    let alias = inputs.aliases.iter().flatten().next();
    let failover = inputs.failover_routing_policies.iter().flatten().next();
    let geolocation = inputs.geolocation_routing_policies.iter().flatten().next();
    let latency = inputs.latency_routing_policies.iter().flatten().next();
    let weighted = inputs.weighted_routing_policies.iter().flatten().next();
    let proximity = inputs.geoproximity_routing_policy.as_ref();
    let builder = sdk::ResourceRecordSet::builder()
        .name(fqdn)
        .r#type(ty.into())
        .set_ttl(inputs.ttl)
        .set_resource_records(values)
        .set_alias_target(alias.map(Alias::to_sdk).transpose()?)
        .set_set_identifier(inputs.set_identifier.clone())
        .set_health_check_id(inputs.health_check_id.clone())
        .set_cidr_routing_config(inputs.cidr_routing_policy.as_ref().map(Cidr::to_sdk).transpose()?)
        .set_failover(failover.map(|it| it.r#type.as_str().into()))
        .set_geo_location(geolocation.map(Geolocation::to_sdk))
        .set_geo_proximity_location(proximity.map(Geoproximity::to_sdk).transpose()?)
        .set_region(latency.map(|it| it.region.as_str().into()))
        .set_multi_value_answer(inputs.multivalue_answer_routing_policy.filter(|it| *it))
        .set_weight(weighted.map(|it| it.weight));
    built(builder.build())
}

/// In what a lost create said.
fn alike(live: &sdk::ResourceRecordSet, wanted: &sdk::ResourceRecordSet) -> bool {
    let values = |it: &sdk::ResourceRecordSet| {
        let ty = it.r#type.as_str();
        let mut all: Vec<_> =
            it.resource_records().iter().map(|it| meaning(ty, &it.value)).collect();
        all.sort_unstable();
        all
    };
    let alias = |it: &sdk::ResourceRecordSet| {
        it.alias_target.as_ref().map(|it| (alias_name(&it.dns_name), it.hosted_zone_id.clone()))
    };
    values(live) == values(wanted) && alias(live) == alias(wanted) && live.ttl == wanted.ttl
}

fn outputs(key: &Key<'_>, zone: &str, live: sdk::ResourceRecordSet) -> Outputs {
    let values = live.resource_records.unwrap_or_default().into_iter();
    let values: Vec<String> = values.map(|it| told(key.ty, &it.value)).collect();
    let failover = |it: sdk::ResourceRecordSetFailover| Failover { r#type: it.as_str().to_owned() };
    let inputs = Inputs {
        zone_id: key.zone.to_owned(),
        name: key.name.to_owned(),
        r#type: key.ty.to_owned(),
        // An alias has none of its own.
        ttl: live.ttl.filter(|_| live.alias_target.is_none()),
        records: (!values.is_empty()).then_some(Set(values)),
        aliases: live.alias_target.map(|it| vec![Alias::from_sdk(it)]),
        allow_overwrite: false,
        set_identifier: live.set_identifier,
        health_check_id: live.health_check_id,
        cidr_routing_policy: live.cidr_routing_config.map(Cidr::from_sdk),
        failover_routing_policies: live.failover.map(|it| vec![failover(it)]),
        geolocation_routing_policies: live.geo_location.map(|it| vec![Geolocation::from_sdk(it)]),
        geoproximity_routing_policy: live.geo_proximity_location.map(Geoproximity::from_sdk),
        latency_routing_policies: live
            .region
            .map(|it| vec![Latency { region: it.as_str().to_owned() }]),
        multivalue_answer_routing_policy: live.multi_value_answer,
        weighted_routing_policies: live.weight.map(|weight| vec![Weighted { weight }]),
    };
    Outputs { inputs, fqdn: expanded(key.name, zone) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_apart_at_the_type() {
        let ids = [
            ("Z1_dev_NS", Key { zone: "Z1", name: "dev", ty: "NS", set: None }),
            (
                "Z1__dmarc.example.com_TXT",
                Key { zone: "Z1", name: "_dmarc.example.com", ty: "TXT", set: None },
            ),
            ("Z1_dev_NS_dev_A", Key { zone: "Z1", name: "dev", ty: "NS", set: Some("dev_A") }),
            ("Z1__A", Key { zone: "Z1", name: "", ty: "A", set: None }),
        ];
        for (text, key) in ids {
            assert_eq!(Key::parse(text).unwrap(), key);
            assert_eq!(id(key.zone, key.name, key.ty, key.set), text);
        }
        assert!(Key::parse("Z1_dev").is_err());
    }

    #[test]
    fn a_name_may_leave_the_zone_out() {
        for (name, whole) in [
            ("", "example.com"),
            ("www", "www.example.com"),
            ("WWW.Example.com.", "www.example.com"),
            ("example.com", "example.com"),
            ("notexample.com", "notexample.com.example.com"),
        ] {
            assert_eq!(expanded(name, "example.com"), whole);
        }
    }
}
