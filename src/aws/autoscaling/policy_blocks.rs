//! The blocks of a scaling policy.

use aws_sdk_autoscaling::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::mirror::{Live, Sent, Text, Word, block};

block! {
    Step: StepAdjustment, StepAdjustment {
        metric_interval_lower_bound: Text<f64>,
        metric_interval_upper_bound: Text<f64>,
        scaling_adjustment: i32,
    }
}

block! {
    TargetTracking: TargetTrackingConfiguration, TargetTrackingConfiguration {
        customized_metric_specification: CustomizedMetric,
        #[schemars(extend("computed" = true))]
        disable_scale_in: bool,
        predefined_metric_specification: PredefinedMetric,
        target_value: f64,
    }
}

block! {
    CustomizedMetric: CustomizedMetricSpecification, CustomizedMetricSpecification {
        #[serde(rename = "metricDimensions")]
        dimensions: Vec<Dimension>,
        metric_name: String,
        metrics: Vec<TrackedQuery>,
        namespace: String,
        period: i32,
        statistic: Word,
        unit: String,
    }
}

block! {
    Dimension: MetricDimension, MetricDimension {
        name: String,
        value: String,
    }
}

block! {
    TrackedQuery: TargetTrackingMetricDataQuery, TargetTrackingMetricDataQuery {
        expression: String,
        id: String,
        label: String,
        metric_stat: TrackedStat,
        #[schemars(extend("computed" = true))]
        return_data: bool,
    }
}

block! {
    TrackedStat: TargetTrackingMetricStat, TargetTrackingMetricStat {
        metric: Metric,
        period: i32,
        stat: String,
        unit: String,
    }
}

block! {
    Metric: Metric, Metric {
        dimensions: Vec<Dimension>,
        metric_name: String,
        namespace: String,
    }
}

block! {
    PredefinedMetric: PredefinedMetricSpecification, PredefinedMetricSpecification {
        predefined_metric_type: Word,
        resource_label: String,
    }
}

block! {
    Prediction: PredictiveScalingConfiguration, PredictiveScalingConfiguration {
        #[schemars(extend("computed" = true))]
        max_capacity_breach_behavior: Word,
        max_capacity_buffer: Text<i32>,
        /// AWS takes a list, of one.
        #[serde(rename = "metricSpecification")]
        metric_specifications: PredictedMetric,
        #[schemars(extend("computed" = true))]
        mode: Word,
        #[schemars(extend("computed" = true))]
        scheduling_buffer_time: Text<i32>,
    }
}

impl Sent<Vec<sdk::PredictiveScalingMetricSpecification>> for PredictedMetric {
    fn sent(&self) -> Vec<sdk::PredictiveScalingMetricSpecification> {
        vec![self.sent()]
    }
}

impl Live<Vec<sdk::PredictiveScalingMetricSpecification>> for PredictedMetric {
    fn live(it: Vec<sdk::PredictiveScalingMetricSpecification>) -> Self {
        let nothing = || sdk::PredictiveScalingMetricSpecification::builder().build();
        Self::live(it.into_iter().next().unwrap_or_else(nothing))
    }
}

block! {
    PredictedMetric: PredictiveScalingMetricSpecification, PredictiveScalingMetricSpecification {
        customized_capacity_metric_specification: CapacityQueries,
        customized_load_metric_specification: LoadQueries,
        customized_scaling_metric_specification: ScalingQueries,
        predefined_load_metric_specification: PredefinedLoad,
        predefined_metric_pair_specification: PredefinedPair,
        predefined_scaling_metric_specification: PredefinedScaling,
        target_value: f64,
    }
}

block! {
    CapacityQueries:
        PredictiveScalingCustomizedCapacityMetric, PredictiveScalingCustomizedCapacityMetric {
        metric_data_queries: Vec<Query>,
    }
}

block! {
    LoadQueries: PredictiveScalingCustomizedLoadMetric, PredictiveScalingCustomizedLoadMetric {
        metric_data_queries: Vec<Query>,
    }
}

block! {
    ScalingQueries:
        PredictiveScalingCustomizedScalingMetric, PredictiveScalingCustomizedScalingMetric {
        metric_data_queries: Vec<Query>,
    }
}

block! {
    Query: MetricDataQuery, MetricDataQuery {
        expression: String,
        id: String,
        label: String,
        metric_stat: Stat,
        #[schemars(extend("computed" = true))]
        return_data: bool,
    }
}

block! {
    Stat: MetricStat, MetricStat {
        metric: Metric,
        stat: String,
        unit: String,
    }
}

block! {
    PredefinedLoad: PredictiveScalingPredefinedLoadMetric, PredictiveScalingPredefinedLoadMetric {
        predefined_metric_type: Word,
        resource_label: String,
    }
}

block! {
    PredefinedPair: PredictiveScalingPredefinedMetricPair, PredictiveScalingPredefinedMetricPair {
        predefined_metric_type: Word,
        resource_label: String,
    }
}

block! {
    PredefinedScaling:
        PredictiveScalingPredefinedScalingMetric, PredictiveScalingPredefinedScalingMetric {
        predefined_metric_type: Word,
        resource_label: String,
    }
}
