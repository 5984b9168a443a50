//! `aws:kms/getAlias:getAlias`. The id is the alias's ARN.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alias::{full, listed};
use crate::provider::*;

pub(super) struct GetAlias;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// `alias/` is put before a name that has none.
    name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    name: String,
    target_key_arn: String,
    target_key_id: String,
    region: String,
}

impl Function for GetAlias {
    const TOKEN: &'static str = "aws:kms/getAlias:getAlias";
    type Args = Args;
    type Output = Output;

    /// The list names no key for an alias of AWS's own that was never used:
    /// the key itself is asked.
    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let name = full(&args.name);
        let none = || Error::invalid("name", format!("there is no alias `{name}`"));
        let live = listed(cx, std::slice::from_ref(&name)).await?.remove(&name);
        let arn = live.ok_or_else(none)?.alias_arn.ok_or(Error::missing("AliasArn"))?;
        let reply = cx.aws.kms().describe_key().key_id(&name).send().await?;
        let key = reply.key_metadata.ok_or(Error::missing("KeyMetadata"))?;
        Ok(Output {
            id: arn.clone(),
            arn,
            target_key_arn: key.arn.unwrap_or_default(),
            target_key_id: key.key_id,
            region: cx.place.region.clone(),
            name,
        })
    }
}
