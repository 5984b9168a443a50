//! `aws:wafv2/getIpSet:getIpSet`.

use aws_sdk_wafv2::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ip_set::listed, right_region, twin::Word};
use crate::provider::*;

pub(super) struct GetIpSet;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: String,
    scope: Word<sdk::Scope>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    addresses: Vec<String>,
    arn: String,
    description: Option<String>,
    ip_address_version: String,
    name: String,
    scope: Word<sdk::Scope>,
    region: String,
}

impl Function for GetIpSet {
    const TOKEN: &'static str = "aws:wafv2/getIpSet:getIpSet";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        right_region(cx, &args.scope.0)?;
        let mut all = listed(cx, &args.scope.0).await?.into_iter();
        let Some(found) = all.find(|it| it.name.as_ref() == Some(&args.name)) else {
            return Err(Error::invalid("name", format!("there is no IP set `{}`", args.name)));
        };
        let call = cx.aws.wafv2().get_ip_set().set_id(found.uuid).name(&args.name);
        let reply = call.scope(args.scope.0.clone()).send().await?;
        let live = reply.ip_set.ok_or(Error::missing("IPSet"))?;
        Ok(Output {
            id: live.id,
            addresses: live.addresses,
            arn: live.arn,
            description: live.description,
            ip_address_version: live.ip_address_version.to_string(),
            name: live.name,
            scope: args.scope.clone(),
            region: cx.place.region.clone(),
        })
    }
}
