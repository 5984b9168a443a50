//! Functions about the account and the region: `aws:getRegion` and friends.

mod get_arn;
mod get_availability_zone;
mod get_availability_zones;
mod get_caller_identity;
mod get_default_tags;
mod get_partition;
mod get_region;
mod get_service;

pub(super) use get_partition::dns_suffix;

use crate::provider::{AnyFunction, function};

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_arn::GetArn>(),
        function::<get_availability_zone::GetAvailabilityZone>(),
        function::<get_availability_zones::GetAvailabilityZones>(),
        function::<get_caller_identity::GetCallerIdentity>(),
        function::<get_default_tags::GetDefaultTags>(),
        function::<get_partition::GetPartition>(),
        function::<get_region::GetRegion>(),
        function::<get_service::GetService>(),
    ]
}
