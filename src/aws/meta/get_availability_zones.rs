//! `aws:index/getAvailabilityZones:getAvailabilityZones`.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{AvailabilityZone, Filter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetAvailabilityZones;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// Those too that the account has not opted in to.
    all_availability_zones: Option<bool>,
    exclude_names: Option<Set<String>>,
    exclude_zone_ids: Option<Set<String>>,
    filters: Option<Vec<Query>>,
    #[schemars(extend("enum" = ["available", "information", "impaired", "unavailable"]))]
    state: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Query {
    pub(super) name: String,
    pub(super) values: Set<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    all_availability_zones: Option<bool>,
    exclude_names: Option<Set<String>>,
    exclude_zone_ids: Option<Set<String>>,
    filters: Option<Vec<Query>>,
    state: Option<String>,
    group_names: Vec<String>,
    names: Vec<String>,
    zone_ids: Vec<String>,
}

impl Function for GetAvailabilityZones {
    const TOKEN: &'static str = "aws:index/getAvailabilityZones:getAvailabilityZones";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let filter = |name: &str, values: &[String]| {
            Filter::builder().name(name).set_values(Some(values.to_vec())).build()
        };
        let given = args.filters.iter().flatten().map(|it| filter(&it.name, &it.values.0));
        let state = args.state.iter().map(|it| filter("state", std::slice::from_ref(it)));
        let filters: Vec<Filter> = given.chain(state).collect();
        let call = cx.aws.ec2().describe_availability_zones();
        let call = call.set_all_availability_zones(args.all_availability_zones);
        let call = call.set_filters((!filters.is_empty()).then_some(filters));
        let mut zones = call.send().await?.availability_zones.unwrap_or_default();
        zones.retain(|it| {
            let out = |list: &Option<Set<String>>, text: Option<&str>| {
                let mut list = list.iter().flat_map(|it| &it.0);
                list.any(|it| Some(it.as_str()) == text)
            };
            !out(&args.exclude_names, it.zone_name()) && !out(&args.exclude_zone_ids, it.zone_id())
        });
        // EC2 answers in any order; `names[0]` must stay the same zone.
        zones.sort_by(|a, b| a.zone_name.cmp(&b.zone_name));
        let texts = |of: fn(&AvailabilityZone) -> Option<&str>| -> Vec<String> {
            zones.iter().filter_map(of).map(str::to_owned).collect()
        };
        let groups: BTreeSet<String> = texts(AvailabilityZone::group_name).into_iter().collect();
        Ok(Output {
            id: cx.place.region.clone(),
            all_availability_zones: args.all_availability_zones,
            exclude_names: args.exclude_names.clone(),
            exclude_zone_ids: args.exclude_zone_ids.clone(),
            filters: args.filters.clone(),
            state: args.state.clone(),
            group_names: groups.into_iter().collect(),
            names: texts(AvailabilityZone::zone_name),
            zone_ids: texts(AvailabilityZone::zone_id),
        })
    }
}
