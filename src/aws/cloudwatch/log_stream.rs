//! `aws:cloudwatch/logStream:LogStream`. The id is `group:stream`.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::LogStream as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MISSING;
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct LogStream;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    log_group_name: String,
    #[schemars(extend("autoname" = 512, "replace" = true))]
    name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for LogStream {
    const TYPE: &'static str = "aws:cloudwatch/logStream:LogStream";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.name.is_empty() || new.name.len() > 512 || new.name.contains([':', '*']) {
            let rule = "has 1 to 512 characters, none of them `:` or `*`";
            return Err(Error::invalid("name", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let (Some(group), Some(name)) = (text("logGroupName"), text("name")) else {
            return Map::new();
        };
        let arn = place.arn("logs", &format!("log-group:{group}:log-stream:{name}"));
        Map::from([
            ("id".to_owned(), Value::String(format!("{group}:{name}"))),
            ("arn".to_owned(), Value::String(arn)),
        ])
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.logs().create_log_stream().log_group_name(&new.log_group_name);
        call.log_stream_name(&new.name).send().await?;
        Ok(format!("{}:{}", new.log_group_name, new.name))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (group, name) = parts(id)?;
        let visible = || async { Ok(live(cx, group, name).await?.map(|_| ())) };
        cx.wait("the logs to show the stream", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (group, name) = parts(id)?;
        let Some(live) = live(cx, group, name).await? else { return Ok(None) };
        let inputs = Inputs { log_group_name: group.to_owned(), name: name.to_owned() };
        Ok(Some(Outputs { inputs, arn: live.arn.ok_or(Error::missing("arn"))? }))
    }

    /// Every property makes a new one.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (group, name) = parts(id)?;
        let call = cx.aws.logs().delete_log_stream().log_group_name(group).log_stream_name(name);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// A stream has no tags. A create of one that exists is refused, so that
    /// the one that a lost answer may be about is there by it alone, as long
    /// as it has taken no events.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Inputs { log_group_name: group, name } = inputs;
        let live = live(cx, group, name).await?;
        let fresh = live.is_some_and(|it| it.last_ingestion_time.is_none());
        Ok(fresh.then(|| format!("{group}:{name}")))
    }
}

fn parts(id: &str) -> Result<(&str, &str)> {
    id.split_once(':').ok_or_else(|| Error::invalid("id", format!("`{id}` is not `group:stream`")))
}

/// Streams are listed by name: one of exactly this name comes first.
async fn live(cx: &Cx, group: &str, name: &str) -> Result<Option<Live>> {
    let call = cx.aws.logs().describe_log_streams().log_group_name(group);
    let reply = absent(call.log_stream_name_prefix(name).send().await, MISSING)?;
    let mut streams = reply.and_then(|it| it.log_streams).unwrap_or_default().into_iter();
    Ok(streams.find(|it| it.log_stream_name.as_deref() == Some(name)))
}
