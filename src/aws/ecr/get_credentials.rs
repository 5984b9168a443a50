//! `aws:ecr/getCredentials:getCredentials`: the older form of
//! `getAuthorizationToken`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::get_authorization_token::{Token, token};
use crate::provider::*;

pub(super) struct GetCredentials;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    registry_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    #[serde(flatten)]
    token: Token,
    registry_id: String,
}

impl Function for GetCredentials {
    const TOKEN: &'static str = "aws:ecr/getCredentials:getCredentials";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        Ok(Output {
            id: args.registry_id.clone(),
            token: token(cx, Some(&args.registry_id)).await?,
            registry_id: args.registry_id.clone(),
        })
    }
}
