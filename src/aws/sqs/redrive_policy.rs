//! `aws:sqs/redrivePolicy:RedrivePolicy`. The id is the queue's URL.

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

pub(super) struct RedrivePolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    queue_url: String,
    /// Where messages go that were received too often.
    redrive_policy: Json,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for RedrivePolicy {
    const TYPE: &'static str = "aws:sqs/redrivePolicy:RedrivePolicy";
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
        path == "redrivePolicy" && same_redrive(wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        put_redrive(cx, &new.queue_url, Name::RedrivePolicy, &new.redrive_policy).await?;
        Ok(new.queue_url.clone())
    }

    async fn ready(cx: &Cx, url: &str, new: &Inputs) -> Result<()> {
        await_redrive(cx, url, Name::RedrivePolicy, &new.redrive_policy).await
    }

    async fn read(cx: &Cx, url: &str) -> Result<Option<Outputs>> {
        let live = document(cx, url, Name::RedrivePolicy).await?;
        let inputs = |redrive_policy| Inputs { queue_url: url.to_owned(), redrive_policy };
        Ok(live.map(|it| Outputs { inputs: inputs(it) }))
    }

    async fn update(cx: &Cx, url: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, url, Name::RedrivePolicy, new.redrive_policy.to_string()).await
    }

    async fn delete(cx: &Cx, url: &str, _: &Inputs) -> Result<()> {
        remove(cx, url, Name::RedrivePolicy).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        find_redrive(cx, &inputs.queue_url, Name::RedrivePolicy, &inputs.redrive_policy).await
    }
}
