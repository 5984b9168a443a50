//! `aws:cloudwatch/eventTarget:EventTarget`. The id is `rule/target`, after
//! the bus and a slash where that is not the default one.

use std::time::Duration;

use aws_sdk_eventbridge::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DEFAULT_BUS, MISSING, check_event_name, default_bus,
    event_target_parts::{
        AppsyncTarget, BatchTarget, DeadLetterConfig, EcsTarget, HttpTarget, InputTransformer,
        KinesisTarget, RedshiftTarget, RetryPolicy, RunCommandTarget, SagemakerPipelineTarget,
        SqsTarget, commands_from_sdk, commands_to_sdk,
    },
    refused, rule_serial, unbuilt,
};
use crate::{
    aws::{error::absent, kept},
    model::{Map, Value},
    provider::*,
};

pub(super) struct EventTarget;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// The rule's name.
    #[schemars(extend("replace" = true))]
    rule: String,
    /// Name or ARN.
    #[serde(default = "default_bus")]
    #[schemars(extend("replace" = true))]
    event_bus_name: String,
    #[schemars(extend("autoname" = 64, "replace" = true))]
    target_id: String,
    arn: String,
    role_arn: Option<String>,
    /// What is sent instead of the event.
    input: Option<Json>,
    /// The part of the event that is sent.
    input_path: Option<String>,
    input_transformer: Option<InputTransformer>,
    appsync_target: Option<AppsyncTarget>,
    batch_target: Option<BatchTarget>,
    dead_letter_config: Option<DeadLetterConfig>,
    ecs_target: Option<EcsTarget>,
    http_target: Option<HttpTarget>,
    kinesis_target: Option<KinesisTarget>,
    redshift_target: Option<RedshiftTarget>,
    retry_policy: Option<RetryPolicy>,
    run_command_targets: Option<Vec<RunCommandTarget>>,
    sagemaker_pipeline_target: Option<SagemakerPipelineTarget>,
    sqs_target: Option<SqsTarget>,
    /// Removes it from a rule that an AWS service made for itself, too.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for EventTarget {
    const TYPE: &'static str = "aws:cloudwatch/eventTarget:EventTarget";
    const KEY: &'static [&'static str] = &["eventBusName", "rule", "targetId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_event_name("targetId", &new.target_id, 64)?;
        let ways = [
            ("input", new.input.is_some()),
            ("inputPath", new.input_path.is_some()),
            ("inputTransformer", new.input_transformer.is_some()),
        ];
        let mut set = ways.iter().filter(|(_, set)| *set);
        if let (Some((first, _)), Some((second, _))) = (set.next(), set.next()) {
            return Err(Error::invalid(second, format!("excludes `{first}`")));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let bus = match inputs.get("eventBusName") {
            None => DEFAULT_BUS,
            Some(Value::String(bus)) => bus,
            Some(_) => return Map::new(),
        };
        let (Some(rule), Some(target)) = (text("rule"), text("targetId")) else {
            return Map::new();
        };
        Map::from([("id".to_owned(), Value::String(id(bus, rule, target)))])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(rule_serial(&inputs.event_bus_name, &inputs.rule))
    }

    /// Putting overwrites: look first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let Inputs { event_bus_name: bus, rule, target_id, .. } = new;
        match live(cx, bus, rule, target_id).await? {
            Some(live) if !alike(&live, &target(new)?) => {
                return Err(Error::not_ours("a target of this id"));
            }
            Some(_) => {}
            None => put(cx, bus, rule, target(new)?).await?,
        }
        Ok(id(bus, rule, target_id))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (bus, rule, target) = parts(id)?;
        let visible = || async { Ok(live(cx, bus, rule, target).await?.map(|_| ())) };
        cx.wait("EventBridge to show the target", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (bus, rule, target) = parts(id)?;
        let Some(live) = live(cx, bus, rule, target).await? else { return Ok(None) };
        outputs(bus, rule, live).map(Some)
    }

    /// The call replaces the whole target: what the program never said is sent
    /// as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (bus, rule, target_id) = parts(id)?;
        let live = live(cx, bus, rule, target_id).await?.ok_or(Error::unseen("the target"))?;
        let (old, mut new) = (target(old)?, target(new)?);
        macro_rules! keep {
            ($($field:ident)*) => { $(new.$field = kept(old.$field, new.$field, live.$field);)* };
        }
        keep! {
            role_arn input input_path input_transformer kinesis_parameters run_command_parameters
            ecs_parameters batch_parameters sqs_parameters http_parameters
            redshift_data_parameters sage_maker_pipeline_parameters dead_letter_config
            retry_policy app_sync_parameters
        }
        put(cx, bus, rule, new).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let (bus, rule, target) = parts(id)?;
        let call = cx.aws.events().remove_targets().event_bus_name(bus).rule(rule).ids(target);
        let reply = absent(call.force(last.force_destroy).send().await, MISSING)?;
        match reply.and_then(|it| it.failed_entries).unwrap_or_default().pop() {
            Some(failed) => Err(refused(failed.error_code, failed.error_message)),
            None => Ok(()),
        }
    }

    /// Targets bear no tags; the same target under the same id is what this
    /// operation would make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Inputs { event_bus_name: bus, rule, target_id, .. } = inputs;
        let wanted = target(inputs)?;
        let live = live(cx, bus, rule, target_id).await?;
        Ok(live.filter(|it| alike(it, &wanted)).map(|_| id(bus, rule, target_id)))
    }
}

