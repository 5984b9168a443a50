//! `aws:route53/getRecords:getRecords`: a zone's records, as Route 53 has them.

use aws_sdk_route53::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    plain_name,
    record_parts::{Coordinates, records},
    zone::live,
};
use crate::provider::*;

pub(super) struct GetRecords;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// Only records whose name it matches are told.
    name_regex: Option<String>,
    zone_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    name_regex: Option<String>,
    resource_record_sets: Vec<RecordSet>,
    zone_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RecordSet {
    alias_target: Option<AliasTarget>,
    cidr_routing_config: Option<CidrRouting>,
    failover: Option<String>,
    geolocation: Option<Geolocation>,
    geoproximity_location: Option<Geoproximity>,
    health_check_id: Option<String>,
    multi_value_answer: Option<bool>,
    name: String,
    region: Option<String>,
    resource_records: Vec<Record>,
    set_identifier: Option<String>,
    traffic_policy_instance_id: Option<String>,
    ttl: Option<i64>,
    r#type: String,
    weight: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AliasTarget {
    dns_name: String,
    evaluate_target_health: bool,
    hosted_zone_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CidrRouting {
    collection_id: String,
    location_name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Geolocation {
    continent_code: Option<String>,
    country_code: Option<String>,
    subdivision_code: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Geoproximity {
    aws_region: Option<String>,
    bias: Option<i32>,
    coordinates: Option<Coordinates>,
    local_zone_group: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Record {
    value: String,
}

impl Function for GetRecords {
    const TOKEN: &'static str = "aws:route53/getRecords:getRecords";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let wrong = |error: regex_lite::Error| Error::invalid("nameRegex", error.to_string());
        let pattern =
            args.name_regex.as_deref().map(regex_lite::Regex::new).transpose().map_err(wrong)?;
        if live(cx, &args.zone_id).await?.is_none() {
            return Err(Error::invalid("zoneId", format!("there is no zone `{}`", args.zone_id)));
        }
        let matches = |it: &sdk::ResourceRecordSet| {
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(&plain_name(&it.name)))
        };
        let all = records(cx, &args.zone_id).await?.into_iter();
        Ok(Output {
            name_regex: args.name_regex.clone(),
            resource_record_sets: all.filter(matches).map(told).collect(),
            zone_id: args.zone_id.clone(),
        })
    }
}

fn told(live: sdk::ResourceRecordSet) -> RecordSet {
    let values = live.resource_records.unwrap_or_default().into_iter();
    RecordSet {
        alias_target: live.alias_target.map(|it| AliasTarget {
            dns_name: plain_name(&it.dns_name),
            evaluate_target_health: it.evaluate_target_health,
            hosted_zone_id: it.hosted_zone_id,
        }),
        cidr_routing_config: live.cidr_routing_config.map(|it| CidrRouting {
            collection_id: it.collection_id,
            location_name: it.location_name,
        }),
        failover: live.failover.map(|it| it.as_str().to_owned()),
        geolocation: live.geo_location.map(|it| Geolocation {
            continent_code: it.continent_code,
            country_code: it.country_code,
            subdivision_code: it.subdivision_code,
        }),
        geoproximity_location: live.geo_proximity_location.map(|it| Geoproximity {
            aws_region: it.aws_region,
            bias: it.bias,
            coordinates: it
                .coordinates
                .map(|it| Coordinates { latitude: it.latitude, longitude: it.longitude }),
            local_zone_group: it.local_zone_group,
        }),
        health_check_id: live.health_check_id,
        multi_value_answer: live.multi_value_answer,
        name: plain_name(&live.name),
        region: live.region.map(|it| it.as_str().to_owned()),
        resource_records: values.map(|it| Record { value: it.value }).collect(),
        set_identifier: live.set_identifier,
        traffic_policy_instance_id: live.traffic_policy_instance_id,
        ttl: live.ttl,
        r#type: live.r#type.as_str().to_owned(),
        weight: live.weight,
    }
}
