//! `aws:ssm/getParameter:getParameter`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetParameter;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// Name or ARN, with `:version` or `:label` when not the latest.
    name: String,
    #[serde(default = "yes")]
    with_decryption: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    value: Secret<String>,
    /// The value in clear, save for a `SecureString`.
    insecure_value: Option<String>,
    version: i64,
    with_decryption: bool,
    region: String,
}

impl Function for GetParameter {
    const TOKEN: &'static str = "aws:ssm/getParameter:getParameter";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let call = cx.aws.ssm().get_parameter().name(&args.name);
        let reply = call.with_decryption(args.with_decryption).send().await?;
        let live = reply.parameter.ok_or(Error::missing("Parameter"))?;
        let kind = live.r#type.ok_or(Error::missing("Type"))?.as_str().to_owned();
        let name = live.name.ok_or(Error::missing("Name"))?;
        let value = live.value.ok_or(Error::missing("Value"))?;
        Ok(Output {
            id: name.clone(),
            arn: live.arn.unwrap_or_default(),
            name,
            insecure_value: (kind != "SecureString").then(|| value.clone()),
            kind,
            value: Secret(value),
            version: live.version,
            with_decryption: args.with_decryption,
            region: cx.place.region.clone(),
        })
    }
}
