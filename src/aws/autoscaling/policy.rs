//! `aws:autoscaling/policy:Policy`. The id is `group/name`.

use aws_sdk_autoscaling::types::ScalingPolicy as LivePolicy;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    group::sent,
    policy_blocks::{Prediction, Step, TargetTracking},
};
use crate::{
    aws::mirror::{Live as _, Sent as _},
    model::{Map, Value},
    provider::*,
};

pub(super) struct ScalingPolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("enum" = ["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"]))]
    adjustment_type: Option<String>,
    #[schemars(extend("replace" = true))]
    autoscaling_group_name: String,
    cooldown: Option<i32>,
    #[serde(default = "yes")]
    enabled: bool,
    estimated_instance_warmup: Option<i32>,
    #[schemars(extend("computed" = true))]
    metric_aggregation_type: Option<String>,
    min_adjustment_magnitude: Option<i32>,
    #[schemars(extend("autoname" = 255, "replace" = true))]
    name: String,
    #[serde(default = "simple")]
    #[schemars(extend("enum" = [
        "SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling",
    ]))]
    policy_type: String,
    predictive_scaling_configuration: Option<Prediction>,
    scaling_adjustment: Option<i32>,
    step_adjustments: Option<Set<Step>>,
    target_tracking_configuration: Option<TargetTracking>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

fn simple() -> String {
    "SimpleScaling".to_owned()
}

impl Resource for ScalingPolicy {
    const TYPE: &'static str = "aws:autoscaling/policy:Policy";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let parts = [
            ("scalingAdjustment", "SimpleScaling", new.scaling_adjustment.is_some()),
            ("stepAdjustments", "StepScaling", new.step_adjustments.is_some()),
            (
                "targetTrackingConfiguration",
                "TargetTrackingScaling",
                new.target_tracking_configuration.is_some(),
            ),
            (
                "predictiveScalingConfiguration",
                "PredictiveScaling",
                new.predictive_scaling_configuration.is_some(),
            ),
        ];
        for (property, kind, given) in parts {
            let wanted = new.policy_type == kind;
            if wanted != given {
                let word = if wanted { "is needed for" } else { "is only for" };
                return Err(Error::invalid(property, format!("{word} `policyType: {kind}`")));
            }
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        match (text("autoscalingGroupName"), text("name")) {
            (Some(group), Some(name)) => {
                Map::from([("id".to_owned(), Value::string(format!("{group}/{name}")))])
            }
            _ => Map::new(),
        }
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(super::serial(&inputs.autoscaling_group_name))
    }

    /// Bounds are numbers, written as text.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let steps = |it: &Value| -> Option<Vec<Step>> {
            let known = it.is_known().then(|| it.reveal())?;
            let known = if known.is_array() { known } else { serde_json::json!([known]) };
            serde_json::from_value(known).ok()
        };
        let all = |wanted: &[Step], live: &[Step]| wanted.iter().all(|it| live.contains(it));
        path.starts_with("stepAdjustments")
            && !wanted.is_null()
            && match (steps(wanted), steps(live)) {
                (Some(wanted), Some(live)) => wanted.len() == live.len() && all(&wanted, &live),
                _ => false,
            }
    }

    /// The call would overwrite: look first, so that nobody else's is lost.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let there =
            live(cx, &new.autoscaling_group_name, std::slice::from_ref(&new.name)).await?.pop();
        if let Some(there) = there.map(outputs).transpose()?
            && !is(&there.inputs, new)?
        {
            return Err(Error::not_ours("a policy of this name"));
        }
        put(cx, new).await?;
        Ok(format!("{}/{}", new.autoscaling_group_name, new.name))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (group, name) = parts(id)?;
        live(cx, group, &[name.to_owned()]).await?.pop().map(outputs).transpose()
    }

    /// One call per group, however many policies it has.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let ids: Vec<(&str, &str)> = ids.iter().map(|id| parts(id)).collect::<Result<_>>()?;
        let mut groups: Vec<&str> = ids.iter().map(|(group, _)| *group).collect();
        groups.sort_unstable();
        groups.dedup();
        let reads = groups.into_iter().map(|group| live(cx, group, &[]).boxed());
        let reads: Vec<BoxFuture<'_, Result<Vec<LivePolicy>>>> = reads.collect();
        let found: Vec<Vec<LivePolicy>> = stream::iter(reads).buffered(4).try_collect().await?;
        let found: Vec<LivePolicy> = found.into_iter().flatten().collect();
        let one = |(group, name): (&str, &str)| {
            let is = |it: &&LivePolicy| {
                it.auto_scaling_group_name() == Some(group) && it.policy_name() == Some(name)
            };
            found.iter().find(is).cloned().map(outputs).transpose()
        };
        ids.into_iter().map(one).collect()
    }

    async fn update(cx: &Cx, _: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (group, name) = parts(id)?;
        let call = cx.aws.autoscaling().delete_policy().auto_scaling_group_name(group);
        match call.policy_name(name).send().await.map_err(Error::from) {
            Err(error) if is_gone(&error) => Ok(()),
            reply => reply.map(drop),
        }
    }

    /// Policies bear no tags; the same one under the same name is what this
    /// operation would make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let found = live(cx, &inputs.autoscaling_group_name, std::slice::from_ref(&inputs.name))
            .await?
            .pop();
        let Some(found) = found.map(outputs).transpose()? else { return Ok(None) };
        let id = format!("{}/{}", inputs.autoscaling_group_name, inputs.name);
        Ok(is(&found.inputs, inputs)?.then_some(id))
    }
}

