//! `aws:sfn/stateMachine:StateMachine`. The id is the state machine's ARN.

use std::time::Duration;

use aws_sdk_sfn::{
    operation::describe_state_machine::DescribeStateMachineOutput,
    types::{self as sdk, StateMachineStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Encryption, birth_tags, check_name, made, moment, retag, tags};
use crate::{
    aws::error::{absent, seen},
    model::{Map, Value},
    provider::*,
};

pub(super) struct StateMachine;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    definition: Json,
    #[schemars(extend("computed" = true))]
    encryption_configuration: Option<Encryption>,
    #[schemars(extend("computed" = true))]
    logging_configuration: Option<Logging>,
    #[schemars(extend("autoname" = 80, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    /// Each change becomes a version.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    publish: bool,
    role_arn: String,
    #[serde(default)]
    tags: Tags,
    #[schemars(extend("computed" = true))]
    tracing_configuration: Option<Tracing>,
    #[serde(rename = "type", default = "standard")]
    #[schemars(extend("replace" = true, "enum" = ["STANDARD", "EXPRESS"]))]
    kind: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Logging {
    #[serde(default)]
    include_execution_data: bool,
    #[serde(default = "off")]
    #[schemars(extend("enum" = ["ALL", "ERROR", "FATAL", "OFF"]))]
    level: String,
    /// The ARN of a log group, with `:*` at its end.
    log_destination: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tracing {
    #[serde(default)]
    enabled: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    creation_date: String,
    #[schemars(extend("volatile" = true))]
    description: Option<String>,
    #[schemars(extend("volatile" = true))]
    revision_id: Option<String>,
    /// The newest version.
    #[schemars(extend("volatile" = true))]
    state_machine_version_arn: Option<String>,
    status: String,
    #[schemars(extend("volatile" = true))]
    version_description: Option<String>,
}

fn standard() -> String {
    "STANDARD".to_owned()
}

fn off() -> String {
    "OFF".to_owned()
}

const MISSING: &[&str] = &["StateMachineDoesNotExist", "ResourceNotFound"];

impl Resource for StateMachine {
    const TYPE: &'static str = "aws:sfn/stateMachine:StateMachine";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name)?;
        let Some(logging) = &new.logging_configuration else { return Ok(()) };
        let destination = logging.log_destination.as_deref();
        if logging.level != "OFF" && destination.is_none() {
            return Err(Error::invalid("loggingConfiguration", "needs a `logDestination`"));
        }
        if destination.is_some_and(|it| !it.ends_with(":*")) {
            let rule = "is the ARN of a log group with `:*` at its end";
            return Err(Error::invalid("loggingConfiguration.logDestination", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = Value::String(arn(place, name));
        Map::from([("id".to_owned(), arn.clone()), ("arn".to_owned(), arn)])
    }

    /// Creating one that exists with the same definition succeeds, and another
    /// role and other tags are dropped without a word: look first, so that
    /// nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let arn = arn(&cx.place, &new.name);
        match made(cx, &arn, MISSING).await? {
            Some(true) => return Ok(arn),
            Some(false) => return Err(Error::not_ours("a state machine of this name")),
            None => {}
        }
        let encryption = new.encryption_configuration.as_ref().map(Encryption::sdk).transpose()?;
        let call = cx.aws.sfn().create_state_machine().name(&new.name);
        let reply = call
            .definition(new.definition.to_string())
            .role_arn(&new.role_arn)
            .r#type(new.kind.as_str().into())
            .publish(new.publish)
            .set_encryption_configuration(encryption)
            .set_logging_configuration(new.logging_configuration.as_ref().map(Logging::sdk))
            .set_tracing_configuration(new.tracing_configuration.as_ref().map(Tracing::sdk))
            .set_tags(Some(birth_tags(cx, &new.tags)))
            .send()
            .await?;
        Ok(reply.state_machine_arn)
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let Some(live) = described(cx, arn).await? else { return Ok(None) };
        if live.status == Some(StateMachineStatus::Deleting) {
            return Ok(None);
        }
        let tags = if cx.asks("tags") { tags(cx, arn, MISSING).await? } else { Vec::new() };
        let version = match cx.asks("stateMachineVersionArn") || cx.asks("versionDescription") {
            true => newest(cx, arn).await?,
            false => None,
        };
        outputs(live, Tags::live(tags), version).map(Some)
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let published = new.publish && !old.publish;
        if published || settings(old) != settings(new) {
            let plain = Encryption::none();
            let encryption = (old.encryption_configuration != new.encryption_configuration)
                .then(|| new.encryption_configuration.as_ref().unwrap_or(&plain).sdk());
            let call = cx.aws.sfn().update_state_machine().state_machine_arn(arn);
            call.definition(new.definition.to_string())
                .role_arn(&new.role_arn)
                .publish(new.publish)
                .set_encryption_configuration(encryption.transpose()?)
                .set_logging_configuration(new.logging_configuration.as_ref().map(Logging::sdk))
                .set_tracing_configuration(new.tracing_configuration.as_ref().map(Tracing::sdk))
                .send()
                .await?;
        }
        retag(cx, arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.sfn().delete_state_machine().state_machine_arn(arn);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// It ends when its executions have.
    async fn gone(cx: &Cx, arn: &str) -> Result<()> {
        let look = || async { Ok(described(cx, arn).await?.is_none().then_some(())) };
        cx.wait("the state machine's executions to end", Duration::from_secs(600), look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let arn = arn(&cx.place, &inputs.name);
        Ok((made(cx, &arn, MISSING).await? == Some(true)).then_some(arn))
    }
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("states", &format!("stateMachine:{name}"))
}

fn settings(it: &Inputs) -> impl PartialEq {
    (
        (&it.definition, &it.role_arn, &it.encryption_configuration),
        (&it.logging_configuration, &it.tracing_configuration),
    )
}

async fn described(cx: &Cx, arn: &str) -> Result<Option<DescribeStateMachineOutput>> {
    let call = cx.aws.sfn().describe_state_machine().state_machine_arn(arn);
    absent(call.send().await, MISSING)
}

/// ARN and description of the newest version; Step Functions lists it first.
async fn newest(cx: &Cx, arn: &str) -> Result<Option<(String, Option<String>)>> {
    let call = cx.aws.sfn().list_state_machine_versions().state_machine_arn(arn).max_results(1);
    let reply = seen(call.send().await, MISSING, "the state machine")?;
    let Some(version) = reply.state_machine_versions.into_iter().next() else { return Ok(None) };
    let arn = version.state_machine_version_arn;
    let description = described(cx, &arn).await?.and_then(|it| it.description);
    Ok(Some((arn, description)))
}

impl Logging {
    fn live(live: sdk::LoggingConfiguration) -> Self {
        let groups = live.destinations.unwrap_or_default();
        let group = groups.into_iter().find_map(|it| it.cloud_watch_logs_log_group);
        Self {
            include_execution_data: live.include_execution_data,
            level: live.level.map_or_else(off, |it| it.as_str().to_owned()),
            log_destination: group.and_then(|it| it.log_group_arn),
        }
    }

    fn sdk(&self) -> sdk::LoggingConfiguration {
        let destination = |arn: &String| {
            let group = sdk::CloudWatchLogsLogGroup::builder().log_group_arn(arn).build();
            sdk::LogDestination::builder().cloud_watch_logs_log_group(group).build()
        };
        let destinations = self.log_destination.as_ref().map(|it| vec![destination(it)]);
        sdk::LoggingConfiguration::builder()
            .include_execution_data(self.include_execution_data)
            .level(self.level.as_str().into())
            .set_destinations(destinations)
            .build()
    }
}

impl Tracing {
    fn sdk(&self) -> sdk::TracingConfiguration {
        sdk::TracingConfiguration::builder().enabled(self.enabled).build()
    }
}

fn outputs(
    live: DescribeStateMachineOutput,
    tags: Tags,
    version: Option<(String, Option<String>)>,
) -> Result<Outputs> {
    let inputs = Inputs {
        definition: Json::parse(&live.definition)?,
        encryption_configuration: live.encryption_configuration.map(Encryption::live),
        logging_configuration: live.logging_configuration.map(Logging::live),
        name: live.name,
        name_prefix: None,
        publish: false,
        role_arn: live.role_arn,
        tags,
        tracing_configuration: live.tracing_configuration.map(|it| Tracing { enabled: it.enabled }),
        kind: live.r#type.as_str().to_owned(),
    };
    let (state_machine_version_arn, version_description) = version.unzip();
    Ok(Outputs {
        inputs,
        arn: live.state_machine_arn,
        creation_date: moment(&live.creation_date)?,
        description: live.description,
        revision_id: live.revision_id,
        state_machine_version_arn,
        status: live.status.map_or_else(String::new, |it| it.as_str().to_owned()),
        version_description: version_description.flatten(),
    })
}
