//! `aws:sqs/queuePolicy:QueuePolicy`. The id is the queue's URL.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::types::QueueAttributeName as Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MISSING;
use crate::{
    aws::error::absent,
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
        let Some(url) = inputs.get("queueUrl").and_then(Value::as_str) else { return Map::new() };
        Map::from([("id".to_owned(), Value::string(url))])
    }

    /// The queue's own key: both write the queue's attributes.
    fn serial(inputs: &Inputs) -> Option<String> {
        let name = inputs.queue_url.rsplit('/').next().unwrap_or_default();
        Some(format!("sqs:{name}"))
    }

    /// A queue has one policy, and this is it from now on.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        put(cx, &new.queue_url, new.policy.to_string()).await?;
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
        put(cx, url, new.policy.to_string()).await
    }

    async fn delete(cx: &Cx, url: &str, _: &Inputs) -> Result<()> {
        match put(cx, url, String::new()).await {
            Err(error) if error.is(MISSING) => Ok(()),
            other => other,
        }
    }

    /// Policies bear no tags; the same document is what this operation would
    /// make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let ours = live(cx, &inputs.queue_url).await?.as_ref() == Some(&inputs.policy);
        Ok(ours.then(|| inputs.queue_url.clone()))
    }
}

/// An empty text removes it.
async fn put(cx: &Cx, url: &str, policy: String) -> Result<()> {
    let attributes = HashMap::from([(Name::Policy, policy)]);
    let call = cx.aws.sqs().set_queue_attributes().queue_url(url);
    call.set_attributes(Some(attributes)).send().await?;
    Ok(())
}

async fn live(cx: &Cx, url: &str) -> Result<Option<Policy>> {
    let call = cx.aws.sqs().get_queue_attributes().queue_url(url).attribute_names(Name::Policy);
    let reply = absent(call.send().await, MISSING)?;
    let text = reply.and_then(|it| it.attributes).and_then(|mut it| it.remove(&Name::Policy));
    text.filter(|it| !it.is_empty()).map(|it| Policy::parse(&it)).transpose()
}
