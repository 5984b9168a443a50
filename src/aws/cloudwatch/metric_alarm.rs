//! `aws:cloudwatch/metricAlarm:MetricAlarm`. The id is the alarm's name.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_cloudwatch::types::{
    Dimension, Metric as LiveMetric, MetricAlarm as Live, MetricDataQuery, MetricStat, Tag,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::error::{absent, if_seen, seen},
    model::{Map, Value},
    provider::*,
};

pub(super) struct MetricAlarm;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[serde(default = "yes")]
    actions_enabled: bool,
    #[serde(default)]
    alarm_actions: Set<String>,
    alarm_description: Option<String>,
    comparison_operator: String,
    datapoints_to_alarm: Option<i32>,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    #[schemars(extend("enum" = ["evaluate", "ignore"]))]
    evaluate_low_sample_count_percentiles: Option<String>,
    #[schemars(range(min = 1))]
    evaluation_periods: i32,
    extended_statistic: Option<String>,
    #[serde(default)]
    insufficient_data_actions: Set<String>,
    metric_name: Option<String>,
    #[serde(default)]
    metric_queries: Set<MetricQuery>,
    #[schemars(extend("autoname" = 255, "replace" = true))]
    name: String,
    namespace: Option<String>,
    #[serde(default)]
    ok_actions: Set<String>,
    period: Option<i32>,
    #[schemars(extend("enum" = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]))]
    statistic: Option<String>,
    #[serde(default)]
    tags: Tags,
    threshold: Option<f64>,
    threshold_metric_id: Option<String>,
    #[serde(default = "missing")]
    #[schemars(extend("enum" = ["missing", "ignore", "breaching", "notBreaching"]))]
    treat_missing_data: String,
    unit: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MetricQuery {
    account_id: Option<String>,
    expression: Option<String>,
    id: String,
    label: Option<String>,
    metric: Option<Metric>,
    period: Option<i32>,
    #[serde(default)]
    return_data: bool,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Metric {
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    metric_name: String,
    namespace: Option<String>,
    period: i32,
    stat: String,
    unit: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

const MISSING: &[&str] = &["ResourceNotFound", "ResourceNotFoundException"];

/// The last release of the SDK whose protocol the local emulator speaks.
const TOO_NEW: &str = "is newer than the CloudWatch API that this build speaks";

impl Resource for MetricAlarm {
    const TYPE: &'static str = "aws:cloudwatch/metricAlarm:MetricAlarm";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("evaluationCriteria", TOO_NEW),
        ("evaluationInterval", TOO_NEW),
        ("evaluationWindow", TOO_NEW),
        ("warmUpConfiguration", TOO_NEW),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let wrong = |property, rule| Err(Error::invalid(property, rule));
        if new.name.is_empty() || new.name.chars().count() > 255 {
            return wrong("name", "is 1 to 255 characters");
        }
        if new.threshold.is_some() == new.threshold_metric_id.is_some() {
            return wrong("threshold", "or `thresholdMetricId` is given, and not both");
        }
        if new.metric_name.is_some() != new.metric_queries.0.is_empty() {
            return wrong("metricName", "or `metricQueries` is given, and not both");
        }
        if new.metric_name.is_some() {
            if new.statistic.is_some() == new.extended_statistic.is_some() {
                return wrong("statistic", "or `extendedStatistic` is given, and not both");
            }
            if new.namespace.is_none() {
                return wrong("namespace", "is required with `metricName`");
            }
            if new.period.is_none() {
                return wrong("period", "is required with `metricName`");
            }
        } else {
            if new.namespace.is_some() || new.period.is_some() || !new.dimensions.is_empty() {
                let rule = "exclude `namespace`, `period` and `dimensions`, which each query has";
                return wrong("metricQueries", rule);
            }
            if new.metric_queries.0.iter().any(|it| it.metric.is_some() == it.expression.is_some())
            {
                return wrong("metricQueries", "each have a `metric` or an `expression`");
            }
        }
        if new.datapoints_to_alarm.is_some_and(|it| it > new.evaluation_periods) {
            return wrong("datapointsToAlarm", "is not more than `evaluationPeriods`");
        }
        let actions = [
            ("alarmActions", &new.alarm_actions),
            ("insufficientDataActions", &new.insufficient_data_actions),
            ("okActions", &new.ok_actions),
        ];
        match actions.iter().find(|(_, all)| all.0.len() > 5) {
            Some((property, _)) => wrong(property, "are five at most"),
            None => Ok(()),
        }
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = place.arn("cloudwatch", &format!("alarm:{name}"));
        Map::from([("id".to_owned(), Value::string(name)), ("arn".to_owned(), Value::String(arn))])
    }

    /// Putting overwrites: look first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(live) = one(cx, &new.name).await? {
            let arn = live.alarm_arn.ok_or(Error::missing("AlarmArn"))?;
            return if cx.made(tags(cx, &arn).await?) {
                Ok(new.name.clone())
            } else {
                Err(Error::not_ours("an alarm of this name"))
            };
        }
        put(cx, new, Some(cx.birth_tags(&new.tags))).await?;
        Ok(new.name.clone())
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        match one(cx, id).await? {
            Some(live) => outputs(cx, live).await.map(Some),
            None => Ok(None),
        }
    }

    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = HashMap::new();
        for ids in ids.chunks(100) {
            let call = cx.aws.cloudwatch().describe_alarms().max_records(100);
            let reply = call.set_alarm_names(Some(ids.to_vec())).send().await?;
            let alarms = reply.metric_alarms.unwrap_or_default().into_iter();
            found.extend(alarms.filter_map(|it| Some((it.alarm_name.clone()?, it))));
        }
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            all.push(match found.remove(id) {
                Some(live) => Some(outputs(cx, live).await?),
                None => None,
            });
        }
        Ok(all)
    }

    /// Putting sets all but the tags, and leaves the alarm's state.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, new, None).await?;
        let (set, removed) = new.tags.since(&old.tags);
        if set.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let live = one(cx, id).await?.ok_or(Error::missing("alarm"))?;
        let arn = live.alarm_arn.ok_or(Error::missing("AlarmArn"))?;
        if !set.is_empty() {
            let call = cx.aws.cloudwatch().tag_resource().resource_arn(&arn);
            call.set_tags(Some(sent_tags(set))).send().await?;
        }
        if !removed.is_empty() {
            let call = cx.aws.cloudwatch().untag_resource().resource_arn(&arn);
            call.set_tag_keys(Some(removed)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.cloudwatch().delete_alarms().alarm_names(id).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(live) = one(cx, &inputs.name).await? else { return Ok(None) };
        let Some(arn) = live.alarm_arn else { return Ok(None) };
        let tags = if_seen(tags(cx, &arn).await)?;
        Ok(tags.is_some_and(|it| cx.made(it)).then(|| inputs.name.clone()))
    }
}

