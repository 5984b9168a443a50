//! `aws:iam/getUser:getUser`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{pairs, user::live};
use crate::provider::*;

pub(super) struct GetUser;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// All of which it must have.
    #[serde(default)]
    tags: Tags,
    user_name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    path: String,
    permissions_boundary: Option<String>,
    tags: Tags,
    user_id: String,
    user_name: String,
}

impl Function for GetUser {
    const TOKEN: &'static str = "aws:iam/getUser:getUser";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let none = || Error::invalid("userName", format!("there is no user `{}`", args.user_name));
        let user = live(cx, &args.user_name).await?.ok_or_else(none)?;
        let tags = Tags::live(pairs(user.tags.as_deref()));
        if args.tags.0.iter().any(|(key, value)| tags.0.get(key) != Some(value)) {
            return Err(Error::invalid("tags", "the user of this name has others"));
        }
        Ok(Output {
            id: user.user_id.clone(),
            arn: user.arn,
            path: user.path,
            permissions_boundary: user
                .permissions_boundary
                .and_then(|it| it.permissions_boundary_arn),
            tags,
            user_id: user.user_id,
            user_name: user.user_name,
        })
    }
}
