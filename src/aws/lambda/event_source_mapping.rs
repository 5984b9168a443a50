//! `aws:lambda/eventSourceMapping:EventSourceMapping`. The id is its UUID.

use std::time::Duration;

use aws_sdk_lambda::{
    operation::get_event_source_mapping::GetEventSourceMappingOutput,
    primitives::{DateTime, DateTimeFormat as Format},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, change,
    event_sources::{
        Access, Destination, DocumentDb, Filters, Kafka, Metrics, Pollers, Scaling, SelfManaged,
    },
    retag,
};
use crate::{
    aws::error::{absent, if_seen, seen},
    model::Value,
    provider::*,
};

pub(super) struct EventSourceMapping;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("computed" = true, "replace" = true))]
    amazon_managed_kafka_event_source_config: Option<Kafka>,
    /// The default depends on the source.
    #[schemars(extend("computed" = true))]
    batch_size: Option<i32>,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    destination_config: Option<Destination>,
    document_db_event_source_config: Option<DocumentDb>,
    #[serde(default = "yes")]
    enabled: bool,
    #[schemars(extend("replace" = true))]
    event_source_arn: Option<String>,
    filter_criteria: Option<Filters>,
    /// Name or ARN, of a version or an alias too.
    function_name: IdOrArn,
    #[serde(default)]
    function_response_types: Set<String>,
    kms_key_arn: Option<String>,
    #[schemars(extend("computed" = true))]
    maximum_batching_window_in_seconds: Option<i32>,
    #[schemars(extend("computed" = true))]
    maximum_record_age_in_seconds: Option<i32>,
    #[schemars(extend("computed" = true))]
    maximum_retry_attempts: Option<i32>,
    metrics_config: Option<Metrics>,
    #[schemars(extend("computed" = true))]
    parallelization_factor: Option<i32>,
    provisioned_poller_config: Option<Pollers>,
    /// Of an Amazon MQ broker.
    #[schemars(extend("replace" = true))]
    queues: Option<String>,
    scaling_config: Option<Scaling>,
    #[schemars(extend("replace" = true))]
    self_managed_event_source: Option<SelfManaged>,
    #[schemars(extend("computed" = true, "replace" = true))]
    self_managed_kafka_event_source_config: Option<Kafka>,
    #[serde(default)]
    source_access_configurations: Set<Access>,
    #[schemars(extend("replace" = true, "enum" = ["AT_TIMESTAMP", "LATEST", "TRIM_HORIZON"]))]
    starting_position: Option<String>,
    #[schemars(extend("replace" = true))]
    starting_position_timestamp: Option<String>,
    #[serde(default)]
    tags: Tags,
    #[schemars(extend("replace" = true))]
    topics: Option<Set<String>>,
    #[serde(default)]
    #[schemars(range(max = 900))]
    tumbling_window_in_seconds: i32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    function_arn: String,
    #[schemars(extend("volatile" = true))]
    last_modified: Option<String>,
    #[schemars(extend("volatile" = true))]
    last_processing_result: Option<String>,
    #[schemars(extend("volatile" = true))]
    state: Option<String>,
    #[schemars(extend("volatile" = true))]
    state_transition_reason: Option<String>,
    uuid: String,
}

/// Kafka sources connect for minutes.
const SETTLES: Duration = Duration::from_secs(600);

