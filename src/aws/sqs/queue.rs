//! `aws:sqs/queue:Queue`. The id is the queue's URL.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::types::QueueAttributeName as Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, retag, same_redrive, serial, tags, tags_raw, url};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Queue;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// Chosen by the planner, and journaled, when the program leaves it out.
    #[schemars(extend("autoname" = 80, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    fifo_queue: bool,
    content_based_deduplication: Option<bool>,
    #[schemars(extend("computed" = true))]
    deduplication_scope: Option<String>,
    #[schemars(extend("computed" = true))]
    fifo_throughput_limit: Option<String>,
    #[serde(default)]
    #[schemars(range(max = 900))]
    delay_seconds: i32,
    #[serde(default = "int::<1_048_576>")]
    max_message_size: i32,
    #[serde(default = "int::<345_600>")]
    #[schemars(range(min = 60, max = 1_209_600))]
    message_retention_seconds: i32,
    #[serde(default)]
    #[schemars(range(max = 20))]
    receive_wait_time_seconds: i32,
    #[serde(default = "int::<30>")]
    #[schemars(range(max = 43_200))]
    visibility_timeout_seconds: i32,
    kms_master_key_id: Option<IdOrArn>,
    #[schemars(extend("computed" = true))]
    kms_data_key_reuse_period_seconds: Option<i32>,
    /// On for every new queue, unless a KMS key is given.
    #[schemars(extend("computed" = true))]
    sqs_managed_sse_enabled: Option<bool>,
    /// Another resource (`QueuePolicy`) may own these three.
    #[schemars(extend("computed" = true))]
    policy: Option<Policy>,
    #[schemars(extend("computed" = true))]
    redrive_policy: Option<Json>,
    #[schemars(extend("computed" = true))]
    redrive_allow_policy: Option<Json>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    url: String,
}

impl Resource for Queue {
    const TYPE: &'static str = "aws:sqs/queue:Queue";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.fifo_queue != new.name.ends_with(".fifo") {
            let rule = "ends with `.fifo` for a FIFO queue and for no other";
            return Err(Error::invalid("name", rule));
        }
        let fifo_only = [
            ("contentBasedDeduplication", new.content_based_deduplication == Some(true)),
            ("deduplicationScope", new.deduplication_scope.is_some()),
            ("fifoThroughputLimit", new.fifo_throughput_limit.is_some()),
        ];
        for (property, set) in fifo_only {
            if set && !new.fifo_queue {
                return Err(Error::invalid(property, "is for FIFO queues only"));
            }
        }
        if new.kms_master_key_id.is_some() && new.sqs_managed_sse_enabled == Some(true) {
            let rule = "excludes `kmsMasterKeyId`: a queue has one kind of encryption";
            return Err(Error::invalid("sqsManagedSseEnabled", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        Map::from([("arn".to_owned(), Value::String(place.arn("sqs", name)))])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.name))
    }

    fn name_suffix(inputs: &Value) -> &'static str {
        let fifo = inputs.get("fifoQueue").and_then(Value::as_bool).unwrap_or_default();
        if fifo { ".fifo" } else { "" }
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        matches!(path, "redrivePolicy" | "redriveAllowPolicy") && same_redrive(wanted, live)
    }

    /// Creating a queue that exists with the same attributes succeeds: look
    /// first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(url) = url(cx, &new.name).await? {
            let live = tags_raw(cx, &url).await?;
            return if cx.made(&live) {
                Ok(url)
            } else {
                Err(Error::not_ours("a queue of this name"))
            };
        }
        let mut attributes = attributes(new);
        attributes.retain(|_, value| !value.is_empty());
        if new.fifo_queue {
            attributes.insert(Name::FifoQueue, "true".to_owned());
        }
        let tags = cx.birth_tags(&new.tags).into_iter().collect();
        let call = cx.aws.sqs().create_queue().queue_name(&new.name);
        let reply = call.set_attributes(Some(attributes)).set_tags(Some(tags)).send().await?;
        reply.queue_url.ok_or(Error::missing("QueueUrl"))
    }

    /// SQS may answer with the old attributes for up to a minute.
    async fn ready(cx: &Cx, url: &str, inputs: &Inputs) -> Result<()> {
        let mut want = attributes(inputs);
        // SQS rewrites documents: account ids as ARNs, numbers as text.
        want.retain(|name, _| !DOCUMENTS.contains(name));
        let settled = || async {
            let live = live(cx, url).await?.unwrap_or_default();
            let text = |name| live.get(name).map(String::as_str).unwrap_or_default();
            Ok(want.iter().all(|(name, value)| text(name) == value).then_some(()))
        };
        cx.wait("its attributes to settle", Duration::from_secs(120), settled).await
    }

    async fn read(cx: &Cx, url: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, url).await? else { return Ok(None) };
        let tags = if cx.asks("tags") { tags(cx, url).await? } else { Tags::default() };
        let text = |name: Name| live.get(&name).filter(|it| !it.is_empty()).cloned();
        let json = |name| text(name).map(|it| Json::parse(&it)).transpose();
        let inputs = Inputs {
            name: url.rsplit('/').next().unwrap_or_default().to_owned(),
            name_prefix: None,
            fifo_queue: flag(&live, &Name::FifoQueue).unwrap_or_default(),
            content_based_deduplication: flag(&live, &Name::ContentBasedDeduplication),
            deduplication_scope: text(Name::DeduplicationScope),
            fifo_throughput_limit: text(Name::FifoThroughputLimit),
            delay_seconds: number(&live, &Name::DelaySeconds).unwrap_or_default(),
            max_message_size: number(&live, &Name::MaximumMessageSize).unwrap_or_default(),
            message_retention_seconds: number(&live, &Name::MessageRetentionPeriod)
                .unwrap_or_default(),
            receive_wait_time_seconds: number(&live, &Name::ReceiveMessageWaitTimeSeconds)
                .unwrap_or_default(),
            visibility_timeout_seconds: number(&live, &Name::VisibilityTimeout).unwrap_or_default(),
            kms_master_key_id: text(Name::KmsMasterKeyId).map(IdOrArn),
            kms_data_key_reuse_period_seconds: number(&live, &Name::KmsDataKeyReusePeriodSeconds),
            sqs_managed_sse_enabled: flag(&live, &Name::SqsManagedSseEnabled),
            policy: json(Name::Policy)?.map(Policy),
            redrive_policy: json(Name::RedrivePolicy)?,
            redrive_allow_policy: json(Name::RedriveAllowPolicy)?,
            tags,
        };
        let arn = text(Name::QueueArn).ok_or(Error::missing("QueueArn"))?;
        Ok(Some(Outputs { inputs, arn, url: url.to_owned() }))
    }

    async fn update(cx: &Cx, url: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let before = attributes(old);
        let mut changed = attributes(new);
        changed.retain(|name, value| before.get(name) != Some(value));
        if !changed.is_empty() {
            // The local emulator forgets a policy that is not sent along.
            if let Some(policy) = &new.policy {
                changed.insert(Name::Policy, policy.to_string());
            }
            let call = cx.aws.sqs().set_queue_attributes().queue_url(url);
            call.set_attributes(Some(changed)).send().await?;
        }
        retag(cx, url, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, url: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.sqs().delete_queue().queue_url(url).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(url) = url(cx, &inputs.name).await? else { return Ok(None) };
        Ok(cx.made(&tags_raw(cx, &url).await?).then_some(url))
    }
}

