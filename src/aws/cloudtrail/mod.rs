//! AWS CloudTrail.

mod trail;

use crate::provider::{AnyFunction, AnyResource, resource};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<trail::Trail>()]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    Vec::new()
}