impl Resource for EventSourceMapping {
    const TYPE: &'static str = "aws:lambda/eventSourceMapping:EventSourceMapping";
    const REFUSED: &'static [(&'static str, &'static str)] = &[(
        "useResourceTimeoutForPropagation",
        "is not needed: what a new role makes Lambda refuse is repeated anyway, and `customTimeouts` sets how long",
    )];
    const KEY: &'static [&'static str] = &["eventSourceArn", "functionName"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.event_source_arn.is_some() == new.self_managed_event_source.is_some() {
            let rule = "or `selfManagedEventSource`: events come from one source";
            return Err(Error::invalid("eventSourceArn", rule));
        }
        let timed = new.starting_position.as_deref() == Some("AT_TIMESTAMP");
        if timed != new.starting_position_timestamp.is_some() {
            let rule = "belongs to the starting position AT_TIMESTAMP, and that to it";
            return Err(Error::invalid("startingPositionTimestamp", rule));
        }
        moment(new.starting_position_timestamp.as_ref()).map(drop)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        super::serial(&inputs.function_name.0)
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let time = |it: &Value| DateTime::from_str(it.as_str()?, Format::DateTimeWithOffset).ok();
        path == "startingPositionTimestamp" && time(wanted).is_some_and(|it| Some(it) == time(live))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let tags = cx.birth_tags(&new.tags).into_iter().collect();
        let topics = new.topics.as_ref().map(|it| it.0.clone());
        let call = configure!(cx.aws.lambda().create_event_source_mapping(), None::<&Inputs>, new);
        let reply = call
            .set_event_source_arn(new.event_source_arn.clone())
            .set_queues(new.queues.clone().map(|it| vec![it]))
            .set_topics(topics)
            .set_starting_position(new.starting_position.as_deref().map(Into::into))
            .set_starting_position_timestamp(moment(new.starting_position_timestamp.as_ref())?)
            .set_self_managed_event_source(
                new.self_managed_event_source.as_ref().map(SelfManaged::sdk),
            )
            .set_amazon_managed_kafka_event_source_config(
                new.amazon_managed_kafka_event_source_config.as_ref().map(Kafka::managed),
            )
            .set_self_managed_kafka_event_source_config(
                new.self_managed_kafka_event_source_config.as_ref().map(Kafka::own),
            )
            .set_tags(Some(tags))
            .send()
            .await?;
        reply.uuid.ok_or(Error::missing("UUID"))
    }

    async fn ready(cx: &Cx, uuid: &str, _: &Inputs) -> Result<()> {
        let look = || async {
            let state = described(cx, uuid).await?.and_then(|it| it.state);
            Ok(matches!(state.as_deref(), Some("Enabled" | "Disabled")).then_some(()))
        };
        cx.wait("the mapping to be ready", SETTLES, look).await
    }

    async fn read(cx: &Cx, uuid: &str) -> Result<Option<Outputs>> {
        let Some(live) = described(cx, uuid).await? else { return Ok(None) };
        if live.state.as_deref() == Some("Deleting") {
            return Ok(None);
        }
        let arn = arn(cx, &live);
        let tags =
            if cx.asks("tags") { Tags::live(tags(cx, &arn).await?) } else { Tags::default() };
        outputs(live, arn, tags).map(Some)
    }

    async fn update(cx: &Cx, uuid: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let call = cx.aws.lambda().update_event_source_mapping().uuid(uuid);
        let reply = configure!(call, Some(old), new).send().await?;
        let arn = reply.event_source_mapping_arn.unwrap_or_else(|| arn_of(cx, uuid));
        retag(cx, &arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, uuid: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.lambda().delete_event_source_mapping().uuid(uuid).send().await, MISSING)?;
        Ok(())
    }

    async fn gone(cx: &Cx, uuid: &str) -> Result<()> {
        let look = || async { Ok(described(cx, uuid).await?.is_none().then_some(())) };
        cx.wait("the mapping to be gone", SETTLES, look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let call = cx.aws.lambda().list_event_source_mappings();
        let call = call
            .function_name(&inputs.function_name.0)
            .set_event_source_arn(inputs.event_source_arn.clone());
        let Some(reply) = absent(call.send().await, MISSING)? else { return Ok(None) };
        for it in reply.event_source_mappings.unwrap_or_default() {
            let Some(uuid) = it.uuid else { continue };
            let arn = it.event_source_mapping_arn.unwrap_or_else(|| arn_of(cx, &uuid));
            if if_seen(tags(cx, &arn).await)?.is_some_and(|it| cx.made(it)) {
                return Ok(Some(uuid));
            }
        }
        Ok(None)
    }
}

/// The settings that a create and an update share.
macro_rules! configure {
    ($call:expr, $old:expr, $new:expr) => {{
        let (old, new) = ($old, $new);
        $call
            .function_name(&new.function_name.0)
            .enabled(new.enabled)
            .set_batch_size(new.batch_size)
            .set_bisect_batch_on_function_error(change(
                old.map(|it| Some(&it.bisect_batch_on_function_error)),
                new.bisect_batch_on_function_error.then_some(&true),
                |it| *it,
                false,
            ))
            .set_destination_config(change(
                old.map(|it| it.destination_config.as_ref()),
                new.destination_config.as_ref(),
                Destination::sdk,
                Destination::none(),
            ))
            .set_document_db_event_source_config(
                new.document_db_event_source_config.as_ref().map(DocumentDb::sdk),
            )
            .set_filter_criteria(change(
                old.map(|it| it.filter_criteria.as_ref()),
                new.filter_criteria.as_ref(),
                Filters::sdk,
                Filters::none(),
            ))
            .set_function_response_types(change(
                old.map(|it| Some(&it.function_response_types)),
                Some(&new.function_response_types).filter(|it| !it.0.is_empty()),
                |it: &Set<String>| it.0.iter().map(|it| it.as_str().into()).collect(),
                Vec::new(),
            ))
            .set_kms_key_arn(change(
                old.map(|it| it.kms_key_arn.as_ref()),
                new.kms_key_arn.as_ref(),
                Clone::clone,
                String::new(),
            ))
            .set_maximum_batching_window_in_seconds(new.maximum_batching_window_in_seconds)
            .set_maximum_record_age_in_seconds(new.maximum_record_age_in_seconds)
            .set_maximum_retry_attempts(new.maximum_retry_attempts)
            .set_metrics_config(change(
                old.map(|it| it.metrics_config.as_ref()),
                new.metrics_config.as_ref(),
                Metrics::sdk,
                Metrics::none(),
            ))
            .set_parallelization_factor(new.parallelization_factor)
            .set_provisioned_poller_config(change(
                old.map(|it| it.provisioned_poller_config.as_ref()),
                new.provisioned_poller_config.as_ref(),
                Pollers::sdk,
                Pollers::none(),
            ))
            .set_scaling_config(change(
                old.map(|it| it.scaling_config.as_ref()),
                new.scaling_config.as_ref(),
                Scaling::sdk,
                Scaling::none(),
            ))
            .set_source_access_configurations(change(
                old.map(|it| Some(&it.source_access_configurations)),
                Some(&new.source_access_configurations).filter(|it| !it.0.is_empty()),
                |it: &Set<Access>| it.0.iter().map(Access::sdk).collect(),
                Vec::new(),
            ))
            .set_tumbling_window_in_seconds(change(
                old.map(|it| Some(&it.tumbling_window_in_seconds)),
                Some(&new.tumbling_window_in_seconds).filter(|it| **it > 0),
                |it| *it,
                0,
            ))
    }};
}
use configure;

