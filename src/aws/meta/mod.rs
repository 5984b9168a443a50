//! Functions about the account and the region: `aws:getRegion` and friends.

mod get_availability_zones;
mod get_caller_identity;
mod get_partition;
mod get_region;

pub(super) use get_partition::dns_suffix;

use crate::provider::{AnyFunction, function};

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_availability_zones::GetAvailabilityZones>(),
        function::<get_caller_identity::GetCallerIdentity>(),
        function::<get_partition::GetPartition>(),
        function::<get_region::GetRegion>(),
    ]
}
