//! `aws:cognito/getUserPools:getUserPools`: the pools of a name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::user_pool::listed;
use crate::provider::*;

pub(super) struct GetUserPools;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Args {
    name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arns: Vec<String>,
    ids: Vec<String>,
    name: String,
    region: String,
}

impl Function for GetUserPools {
    const TOKEN: &'static str = "aws:cognito/getUserPools:getUserPools";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let all = listed(cx).await?.into_iter();
        let mut ids: Vec<String> =
            all.filter(|(_, name)| *name == args.name).map(|(id, _)| id).collect();
        if ids.is_empty() {
            return Err(Error::invalid("name", format!("there is no user pool `{}`", args.name)));
        }
        ids.sort_unstable();
        Ok(Output {
            id: args.name.clone(),
            arns: ids
                .iter()
                .map(|it| cx.place.arn("cognito-idp", &format!("userpool/{it}")))
                .collect(),
            ids,
            name: args.name.clone(),
            region: cx.place.region.clone(),
        })
    }
}
