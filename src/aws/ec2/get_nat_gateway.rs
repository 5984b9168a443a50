//! `aws:ec2/getNatGateway:getNatGateway`: the one gateway that the arguments
//! describe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Query, looked_for,
    nat_gateway::{self, describe, outputs},
    sole,
};
use crate::provider::*;

pub(super) struct GetNatGateway;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    id: Option<String>,
    state: Option<String>,
    subnet_id: Option<String>,
    #[serde(default)]
    tags: Tags,
    vpc_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    #[serde(flatten)]
    gateway: nat_gateway::Outputs,
    id: String,
    filters: Vec<Query>,
    state: Option<String>,
}

impl Function for GetNatGateway {
    const TOKEN: &'static str = "aws:ec2/getNatGateway:getNatGateway";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [
            ("nat-gateway-id", &args.id),
            ("state", &args.state),
            ("subnet-id", &args.subnet_id),
            ("vpc-id", &args.vpc_id),
        ];
        let filters = looked_for(texts, &args.filters, &args.tags);
        let live = sole(describe(cx, filters).await?, "NAT gateway")?;
        Ok(Output {
            id: live.nat_gateway_id.clone().ok_or(Error::missing("NatGatewayId"))?,
            filters: args.filters.clone(),
            state: live.state.as_ref().map(ToString::to_string),
            gateway: outputs(live),
        })
    }
}
