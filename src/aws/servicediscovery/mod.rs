//! AWS Cloud Map.

use crate::provider::{AnyFunction, AnyResource};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    Vec::new()
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    Vec::new()
}
