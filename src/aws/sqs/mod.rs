//! Amazon SQS.

mod queue;
mod queue_policy;

use crate::{
    aws::error::seen,
    provider::{AnyResource, Cx, Result, Tags, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<queue::Queue>(), resource::<queue_policy::QueuePolicy>()]
}

/// SQS answers with the code of its older protocol too.
const MISSING: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

async fn tags(cx: &Cx, url: &str) -> Result<Tags> {
    let reply = cx.aws.sqs().list_queue_tags().queue_url(url).send().await;
    Ok(Tags::live(seen(reply, MISSING, "the queue")?.tags.unwrap_or_default()))
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