const DOCUMENTS: [Name; 3] = [Name::Policy, Name::RedrivePolicy, Name::RedriveAllowPolicy];

/// The attributes that may change after birth; an empty text resets one.
fn attributes(inputs: &Inputs) -> HashMap<Name, String> {
    let text = |it: Option<String>| it.unwrap_or_default();
    let mut map = HashMap::from([
        (Name::DelaySeconds, inputs.delay_seconds.to_string()),
        (Name::MaximumMessageSize, inputs.max_message_size.to_string()),
        (Name::MessageRetentionPeriod, inputs.message_retention_seconds.to_string()),
        (Name::ReceiveMessageWaitTimeSeconds, inputs.receive_wait_time_seconds.to_string()),
        (Name::VisibilityTimeout, inputs.visibility_timeout_seconds.to_string()),
        (Name::KmsMasterKeyId, text(inputs.kms_master_key_id.as_ref().map(|it| it.0.clone()))),
        (Name::Policy, text(inputs.policy.as_ref().map(ToString::to_string))),
        (Name::RedrivePolicy, text(inputs.redrive_policy.as_ref().map(ToString::to_string))),
    ]);
    let given = [
        (
            Name::ContentBasedDeduplication,
            inputs.content_based_deduplication.map(|it| it.to_string()),
        ),
        (Name::DeduplicationScope, inputs.deduplication_scope.clone()),
        (Name::FifoThroughputLimit, inputs.fifo_throughput_limit.clone()),
        (
            Name::KmsDataKeyReusePeriodSeconds,
            inputs.kms_data_key_reuse_period_seconds.map(|it| it.to_string()),
        ),
        (Name::SqsManagedSseEnabled, inputs.sqs_managed_sse_enabled.map(|it| it.to_string())),
        (Name::RedriveAllowPolicy, inputs.redrive_allow_policy.as_ref().map(ToString::to_string)),
    ];
    map.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
    map
}

async fn live(cx: &Cx, url: &str) -> Result<Option<HashMap<Name, String>>> {
    let call = cx.aws.sqs().get_queue_attributes().queue_url(url).attribute_names(Name::All);
    Ok(absent(call.send().await, MISSING)?.map(|it| it.attributes.unwrap_or_default()))
}

fn flag(live: &HashMap<Name, String>, name: &Name) -> Option<bool> {
    live.get(name).map(|it| it == "true")
}

fn number(live: &HashMap<Name, String>, name: &Name) -> Option<i32> {
    live.get(name)?.parse().ok()
}
