//! `aws:appautoscaling/policy:Policy`. The id is
//! `<namespace>/<resource id>/<dimension>/<policy name>`, as Pulumi imports it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_applicationautoscaling::types::{self, PolicyType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Scalable, built, is_gone,
    metric::{Decimal, MetricDimension, MetricQuery},
};
use crate::{model, provider::*};

pub(super) struct Policy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true))]
    service_namespace: String,
    #[schemars(extend("replace" = true))]
    resource_id: String,
    #[schemars(extend("replace" = true))]
    scalable_dimension: String,
    #[serde(default = "step_scaling")]
    #[schemars(extend("enum" = ["StepScaling", "TargetTrackingScaling", "PredictiveScaling"]))]
    policy_type: String,
    step_scaling_policy_configuration: Option<StepScaling>,
    target_tracking_scaling_policy_configuration: Option<TargetTracking>,
    predictive_scaling_policy_configuration: Option<PredictiveScaling>,
}

fn step_scaling() -> String {
    "StepScaling".to_owned()
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StepScaling {
    #[schemars(extend("enum" = [
        "ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity",
    ]))]
    adjustment_type: Option<String>,
    #[schemars(extend("computed" = true))]
    cooldown: Option<i32>,
    #[schemars(extend("computed" = true, "enum" = ["Minimum", "Maximum", "Average"]))]
    metric_aggregation_type: Option<String>,
    min_adjustment_magnitude: Option<i32>,
    step_adjustments: Option<Set<StepAdjustment>>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StepAdjustment {
    metric_interval_lower_bound: Option<Decimal>,
    metric_interval_upper_bound: Option<Decimal>,
    scaling_adjustment: i32,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TargetTracking {
    target_value: f64,
    #[serde(default)]
    disable_scale_in: bool,
    #[schemars(extend("computed" = true))]
    scale_in_cooldown: Option<i32>,
    #[schemars(extend("computed" = true))]
    scale_out_cooldown: Option<i32>,
    predefined_metric_specification: Option<PredefinedMetric>,
    customized_metric_specification: Option<CustomizedMetric>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PredefinedMetric {
    predefined_metric_type: String,
    resource_label: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CustomizedMetric {
    metric_name: Option<String>,
    namespace: Option<String>,
    dimensions: Option<Set<MetricDimension>>,
    #[schemars(extend("enum" = ["Average", "Minimum", "Maximum", "SampleCount", "Sum"]))]
    statistic: Option<String>,
    unit: Option<String>,
    /// Metric math, instead of all of the above.
    metrics: Option<Set<MetricQuery>>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PredictiveScaling {
    metric_specifications: Vec<PredictiveMetric>,
    #[schemars(extend("computed" = true, "enum" = ["ForecastOnly", "ForecastAndScale"]))]
    mode: Option<String>,
    #[schemars(extend("computed" = true))]
    scheduling_buffer_time: Option<i32>,
    #[schemars(extend("computed" = true, "enum" = ["HonorMaxCapacity", "IncreaseMaxCapacity"]))]
    max_capacity_breach_behavior: Option<String>,
    #[schemars(range(min = 0, max = 100))]
    max_capacity_buffer: Option<i32>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PredictiveMetric {
    target_value: Decimal,
    predefined_metric_pair_specification: Option<PredefinedMetric>,
    predefined_scaling_metric_specification: Option<PredefinedMetric>,
    predefined_load_metric_specification: Option<PredefinedMetric>,
    customized_scaling_metric_specification: Option<MetricQueries>,
    customized_load_metric_specification: Option<MetricQueries>,
    customized_capacity_metric_specification: Option<MetricQueries>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MetricQueries {
    metric_data_queries: Vec<MetricQuery>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    /// The alarms that the service made for it.
    #[schemars(extend("volatile" = true))]
    alarm_arns: Vec<String>,
    arn: String,
}

/// How many names one describing call takes.
const BATCH: usize = 50;

impl Resource for Policy {
    const TYPE: &'static str = "aws:appautoscaling/policy:Policy";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        new.scalable().check()?;
        for (kind, property, set) in [
            (
                "StepScaling",
                "stepScalingPolicyConfiguration",
                new.step_scaling_policy_configuration.is_some(),
            ),
            (
                "TargetTrackingScaling",
                "targetTrackingScalingPolicyConfiguration",
                new.target_tracking_scaling_policy_configuration.is_some(),
            ),
            (
                "PredictiveScaling",
                "predictiveScalingPolicyConfiguration",
                new.predictive_scaling_policy_configuration.is_some(),
            ),
        ] {
            if (new.policy_type == kind) != set {
                let rule = format!("is for policies of type `{kind}`, which need it");
                return Err(Error::invalid(property, rule));
            }
        }
        let steps = new.step_scaling_policy_configuration.iter();
        for it in steps.flat_map(|it| &it.step_adjustments).flat_map(|it| &it.0) {
            let bounds = [&it.metric_interval_lower_bound, &it.metric_interval_upper_bound];
            if bounds.into_iter().flatten().any(|it| it.number().is_none()) {
                let at = "stepScalingPolicyConfiguration.stepAdjustments";
                return Err(Error::invalid(at, "has a bound that is not a number"));
            }
        }
        if let Some(it) = &new.target_tracking_scaling_policy_configuration {
            let at = "targetTrackingScalingPolicyConfiguration";
            let predefined = it.predefined_metric_specification.is_some();
            if predefined == it.customized_metric_specification.is_some() {
                let rule = "has either a predefined or a customized metric specification";
                return Err(Error::invalid(at, rule));
            }
        }
        let predictive = new.predictive_scaling_policy_configuration.iter();
        for it in predictive.flat_map(|it| &it.metric_specifications) {
            if it.target_value.number().is_none() {
                let at = "predictiveScalingPolicyConfiguration.metricSpecifications.targetValue";
                return Err(Error::invalid(at, "is not a number"));
            }
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &model::Value) -> model::Map {
        let text = |name: &str| inputs.get(name)?.as_str().map(str::to_owned);
        let id = || {
            let (namespace, resource) = (text("serviceNamespace")?, text("resourceId")?);
            let dimension = text("scalableDimension")?;
            let scalable = Scalable { namespace, resource, dimension };
            Some(format!("{scalable}/{}", text("name")?))
        };
        id().map(|it| ("id".to_owned(), it.as_str().into())).into_iter().collect()
    }

    /// One at a time for each thing that scales: the service answers others
    /// with `ConcurrentUpdateException`.
    fn serial(new: &Inputs) -> Option<String> {
        Some(format!("appautoscaling:{}/{}", new.service_namespace, new.resource_id))
    }

    /// Numbers as text: `0.0` is `0`.
    fn same(path: &str, wanted: &model::Value, live: &model::Value) -> bool {
        if path.ends_with(".targetValue") {
            let number = |it: &model::Value| it.as_str()?.trim().parse::<f64>().ok();
            return number(wanted).is_some_and(|it| Some(it) == number(live));
        }
        path == "stepScalingPolicyConfiguration.stepAdjustments" && same_steps(wanted, live)
    }

    /// Putting what exists changes it: look first, so that nobody else's is
    /// taken over. Policies have no tags to tell them by.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let id = new.id();
        if describe(cx, &[new.key()]).await?.contains_key(&new.key()) {
            return Err(Error::not_ours("a scaling policy of this name"));
        }
        put(cx, new).await?;
        Ok(id)
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[id.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let wanted = ids.iter().map(|id| parse(id)).collect::<Result<Vec<_>>>()?;
        let mut found = describe(cx, &wanted).await?;
        Ok(wanted.iter().map(|it| found.remove(it).map(outputs)).collect())
    }

    async fn update(cx: &Cx, _: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (scalable, name) = parse(id)?;
        let call = cx.aws.appautoscaling().delete_scaling_policy().policy_name(name);
        let reply = call
            .service_namespace(scalable.namespace.as_str().into())
            .resource_id(scalable.resource)
            .scalable_dimension(scalable.dimension.as_str().into())
            .send()
            .await;
        match reply.map_err(Error::from) {
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// By its natural key: a create never begins where there is one.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let found = describe(cx, &[inputs.key()]).await?;
        Ok(found.contains_key(&inputs.key()).then(|| inputs.id()))
    }
}

/// What scales, and the policy's name.
type Key = (Scalable, String);

fn parse(id: &str) -> Result<Key> {
    let (scalable, name) = Scalable::parse(id)?;
    if name.is_empty() {
        let rule = "ends with the policy's name";
        return Err(Error::invalid("id", rule));
    }
    Ok((scalable, name.to_owned()))
}

impl Inputs {
    fn scalable(&self) -> Scalable {
        Scalable {
            namespace: self.service_namespace.clone(),
            resource: self.resource_id.clone(),
            dimension: self.scalable_dimension.clone(),
        }
    }

    fn key(&self) -> Key {
        (self.scalable(), self.name.clone())
    }

    fn id(&self) -> String {
        format!("{}/{}", self.scalable(), self.name)
    }
}

async fn put(cx: &Cx, new: &Inputs) -> Result<()> {
    let step = new.step_scaling_policy_configuration.as_ref().map(StepScaling::sdk);
    let tracking = new.target_tracking_scaling_policy_configuration.as_ref();
    let predictive = new.predictive_scaling_policy_configuration.as_ref();
    let call = cx.aws.appautoscaling().put_scaling_policy().policy_name(&new.name);
    call.service_namespace(new.service_namespace.as_str().into())
        .resource_id(&new.resource_id)
        .scalable_dimension(new.scalable_dimension.as_str().into())
        .policy_type(new.policy_type.as_str().into())
        .set_step_scaling_policy_configuration(step.transpose()?)
        .set_target_tracking_scaling_policy_configuration(
            tracking.map(TargetTracking::sdk).transpose()?,
        )
        .set_predictive_scaling_policy_configuration(
            predictive.map(PredictiveScaling::sdk).transpose()?,
        )
        .send()
        .await?;
    Ok(())
}

/// By name within each namespace: a name may stand for policies of several
/// resources.
async fn describe(cx: &Cx, all: &[Key]) -> Result<HashMap<Key, types::ScalingPolicy>> {
    let mut by_namespace: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (scalable, name) in all {
        by_namespace.entry(&scalable.namespace).or_default().push(name.clone());
    }
    let mut found = HashMap::new();
    for (namespace, mut names) in by_namespace {
        names.sort_unstable();
        names.dedup();
        for batch in names.chunks(BATCH) {
            let call = cx.aws.appautoscaling().describe_scaling_policies();
            let call = call.service_namespace(namespace.into());
            let call = call.set_policy_names(Some(batch.to_vec()));
            let live: std::result::Result<Vec<_>, _> =
                call.into_paginator().items().send().collect().await;
            found.extend(live?.into_iter().map(|it| {
                let scalable = Scalable {
                    namespace: namespace.to_owned(),
                    resource: it.resource_id.clone(),
                    dimension: it.scalable_dimension.as_str().to_owned(),
                };
                ((scalable, it.policy_name.clone()), it)
            }));
        }
    }
    found.retain(|key, _| all.contains(key));
    Ok(found)
}

fn same_steps(wanted: &model::Value, live: &model::Value) -> bool {
    let steps = |it: &model::Value| {
        let mut steps: Vec<_> = it.as_list()?.iter().map(step).collect::<Option<_>>()?;
        steps.sort_unstable();
        Some(steps)
    };
    steps(wanted).is_some_and(|it| Some(it) == steps(live))
}

/// A step in texts that compare: the bounds as the shortest decimals.
fn step(it: &model::Value) -> Option<[String; 3]> {
    let bound = |name: &str| match it.get(name).filter(|it| !it.is_null()) {
        Some(bound) => Some(bound.as_str()?.trim().parse::<f64>().ok()?.to_string()),
        None => Some(String::new()),
    };
    let adjustment = it.get("scalingAdjustment")?.reveal().to_string();
    Some([bound("metricIntervalLowerBound")?, bound("metricIntervalUpperBound")?, adjustment])
}

impl StepScaling {
    fn sdk(&self) -> Result<types::StepScalingPolicyConfiguration> {
        let step = |it: &StepAdjustment| {
            let number = |it: &Option<Decimal>| it.as_ref().and_then(Decimal::number);
            built(
                types::StepAdjustment::builder()
                    .set_metric_interval_lower_bound(number(&it.metric_interval_lower_bound))
                    .set_metric_interval_upper_bound(number(&it.metric_interval_upper_bound))
                    .scaling_adjustment(it.scaling_adjustment)
                    .build(),
            )
        };
        let steps = self.step_adjustments.as_ref();
        let steps = steps.map(|it| it.0.iter().map(step).collect::<Result<Vec<_>>>());
        let aggregation = self.metric_aggregation_type.as_deref();
        Ok(types::StepScalingPolicyConfiguration::builder()
            .set_adjustment_type(self.adjustment_type.as_deref().map(Into::into))
            .set_cooldown(self.cooldown)
            .set_metric_aggregation_type(aggregation.map(Into::into))
            .set_min_adjustment_magnitude(self.min_adjustment_magnitude)
            .set_step_adjustments(steps.transpose()?)
            .build())
    }

    fn live(live: types::StepScalingPolicyConfiguration) -> Self {
        let steps = live.step_adjustments.map(|it| {
            let step = |it: types::StepAdjustment| StepAdjustment {
                metric_interval_lower_bound: it.metric_interval_lower_bound.map(Into::into),
                metric_interval_upper_bound: it.metric_interval_upper_bound.map(Into::into),
                scaling_adjustment: it.scaling_adjustment,
            };
            Set(it.into_iter().map(step).collect())
        });
        Self {
            adjustment_type: live.adjustment_type.map(|it| it.as_str().to_owned()),
            cooldown: live.cooldown,
            metric_aggregation_type: live.metric_aggregation_type.map(|it| it.as_str().to_owned()),
            min_adjustment_magnitude: live.min_adjustment_magnitude,
            step_adjustments: steps,
        }
    }
}

impl TargetTracking {
    fn sdk(&self) -> Result<types::TargetTrackingScalingPolicyConfiguration> {
        let predefined = self.predefined_metric_specification.as_ref().map(|it| {
            built(
                types::PredefinedMetricSpecification::builder()
                    .predefined_metric_type(it.predefined_metric_type.as_str().into())
                    .set_resource_label(it.resource_label.clone())
                    .build(),
            )
        });
        let customized = self.customized_metric_specification.as_ref().map(CustomizedMetric::sdk);
        built(
            types::TargetTrackingScalingPolicyConfiguration::builder()
                .target_value(self.target_value)
                .disable_scale_in(self.disable_scale_in)
                .set_scale_in_cooldown(self.scale_in_cooldown)
                .set_scale_out_cooldown(self.scale_out_cooldown)
                .set_predefined_metric_specification(predefined.transpose()?)
                .set_customized_metric_specification(customized.transpose()?)
                .build(),
        )
    }

    fn live(live: types::TargetTrackingScalingPolicyConfiguration) -> Self {
        let predefined = live.predefined_metric_specification.map(|it| PredefinedMetric {
            predefined_metric_type: it.predefined_metric_type.as_str().to_owned(),
            resource_label: it.resource_label,
        });
        Self {
            target_value: live.target_value,
            disable_scale_in: live.disable_scale_in.unwrap_or_default(),
            scale_in_cooldown: live.scale_in_cooldown,
            scale_out_cooldown: live.scale_out_cooldown,
            predefined_metric_specification: predefined,
            customized_metric_specification: live
                .customized_metric_specification
                .map(CustomizedMetric::live),
        }
    }
}

impl CustomizedMetric {
    fn sdk(&self) -> Result<types::CustomizedMetricSpecification> {
        let dimension = |it: &MetricDimension| {
            built(types::MetricDimension::builder().name(&it.name).value(&it.value).build())
        };
        let dimensions = self.dimensions.as_ref();
        let dimensions = dimensions.map(|it| it.0.iter().map(dimension).collect::<Result<_>>());
        let metrics = self.metrics.as_ref();
        let metrics = metrics.map(|it| it.0.iter().map(TryInto::try_into).collect::<Result<_>>());
        Ok(types::CustomizedMetricSpecification::builder()
            .set_metric_name(self.metric_name.clone())
            .set_namespace(self.namespace.clone())
            .set_dimensions(dimensions.transpose()?)
            .set_statistic(self.statistic.as_deref().map(Into::into))
            .set_unit(self.unit.clone())
            .set_metrics(metrics.transpose()?)
            .build())
    }

    fn live(live: types::CustomizedMetricSpecification) -> Self {
        let dimensions = live.dimensions.map(|it| {
            let dimension =
                |it: types::MetricDimension| MetricDimension { name: it.name, value: it.value };
            Set(it.into_iter().map(dimension).collect())
        });
        Self {
            metric_name: live.metric_name,
            namespace: live.namespace,
            dimensions,
            statistic: live.statistic.map(|it| it.as_str().to_owned()),
            unit: live.unit,
            metrics: live.metrics.map(|it| it.into_iter().collect()),
        }
    }
}

impl PredictiveScaling {
    fn sdk(&self) -> Result<types::PredictiveScalingPolicyConfiguration> {
        let specifications = self.metric_specifications.iter().map(PredictiveMetric::sdk);
        let breach = self.max_capacity_breach_behavior.as_deref();
        built(
            types::PredictiveScalingPolicyConfiguration::builder()
                .set_metric_specifications(Some(specifications.collect::<Result<_>>()?))
                .set_mode(self.mode.as_deref().map(Into::into))
                .set_scheduling_buffer_time(self.scheduling_buffer_time)
                .set_max_capacity_breach_behavior(breach.map(Into::into))
                .set_max_capacity_buffer(self.max_capacity_buffer)
                .build(),
        )
    }

    fn live(live: types::PredictiveScalingPolicyConfiguration) -> Self {
        let breach = live.max_capacity_breach_behavior;
        let specifications = live.metric_specifications.into_iter().map(PredictiveMetric::live);
        Self {
            metric_specifications: specifications.collect(),
            mode: live.mode.map(|it| it.as_str().to_owned()),
            scheduling_buffer_time: live.scheduling_buffer_time,
            max_capacity_breach_behavior: breach.map(|it| it.as_str().to_owned()),
            max_capacity_buffer: live.max_capacity_buffer,
        }
    }
}

impl PredictiveMetric {
    fn sdk(&self) -> Result<types::PredictiveScalingMetricSpecification> {
        let customized = |it: &Option<MetricQueries>| {
            let queries = it.as_ref().map(|it| &it.metric_data_queries);
            let specification = queries.map(|it| {
                let queries = it.iter().map(TryInto::try_into).collect::<Result<_>>()?;
                let specification =
                    types::PredictiveScalingCustomizedMetricSpecification::builder();
                built(specification.set_metric_data_queries(Some(queries)).build())
            });
            specification.transpose()
        };
        let pair = self.predefined_metric_pair_specification.as_ref().map(|it| {
            built(
                types::PredictiveScalingPredefinedMetricPairSpecification::builder()
                    .predefined_metric_type(&it.predefined_metric_type)
                    .set_resource_label(it.resource_label.clone())
                    .build(),
            )
        });
        let scaling = self.predefined_scaling_metric_specification.as_ref().map(|it| {
            built(
                types::PredictiveScalingPredefinedScalingMetricSpecification::builder()
                    .predefined_metric_type(&it.predefined_metric_type)
                    .set_resource_label(it.resource_label.clone())
                    .build(),
            )
        });
        let load = self.predefined_load_metric_specification.as_ref().map(|it| {
            built(
                types::PredictiveScalingPredefinedLoadMetricSpecification::builder()
                    .predefined_metric_type(&it.predefined_metric_type)
                    .set_resource_label(it.resource_label.clone())
                    .build(),
            )
        });
        let capacity = customized(&self.customized_capacity_metric_specification)?;
        built(
            types::PredictiveScalingMetricSpecification::builder()
                .set_target_value(self.target_value.number())
                .set_predefined_metric_pair_specification(pair.transpose()?)
                .set_predefined_scaling_metric_specification(scaling.transpose()?)
                .set_predefined_load_metric_specification(load.transpose()?)
                .set_customized_scaling_metric_specification(customized(
                    &self.customized_scaling_metric_specification,
                )?)
                .set_customized_load_metric_specification(customized(
                    &self.customized_load_metric_specification,
                )?)
                .set_customized_capacity_metric_specification(capacity)
                .build(),
        )
    }

    fn live(live: types::PredictiveScalingMetricSpecification) -> Self {
        let customized = |it: types::PredictiveScalingCustomizedMetricSpecification| {
            let queries = it.metric_data_queries.into_iter().map(Into::into);
            MetricQueries { metric_data_queries: queries.collect() }
        };
        let predefined = |predefined_metric_type, resource_label| PredefinedMetric {
            predefined_metric_type,
            resource_label,
        };
        Self {
            target_value: live.target_value.into(),
            predefined_metric_pair_specification: live
                .predefined_metric_pair_specification
                .map(|it| predefined(it.predefined_metric_type, it.resource_label)),
            predefined_scaling_metric_specification: live
                .predefined_scaling_metric_specification
                .map(|it| predefined(it.predefined_metric_type, it.resource_label)),
            predefined_load_metric_specification: live
                .predefined_load_metric_specification
                .map(|it| predefined(it.predefined_metric_type, it.resource_label)),
            customized_scaling_metric_specification: live
                .customized_scaling_metric_specification
                .map(customized),
            customized_load_metric_specification: live
                .customized_load_metric_specification
                .map(customized),
            customized_capacity_metric_specification: live
                .customized_capacity_metric_specification
                .map(customized),
        }
    }
}

fn outputs(live: types::ScalingPolicy) -> Outputs {
    let of = |kind: PolicyType| live.policy_type == kind;
    let step = live.step_scaling_policy_configuration.filter(|_| of(PolicyType::StepScaling));
    let inputs = Inputs {
        name: live.policy_name,
        service_namespace: live.service_namespace.as_str().to_owned(),
        resource_id: live.resource_id,
        scalable_dimension: live.scalable_dimension.as_str().to_owned(),
        policy_type: live.policy_type.as_str().to_owned(),
        step_scaling_policy_configuration: step.map(StepScaling::live),
        target_tracking_scaling_policy_configuration: live
            .target_tracking_scaling_policy_configuration
            .map(TargetTracking::live),
        predictive_scaling_policy_configuration: live
            .predictive_scaling_policy_configuration
            .map(PredictiveScaling::live),
    };
    let alarms = live.alarms.unwrap_or_default().into_iter().map(|it| it.alarm_arn);
    Outputs { inputs, alarm_arns: alarms.collect(), arn: live.policy_arn }
}
