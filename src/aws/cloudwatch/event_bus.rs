//! `aws:cloudwatch/eventBus:EventBus`. The id is the bus's name.

use aws_sdk_eventbridge::{operation::describe_event_bus::DescribeEventBusOutput, types as sdk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DEFAULT_BUS, MISSING, event_retag, event_tag_list, event_tags};
use crate::{
    aws::{error::absent, kept},
    model::{Map, Value},
    provider::*,
};

pub(super) struct EventBus;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 256, "replace" = true))]
    name: String,
    description: Option<String>,
    /// The partner's event source that the bus, of the same name, is for.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    event_source_name: Option<String>,
    kms_key_identifier: Option<IdOrArn>,
    /// Where events go that cannot be encrypted or delivered.
    dead_letter_config: Option<DeadLetterConfig>,
    log_config: Option<LogConfig>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeadLetterConfig {
    arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogConfig {
    #[schemars(extend("enum" = ["NONE", "FULL"]))]
    include_detail: Option<String>,
    #[schemars(extend("enum" = ["OFF", "ERROR", "INFO", "TRACE"]))]
    level: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for EventBus {
    const TYPE: &'static str = "aws:cloudwatch/eventBus:EventBus";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.name == DEFAULT_BUS {
            return Err(Error::invalid("name", "is the name of the bus that every account has"));
        }
        let fits = |it: char| it.is_ascii_alphanumeric() || "/._-".contains(it);
        if new.name.is_empty() || new.name.len() > 256 || !new.name.chars().all(fits) {
            let rule = "has 1 to 256 letters, digits, `/`, `.`, `-` or `_`";
            return Err(Error::invalid("name", rule));
        }
        match &new.event_source_name {
            Some(source) if *source != new.name => {
                Err(Error::invalid("eventSourceName", "is also the `name` of its bus"))
            }
            None if new.name.contains('/') => {
                Err(Error::invalid("name", "has a `/` only with `eventSourceName`"))
            }
            _ => Ok(()),
        }
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = place.arn("events", &format!("event-bus/{name}"));
        Map::from([("id".to_owned(), Value::string(name)), ("arn".to_owned(), Value::String(arn))])
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.events().create_event_bus().name(&new.name);
        call.set_event_source_name(new.event_source_name.clone())
            .set_description(new.description.clone())
            .set_kms_key_identifier(new.kms_key_identifier.as_ref().map(|it| it.0.clone()))
            .set_dead_letter_config(new.dead_letter_config.as_ref().map(DeadLetterConfig::to_sdk))
            .set_log_config(new.log_config.as_ref().map(LogConfig::to_sdk))
            .set_tags(Some(event_tag_list(cx.birth_tags(&new.tags))?))
            .send()
            .await?;
        Ok(new.name.clone())
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        let arn = live.arn.ok_or(Error::missing("Arn"))?;
        let tags = match cx.asks("tags") {
            true => Tags::live(event_tags(cx, &arn).await?),
            false => Tags::default(),
        };
        let inputs = Inputs {
            name: id.to_owned(),
            description: live.description.filter(|it| !it.is_empty()),
            event_source_name: None,
            kms_key_identifier: live.kms_key_identifier.map(IdOrArn),
            dead_letter_config: live
                .dead_letter_config
                .filter(|it| it.arn.is_some())
                .map(|it| DeadLetterConfig { arn: it.arn }),
            log_config: live.log_config.map(LogConfig::from),
            tags,
        };
        Ok(Some(Outputs { inputs, arn }))
    }

    /// The call sets all of them: what the program never said is sent as it
    /// is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = live(cx, id).await?.ok_or(Error::unseen("the event bus"))?;
        let arn = live.arn.ok_or(Error::missing("Arn"))?;
        let changed = old.description != new.description
            || old.kms_key_identifier != new.kms_key_identifier
            || old.dead_letter_config != new.dead_letter_config
            || old.log_config != new.log_config;
        if changed {
            let key = |it: &Inputs| it.kms_key_identifier.as_ref().map(|it| it.0.clone());
            let letters =
                |it: &Inputs| it.dead_letter_config.as_ref().map(DeadLetterConfig::to_sdk);
            let log = |it: &Inputs| it.log_config.as_ref().map(LogConfig::to_sdk);
            let call = cx.aws.events().update_event_bus().name(id);
            call.set_description(kept(
                old.description.clone(),
                new.description.clone(),
                live.description,
            ))
            .set_kms_key_identifier(kept(key(old), key(new), live.kms_key_identifier))
            .set_dead_letter_config(kept(letters(old), letters(new), live.dead_letter_config))
            .set_log_config(kept(log(old), log(new), live.log_config))
            .send()
            .await?;
        }
        event_retag(cx, &arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.events().delete_event_bus().name(id).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(live) = live(cx, &inputs.name).await? else { return Ok(None) };
        let tags = event_tags(cx, &live.arn.ok_or(Error::missing("Arn"))?).await?;
        Ok(cx.made(tags).then(|| inputs.name.clone()))
    }
}

async fn live(cx: &Cx, name: &str) -> Result<Option<DescribeEventBusOutput>> {
    absent(cx.aws.events().describe_event_bus().name(name).send().await, MISSING)
}

impl DeadLetterConfig {
    fn to_sdk(&self) -> sdk::DeadLetterConfig {
        sdk::DeadLetterConfig::builder().set_arn(self.arn.clone()).build()
    }
}

impl LogConfig {
    fn to_sdk(&self) -> sdk::LogConfig {
        sdk::LogConfig::builder()
            .set_include_detail(self.include_detail.as_deref().map(Into::into))
            .set_level(self.level.as_deref().map(Into::into))
            .build()
    }

    fn from(live: sdk::LogConfig) -> Self {
        Self {
            include_detail: live.include_detail.map(|it| it.as_str().to_owned()),
            level: live.level.map(|it| it.as_str().to_owned()),
        }
    }
}
