//! `aws:ec2/getVpcEndpoint:getVpcEndpoint`: the one endpoint that the
//! arguments describe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Query, looked_for, sole,
    vpc_endpoint::{self, DnsOptions, describe, is_gone, told},
};
use crate::provider::*;

pub(super) struct GetVpcEndpoint;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    id: Option<String>,
    service_name: Option<String>,
    service_region: Option<String>,
    state: Option<String>,
    #[serde(default)]
    tags: Tags,
    vpc_endpoint_type: Option<String>,
    vpc_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    #[serde(flatten)]
    endpoint: vpc_endpoint::Outputs,
    id: String,
    /// A list of one, as Pulumi has it.
    #[serde(rename = "dnsOptions")]
    dns: Vec<DnsOptions>,
    filters: Vec<Query>,
}

impl Function for GetVpcEndpoint {
    const TOKEN: &'static str = "aws:ec2/getVpcEndpoint:getVpcEndpoint";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [
            ("vpc-endpoint-id", &args.id),
            ("service-name", &args.service_name),
            ("service-region", &args.service_region),
            ("vpc-endpoint-state", &args.state),
            ("vpc-endpoint-type", &args.vpc_endpoint_type),
            ("vpc-id", &args.vpc_id),
        ];
        let filters = looked_for(texts, &args.filters, &args.tags);
        let mut found = describe(cx, filters).await?;
        found.retain(|it| args.state.is_some() || !is_gone(it));
        let mut live = sole(found, "VPC endpoint")?;
        let dns = live.dns_options.take().map(DnsOptions::live);
        Ok(Output {
            id: live.vpc_endpoint_id.clone().ok_or(Error::missing("VpcEndpointId"))?,
            dns: dns.into_iter().collect(),
            filters: args.filters.clone(),
            endpoint: told(cx, live).await?,
        })
    }
}
