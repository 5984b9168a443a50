//! Amazon SNS.

mod get_topic;
mod topic;
mod topic_policy;
mod topic_subscription;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sns::types::Tag;

use crate::{
    aws::{
        error::{absent, seen},
        twin::Built as _,
    },
    provider::{AnyFunction, AnyResource, Cx, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<topic::Topic>(),
        resource::<topic_policy::TopicPolicy>(),
        resource::<topic_subscription::TopicSubscription>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_topic::GetTopic>()]
}

/// The calls about tags have a code of their own.
const MISSING: &[&str] = &["NotFound", "NotFoundException", "ResourceNotFound"];

/// Changes of one topic, and of what hangs on it, wait for each other.
fn serial(topic: &str) -> String {
    format!("sns:{}", topic.rsplit(':').next().unwrap_or_default())
}

async fn attributes(cx: &Cx, topic: &str) -> Result<Option<HashMap<String, String>>> {
    let reply = cx.aws.sns().get_topic_attributes().topic_arn(topic).send().await;
    Ok(absent(reply, MISSING)?.map(|it| it.attributes.unwrap_or_default()))
}

async fn set_attribute(cx: &Cx, topic: &str, name: &str, value: &str) -> Result<()> {
    let call = cx.aws.sns().set_topic_attributes().topic_arn(topic);
    call.attribute_name(name).attribute_value(value).send().await?;
    Ok(())
}

/// With our own, which prove who made it.
async fn tags_raw(cx: &Cx, topic: &str) -> Result<BTreeMap<String, String>> {
    let reply = cx.aws.sns().list_tags_for_resource().resource_arn(topic).send().await;
    let tags = seen(reply, MISSING, "the topic")?.tags.unwrap_or_default();
    Ok(tags.into_iter().map(|it| (it.key, it.value)).collect())
}

fn tag_list(tags: BTreeMap<String, String>) -> Result<Vec<Tag>> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().built();
    tags.into_iter().map(tag).collect()
}

async fn retag(cx: &Cx, topic: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let call = cx.aws.sns().tag_resource().resource_arn(topic);
        call.set_tags(Some(tag_list(set)?)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.sns().untag_resource().resource_arn(topic);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}
