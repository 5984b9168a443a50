//! `aws:kinesis/stream:Stream`. The id is the stream's name.

use std::time::Duration;

use aws_sdk_kinesis::types::{
    self as sdk, MetricsName, ScalingType, StreamDescriptionSummary as Live, StreamStatus,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, check_name};
use crate::{
    aws::{
        error::{absent, if_seen, seen},
        twin::{Twin as _, Word, twin},
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct Stream;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    #[serde(default = "unencrypted")]
    encryption_type: Word<sdk::EncryptionType>,
    kms_key_id: Option<IdOrArn>,
    /// Deletes it although consumers are registered with it.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    enforce_consumer_deletion: bool,
    #[schemars(range(min = 1024, max = 10240), extend("computed" = true))]
    max_record_size_in_kib: Option<i32>,
    /// In hours.
    #[serde(default = "int::<24>")]
    #[schemars(range(min = 24, max = 8760))]
    retention_period: i32,
    /// Kinesis sees to it in the mode `ON_DEMAND`.
    #[schemars(range(min = 1), extend("computed" = true))]
    shard_count: Option<i32>,
    #[serde(default)]
    shard_level_metrics: Set<String>,
    #[schemars(extend("computed" = true))]
    stream_mode_details: Option<StreamModeDetails>,
    #[serde(default)]
    tags: Tags,
    #[schemars(range(min = 0), extend("computed" = true))]
    warm_throughput_mib_ps: Option<i32>,
}

twin! {
    StreamModeDetails = sdk::StreamModeDetails {
        stream_mode: Word<sdk::StreamMode> => stream_mode, set_stream_mode;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

/// A stream is made within a minute; many shards take their time.
const LIMIT: Duration = Duration::from_secs(3600);

fn unencrypted() -> Word<sdk::EncryptionType> {
    Word(sdk::EncryptionType::None)
}

impl Resource for Stream {
    const TYPE: &'static str = "aws:kinesis/stream:Stream";
    const REFUSED: &'static [(&'static str, &'static str)] =
        &[("arn", "follows from `name`: it is told, not set")];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name, 128)?;
        match (on_demand(new), new.shard_count) {
            (true, Some(_)) => {
                let rule = "is for streams of the mode PROVISIONED";
                return Err(Error::invalid("shardCount", rule));
            }
            (false, None) => {
                let rule = "is needed, unless `streamModeDetails.streamMode` is ON_DEMAND";
                return Err(Error::invalid("shardCount", rule));
            }
            _ => {}
        }
        if encrypted(new) != new.kms_key_id.is_some() {
            let rule = "goes together with `encryptionType: KMS`; Kinesis's own key is `alias/aws/kinesis`";
            return Err(Error::invalid("kmsKeyId", rule));
        }
        if let Some(odd) = new.shard_level_metrics.0.iter().find(|it| !METRICS.contains(&&***it)) {
            let rule = format!("`{odd}` is none of {}", METRICS.join(", "));
            return Err(Error::invalid("shardLevelMetrics", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = Value::String(arn(place, name));
        Map::from([("id".to_owned(), Value::string(name)), ("arn".to_owned(), arn)])
    }

    /// `ALL` is told as the metrics that there are.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let all = wanted.as_list().is_some_and(|it| it.iter().any(|it| it.as_str() == Some(ALL)));
        let live = live.as_list().map(<[Value]>::len).unwrap_or_default();
        path == "shardLevelMetrics" && all && live == METRICS.len() - 1
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        // One that is on its way out holds the name.
        if described(cx, &new.name).await?.is_some_and(|it| deleting(&it)) {
            Self::gone(cx, &new.name).await?;
        }
        let mode = new.stream_mode_details.as_ref().map(StreamModeDetails::to_sdk).transpose()?;
        let call = cx.aws.kinesis().create_stream().stream_name(&new.name);
        let made = call
            .set_shard_count(new.shard_count)
            .set_stream_mode_details(mode)
            .set_max_record_size_in_kib(new.max_record_size_in_kib)
            .set_warm_throughput_mibps(new.warm_throughput_mib_ps)
            .set_tags(Some(cx.birth_tags(&new.tags).into_iter().collect()))
            .send()
            .await;
        match made.map_err(Error::from) {
            Err(error) if error.is(&["ResourceInUseException"]) => {
                let found = Self::find(cx, new).await?;
                found.ok_or_else(|| Error::not_ours("a stream of this name"))
            }
            made => made.map(|_| new.name.clone()),
        }
    }

    async fn finish(cx: &Cx, name: &str, new: &Inputs) -> Result<()> {
        adjust(cx, name, None, new).await
    }

    async fn ready(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        settled(cx, name).await.map(drop)
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        let Some(live) = described(cx, name).await?.filter(|it| !deleting(it)) else {
            return Ok(None);
        };
        let tags = if cx.asks("tags") { tags(cx, name).await? } else { Vec::new() };
        let metrics = metrics(&live).map(|it| it.as_str().to_owned()).collect();
        let inputs = Inputs {
            name: name.to_owned(),
            encryption_type: live.encryption_type.map_or_else(unencrypted, Word),
            kms_key_id: live.key_id.map(IdOrArn),
            enforce_consumer_deletion: false,
            max_record_size_in_kib: live.max_record_size_in_kib,
            retention_period: live.retention_period_hours,
            shard_count: Some(live.open_shard_count),
            shard_level_metrics: metrics,
            stream_mode_details: live
                .stream_mode_details
                .as_ref()
                .map(StreamModeDetails::from_sdk)
                .transpose()?,
            tags: Tags::live(tags),
            warm_throughput_mib_ps: live.warm_throughput.and_then(|it| it.target_mibps),
        };
        Ok(Some(Outputs { inputs, arn: live.stream_arn }))
    }

    async fn update(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        adjust(cx, name, Some(old), new).await?;
        let (set, removed) = new.tags.since(&old.tags);
        if !set.is_empty() {
            let call = cx.aws.kinesis().add_tags_to_stream().stream_name(name);
            call.set_tags(Some(set.into_iter().collect())).send().await?;
        }
        if !removed.is_empty() {
            let call = cx.aws.kinesis().remove_tags_from_stream().stream_name(name);
            call.set_tag_keys(Some(removed)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, name: &str, last: &Inputs) -> Result<()> {
        if described(cx, name).await?.is_none_or(|it| deleting(&it)) {
            return Ok(());
        }
        let call = cx.aws.kinesis().delete_stream().stream_name(name);
        let call = call.enforce_consumer_deletion(last.enforce_consumer_deletion);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    async fn gone(cx: &Cx, name: &str) -> Result<()> {
        let look = || async { Ok(described(cx, name).await?.is_none().then_some(())) };
        cx.wait("the stream to be gone", LIMIT, look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let tags = if_seen(tags(cx, &inputs.name).await)?.unwrap_or_default();
        Ok(cx.made(tags).then(|| inputs.name.clone()))
    }
}

const ALL: &str = "ALL";

const METRICS: &[&str] = &[
    ALL,
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
];

fn arn(place: &Place, name: &str) -> String {
    place.arn("kinesis", &format!("stream/{name}"))
}

fn on_demand(it: &Inputs) -> bool {
    let mode = it.stream_mode_details.as_ref().map(|it| &it.stream_mode.0);
    mode == Some(&sdk::StreamMode::OnDemand)
}

fn encrypted(it: &Inputs) -> bool {
    it.encryption_type.0 == sdk::EncryptionType::Kms
}

fn deleting(live: &Live) -> bool {
    live.stream_status == StreamStatus::Deleting
}

fn metrics(live: &Live) -> impl Iterator<Item = &MetricsName> {
    live.enhanced_monitoring.iter().flat_map(|it| it.shard_level_metrics())
}

async fn described(cx: &Cx, name: &str) -> Result<Option<Live>> {
    let reply = cx.aws.kinesis().describe_stream_summary().stream_name(name).send().await;
    match absent(reply, MISSING)? {
        Some(it) => {
            let missing = Error::missing("StreamDescriptionSummary");
            it.stream_description_summary.map(Some).ok_or(missing)
        }
        None => Ok(None),
    }
}

async fn tags(cx: &Cx, name: &str) -> Result<Vec<(String, String)>> {
    let mut all: Vec<(String, String)> = Vec::new();
    loop {
        let call = cx.aws.kinesis().list_tags_for_stream().stream_name(name);
        let call = call.set_exclusive_start_tag_key(all.last().map(|(key, _)| key.clone()));
        let reply = seen(call.send().await, MISSING, "the stream")?;
        let more = reply.has_more_tags && !reply.tags.is_empty();
        let tags = reply.tags.into_iter();
        all.extend(tags.map(|it| (it.key, it.value.unwrap_or_default())));
        if !more {
            return Ok(all);
        }
    }
}

/// As it is when no change of it is under way.
async fn settled(cx: &Cx, name: &str) -> Result<Live> {
    let look = || async {
        let live = described(cx, name).await?;
        if live.as_ref().is_some_and(deleting) {
            return Err(Error::failed("it is being deleted"));
        }
        Ok(live.filter(|it| it.stream_status == StreamStatus::Active))
    };
    cx.wait("the stream to be active", LIMIT, look).await
}

/// Makes a stream what is wanted, by one call after another: Kinesis takes
/// the next change only when the last one is done. What the program never set
/// stays as it is; `old` is `None` for a newborn.
async fn adjust(cx: &Cx, name: &str, old: Option<&Inputs>, new: &Inputs) -> Result<()> {
    let kinesis = cx.aws.kinesis();
    let live = settled(cx, name).await?;
    if let Some(mode) = &new.stream_mode_details {
        let mode = mode.to_sdk()?;
        if live.stream_mode_details.as_ref().is_some_and(|it| it.stream_mode != mode.stream_mode) {
            let call = kinesis.update_stream_mode().stream_arn(&live.stream_arn);
            call.stream_mode_details(mode).send().await?;
            settled(cx, name).await?;
        }
    }
    if let Some(count) = new.shard_count.filter(|_| !on_demand(new))
        && settled(cx, name).await?.open_shard_count != count
    {
        let call = kinesis.update_shard_count().stream_name(name).target_shard_count(count);
        call.scaling_type(ScalingType::UniformScaling).send().await?;
        settled(cx, name).await?;
    }
    let hours = new.retention_period;
    let kept = old.is_some_and(|it| it.retention_period == hours);
    if !kept && hours > live.retention_period_hours {
        let call = kinesis.increase_stream_retention_period().stream_name(name);
        call.retention_period_hours(hours).send().await?;
        settled(cx, name).await?;
    }
    if !kept && hours < live.retention_period_hours {
        let call = kinesis.decrease_stream_retention_period().stream_name(name);
        call.retention_period_hours(hours).send().await?;
        settled(cx, name).await?;
    }
    if old.is_none_or(|it| it.shard_level_metrics != new.shard_level_metrics) {
        monitor(cx, name, &live, new).await?;
    }
    if old.is_none_or(|it| it.kms_key_id != new.kms_key_id) {
        encrypt(cx, name, &live, new).await?;
    }
    if let Some(size) = new.max_record_size_in_kib
        && live.max_record_size_in_kib != Some(size)
    {
        let call = kinesis.update_max_record_size().stream_arn(&live.stream_arn);
        call.max_record_size_in_kib(size).send().await?;
        settled(cx, name).await?;
    }
    if let Some(warm) = new.warm_throughput_mib_ps
        && live.warm_throughput.and_then(|it| it.target_mibps) != Some(warm)
    {
        let call = kinesis.update_stream_warm_throughput().stream_name(name);
        call.warm_throughput_mibps(warm).send().await?;
        settled(cx, name).await?;
    }
    Ok(())
}

async fn monitor(cx: &Cx, name: &str, live: &Live, new: &Inputs) -> Result<()> {
    let wanted = &new.shard_level_metrics.0;
    let wanted: Set<MetricsName> = match wanted.iter().any(|it| it == ALL) {
        true => METRICS.iter().filter(|it| **it != ALL).copied().collect(),
        false => wanted.iter().map(String::as_str).collect(),
    };
    let live = metrics(live).cloned().collect();
    let (on, off) = wanted.since(&live);
    if !off.is_empty() {
        let call = cx.aws.kinesis().disable_enhanced_monitoring().stream_name(name);
        call.set_shard_level_metrics(Some(off)).send().await?;
        settled(cx, name).await?;
    }
    if !on.is_empty() {
        let call = cx.aws.kinesis().enable_enhanced_monitoring().stream_name(name);
        call.set_shard_level_metrics(Some(on)).send().await?;
        settled(cx, name).await?;
    }
    Ok(())
}

/// Another key needs no stop of the encryption in between.
async fn encrypt(cx: &Cx, name: &str, live: &Live, new: &Inputs) -> Result<()> {
    let with = live.key_id.as_deref();
    let key = new.kms_key_id.as_ref().map(|it| it.0.as_str());
    let same = |live: &str, new: &str| live.ends_with(new) || new.ends_with(live);
    match (with, key) {
        (Some(live), Some(new)) if same(live, new) => return Ok(()),
        (_, Some(new)) => {
            let call = cx.aws.kinesis().start_stream_encryption().stream_name(name);
            call.encryption_type(sdk::EncryptionType::Kms).key_id(new).send().await?;
        }
        (Some(live), None) => {
            let call = cx.aws.kinesis().stop_stream_encryption().stream_name(name);
            call.encryption_type(sdk::EncryptionType::Kms).key_id(live).send().await?;
        }
        (None, None) => return Ok(()),
    }
    settled(cx, name).await.map(drop)
}
