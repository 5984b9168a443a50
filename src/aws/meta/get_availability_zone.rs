//! `aws:index/getAvailabilityZone:getAvailabilityZone`: the one zone that the
//! arguments describe.

use aws_sdk_ec2::types::Filter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::get_availability_zones::Query;
use crate::provider::*;

pub(super) struct GetAvailabilityZone;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// Those too that the account has not opted in to.
    all_availability_zones: Option<bool>,
    filters: Option<Vec<Query>>,
    name: Option<String>,
    state: Option<String>,
    zone_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    all_availability_zones: Option<bool>,
    filters: Option<Vec<Query>>,
    group_long_name: Option<String>,
    group_name: Option<String>,
    name: String,
    name_suffix: String,
    network_border_group: Option<String>,
    opt_in_status: Option<String>,
    parent_zone_id: Option<String>,
    parent_zone_name: Option<String>,
    state: Option<String>,
    zone_id: Option<String>,
    zone_type: Option<String>,
}

impl Function for GetAvailabilityZone {
    const TOKEN: &'static str = "aws:index/getAvailabilityZone:getAvailabilityZone";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let filter = |name: &str, values: Vec<String>| {
            Filter::builder().name(name).set_values(Some(values)).build()
        };
        let given = args.filters.iter().flatten();
        let given = given.map(|it| filter(&it.name, it.values.0.clone()));
        let state = args.state.iter().map(|it| filter("state", vec![it.clone()]));
        let filters: Vec<Filter> = given.chain(state).collect();
        let call = cx.aws.ec2().describe_availability_zones();
        let reply = call
            .set_all_availability_zones(args.all_availability_zones)
            .set_zone_names(args.name.clone().map(|it| vec![it]))
            .set_zone_ids(args.zone_id.clone().map(|it| vec![it]))
            .set_filters((!filters.is_empty()).then_some(filters))
            .send()
            .await?;
        let mut found = reply.availability_zones.unwrap_or_default();
        let (Some(zone), true) = (found.pop(), found.is_empty()) else {
            return Err(Error::invalid("filters", "not exactly one zone matches"));
        };
        let name = zone.zone_name.ok_or(Error::missing("ZoneName"))?;
        // `a` of `us-east-1a`; `-lax-1a` of `us-west-2-lax-1a`.
        let suffix = name.strip_prefix(&cx.place.region).unwrap_or_default().to_owned();
        Ok(Output {
            id: name.clone(),
            all_availability_zones: args.all_availability_zones,
            filters: args.filters.clone(),
            group_long_name: zone.group_long_name,
            group_name: zone.group_name,
            name,
            name_suffix: suffix,
            network_border_group: zone.network_border_group,
            opt_in_status: zone.opt_in_status.map(|it| it.to_string()),
            parent_zone_id: zone.parent_zone_id,
            parent_zone_name: zone.parent_zone_name,
            state: zone.state.map(|it| it.to_string()),
            zone_id: zone.zone_id,
            zone_type: zone.zone_type,
        })
    }
}