fn id(bus: &str, rule: &str, target: &str) -> String {
    if bus == DEFAULT_BUS { format!("{rule}/{target}") } else { format!("{bus}/{rule}/{target}") }
}

/// The bus, by name or ARN, the rule's name and the target's id.
fn parts(id: &str) -> Result<(&str, &str, &str)> {
    let wrong =
        || Error::invalid("id", format!("`{id}` is not `rule/target` or `bus/rule/target`"));
    let (rest, target) = id.rsplit_once('/').ok_or_else(wrong)?;
    let (bus, rule) = rest.rsplit_once('/').unwrap_or((DEFAULT_BUS, rest));
    Ok((bus, rule, target))
}

/// By what AWS fills nothing into.
fn alike(live: &sdk::Target, wanted: &sdk::Target) -> bool {
    live.arn == wanted.arn
        && live.role_arn == wanted.role_arn
        && live.input == wanted.input
        && live.input_path == wanted.input_path
        && live.input_transformer == wanted.input_transformer
}

/// Refusals are told inside an answer that is no error.
async fn put(cx: &Cx, bus: &str, rule: &str, target: sdk::Target) -> Result<()> {
    let call = cx.aws.events().put_targets().event_bus_name(bus).rule(rule).targets(target);
    match call.send().await?.failed_entries.unwrap_or_default().pop() {
        Some(failed) => Err(refused(failed.error_code, failed.error_message)),
        None => Ok(()),
    }
}

async fn live(cx: &Cx, bus: &str, rule: &str, target: &str) -> Result<Option<sdk::Target>> {
    let mut next = None;
    loop {
        let call = cx.aws.events().list_targets_by_rule().event_bus_name(bus).rule(rule);
        let reply = absent(call.set_next_token(next).send().await, MISSING)?;
        let Some(page) = reply else { return Ok(None) };
        let found = page.targets.unwrap_or_default().into_iter().find(|it| it.id == target);
        next = page.next_token;
        if found.is_some() || next.is_none() {
            return Ok(found);
        }
    }
}

fn target(inputs: &Inputs) -> Result<sdk::Target> {
    sdk::Target::builder()
        .id(&inputs.target_id)
        .arn(&inputs.arn)
        .set_role_arn(inputs.role_arn.clone())
        .set_input(inputs.input.as_ref().map(ToString::to_string))
        .set_input_path(inputs.input_path.clone())
        .set_input_transformer(inputs.input_transformer.as_ref().map(|it| it.to_sdk()).transpose()?)
        .set_app_sync_parameters(inputs.appsync_target.as_ref().map(AppsyncTarget::to_sdk))
        .set_batch_parameters(inputs.batch_target.as_ref().map(BatchTarget::to_sdk).transpose()?)
        .set_dead_letter_config(inputs.dead_letter_config.as_ref().map(DeadLetterConfig::to_sdk))
        .set_ecs_parameters(inputs.ecs_target.as_ref().map(EcsTarget::to_sdk).transpose()?)
        .set_http_parameters(inputs.http_target.as_ref().map(HttpTarget::to_sdk))
        .set_kinesis_parameters(
            inputs.kinesis_target.as_ref().map(KinesisTarget::to_sdk).transpose()?,
        )
        .set_redshift_data_parameters(
            inputs.redshift_target.as_ref().map(RedshiftTarget::to_sdk).transpose()?,
        )
        .set_retry_policy(inputs.retry_policy.as_ref().map(RetryPolicy::to_sdk))
        .set_run_command_parameters(
            inputs.run_command_targets.as_deref().map(commands_to_sdk).transpose()?,
        )
        .set_sage_maker_pipeline_parameters(
            inputs
                .sagemaker_pipeline_target
                .as_ref()
                .map(SagemakerPipelineTarget::to_sdk)
                .transpose()?,
        )
        .set_sqs_parameters(inputs.sqs_target.as_ref().map(SqsTarget::to_sdk))
        .build()
        .map_err(unbuilt)
}

