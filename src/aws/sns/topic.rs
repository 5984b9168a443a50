//! `aws:sns/topic:Topic`. The id is the topic's ARN.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, attributes, retag, serial, set_attribute, tag_list, tags_raw};
use crate::{
    aws::error::{absent, if_seen},
    model::{Map, Value},
    provider::*,
};

pub(super) struct Topic;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 256, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    fifo_topic: bool,
    content_based_deduplication: Option<bool>,
    #[schemars(extend("computed" = true))]
    fifo_throughput_scope: Option<String>,
    /// How long a FIFO topic keeps messages, to replay them.
    archive_policy: Option<Json>,
    delivery_policy: Option<Json>,
    display_name: Option<String>,
    kms_master_key_id: Option<IdOrArn>,
    /// Another resource (`TopicPolicy`) may own it.
    #[schemars(extend("computed" = true))]
    policy: Option<Policy>,
    #[schemars(extend("computed" = true))]
    signature_version: Option<i32>,
    #[schemars(extend("computed" = true))]
    tracing_config: Option<String>,
    application_failure_feedback_role_arn: Option<String>,
    application_success_feedback_role_arn: Option<String>,
    #[schemars(range(max = 100))]
    application_success_feedback_sample_rate: Option<i32>,
    firehose_failure_feedback_role_arn: Option<String>,
    firehose_success_feedback_role_arn: Option<String>,
    #[schemars(range(max = 100))]
    firehose_success_feedback_sample_rate: Option<i32>,
    http_failure_feedback_role_arn: Option<String>,
    http_success_feedback_role_arn: Option<String>,
    #[schemars(range(max = 100))]
    http_success_feedback_sample_rate: Option<i32>,
    lambda_failure_feedback_role_arn: Option<String>,
    lambda_success_feedback_role_arn: Option<String>,
    #[schemars(range(max = 100))]
    lambda_success_feedback_sample_rate: Option<i32>,
    sqs_failure_feedback_role_arn: Option<String>,
    sqs_success_feedback_role_arn: Option<String>,
    #[schemars(range(max = 100))]
    sqs_success_feedback_sample_rate: Option<i32>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    /// Since when a FIFO topic keeps messages.
    beginning_archive_time: Option<String>,
    owner: String,
}

