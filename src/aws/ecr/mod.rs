//! Amazon ECR.

mod lifecycle_policy;
mod repository;

use crate::provider::{AnyResource, resource};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<lifecycle_policy::LifecyclePolicy>(), resource::<repository::Repository>()]
}

const NO_REPOSITORY: &[&str] = &["RepositoryNotFoundException"];
