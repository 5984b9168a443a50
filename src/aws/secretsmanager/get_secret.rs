//! `aws:secretsmanager/getSecret:getSecret`. The id is the secret's ARN.

use aws_smithy_types::{DateTime, date_time::Format};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{describe, pairs, policy_of};
use crate::{aws::check_tags, provider::*};

pub(super) struct GetSecret;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    arn: Option<String>,
    name: Option<String>,
    /// Only a secret with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    created_date: String,
    description: Option<String>,
    kms_key_id: Option<String>,
    last_changed_date: String,
    name: String,
    policy: Option<Policy>,
    tags: Tags,
    r#type: Option<String>,
    region: String,
}

impl Function for GetSecret {
    const TOKEN: &'static str = "aws:secretsmanager/getSecret:getSecret";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let (property, secret) = match (&args.arn, &args.name) {
            (Some(arn), None) => ("arn", arn),
            (None, Some(name)) => ("name", name),
            _ => return Err(Error::invalid("name", "or `arn` is needed, not both")),
        };
        let none = || Error::invalid(property, format!("there is no secret `{secret}`"));
        let live = describe(cx, secret).await?.ok_or_else(none)?;
        let arn = live.arn.ok_or(Error::missing("ARN"))?;
        let tags = Tags::live(pairs(live.tags.as_deref().unwrap_or_default()));
        check_tags(args.tags.as_ref(), &tags)?;
        Ok(Output {
            id: arn.clone(),
            policy: policy_of(cx, &arn).await?,
            arn,
            created_date: time(live.created_date),
            description: live.description,
            kms_key_id: live.kms_key_id,
            last_changed_date: time(live.last_changed_date),
            name: live.name.unwrap_or_default(),
            tags,
            r#type: live.r#type,
            region: cx.place.region.clone(),
        })
    }
}

fn time(at: Option<DateTime>) -> String {
    at.and_then(|it| it.fmt(Format::DateTime).ok()).unwrap_or_default()
}
