//! `aws:index/getCallerIdentity:getCallerIdentity`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetCallerIdentity;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(rename = "id")]
    #[schemars(extend("deprecatedBecause" = "it has no effect"))]
    _id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    account_id: String,
    arn: String,
    user_id: String,
}

impl Function for GetCallerIdentity {
    const TOKEN: &'static str = "aws:index/getCallerIdentity:getCallerIdentity";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, _: &Args) -> Result<Output> {
        let caller = cx.aws.sts().get_caller_identity().send().await?;
        let account_id = caller.account.ok_or(Error::missing("Account"))?;
        Ok(Output {
            id: account_id.clone(),
            account_id,
            arn: caller.arn.ok_or(Error::missing("Arn"))?,
            user_id: caller.user_id.ok_or(Error::missing("UserId"))?,
        })
    }
}
