//! `aws:secretsmanager/getRandomPassword:getRandomPassword`: another one at
//! every call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetRandomPassword;

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    exclude_characters: Option<String>,
    exclude_lowercase: Option<bool>,
    exclude_numbers: Option<bool>,
    exclude_punctuation: Option<bool>,
    exclude_uppercase: Option<bool>,
    include_space: Option<bool>,
    /// 32, unless it is given.
    #[schemars(range(min = 1, max = 4096))]
    password_length: Option<i64>,
    require_each_included_type: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    #[serde(flatten)]
    args: Args,
    random_password: Secret<String>,
    region: String,
}

impl Function for GetRandomPassword {
    const TOKEN: &'static str = "aws:secretsmanager/getRandomPassword:getRandomPassword";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let call = cx.aws.secretsmanager().get_random_password();
        let reply = call
            .set_exclude_characters(args.exclude_characters.clone())
            .set_exclude_lowercase(args.exclude_lowercase)
            .set_exclude_numbers(args.exclude_numbers)
            .set_exclude_punctuation(args.exclude_punctuation)
            .set_exclude_uppercase(args.exclude_uppercase)
            .set_include_space(args.include_space)
            .set_password_length(args.password_length)
            .set_require_each_included_type(args.require_each_included_type)
            .send()
            .await?;
        Ok(Output {
            id: cx.place.region.clone(),
            args: args.clone(),
            random_password: Secret(reply.random_password.ok_or(Error::missing("RandomPassword"))?),
            region: cx.place.region.clone(),
        })
    }
}
