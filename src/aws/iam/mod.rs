//! AWS IAM: one for all regions, and visible everywhere only after some
//! seconds (see `provider/retry.rs`).

mod access_key;
mod get_account_alias;
mod get_instance_profile;
mod get_policy;
mod get_role;
mod get_session_context;
mod get_user;
mod group;
mod group_membership;
mod inline_policy;
mod instance_profile;
mod managed_attachment;
mod open_id_connect_provider;
mod policy;
mod policy_attachment;
mod policy_document;
mod role;
mod service_linked_role;
mod user;

use aws_sdk_iam::{
    error::BuildError,
    primitives::{DateTime, DateTimeFormat},
    types::Tag,
};

use futures_util::{StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};

use crate::provider::{
    AnyFunction, AnyResource, Cx, Error, Policy, Result, Tags, function, resource,
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<access_key::AccessKey>(),
        resource::<group::Group>(),
        resource::<group_membership::GroupMembership>(),
        resource::<inline_policy::group::GroupPolicy>(),
        resource::<managed_attachment::group::GroupPolicyAttachment>(),
        resource::<instance_profile::InstanceProfile>(),
        resource::<open_id_connect_provider::OpenIdConnectProvider>(),
        resource::<policy::ManagedPolicy>(),
        resource::<policy_attachment::PolicyAttachment>(),
        resource::<role::Role>(),
        resource::<inline_policy::role::RolePolicy>(),
        resource::<managed_attachment::role::RolePolicyAttachment>(),
        resource::<service_linked_role::ServiceLinkedRole>(),
        resource::<user::User>(),
        resource::<inline_policy::user::UserPolicy>(),
        resource::<managed_attachment::user::UserPolicyAttachment>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_account_alias::GetAccountAlias>(),
        function::<get_instance_profile::GetInstanceProfile>(),
        function::<get_policy::GetPolicy>(),
        function::<policy_document::GetPolicyDocument>(),
        function::<get_role::GetRole>(),
        function::<get_session_context::GetSessionContext>(),
        function::<get_user::GetUser>(),
    ]
}

const MISSING: &[&str] = &["NoSuchEntity"];

/// Above this many ids of one type, the whole account's listing is cheaper.
const MANY: usize = 20;

/// How long IAM may take to show what was just made: Terraform's limit, too.
const SETTLES: std::time::Duration = std::time::Duration::from_secs(120);

/// The answers of single reads, of which some run at a time.
async fn all<T: Send>(reads: Vec<BoxFuture<'_, Result<T>>>) -> Result<Vec<T>> {
    stream::iter(reads).buffered(8).try_collect().await
}

/// Changes of one role wait for each other: IAM refuses concurrent ones.
fn serial(role: &str) -> String {
    format!("iam-role:{role}")
}

/// The path of what is in no folder.
fn root() -> String {
    "/".to_owned()
}

fn check_name(name: &str, longest: usize) -> Result<()> {
    let allowed = |it: char| it.is_ascii_alphanumeric() || "+=,.@-_".contains(it);
    if name.is_empty() || name.len() > longest || !name.chars().all(allowed) {
        let rule = format!("has 1 to {longest} letters, digits or any of `+=,.@-_`");
        return Err(Error::invalid("name", rule));
    }
    Ok(())
}

fn check_path(path: &str) -> Result<()> {
    if path != "/" && !(path.starts_with('/') && path.ends_with('/') && path.len() <= 512) {
        return Err(Error::invalid("path", "begins and ends with `/`"));
    }
    Ok(())
}

/// IAM answers documents percent-encoded.
fn document(text: &str) -> Result<Policy> {
    if text.trim_start().starts_with('{') {
        return Policy::parse(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|it| str::from_utf8(it).ok());
        let byte = digits.and_then(|it| u8::from_str_radix(it, 16).ok());
        match byte {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    Policy::parse(&String::from_utf8_lossy(&bytes))
}

/// `2026-01-31T08:00:00Z`
fn date(at: &DateTime) -> Result<String> {
    at.fmt(DateTimeFormat::DateTime).map_err(|_| Error::missing("date"))
}

fn tag((key, value): (String, String)) -> Result<Tag> {
    let invalid = |error: BuildError| Error::invalid("tags", error.to_string());
    Tag::builder().key(key).value(value).build().map_err(invalid)
}

fn birth_tags(cx: &Cx, tags: &Tags) -> Result<Vec<Tag>> {
    cx.birth_tags(tags).into_iter().map(tag).collect()
}

/// Tags to set, if any, and keys to remove, if any.
type Retag = (Option<Vec<Tag>>, Option<Vec<String>>);

fn retag(old: &Tags, new: &Tags) -> Result<Retag> {
    let (set, removed) = new.since(old);
    let set: Vec<Tag> = set.into_iter().map(tag).collect::<Result<_>>()?;
    Ok(((!set.is_empty()).then_some(set), (!removed.is_empty()).then_some(removed)))
}

fn pairs(tags: Option<&[Tag]>) -> impl Iterator<Item = (&str, &str)> {
    tags.unwrap_or_default().iter().map(|it| (it.key(), it.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded() {
        let plain = r#"{"Version":"2012-10-17","Id":"50% ü"}"#;
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Id%22%3A%2250%25%20%C3%BC%22%7D";
        assert_eq!(document(plain), Policy::parse(plain));
        assert_eq!(document(encoded), Policy::parse(plain));
        assert!(document("%7").is_err());
    }
}
