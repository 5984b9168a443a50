//! Amazon SQS.

mod get_queue;
mod queue;
mod queue_policy;
mod redrive_allow_policy;
mod redrive_policy;

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::Value as Document;

use crate::{
    aws::error::{absent, seen},
    model::{Map, Value},
    provider::{AnyFunction, AnyResource, Cx, Error, Json, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<queue::Queue>(),
        resource::<queue_policy::QueuePolicy>(),
        resource::<redrive_allow_policy::RedriveAllowPolicy>(),
        resource::<redrive_policy::RedrivePolicy>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_queue::GetQueue>()]
}

/// SQS answers with the code of its older protocol too.
const MISSING: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

/// Whoever writes a queue's attributes: its own key.
fn serial(url: &str) -> String {
    format!("sqs:{}", url.rsplit('/').next().unwrap_or_default())
}

/// The id of what belongs to a queue is the queue's URL.
fn id_of_queue(inputs: &Value) -> Map {
    let Some(url) = inputs.get("queueUrl").and_then(Value::as_str) else { return Map::new() };
    Map::from([("id".to_owned(), Value::string(url))])
}

/// With our own tags, which prove who made it.
async fn tags_raw(cx: &Cx, url: &str) -> Result<HashMap<String, String>> {
    let reply = cx.aws.sqs().list_queue_tags().queue_url(url).send().await;
    Ok(seen(reply, MISSING, "the queue")?.tags.unwrap_or_default())
}

async fn tags(cx: &Cx, url: &str) -> Result<Tags> {
    tags_raw(cx, url).await.map(Tags::live)
}

async fn retag(cx: &Cx, url: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let tags = set.into_iter().collect();
        cx.aws.sqs().tag_queue().queue_url(url).set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        cx.aws.sqs().untag_queue().queue_url(url).set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

async fn url(cx: &Cx, name: &str) -> Result<Option<String>> {
    let reply = cx.aws.sqs().get_queue_url().queue_name(name).send().await;
    Ok(absent(reply, MISSING)?.and_then(|it| it.queue_url))
}

/// One attribute that is a document. An empty text removes it.
async fn put(cx: &Cx, url: &str, name: Name, text: String) -> Result<()> {
    let attributes = HashMap::from([(name, text)]);
    let call = cx.aws.sqs().set_queue_attributes().queue_url(url);
    call.set_attributes(Some(attributes)).send().await?;
    Ok(())
}

/// Gone already is fine.
async fn remove(cx: &Cx, url: &str, name: Name) -> Result<()> {
    match put(cx, url, name, String::new()).await {
        Err(error) if error.is(MISSING) => Ok(()),
        other => other,
    }
}

async fn document(cx: &Cx, url: &str, name: Name) -> Result<Option<Json>> {
    let call = cx.aws.sqs().get_queue_attributes().queue_url(url).attribute_names(name.clone());
    let reply = absent(call.send().await, MISSING)?;
    let text = reply.and_then(|it| it.attributes).and_then(|mut it| it.remove(&name));
    text.filter(|it| !it.is_empty()).map(|it| Json::parse(&it)).transpose()
}

/// Putting overwrites: look first, so that nobody else's is taken over.
async fn put_redrive(cx: &Cx, url: &str, name: Name, wanted: &Json) -> Result<()> {
    match document(cx, url, name.clone()).await? {
        Some(live) if redrive(&live.0) != redrive(&wanted.0) => {
            Err(Error::not_ours("such a policy of this queue"))
        }
        Some(_) => Ok(()),
        None => put(cx, url, name, wanted.to_string()).await,
    }
}

/// SQS may answer without it for up to a minute.
async fn await_redrive(cx: &Cx, url: &str, name: Name, wanted: &Json) -> Result<()> {
    let settled = || async {
        let live = document(cx, url, name.clone()).await?;
        Ok(live.filter(|it| redrive(&it.0) == redrive(&wanted.0)).map(|_| ()))
    };
    cx.wait("SQS to show the policy", Duration::from_secs(120), settled).await
}

/// Documents bear no tags: the same one is what this operation would make.
async fn find_redrive(cx: &Cx, url: &str, name: Name, wanted: &Json) -> Result<Option<String>> {
    let live = document(cx, url, name).await?;
    Ok(live.filter(|it| redrive(&it.0) == redrive(&wanted.0)).map(|_| url.to_owned()))
}

/// A redrive policy with its numbers as text, as SQS may tell it, and its
/// sources in order.
fn redrive(document: &Document) -> Document {
    let mut document = document.clone();
    for value in document.as_object_mut().into_iter().flat_map(|it| it.values_mut()) {
        match value {
            Document::Number(number) => *value = Document::String(number.to_string()),
            Document::Array(sources) => sources.sort_by_key(ToString::to_string),
            _ => {}
        }
    }
    document
}

/// The same for two values, as text or not.
fn same_redrive(wanted: &Value, live: &Value) -> bool {
    let normal = |it: &Value| match it.as_str() {
        Some(text) => serde_json::from_str(text).ok().map(|it| redrive(&it)),
        None => Some(redrive(&it.reveal())),
    };
    normal(wanted).is_some_and(|it| normal(live) == Some(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_the_same_as_text() {
        let policy = |count| Value::String(format!("{{\"maxReceiveCount\": {count}}}"));
        assert!(same_redrive(&policy("3"), &policy("\"3\"")));
        assert!(!same_redrive(&policy("3"), &policy("4")));
    }
}
