//! Metrics of scaling policies: one shape in programs, two families in the
//! SDK.

use aws_sdk_applicationautoscaling::types;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::built;
use crate::provider::{Result, Set};

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MetricDimension {
    pub(super) name: String,
    pub(super) value: String,
}

/// A metric, or an expression over others by their ids.
#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MetricQuery {
    id: String,
    expression: Option<String>,
    label: Option<String>,
    metric_stat: Option<MetricStat>,
    /// On when left out.
    #[schemars(extend("computed" = true))]
    return_data: Option<bool>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MetricStat {
    metric: Metric,
    stat: String,
    unit: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Metric {
    metric_name: Option<String>,
    namespace: Option<String>,
    dimensions: Option<Set<MetricDimension>>,
}

/// The two families have the same builders under other names.
macro_rules! family {
    ($query:ident, $stat:ident, $metric:ident, $dimension:ident) => {
        impl TryFrom<&MetricQuery> for types::$query {
            type Error = crate::provider::Error;

            fn try_from(it: &MetricQuery) -> Result<Self> {
                let dimension = |it: &MetricDimension| {
                    built(types::$dimension::builder().name(&it.name).value(&it.value).build())
                };
                let stat = |it: &MetricStat| {
                    let dimensions = it
                        .metric
                        .dimensions
                        .as_ref()
                        .map(|all| all.0.iter().map(dimension).collect::<Result<Vec<_>>>());
                    let metric = types::$metric::builder()
                        .set_metric_name(it.metric.metric_name.clone())
                        .set_namespace(it.metric.namespace.clone())
                        .set_dimensions(dimensions.transpose()?);
                    let stat = types::$stat::builder().metric(metric.build()).stat(&it.stat);
                    built(stat.set_unit(it.unit.clone()).build())
                };
                let query = types::$query::builder()
                    .id(&it.id)
                    .set_expression(it.expression.clone())
                    .set_label(it.label.clone())
                    .set_metric_stat(it.metric_stat.as_ref().map(stat).transpose()?)
                    .set_return_data(it.return_data);
                built(query.build())
            }
        }

        impl From<types::$query> for MetricQuery {
            fn from(live: types::$query) -> Self {
                let stat = |live: types::$stat| {
                    let metric = live.metric.unwrap_or_else(|| types::$metric::builder().build());
                    let dimensions = metric.dimensions.map(|all| {
                        let dimension = |it: types::$dimension| MetricDimension {
                            name: it.name,
                            value: it.value,
                        };
                        Set(all.into_iter().map(dimension).collect())
                    });
                    let (metric_name, namespace) = (metric.metric_name, metric.namespace);
                    let metric = Metric { metric_name, namespace, dimensions };
                    MetricStat { metric, stat: live.stat, unit: live.unit }
                };
                Self {
                    id: live.id,
                    expression: live.expression,
                    label: live.label,
                    metric_stat: live.metric_stat.map(stat),
                    return_data: Some(live.return_data.unwrap_or(true)),
                }
            }
        }
    };
}

family!(
    TargetTrackingMetricDataQuery,
    TargetTrackingMetricStat,
    TargetTrackingMetric,
    TargetTrackingMetricDimension
);
family!(
    PredictiveScalingMetricDataQuery,
    PredictiveScalingMetricStat,
    PredictiveScalingMetric,
    PredictiveScalingMetricDimension
);

/// A number that Pulumi has as text.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Decimal(String);

impl Decimal {
    /// `None` is said before anything runs; AWS would say it, too.
    pub(super) fn number(&self) -> Option<f64> {
        self.0.trim().parse().ok()
    }
}

impl From<f64> for Decimal {
    fn from(number: f64) -> Self {
        Self(number.to_string())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        match serde_json::Value::deserialize(from)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            other => Ok(Self(other.to_string())),
        }
    }
}