impl Resource for Topic {
    const TYPE: &'static str = "aws:sns/topic:Topic";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let stem = new.name.strip_suffix(".fifo").unwrap_or(&new.name);
        let fits = |it: char| it.is_ascii_alphanumeric() || "-_".contains(it);
        if stem.is_empty() || new.name.len() > 256 || !stem.chars().all(fits) {
            return Err(Error::invalid("name", "has 1 to 256 letters, digits, `-` and `_`"));
        }
        if new.fifo_topic != new.name.ends_with(".fifo") {
            let rule = "ends with `.fifo` for a FIFO topic and for no other";
            return Err(Error::invalid("name", rule));
        }
        let fifo_only = [
            ("archivePolicy", new.archive_policy.is_some()),
            ("contentBasedDeduplication", new.content_based_deduplication == Some(true)),
            ("fifoThroughputScope", new.fifo_throughput_scope.is_some()),
        ];
        match fifo_only.into_iter().find(|(_, set)| *set && !new.fifo_topic) {
            Some((property, _)) => Err(Error::invalid(property, "is for FIFO topics only")),
            None => Ok(()),
        }
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = place.arn("sns", name);
        Map::from([
            ("id".to_owned(), Value::string(&arn)),
            ("arn".to_owned(), Value::String(arn)),
            ("owner".to_owned(), Value::string(&place.account)),
        ])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.name))
    }

    fn name_suffix(inputs: &Value) -> &'static str {
        let fifo = inputs.get("fifoTopic").and_then(Value::as_bool).unwrap_or_default();
        if fifo { ".fifo" } else { "" }
    }

    /// Creating a topic that exists succeeds: look first, so that nobody
    /// else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let arn = cx.place.arn("sns", &new.name);
        if attributes(cx, &arn).await?.is_some() {
            return match cx.made(tags_raw(cx, &arn).await?) {
                true => Ok(arn),
                false => Err(Error::not_ours("a topic of this name")),
            };
        }
        let mut first = settings(new);
        first.retain(|name, value| !value.is_empty() && !name.contains("Feedback"));
        if new.fifo_topic {
            first.insert("FifoTopic".to_owned(), "true".to_owned());
        }
        let call = cx.aws.sns().create_topic().name(&new.name);
        let call = call.set_attributes(Some(first.into_iter().collect()));
        let reply = call.set_tags(Some(tag_list(cx.birth_tags(&new.tags))?)).send().await?;
        reply.topic_arn.ok_or(Error::missing("TopicArn"))
    }

    /// The creation does not take where deliveries are logged.
    async fn finish(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
        for (name, value) in settings(new) {
            if name.contains("Feedback") && !value.is_empty() {
                set_attribute(cx, arn, &name, &value).await?;
            }
        }
        Ok(())
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let Some(live) = attributes(cx, arn).await? else { return Ok(None) };
        let tags = match cx.asks("tags") {
            true => Tags::live(tags_raw(cx, arn).await?),
            false => Tags::default(),
        };
        outputs(arn, &live, tags).map(Some)
    }

    /// One attribute per call; an empty text resets one.
    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let before = settings(old);
        let changed = settings(new).into_iter().filter(|(name, it)| before.get(name) != Some(it));
        for (name, value) in changed {
            let value = match (name.as_str(), value.as_str()) {
                ("ArchivePolicy", "") => NO_ARCHIVE,
                (name, "") if name.ends_with("SampleRate") => "0",
                (_, value) => value,
            };
            set_attribute(cx, arn, &name, value).await?;
        }
        retag(cx, arn, &old.tags, &new.tags).await
    }

    /// A topic that keeps messages cannot be deleted.
    async fn delete(cx: &Cx, arn: &str, last: &Inputs) -> Result<()> {
        if last.archive_policy.is_some() {
            match set_attribute(cx, arn, "ArchivePolicy", NO_ARCHIVE).await {
                Err(error) if error.is(MISSING) => return Ok(()),
                reply => reply?,
            }
        }
        absent(cx.aws.sns().delete_topic().topic_arn(arn).send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let arn = cx.place.arn("sns", &inputs.name);
        if attributes(cx, &arn).await?.is_none() {
            return Ok(None);
        }
        let tags = if_seen(tags_raw(cx, &arn).await)?;
        Ok(tags.is_some_and(|it| cx.made(it)).then_some(arn))
    }
}

const NO_ARCHIVE: &str = "{}";

