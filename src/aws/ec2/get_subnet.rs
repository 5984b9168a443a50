//! `aws:ec2/getSubnet:getSubnet`: the one subnet that the arguments describe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Query, filter, looked_for, sole,
    subnet::{self, describe},
};
use crate::provider::*;

pub(super) struct GetSubnet;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    cidr_block: Option<String>,
    default_for_az: Option<bool>,
    #[serde(default)]
    filters: Vec<Query>,
    id: Option<String>,
    ipv6_cidr_block: Option<String>,
    state: Option<String>,
    #[serde(default)]
    tags: Tags,
    vpc_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    #[serde(flatten)]
    subnet: subnet::Outputs,
    id: String,
    available_ip_address_count: Option<i32>,
    default_for_az: bool,
    filters: Vec<Query>,
    state: Option<String>,
}

impl Function for GetSubnet {
    const TOKEN: &'static str = "aws:ec2/getSubnet:getSubnet";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [
            ("subnet-id", &args.id),
            ("availability-zone", &args.availability_zone),
            ("availability-zone-id", &args.availability_zone_id),
            ("cidr-block", &args.cidr_block),
            ("ipv6-cidr-block-association.ipv6-cidr-block", &args.ipv6_cidr_block),
            ("state", &args.state),
            ("vpc-id", &args.vpc_id),
        ];
        let mut filters = looked_for(texts, &args.filters, &args.tags);
        filters.extend(args.default_for_az.map(|it| filter("default-for-az", [it.to_string()])));
        let live = sole(describe(cx, filters).await?, "subnet")?;
        Ok(Output {
            id: live.subnet_id.clone().ok_or(Error::missing("SubnetId"))?,
            available_ip_address_count: live.available_ip_address_count,
            default_for_az: live.default_for_az.unwrap_or_default(),
            filters: args.filters.clone(),
            state: live.state.as_ref().map(ToString::to_string),
            subnet: subnet::outputs(live)?,
        })
    }
}
