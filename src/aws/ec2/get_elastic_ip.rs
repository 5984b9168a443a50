//! `aws:ec2/getElasticIp:getElasticIp`: the one address that the arguments
//! describe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Query,
    eip::{self, describe, outputs, reverse_names},
    looked_for, sole,
};
use crate::provider::*;

pub(super) struct GetElasticIp;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    /// Of the allocation.
    id: Option<String>,
    public_ip: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    #[serde(flatten)]
    address: eip::Outputs,
    id: String,
    filters: Vec<Query>,
    instance_id: Option<String>,
    network_interface_id: Option<String>,
    network_interface_owner_id: Option<String>,
}

impl Function for GetElasticIp {
    const TOKEN: &'static str = "aws:ec2/getElasticIp:getElasticIp";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [("allocation-id", &args.id), ("public-ip", &args.public_ip)];
        let filters = looked_for(texts, &args.filters, &args.tags);
        let found = [sole(describe(cx, filters).await?, "address")?];
        let names = reverse_names(cx, &found).await?;
        let [live] = found;
        let id = live.allocation_id.clone().ok_or(Error::missing("AllocationId"))?;
        Ok(Output {
            filters: args.filters.clone(),
            instance_id: live.instance_id.clone().filter(|it| !it.is_empty()),
            network_interface_id: live.network_interface_id.clone(),
            network_interface_owner_id: live.network_interface_owner_id.clone(),
            address: outputs(cx, id.clone(), names.get(&id).cloned(), live),
            id,
        })
    }
}
