//! Amazon EventBridge Scheduler.

mod schedule;
mod schedule_group;
mod target;

use crate::{
    aws::twin::words,
    provider::{AnyResource, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<schedule::Schedule>(), resource::<schedule_group::ScheduleGroup>()]
}

pub(super) const MISSING: &[&str] = &["ResourceNotFoundException"];

words! {
    aws_sdk_scheduler:
    ActionAfterCompletion FlexibleTimeWindowMode LaunchType PlacementConstraintType
    PlacementStrategyType PropagateTags ScheduleState
}

fn check_name(name: &str) -> crate::provider::Result<()> {
    let fits = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        let rule = "has 1 to 64 letters, digits, `-`, `_` and `.`";
        return Err(crate::provider::Error::invalid("name", rule));
    }
    Ok(())
}