fn missing() -> String {
    "missing".to_owned()
}

async fn put(cx: &Cx, new: &Inputs, birth: Option<BTreeMap<String, String>>) -> Result<()> {
    let list = |all: &Set<String>| Some(all.0.clone());
    let queries = &new.metric_queries.0;
    let simple = new.metric_name.is_some();
    cx.aws
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name(&new.name)
        .actions_enabled(new.actions_enabled)
        .set_alarm_actions(list(&new.alarm_actions))
        .set_alarm_description(new.alarm_description.clone())
        .comparison_operator(new.comparison_operator.as_str().into())
        .set_datapoints_to_alarm(new.datapoints_to_alarm)
        .set_dimensions(simple.then(|| sent_dimensions(&new.dimensions)))
        .set_evaluate_low_sample_count_percentile(new.evaluate_low_sample_count_percentiles.clone())
        .evaluation_periods(new.evaluation_periods)
        .set_extended_statistic(new.extended_statistic.clone())
        .set_insufficient_data_actions(list(&new.insufficient_data_actions))
        .set_metric_name(new.metric_name.clone())
        .set_metrics((!queries.is_empty()).then(|| queries.iter().map(sent_query).collect()))
        .set_namespace(new.namespace.clone())
        .set_ok_actions(list(&new.ok_actions))
        .set_period(new.period)
        .set_statistic(new.statistic.as_deref().map(Into::into))
        .set_tags(birth.map(sent_tags))
        .set_threshold(new.threshold)
        .set_threshold_metric_id(new.threshold_metric_id.clone())
        .treat_missing_data(&new.treat_missing_data)
        .set_unit(new.unit.as_deref().map(Into::into))
        .send()
        .await?;
    Ok(())
}

