//! `aws:iam/getAccountAlias:getAccountAlias`: the name of the account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetAccountAlias;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Args {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    account_alias: String,
}

impl Function for GetAccountAlias {
    const TOKEN: &'static str = "aws:iam/getAccountAlias:getAccountAlias";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, _: &Args) -> Result<Output> {
        let found = cx.aws.iam().list_account_aliases().send().await?.account_aliases;
        let none = || Error::failed("the account has no alias");
        let account_alias = found.into_iter().next().ok_or_else(none)?;
        Ok(Output { id: account_alias.clone(), account_alias })
    }
}
