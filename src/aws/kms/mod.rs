//! AWS KMS.

mod alias;
mod key;

use crate::provider::{AnyResource, resource};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<alias::Alias>(), resource::<key::Key>()]
}

const MISSING: &[&str] = &["NotFoundException"];
