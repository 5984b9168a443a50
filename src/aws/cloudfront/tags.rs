//! Tags of distributions and functions, by ARN.

use std::collections::BTreeMap;

use aws_sdk_cloudfront::types as sdk;

use crate::{
    aws::{error::seen, twin::Built as _},
    provider::{Cx, Result, Tags},
};

/// For a create call.
pub(super) fn born(cx: &Cx, tags: &Tags) -> Result<sdk::Tags> {
    list(cx.birth_tags(tags))
}

fn list(tags: BTreeMap<String, String>) -> Result<sdk::Tags> {
    let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build().built();
    let tags: Vec<sdk::Tag> = tags.into_iter().map(tag).collect::<Result<_>>()?;
    Ok(sdk::Tags::builder().set_items(Some(tags)).build())
}

/// With our own, which prove who made it.
pub(super) async fn tags_raw(cx: &Cx, arn: &str) -> Result<Vec<(String, String)>> {
    let reply = cx.aws.cloudfront().list_tags_for_resource().resource(arn).send().await;
    let tags = seen(reply, &["NoSuchResource"], "the tags' owner")?.tags;
    let tags = tags.and_then(|it| it.items).unwrap_or_default().into_iter();
    Ok(tags.map(|it| (it.key, it.value.unwrap_or_default())).collect())
}

pub(super) async fn tags(cx: &Cx, arn: &str) -> Result<Tags> {
    if cx.asks("tags") { tags_raw(cx, arn).await.map(Tags::live) } else { Ok(Tags::default()) }
}

pub(super) async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        cx.aws.cloudfront().tag_resource().resource(arn).tags(list(set)?).send().await?;
    }
    if !removed.is_empty() {
        let keys = sdk::TagKeys::builder().set_items(Some(removed)).build();
        cx.aws.cloudfront().untag_resource().resource(arn).tag_keys(keys).send().await?;
    }
    Ok(())
}
