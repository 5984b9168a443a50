//! Messages to an SNS topic.

use serde_json::Value as Json;

use crate::provider::{Cx, Error};

/// What SNS takes of a subject.
const SUBJECT: usize = 100;

pub(super) async fn publish(cx: &Cx, topic: &str, event: &Json) -> Result<(), String> {
    let text = event["text"].as_str().unwrap_or_default();
    // Printable ASCII, in one line.
    let subject: String =
        text.chars().filter(|it| *it == ' ' || it.is_ascii_graphic()).take(SUBJECT).collect();
    let call = cx.aws.sns().publish().topic_arn(topic).message(event.to_string());
    let call = call.set_subject(Some(subject).filter(|it| !it.trim().is_empty()));
    call.send().await.map(drop).map_err(|error| Error::from(error).to_string())
}