/// The attributes that may change after birth. An empty text is the default;
/// what AWS chooses itself is left out.
fn settings(inputs: &Inputs) -> BTreeMap<String, String> {
    let mut map = BTreeMap::from([
        ("ArchivePolicy".to_owned(), text(inputs.archive_policy.as_ref())),
        ("DeliveryPolicy".to_owned(), text(inputs.delivery_policy.as_ref())),
        ("DisplayName".to_owned(), text(inputs.display_name.as_ref())),
        ("KmsMasterKeyId".to_owned(), text(inputs.kms_master_key_id.as_ref().map(|it| &it.0))),
    ]);
    if inputs.fifo_topic {
        let on = inputs.content_based_deduplication.unwrap_or_default();
        map.insert("ContentBasedDeduplication".to_owned(), on.to_string());
    } else {
        map.remove("ArchivePolicy");
    }
    let chosen = [
        ("FifoThroughputScope", text(inputs.fifo_throughput_scope.as_ref())),
        ("Policy", text(inputs.policy.as_ref())),
        ("SignatureVersion", text(inputs.signature_version.as_ref())),
        ("TracingConfig", text(inputs.tracing_config.as_ref())),
    ];
    let chosen = chosen.into_iter().filter(|(_, value)| !value.is_empty());
    map.extend(chosen.map(|(name, value)| (name.to_owned(), value)));
    let feedback = [
        (
            "ApplicationFailureFeedbackRoleArn",
            text(inputs.application_failure_feedback_role_arn.as_ref()),
        ),
        (
            "ApplicationSuccessFeedbackRoleArn",
            text(inputs.application_success_feedback_role_arn.as_ref()),
        ),
        (
            "ApplicationSuccessFeedbackSampleRate",
            text(inputs.application_success_feedback_sample_rate.as_ref()),
        ),
        (
            "FirehoseFailureFeedbackRoleArn",
            text(inputs.firehose_failure_feedback_role_arn.as_ref()),
        ),
        (
            "FirehoseSuccessFeedbackRoleArn",
            text(inputs.firehose_success_feedback_role_arn.as_ref()),
        ),
        (
            "FirehoseSuccessFeedbackSampleRate",
            text(inputs.firehose_success_feedback_sample_rate.as_ref()),
        ),
        ("HTTPFailureFeedbackRoleArn", text(inputs.http_failure_feedback_role_arn.as_ref())),
        ("HTTPSuccessFeedbackRoleArn", text(inputs.http_success_feedback_role_arn.as_ref())),
        ("HTTPSuccessFeedbackSampleRate", text(inputs.http_success_feedback_sample_rate.as_ref())),
        ("LambdaFailureFeedbackRoleArn", text(inputs.lambda_failure_feedback_role_arn.as_ref())),
        ("LambdaSuccessFeedbackRoleArn", text(inputs.lambda_success_feedback_role_arn.as_ref())),
        (
            "LambdaSuccessFeedbackSampleRate",
            text(inputs.lambda_success_feedback_sample_rate.as_ref()),
        ),
        ("SQSFailureFeedbackRoleArn", text(inputs.sqs_failure_feedback_role_arn.as_ref())),
        ("SQSSuccessFeedbackRoleArn", text(inputs.sqs_success_feedback_role_arn.as_ref())),
        ("SQSSuccessFeedbackSampleRate", text(inputs.sqs_success_feedback_sample_rate.as_ref())),
    ];
    map.extend(feedback.map(|(name, value)| (name.to_owned(), value)));
    map
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn outputs(arn: &str, live: &HashMap<String, String>, tags: Tags) -> Result<Outputs> {
    let text = |name: &str| live.get(name).filter(|it| !it.is_empty()).cloned();
    let json = |name: &str| text(name).map(|it| Json::parse(&it)).transpose();
    let flag = |name: &str| text(name).map(|it| it == "true");
    let number = |name: &str| text(name).and_then(|it| it.parse().ok());
    let name = arn.rsplit(':').next().unwrap_or_default();
    let inputs = Inputs {
        name: name.to_owned(),
        name_prefix: None,
        fifo_topic: flag("FifoTopic").unwrap_or_default(),
        content_based_deduplication: flag("ContentBasedDeduplication"),
        fifo_throughput_scope: text("FifoThroughputScope"),
        archive_policy: json("ArchivePolicy")?.filter(|it| it.to_string() != NO_ARCHIVE),
        delivery_policy: json("DeliveryPolicy")?,
        display_name: text("DisplayName"),
        kms_master_key_id: text("KmsMasterKeyId").map(IdOrArn),
        policy: json("Policy")?.map(Policy),
        signature_version: number("SignatureVersion"),
        tracing_config: text("TracingConfig"),
        application_failure_feedback_role_arn: text("ApplicationFailureFeedbackRoleArn"),
        application_success_feedback_role_arn: text("ApplicationSuccessFeedbackRoleArn"),
        application_success_feedback_sample_rate: number("ApplicationSuccessFeedbackSampleRate"),
        firehose_failure_feedback_role_arn: text("FirehoseFailureFeedbackRoleArn"),
        firehose_success_feedback_role_arn: text("FirehoseSuccessFeedbackRoleArn"),
        firehose_success_feedback_sample_rate: number("FirehoseSuccessFeedbackSampleRate"),
        http_failure_feedback_role_arn: text("HTTPFailureFeedbackRoleArn"),
        http_success_feedback_role_arn: text("HTTPSuccessFeedbackRoleArn"),
        http_success_feedback_sample_rate: number("HTTPSuccessFeedbackSampleRate"),
        lambda_failure_feedback_role_arn: text("LambdaFailureFeedbackRoleArn"),
        lambda_success_feedback_role_arn: text("LambdaSuccessFeedbackRoleArn"),
        lambda_success_feedback_sample_rate: number("LambdaSuccessFeedbackSampleRate"),
        sqs_failure_feedback_role_arn: text("SQSFailureFeedbackRoleArn"),
        sqs_success_feedback_role_arn: text("SQSSuccessFeedbackRoleArn"),
        sqs_success_feedback_sample_rate: number("SQSSuccessFeedbackSampleRate"),
        tags,
    };
    Ok(Outputs {
        inputs,
        arn: arn.to_owned(),
        beginning_archive_time: text("BeginningArchiveTime"),
        owner: text("Owner").ok_or(Error::missing("Owner"))?,
    })
}
