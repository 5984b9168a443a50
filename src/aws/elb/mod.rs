//! Elastic Load Balancing of the first generation: only what the newer ones
//! share with it.

mod get_service_account;

use crate::provider::{AnyFunction, function};

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_service_account::GetServiceAccount>()]
}
