//! EC2 Auto Scaling.

mod group;
mod group_blocks;
mod group_update;
mod policy;
mod policy_blocks;

use crate::provider::{AnyResource, resource};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<group::Group>(), resource::<policy::ScalingPolicy>()]
}

/// Changes of one group wait for each other.
fn serial(group: &str) -> String {
    format!("autoscaling:{group}")
}
