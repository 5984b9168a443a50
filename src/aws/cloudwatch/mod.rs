//! Amazon CloudWatch, with its logs.

mod dashboard;
mod log_group;
mod metric_alarm;

use crate::provider::{AnyResource, resource};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<dashboard::Dashboard>(),
        resource::<log_group::LogGroup>(),
        resource::<metric_alarm::MetricAlarm>(),
    ]
}
