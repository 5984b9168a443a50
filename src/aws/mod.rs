//! Everything that knows the AWS SDK: one folder per service, one file per
//! resource type or function. No other folder names an SDK type.
//!
//! New files start from one of three exemplars: `sqs/queue.rs` (an attribute
//! map, fast), `ec2/subnet.rs` (describe with filters, batched, several modify
//! calls), `rds/cluster_instance.rs` (slow, waits, secrets).

#[cfg(feature = "aws")]
mod audit;
mod clients;
#[cfg(feature = "aws")]
mod error;
mod health;

#[cfg(feature = "aws")]
mod acm;
#[cfg(feature = "aws")]
mod appautoscaling;
#[cfg(feature = "aws")]
mod cloudwatch;
#[cfg(feature = "aws")]
mod ec2;
#[cfg(feature = "aws")]
mod ecr;
#[cfg(feature = "aws")]
mod ecs;
#[cfg(feature = "aws")]
mod iam;
#[cfg(feature = "aws")]
mod kms;
#[cfg(feature = "aws")]
mod lb;
#[cfg(feature = "aws")]
mod meta;
#[cfg(feature = "aws")]
mod rds;
#[cfg(feature = "aws")]
mod secretsmanager;
#[cfg(feature = "aws")]
mod sqs;
#[cfg(feature = "aws")]
mod ssm;
#[cfg(feature = "aws")]
mod wafv2;

use crate::provider::{AnyFunction, AnyResource};

pub use clients::{Clients, connect};
pub use health::{Health, target_health};

/// Every resource type, by service.
#[cfg(feature = "aws")]
pub fn types() -> Vec<Box<dyn AnyResource>> {
    [
        acm::types(),
        appautoscaling::types(),
        cloudwatch::types(),
        ec2::types(),
        ecr::types(),
        ecs::types(),
        iam::types(),
        kms::types(),
        lb::types(),
        rds::types(),
        secretsmanager::types(),
        sqs::types(),
        ssm::types(),
        wafv2::types(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every function, by service; `meta` holds those without one.
#[cfg(feature = "aws")]
pub fn functions() -> Vec<Box<dyn AnyFunction>> {
    [
        ec2::functions(),
        iam::functions(),
        meta::functions(),
        secretsmanager::functions(),
        ssm::functions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(not(feature = "aws"))]
pub fn types() -> Vec<Box<dyn AnyResource>> {
    Vec::new()
}

#[cfg(not(feature = "aws"))]
pub fn functions() -> Vec<Box<dyn AnyFunction>> {
    Vec::new()
}