fn moment(text: Option<&String>) -> Result<Option<DateTime>> {
    let rule = "is a time such as `2024-01-02T03:04:05Z`";
    let parse = |text: &String| DateTime::from_str(text, Format::DateTimeWithOffset);
    text.map(parse).transpose().map_err(|_| Error::invalid("startingPositionTimestamp", rule))
}

async fn described(cx: &Cx, uuid: &str) -> Result<Option<GetEventSourceMappingOutput>> {
    absent(cx.aws.lambda().get_event_source_mapping().uuid(uuid).send().await, MISSING)
}

fn arn_of(cx: &Cx, uuid: &str) -> String {
    cx.place.arn("lambda", &format!("event-source-mapping:{uuid}"))
}

fn arn(cx: &Cx, live: &GetEventSourceMappingOutput) -> String {
    let told = live.event_source_mapping_arn.clone();
    told.unwrap_or_else(|| arn_of(cx, live.uuid.as_deref().unwrap_or_default()))
}

async fn tags(cx: &Cx, arn: &str) -> Result<std::collections::HashMap<String, String>> {
    let reply = cx.aws.lambda().list_tags().resource(arn).send().await;
    Ok(seen(reply, MISSING, "the mapping")?.tags.unwrap_or_default())
}

fn outputs(live: GetEventSourceMappingOutput, arn: String, tags: Tags) -> Result<Outputs> {
    let time = |it: Option<DateTime>| it?.fmt(Format::DateTime).ok();
    let function_arn = live.function_arn.ok_or(Error::missing("FunctionArn"))?;
    let uuid = live.uuid.ok_or(Error::missing("UUID"))?;
    let access = live.source_access_configurations.unwrap_or_default();
    let types = live.function_response_types.unwrap_or_default();
    let off = matches!(live.state.as_deref(), Some("Disabled" | "Disabling"));
    let inputs = Inputs {
        amazon_managed_kafka_event_source_config: live
            .amazon_managed_kafka_event_source_config
            .map(Kafka::live_managed),
        batch_size: live.batch_size,
        bisect_batch_on_function_error: live.bisect_batch_on_function_error.unwrap_or_default(),
        destination_config: live.destination_config.and_then(Destination::live),
        document_db_event_source_config: live
            .document_db_event_source_config
            .and_then(DocumentDb::live),
        enabled: !off,
        event_source_arn: live.event_source_arn.filter(|it| !it.is_empty()),
        filter_criteria: live.filter_criteria.map(Filters::live).transpose()?.flatten(),
        function_name: IdOrArn(function_arn.clone()),
        function_response_types: types.iter().map(|it| it.as_str()).collect(),
        kms_key_arn: live.kms_key_arn.filter(|it| !it.is_empty()),
        maximum_batching_window_in_seconds: live.maximum_batching_window_in_seconds,
        maximum_record_age_in_seconds: live.maximum_record_age_in_seconds,
        maximum_retry_attempts: live.maximum_retry_attempts,
        metrics_config: live.metrics_config.and_then(Metrics::live),
        parallelization_factor: live.parallelization_factor,
        provisioned_poller_config: live.provisioned_poller_config.map(Pollers::live),
        queues: live.queues.unwrap_or_default().into_iter().next(),
        scaling_config: live.scaling_config.as_ref().and_then(Scaling::live),
        self_managed_event_source: live.self_managed_event_source.and_then(SelfManaged::live),
        self_managed_kafka_event_source_config: live
            .self_managed_kafka_event_source_config
            .map(Kafka::live_own),
        source_access_configurations: Set(access.into_iter().filter_map(Access::live).collect()),
        starting_position: live.starting_position.map(|it| it.as_str().to_owned()),
        starting_position_timestamp: time(live.starting_position_timestamp),
        tags,
        topics: live.topics.filter(|it| !it.is_empty()).map(Set),
        tumbling_window_in_seconds: live.tumbling_window_in_seconds.unwrap_or_default(),
    };
    Ok(Outputs {
        inputs,
        arn,
        function_arn,
        last_modified: time(live.last_modified),
        last_processing_result: live.last_processing_result,
        state: live.state,
        state_transition_reason: live.state_transition_reason,
        uuid,
    })
}
