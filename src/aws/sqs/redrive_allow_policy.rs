//! `aws:sqs/redriveAllowPolicy:RedriveAllowPolicy`. The id is the queue's URL.

use aws_sdk_sqs::types::QueueAttributeName as Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    await_redrive, document, find_redrive, id_of_queue, put, put_redrive, remove, same_redrive,
    serial,
};
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct RedriveAllowPolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    queue_url: String,
    /// Which queues may send here what they could not deliver.
    redrive_allow_policy: Json,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for RedriveAllowPolicy {
    const TYPE: &'static str = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy";
    const KEY: &'static [&'static str] = &["queueUrl"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        id_of_queue(inputs)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.queue_url))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "redriveAllowPolicy" && same_redrive(wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        put_redrive(cx, &new.queue_url, Name::RedriveAllowPolicy, &new.redrive_allow_policy)
            .await?;
        Ok(new.queue_url.clone())
    }

    async fn ready(cx: &Cx, url: &str, new: &Inputs) -> Result<()> {
        await_redrive(cx, url, Name::RedriveAllowPolicy, &new.redrive_allow_policy).await
    }

    async fn read(cx: &Cx, url: &str) -> Result<Option<Outputs>> {
        let live = document(cx, url, Name::RedriveAllowPolicy).await?;
        let inputs =
            |redrive_allow_policy| Inputs { queue_url: url.to_owned(), redrive_allow_policy };
        Ok(live.map(|it| Outputs { inputs: inputs(it) }))
    }

    async fn update(cx: &Cx, url: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, url, Name::RedriveAllowPolicy, new.redrive_allow_policy.to_string()).await
    }

    async fn delete(cx: &Cx, url: &str, _: &Inputs) -> Result<()> {
        remove(cx, url, Name::RedriveAllowPolicy).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        find_redrive(cx, &inputs.queue_url, Name::RedriveAllowPolicy, &inputs.redrive_allow_policy)
            .await
    }
}
