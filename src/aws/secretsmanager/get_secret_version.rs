//! `aws:secretsmanager/getSecretVersion:getSecretVersion`.

use aws_smithy_types::date_time::Format;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetSecretVersion;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// ARN or name.
    secret_id: String,
    version_id: Option<String>,
    /// `AWSCURRENT`, unless a version is given.
    version_stage: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    secret_arn: String,
    secret_id: String,
    version_id: String,
    version_stage: Option<String>,
    version_stages: Vec<String>,
    created_date: String,
    secret_string: Option<Secret<String>>,
    /// In base64.
    secret_binary: Option<Secret<String>>,
    region: String,
}

impl Function for GetSecretVersion {
    const TOKEN: &'static str = "aws:secretsmanager/getSecretVersion:getSecretVersion";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let stage = match (&args.version_stage, &args.version_id) {
            (None, None) => Some("AWSCURRENT".to_owned()),
            (stage, _) => stage.clone(),
        };
        let call = cx.aws.secretsmanager().get_secret_value().secret_id(&args.secret_id);
        let reply = call
            .set_version_id(args.version_id.clone())
            .set_version_stage(stage.clone())
            .send()
            .await?;
        let arn = reply.arn.ok_or(Error::missing("ARN"))?;
        let version_id = reply.version_id.ok_or(Error::missing("VersionId"))?;
        Ok(Output {
            id: format!("{}|{version_id}", args.secret_id),
            secret_arn: arn.clone(),
            arn,
            secret_id: args.secret_id.clone(),
            version_id,
            version_stage: stage,
            version_stages: reply.version_stages.unwrap_or_default(),
            created_date: reply
                .created_date
                .and_then(|it| it.fmt(Format::DateTime).ok())
                .unwrap_or_default(),
            secret_string: reply.secret_string.map(Secret),
            secret_binary: reply.secret_binary.map(|it| Secret(BASE64.encode(it))),
            region: cx.place.region.clone(),
        })
    }
}