fn parts(id: &str) -> Result<(&str, &str)> {
    id.split_once('/').ok_or_else(|| Error::invalid("id", format!("`{id}` is not `group/name`")))
}

/// AWS has one code for everything that is wrong with a request.
fn is_gone(error: &Error) -> bool {
    error.is(&["ValidationError"]) && error.message.contains("not found")
}

/// Whether a live policy does what the program wants, in what it says.
fn is(live: &Inputs, wanted: &Inputs) -> Result<bool> {
    let json = |it: &Inputs| {
        serde_json::to_value(it).map_err(|error| Error::new(Kind::Broken, "", error.to_string()))
    };
    Ok(holds(&json(live)?, &json(wanted)?))
}

fn holds(live: &serde_json::Value, wanted: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (live, wanted) {
        (_, Json::Null) => true,
        (Json::Object(live), Json::Object(wanted)) => {
            wanted.iter().all(|(key, it)| holds(live.get(key).unwrap_or(&Json::Null), it))
        }
        (Json::Array(live), Json::Array(wanted)) => {
            live.len() == wanted.len()
                && wanted.iter().all(|it| live.iter().any(|live| holds(live, it)))
        }
        (live, wanted) => live == wanted,
    }
}

/// Without names, all of the group.
async fn live(cx: &Cx, group: &str, names: &[String]) -> Result<Vec<LivePolicy>> {
    let call = cx.aws.autoscaling().describe_policies().auto_scaling_group_name(group);
    let call = call.set_policy_names((!names.is_empty()).then(|| names.to_vec()));
    let found: std::result::Result<Vec<_>, _> =
        call.into_paginator().items().send().try_collect().await;
    match found.map_err(Error::from) {
        // The group is gone, and its policies with it.
        Err(error) if is_gone(&error) => Ok(Vec::new()),
        found => found,
    }
}

async fn put(cx: &Cx, new: &Inputs) -> Result<()> {
    cx.aws
        .autoscaling()
        .put_scaling_policy()
        .auto_scaling_group_name(&new.autoscaling_group_name)
        .policy_name(&new.name)
        .policy_type(&new.policy_type)
        .enabled(new.enabled)
        .set_adjustment_type(new.adjustment_type.clone())
        .set_cooldown(new.cooldown)
        .set_estimated_instance_warmup(new.estimated_instance_warmup)
        .set_metric_aggregation_type(new.metric_aggregation_type.clone())
        .set_min_adjustment_magnitude(new.min_adjustment_magnitude)
        .set_predictive_scaling_configuration(sent(new.predictive_scaling_configuration.as_ref()))
        .set_scaling_adjustment(new.scaling_adjustment)
        .set_step_adjustments(new.step_adjustments.as_ref().map(|it| it.sent()))
        .set_target_tracking_configuration(sent(new.target_tracking_configuration.as_ref()))
        .send()
        .await?;
    Ok(())
}

fn outputs(live: LivePolicy) -> Result<Outputs> {
    let steps = live.step_adjustments.filter(|it| !it.is_empty());
    let inputs = Inputs {
        adjustment_type: live.adjustment_type,
        autoscaling_group_name: live
            .auto_scaling_group_name
            .ok_or(Error::missing("AutoScalingGroupName"))?,
        cooldown: live.cooldown,
        enabled: live.enabled.unwrap_or(true),
        estimated_instance_warmup: live.estimated_instance_warmup,
        metric_aggregation_type: live.metric_aggregation_type,
        min_adjustment_magnitude: live.min_adjustment_magnitude,
        name: live.policy_name.ok_or(Error::missing("PolicyName"))?,
        policy_type: live.policy_type.unwrap_or_else(simple),
        predictive_scaling_configuration: live
            .predictive_scaling_configuration
            .map(Prediction::live),
        scaling_adjustment: live.scaling_adjustment,
        step_adjustments: steps.map(Set::live),
        target_tracking_configuration: live.target_tracking_configuration.map(TargetTracking::live),
    };
    Ok(Outputs { inputs, arn: live.policy_arn.ok_or(Error::missing("PolicyARN"))? })
}
