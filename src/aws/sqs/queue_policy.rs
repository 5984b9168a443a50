//! `aws:sqs/queuePolicy:QueuePolicy`. The id is the queue's URL.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{document, id_of_queue, put, remove, serial};
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct QueuePolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    queue_url: String,
    policy: Policy,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for QueuePolicy {
    const TYPE: &'static str = "aws:sqs/queuePolicy:QueuePolicy";
    const KEY: &'static [&'static str] = &["queueUrl"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        id_of_queue(inputs)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.queue_url))
    }

    /// A queue has one policy, and this is it from now on.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        put(cx, &new.queue_url, Name::Policy, new.policy.to_string()).await?;
        Ok(new.queue_url.clone())
    }

    /// SQS may answer without it for up to a minute.
    async fn ready(cx: &Cx, url: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, url).await?.map(|_| ())) };
        cx.wait("SQS to show the policy", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, url: &str) -> Result<Option<Outputs>> {
        let Some(policy) = live(cx, url).await? else { return Ok(None) };
        Ok(Some(Outputs { inputs: Inputs { queue_url: url.to_owned(), policy } }))
    }

    async fn update(cx: &Cx, url: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, url, Name::Policy, new.policy.to_string()).await
    }

    async fn delete(cx: &Cx, url: &str, _: &Inputs) -> Result<()> {
        remove(cx, url, Name::Policy).await
    }

    /// Policies bear no tags; the same document is what this operation would
    /// make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let ours = live(cx, &inputs.queue_url).await?.as_ref() == Some(&inputs.policy);
        Ok(ours.then(|| inputs.queue_url.clone()))
    }
}

async fn live(cx: &Cx, url: &str) -> Result<Option<Policy>> {
    Ok(document(cx, url, Name::Policy).await?.map(Policy))
}