fn outputs(bus: &str, rule: &str, live: sdk::Target) -> Result<Outputs> {
    let inputs = Inputs {
        rule: rule.to_owned(),
        event_bus_name: bus.to_owned(),
        target_id: live.id,
        arn: live.arn,
        role_arn: live.role_arn,
        input: live.input.map(|it| Json::parse(&it)).transpose()?,
        input_path: live.input_path,
        input_transformer: live.input_transformer.map(InputTransformer::from_sdk),
        appsync_target: live.app_sync_parameters.map(AppsyncTarget::from_sdk),
        batch_target: live.batch_parameters.map(BatchTarget::from_sdk),
        dead_letter_config: live.dead_letter_config.map(DeadLetterConfig::from_sdk),
        ecs_target: live.ecs_parameters.map(EcsTarget::from_sdk),
        http_target: live.http_parameters.map(HttpTarget::from_sdk),
        kinesis_target: live.kinesis_parameters.map(KinesisTarget::from_sdk),
        redshift_target: live.redshift_data_parameters.map(RedshiftTarget::from_sdk),
        retry_policy: live.retry_policy.map(RetryPolicy::from_sdk),
        run_command_targets: live.run_command_parameters.map(commands_from_sdk),
        sagemaker_pipeline_target: live
            .sage_maker_pipeline_parameters
            .map(SagemakerPipelineTarget::from_sdk),
        sqs_target: live.sqs_parameters.map(SqsTarget::from_sdk),
        force_destroy: false,
    };
    Ok(Outputs { inputs })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// With all that a target can have, although AWS takes one kind of it.
    fn everything() -> serde_json::Value {
        json!({
            "rule": "orders", "eventBusName": "shop", "targetId": "one",
            "arn": "arn:aws:ecs:us-east-1:123456789012:cluster/orders",
            "roleArn": "arn:aws:iam::123456789012:role/events",
            "input": "{\"a\":1}",
            "inputPath": "$.detail",
            "inputTransformer": { "inputPaths": { "id": "$.detail.id" }, "inputTemplate": "\"order <id>\"" },
            "appsyncTarget": { "graphqlOperation": "mutation { a }" },
            "batchTarget": { "jobDefinition": "job", "jobName": "name", "arraySize": 3, "jobAttempts": 2 },
            "deadLetterConfig": { "arn": "arn:aws:sqs:us-east-1:123456789012:dead" },
            "ecsTarget": {
                "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/a:1",
                "taskCount": 2, "launchType": "FARGATE", "platformVersion": "LATEST", "group": "g",
                "networkConfiguration": { "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": true },
                "capacityProviderStrategies": [{ "capacityProvider": "FARGATE", "base": 1, "weight": 2 }],
                "enableEcsManagedTags": true, "enableExecuteCommand": true, "propagateTags": "TASK_DEFINITION",
                "placementConstraints": [{ "type": "memberOf", "expression": "a" }],
                "orderedPlacementStrategies": [{ "type": "spread", "field": "b" }],
                "tags": { "a": "b" },
            },
            "httpTarget": {
                "headerParameters": { "x": "y" }, "pathParameterValues": ["a"], "queryStringParameters": { "q": "1" },
            },
            "kinesisTarget": { "partitionKeyPath": "$.id" },
            "redshiftTarget": {
                "database": "d", "dbUser": "u", "secretsManagerArn": "s", "sql": "select 1", "statementName": "n", "withEvent": true,
            },
            "retryPolicy": { "maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 5 },
            "runCommandTargets": [{ "key": "tag:a", "values": ["b"] }],
            "sagemakerPipelineTarget": { "pipelineParameterLists": [{ "name": "n", "value": "v" }] },
            "sqsTarget": { "messageGroupId": "g" },
            "forceDestroy": false,
        })
    }

    #[test]
    fn the_sdk_and_back() {
        let inputs: Inputs = serde_json::from_value(everything()).expect("it has the right form");
        let live = target(&inputs).expect("nothing required is missing");
        let back = outputs("shop", "orders", live).expect("it is understood").inputs;
        assert_eq!(serde_json::to_value(&back).expect("it is JSON"), everything());
    }

    #[test]
    fn ids_name_the_bus_where_it_is_not_the_default_one() {
        let arn = "arn:aws:events:us-east-1:123456789012:event-bus/shop";
        for bus in [DEFAULT_BUS, "shop", arn] {
            let id = id(bus, "rule", "target");
            assert_eq!(parts(&id).expect("it is an id"), (bus, "rule", "target"));
        }
        assert_eq!(id(DEFAULT_BUS, "rule", "target"), "rule/target");
    }
}