fn sent_tags(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn sent_dimensions(wanted: &BTreeMap<String, String>) -> Vec<Dimension> {
    let dimension =
        |(name, value): (&String, &String)| Dimension::builder().name(name).value(value).build();
    wanted.iter().map(dimension).collect()
}

fn sent_query(wanted: &MetricQuery) -> MetricDataQuery {
    let stat = wanted.metric.as_ref().map(|it| {
        let metric = LiveMetric::builder()
            .metric_name(&it.metric_name)
            .set_namespace(it.namespace.clone())
            .set_dimensions(Some(sent_dimensions(&it.dimensions)))
            .build();
        MetricStat::builder()
            .metric(metric)
            .period(it.period)
            .stat(&it.stat)
            .set_unit(it.unit.as_deref().map(Into::into))
            .build()
    });
    MetricDataQuery::builder()
        .id(&wanted.id)
        .set_account_id(wanted.account_id.clone())
        .set_expression(wanted.expression.clone())
        .set_label(wanted.label.clone())
        .set_metric_stat(stat)
        .set_period(wanted.period)
        .return_data(wanted.return_data)
        .build()
}

async fn one(cx: &Cx, name: &str) -> Result<Option<Live>> {
    let reply = cx.aws.cloudwatch().describe_alarms().alarm_names(name).send().await?;
    Ok(reply.metric_alarms.unwrap_or_default().pop())
}

/// With our own, which prove who made it.
async fn tags(cx: &Cx, arn: &str) -> Result<BTreeMap<String, String>> {
    let reply = cx.aws.cloudwatch().list_tags_for_resource().resource_arn(arn).send().await;
    let tags = seen(reply, MISSING, "the alarm")?.tags.unwrap_or_default();
    Ok(tags.into_iter().filter_map(|it| Some((it.key?, it.value.unwrap_or_default()))).collect())
}

async fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let arn = live.alarm_arn.ok_or(Error::missing("AlarmArn"))?;
    let tags = if cx.asks("tags") { tags(cx, &arn).await? } else { BTreeMap::new() };
    let set = |all: Option<Vec<String>>| Set(all.unwrap_or_default());
    let queries = live.metrics.unwrap_or_default().into_iter().filter_map(live_query);
    let operator = live.comparison_operator.ok_or(Error::missing("ComparisonOperator"))?;
    let inputs = Inputs {
        actions_enabled: live.actions_enabled.unwrap_or(true),
        alarm_actions: set(live.alarm_actions),
        alarm_description: live.alarm_description,
        comparison_operator: operator.as_str().to_owned(),
        datapoints_to_alarm: live.datapoints_to_alarm,
        dimensions: live_dimensions(live.dimensions),
        evaluate_low_sample_count_percentiles: live.evaluate_low_sample_count_percentile,
        evaluation_periods: live.evaluation_periods.ok_or(Error::missing("EvaluationPeriods"))?,
        extended_statistic: live.extended_statistic,
        insufficient_data_actions: set(live.insufficient_data_actions),
        metric_name: live.metric_name,
        metric_queries: queries.collect(),
        name: live.alarm_name.ok_or(Error::missing("AlarmName"))?,
        namespace: live.namespace,
        ok_actions: set(live.ok_actions),
        period: live.period,
        statistic: live.statistic.map(|it| it.as_str().to_owned()),
        tags: Tags::live(tags),
        threshold: live.threshold,
        threshold_metric_id: live.threshold_metric_id,
        treat_missing_data: live.treat_missing_data.unwrap_or_else(missing),
        unit: live.unit.map(|it| it.as_str().to_owned()),
    };
    Ok(Outputs { inputs, arn })
}

fn live_dimensions(live: Option<Vec<Dimension>>) -> BTreeMap<String, String> {
    let dimensions = live.unwrap_or_default().into_iter();
    dimensions.filter_map(|it| Some((it.name?, it.value?))).collect()
}

fn live_query(live: MetricDataQuery) -> Option<MetricQuery> {
    let metric = live.metric_stat.and_then(|it| {
        let metric = it.metric?;
        Some(Metric {
            dimensions: live_dimensions(metric.dimensions),
            metric_name: metric.metric_name?,
            namespace: metric.namespace,
            period: it.period?,
            stat: it.stat?,
            unit: it.unit.map(|it| it.as_str().to_owned()),
        })
    });
    Some(MetricQuery {
        account_id: live.account_id,
        expression: live.expression.filter(|it| !it.is_empty()),
        id: live.id?,
        label: live.label.filter(|it| !it.is_empty()),
        metric,
        period: live.period,
        return_data: live.return_data.unwrap_or(true),
    })
}
