//! AWS Secrets Manager.

mod get_random_password;
mod get_secret;
mod get_secret_version;
mod secret;
mod secret_policy;
mod secret_rotation;
mod secret_version;

use aws_sdk_secretsmanager::{operation::describe_secret::DescribeSecretOutput, types::Tag};

use crate::{
    aws::error::absent,
    model::Value,
    provider::{AnyFunction, AnyResource, Cx, Policy, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<secret::Secret>(),
        resource::<secret_policy::SecretPolicy>(),
        resource::<secret_rotation::SecretRotation>(),
        resource::<secret_version::SecretVersion>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_random_password::GetRandomPassword>(),
        function::<get_secret::GetSecret>(),
        function::<get_secret_version::GetSecretVersion>(),
    ]
}

const MISSING: &[&str] = &["ResourceNotFoundException"];

/// By name or ARN. A secret that waits for its deletion is gone.
async fn describe(cx: &Cx, secret: &str) -> Result<Option<DescribeSecretOutput>> {
    let reply = cx.aws.secretsmanager().describe_secret().secret_id(secret).send().await;
    Ok(absent(reply, MISSING)?.filter(|it| it.deleted_date.is_none()))
}

/// Changes of one secret and of its versions never run at the same time,
/// whether it is named by name or by ARN.
fn serial(secret: &str) -> String {
    format!("secret:{}", name_of(secret))
}

/// The name inside an ARN, which ends with a hyphen and six letters of AWS's
/// choice; a name is its own name.
fn name_of(secret: &str) -> &str {
    match secret.split_once(":secret:") {
        Some((_, rest)) => rest.rsplit_once('-').map_or(rest, |(name, _)| name),
        None => secret,
    }
}

/// A secret named by its name is the one whose ARN is read.
fn same_secret(wanted: &Value, live: &Value) -> bool {
    match (wanted.as_str(), live.as_str()) {
        (Some(wanted), Some(live)) => wanted == name_of(live),
        _ => false,
    }
}

/// `None` when it has none, or is itself not there.
async fn policy_of(cx: &Cx, secret: &str) -> Result<Option<Policy>> {
    let reply = cx.aws.secretsmanager().get_resource_policy().secret_id(secret).send().await;
    let text = absent(reply, MISSING)?.and_then(|it| it.resource_policy);
    text.filter(|it| !it.is_empty()).map(|it| Policy::parse(&it)).transpose()
}

fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|it| (it.key().unwrap_or_default(), it.value().unwrap_or_default()))
}

fn tag_list(tags: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    let client = cx.aws.secretsmanager();
    if !set.is_empty() {
        client.tag_resource().secret_id(arn).set_tags(Some(tag_list(set))).send().await?;
    }
    if !removed.is_empty() {
        client.untag_resource().secret_id(arn).set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}
