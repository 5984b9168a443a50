//! What CloudWatch knows: alarms, and the load balancer's own metrics.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{
    AlarmType, Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use aws_smithy_types::DateTime;

use crate::{
    aws::lb::suffix,
    provider::{Cx, Error, Kind, Result},
    rollout::{
        cloud::{Alarm, Look},
        judge::Minute,
    },
};

/// How many names one describing call takes.
const BATCH: usize = 100;

pub(super) async fn alarms(cx: &Cx, names: &[String]) -> Result<Vec<Alarm>> {
    let names: BTreeSet<&String> = names.iter().collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let mut found = Vec::new();
    for batch in names.chunks(BATCH) {
        // Without the types AWS tells no composite alarms.
        let call = cx.aws.cloudwatch().describe_alarms().set_alarm_names(Some(batch.to_vec()));
        let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page?;
            found.extend(page.metric_alarms.unwrap_or_default().into_iter().map(|it| {
                let changed = it.state_transitioned_timestamp.or(it.state_updated_timestamp);
                alarm(it.alarm_name, it.state_value.map(|it| it.as_str().to_owned()), changed)
            }));
            found.extend(page.composite_alarms.unwrap_or_default().into_iter().map(|it| {
                let changed = it.state_transitioned_timestamp.or(it.state_updated_timestamp);
                alarm(it.alarm_name, it.state_value.map(|it| it.as_str().to_owned()), changed)
            }));
        }
    }
    Ok(found)
}

fn alarm(name: Option<String>, state: Option<String>, changed: Option<DateTime>) -> Alarm {
    Alarm {
        name: name.unwrap_or_default(),
        state: state.unwrap_or_default(),
        changed: changed.and_then(|it| it.to_millis().ok()),
    }
}

/// What is asked of each group: the query's name, the metric and its statistic.
const SERIES: [(&str, &str, &str); 5] = [
    ("requests", "RequestCount", "Sum"),
    ("failed", "HTTPCode_Target_5XX_Count", "Sum"),
    ("unreached", "TargetConnectionErrorCount", "Sum"),
    ("p90", "TargetResponseTime", "p90"),
    ("p99", "TargetResponseTime", "p99"),
];

pub(super) async fn metrics(cx: &Cx, look: &Look<'_>) -> Result<[Vec<Minute>; 2]> {
    let mut queries = Vec::new();
    for (place, group) in look.groups.iter().enumerate() {
        for (series, metric, statistic) in SERIES {
            queries.push(query(look, &format!("g{place}_{series}"), group, metric, statistic)?);
        }
    }
    let call = cx.aws.cloudwatch().get_metric_data().set_metric_data_queries(Some(queries));
    let call = call
        .start_time(DateTime::from_secs(look.from))
        .end_time(DateTime::from_secs(look.until))
        .scan_by(ScanBy::TimestampAscending);
    let mut pages = call.into_paginator().send();
    let mut values: BTreeMap<String, BTreeMap<i64, f64>> = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for result in page?.metric_data_results.unwrap_or_default() {
            let (id, points) = points(result)?;
            values.entry(id).or_default().extend(points);
        }
    }
    let of = |place: usize| {
        let series = SERIES.map(|(series, ..)| values.get(&format!("g{place}_{series}")));
        minutes(series, look.from..look.until)
    };
    Ok([of(0), of(1)])
}

/// CloudWatch has a metric by target group only together with its load
/// balancer, under exactly these two dimensions.
fn query(
    look: &Look<'_>,
    id: &str,
    group: &str,
    metric: &str,
    statistic: &str,
) -> Result<MetricDataQuery> {
    let dimension =
        |name: &str, arn: &str| Dimension::builder().name(name).value(suffix(arn)).build();
    let metric = Metric::builder()
        .namespace("AWS/ApplicationELB")
        .metric_name(metric)
        .dimensions(dimension("TargetGroup", group))
        .dimensions(dimension("LoadBalancer", look.load_balancer))
        .build();
    let period = i32::try_from(look.period)
        .map_err(|_| Error::invalid("Period", format!("{} s is too long", look.period)))?;
    let stat = MetricStat::builder().metric(metric).period(period).stat(statistic).build();
    Ok(MetricDataQuery::builder().id(id).metric_stat(stat).return_data(true).build())
}

/// A query may fail in a call that does not.
fn points(result: MetricDataResult) -> Result<(String, Vec<(i64, f64)>)> {
    let id = result.id.unwrap_or_default();
    match result.status_code {
        Some(StatusCode::Complete | StatusCode::PartialData) | None => {}
        Some(status) => {
            let said = result.messages.unwrap_or_default().into_iter().filter_map(|it| it.value);
            let message = format!("no data for {id}: {}", said.collect::<Vec<_>>().join("; "));
            return Err(Error::new(Kind::Service, status.as_str(), message));
        }
    }
    let times = result.timestamps.unwrap_or_default().into_iter().map(|it| it.secs());
    Ok((id, times.zip(result.values.unwrap_or_default()).collect()))
}

/// The load balancer tells no zeros: no errors among requests are none.
fn minutes(series: [Option<&BTreeMap<i64, f64>>; 5], within: std::ops::Range<i64>) -> Vec<Minute> {
    let times: BTreeSet<i64> = series.iter().flatten().flat_map(|it| it.keys().copied()).collect();
    let minute = |at: i64| {
        let [requests, failed, unreached, p90, p99] = series.map(|it| it?.get(&at).copied());
        let errors = match (failed, unreached) {
            (None, None) => requests.map(|_| 0.0),
            (failed, unreached) => Some(failed.unwrap_or_default() + unreached.unwrap_or_default()),
        };
        Minute { at, requests, errors, p90, p99 }
    };
    times.into_iter().filter(|at| within.contains(at)).map(minute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_errors_among_requests_are_none_and_no_requests_are_no_minute() {
        let requests = BTreeMap::from([(0, 10.0), (60, 20.0), (240, 5.0)]);
        let failed = BTreeMap::from([(60, 1.0)]);
        let unreached = BTreeMap::from([(60, 2.0), (120, 4.0)]);
        let p99 = BTreeMap::from([(60, 0.5)]);
        let series = [Some(&requests), Some(&failed), Some(&unreached), None, Some(&p99)];
        let minute = |at, requests, errors, p99| Minute { at, requests, errors, p90: None, p99 };
        let wanted = [
            minute(0, Some(10.0), Some(0.0), None),
            minute(60, Some(20.0), Some(3.0), Some(0.5)),
            minute(120, None, Some(4.0), None),
        ];
        assert_eq!(minutes(series, 0..240), wanted);
    }

    #[test]
    fn a_failed_query_is_an_error() {
        let result = MetricDataResult::builder().id("g0_p99").status_code(StatusCode::Forbidden);
        assert!(points(result.build()).is_err_and(|it| it.is(&["Forbidden"])));
    }
}
