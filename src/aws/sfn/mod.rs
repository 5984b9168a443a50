//! AWS Step Functions.

mod activity;
mod state_machine;

use aws_sdk_sfn::{primitives::DateTimeFormat, types as sdk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::error::{if_seen, seen},
    provider::{AnyResource, Cx, Error, Kind, Result, Tags, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<activity::Activity>(), resource::<state_machine::StateMachine>()]
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Encryption {
    #[schemars(range(min = 60, max = 900), extend("computed" = true))]
    kms_data_key_reuse_period_seconds: Option<i32>,
    kms_key_id: Option<crate::provider::IdOrArn>,
    #[serde(rename = "type", default = "aws_owned")]
    #[schemars(extend("enum" = ["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"]))]
    kind: String,
}

fn aws_owned() -> String {
    "AWS_OWNED_KEY".to_owned()
}

impl Encryption {
    fn live(live: sdk::EncryptionConfiguration) -> Self {
        Self {
            kms_data_key_reuse_period_seconds: live.kms_data_key_reuse_period_seconds,
            kms_key_id: live.kms_key_id.map(crate::provider::IdOrArn),
            kind: live.r#type.as_str().to_owned(),
        }
    }

    fn sdk(&self) -> Result<sdk::EncryptionConfiguration> {
        sdk::EncryptionConfiguration::builder()
            .r#type(self.kind.as_str().into())
            .set_kms_key_id(self.kms_key_id.as_ref().map(|it| it.0.clone()))
            .set_kms_data_key_reuse_period_seconds(self.kms_data_key_reuse_period_seconds)
            .build()
            .map_err(|it| Error::invalid("encryptionConfiguration", it.to_string()))
    }

    /// The key of AWS, which is what there is without a word.
    fn none() -> Self {
        let kms_key_id = None;
        Self { kms_data_key_reuse_period_seconds: None, kms_key_id, kind: aws_owned() }
    }
}

fn moment(time: &aws_sdk_sfn::primitives::DateTime) -> Result<String> {
    let broken = |it: aws_smithy_types::date_time::DateTimeFormatError| {
        Error::new(Kind::Broken, "", it.to_string())
    };
    time.fmt(DateTimeFormat::DateTime).map_err(broken)
}

fn birth_tags(cx: &Cx, tags: &Tags) -> Vec<sdk::Tag> {
    let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build();
    cx.birth_tags(tags).into_iter().map(tag).collect()
}

async fn tags(cx: &Cx, arn: &str, missing: &[&str]) -> Result<Vec<(String, String)>> {
    let reply = cx.aws.sfn().list_tags_for_resource().resource_arn(arn).send().await;
    let tags = seen(reply, missing, "it")?.tags.unwrap_or_default();
    Ok(tags.into_iter().filter_map(|it| Some((it.key?, it.value.unwrap_or_default()))).collect())
}

/// Whether this operation made it; `None`: it is not there.
async fn made(cx: &Cx, arn: &str, missing: &[&str]) -> Result<Option<bool>> {
    Ok(if_seen(tags(cx, arn, missing).await)?.map(|it| cx.made(it)))
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build();
        let tags = set.into_iter().map(tag).collect();
        cx.aws.sfn().tag_resource().resource_arn(arn).set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.sfn().untag_resource().resource_arn(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// What both kinds may be called.
fn check_name(name: &str) -> Result<()> {
    let fits = |it: char| it.is_ascii_alphanumeric() || "-_+!.@".contains(it);
    if name.is_empty() || name.len() > 80 || !name.chars().all(fits) {
        let rule = "is 1 to 80 letters, digits, `-`, `_`, `+`, `!`, `.` and `@`";
        return Err(Error::invalid("name", rule));
    }
    Ok(())
}
