//! `aws:s3/getCanonicalUserId:getCanonicalUserId`: the account's name in ACLs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetCanonicalUserId;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Args {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    /// AWS no longer tells it.
    display_name: Option<String>,
    region: String,
}

impl Function for GetCanonicalUserId {
    const TOKEN: &'static str = "aws:s3/getCanonicalUserId:getCanonicalUserId";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, _: &Args) -> Result<Output> {
        let reply = cx.aws.s3().list_buckets().max_buckets(1).send().await?;
        let owner = reply.owner.ok_or(Error::missing("Owner"))?;
        Ok(Output {
            id: owner.id.ok_or(Error::missing("Owner.ID"))?,
            display_name: owner.display_name,
            region: cx.place.region.clone(),
        })
    }
}
