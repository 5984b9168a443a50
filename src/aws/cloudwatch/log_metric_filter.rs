//! `aws:cloudwatch/logMetricFilter:LogMetricFilter`. The id is
//! `group:filter`.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_cloudwatchlogs::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, unbuilt};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct LogMetricFilter;

#[derive(PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    log_group_name: String,
    #[schemars(extend("autoname" = 512, "replace" = true))]
    name: String,
    /// Empty for every event.
    pattern: String,
    metric_transformation: MetricTransformation,
    /// Looks at what the log group's transformer made of the events.
    #[serde(default)]
    apply_on_transformed_logs: bool,
}

#[derive(PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MetricTransformation {
    name: String,
    namespace: String,
    /// A number, or the part of an event that is one, `$.bytes`.
    value: String,
    /// What is told when no event fits, a number.
    default_value: Option<String>,
    dimensions: Option<BTreeMap<String, String>>,
    #[serde(default = "no_unit")]
    unit: String,
}

fn no_unit() -> String {
    "None".to_owned()
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for LogMetricFilter {
    const TYPE: &'static str = "aws:cloudwatch/logMetricFilter:LogMetricFilter";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.name.is_empty() || new.name.len() > 512 || new.name.contains([':', '*']) {
            let rule = "has 1 to 512 characters, none of them `:` or `*`";
            return Err(Error::invalid("name", rule));
        }
        let metric = &new.metric_transformation;
        default_value(metric)?;
        let dimensions = metric.dimensions.as_ref().map_or(0, BTreeMap::len);
        if dimensions > 3 {
            return Err(Error::invalid("metricTransformation.dimensions", "has at most 3"));
        }
        if dimensions > 0 && metric.default_value.is_some() {
            let rule = "is not for metrics with `dimensions`";
            return Err(Error::invalid("metricTransformation.defaultValue", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let (Some(group), Some(name)) = (text("logGroupName"), text("name")) else {
            return Map::new();
        };
        Map::from([("id".to_owned(), Value::String(format!("{group}:{name}")))])
    }

    /// A number may be written in more than one way.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let number = |it: &Value| it.as_str().and_then(|it| it.parse::<f64>().ok());
        path == "metricTransformation.defaultValue"
            && number(wanted).is_some_and(|it| number(live) == Some(it))
    }

    /// The logs take one change of a group's filters at a time.
    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("log-filters:{}", inputs.log_group_name))
    }

    /// Putting overwrites: look first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        match live(cx, &new.log_group_name, &new.name).await? {
            Some(live) if !alike(&live, new) => {
                return Err(Error::not_ours("a metric filter of this name"));
            }
            Some(_) => {}
            None => put(cx, new).await?,
        }
        Ok(format!("{}:{}", new.log_group_name, new.name))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (group, name) = parts(id)?;
        let visible = || async { Ok(live(cx, group, name).await?.map(|_| ())) };
        cx.wait("the logs to show the filter", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (group, name) = parts(id)?;
        Ok(live(cx, group, name).await?.map(|inputs| Outputs { inputs }))
    }

    async fn update(cx: &Cx, _: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (group, name) = parts(id)?;
        let call = cx.aws.logs().delete_metric_filter().log_group_name(group).filter_name(name);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// Filters bear no tags; the same filter under the same name is what this
    /// operation would make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = live(cx, &inputs.log_group_name, &inputs.name).await?;
        let ours = live.is_some_and(|it| alike(&it, inputs));
        Ok(ours.then(|| format!("{}:{}", inputs.log_group_name, inputs.name)))
    }
}

fn parts(id: &str) -> Result<(&str, &str)> {
    id.split_once(':').ok_or_else(|| Error::invalid("id", format!("`{id}` is not `group:filter`")))
}

/// But for the form of a number.
fn alike(live: &Inputs, wanted: &Inputs) -> bool {
    let metric = |it: &Inputs| {
        let it = &it.metric_transformation;
        (it.name.clone(), it.namespace.clone(), it.value.clone(), it.dimensions.clone())
    };
    live.pattern == wanted.pattern && metric(live) == metric(wanted)
}

fn default_value(metric: &MetricTransformation) -> Result<Option<f64>> {
    let wrong = |_| Error::invalid("metricTransformation.defaultValue", "is a number");
    metric.default_value.as_ref().map(|it| it.parse().map_err(wrong)).transpose()
}

async fn put(cx: &Cx, new: &Inputs) -> Result<()> {
    let metric = &new.metric_transformation;
    let dimensions = metric.dimensions.clone().filter(|it| !it.is_empty());
    let transformation = sdk::MetricTransformation::builder()
        .metric_name(&metric.name)
        .metric_namespace(&metric.namespace)
        .metric_value(&metric.value)
        .set_default_value(default_value(metric)?)
        .set_dimensions(dimensions.map(|it| it.into_iter().collect()))
        .unit(metric.unit.as_str().into())
        .build()
        .map_err(unbuilt)?;
    let call = cx.aws.logs().put_metric_filter().log_group_name(&new.log_group_name);
    call.filter_name(&new.name)
        .filter_pattern(&new.pattern)
        .metric_transformations(transformation)
        .set_apply_on_transformed_logs(new.apply_on_transformed_logs.then_some(true))
        .send()
        .await?;
    Ok(())
}

/// Filters are listed by name: one of exactly this name comes first.
async fn live(cx: &Cx, group: &str, name: &str) -> Result<Option<Inputs>> {
    let call = cx.aws.logs().describe_metric_filters().log_group_name(group);
    let reply = absent(call.filter_name_prefix(name).send().await, MISSING)?;
    let mut filters = reply.and_then(|it| it.metric_filters).unwrap_or_default().into_iter();
    let Some(live) = filters.find(|it| it.filter_name.as_deref() == Some(name)) else {
        return Ok(None);
    };
    let metrics = live.metric_transformations.unwrap_or_default();
    let metric = metrics.into_iter().next().ok_or(Error::missing("metricTransformations"))?;
    Ok(Some(Inputs {
        log_group_name: group.to_owned(),
        name: name.to_owned(),
        pattern: live.filter_pattern.unwrap_or_default(),
        metric_transformation: MetricTransformation {
            name: metric.metric_name,
            namespace: metric.metric_namespace,
            value: metric.metric_value,
            default_value: metric.default_value.map(|it| it.to_string()),
            dimensions: metric
                .dimensions
                .map(|it| it.into_iter().collect::<BTreeMap<_, _>>())
                .filter(|it| !it.is_empty()),
            unit: metric.unit.map_or_else(no_unit, |it| it.as_str().to_owned()),
        },
        apply_on_transformed_logs: live.apply_on_transformed_logs,
    }))
}
