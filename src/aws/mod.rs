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
pub mod jobs;
#[cfg(feature = "aws")]
mod managed;
#[cfg(feature = "aws")]
mod mirror;
mod sealing;
pub mod traffic;
#[cfg(feature = "aws")]
mod twin;

#[cfg(feature = "aws")]
mod acm;
#[cfg(feature = "aws")]
mod apigateway;
#[cfg(feature = "aws")]
mod apigatewayv2;
#[cfg(feature = "aws")]
mod appautoscaling;
#[cfg(feature = "aws")]
mod autoscaling;
#[cfg(feature = "aws")]
mod cloudfront;
#[cfg(feature = "aws")]
mod cloudtrail;
#[cfg(feature = "aws")]
mod cloudwatch;
#[cfg(feature = "aws")]
mod cognito;
#[cfg(feature = "aws")]
mod dynamodb;
#[cfg(feature = "aws")]
mod ec2;
#[cfg(feature = "aws")]
mod ecr;
#[cfg(feature = "aws")]
mod ecs;
#[cfg(feature = "aws")]
mod efs;
#[cfg(feature = "aws")]
mod elasticache;
#[cfg(feature = "aws")]
mod elb;
#[cfg(feature = "aws")]
mod iam;
#[cfg(feature = "aws")]
mod kinesis;
#[cfg(feature = "aws")]
mod kms;
#[cfg(feature = "aws")]
mod lambda;
#[cfg(feature = "aws")]
mod lb;
#[cfg(feature = "aws")]
mod meta;
#[cfg(feature = "aws")]
mod rds;
#[cfg(feature = "aws")]
mod route53;
#[cfg(feature = "aws")]
mod s3;
#[cfg(feature = "aws")]
mod scheduler;
#[cfg(feature = "aws")]
mod secretsmanager;
#[cfg(feature = "aws")]
mod servicediscovery;
#[cfg(feature = "aws")]
mod sfn;
#[cfg(feature = "aws")]
mod sns;
#[cfg(feature = "aws")]
mod sqs;
#[cfg(feature = "aws")]
mod ssm;
#[cfg(feature = "aws")]
mod wafv2;

use crate::provider::{AnyFunction, AnyResource};
#[cfg(feature = "aws")]
use crate::provider::{Error, Result, Tags};

pub use clients::{Clients, connect, reach};
pub use sealing::{SealingKey, seal, unseal};

/// Every resource type, by service.
#[cfg(feature = "aws")]
pub fn types() -> Vec<Box<dyn AnyResource>> {
    [
        acm::types(),
        apigateway::types(),
        apigatewayv2::types(),
        appautoscaling::types(),
        autoscaling::types(),
        cloudfront::types(),
        cloudtrail::types(),
        cloudwatch::types(),
        cognito::types(),
        dynamodb::types(),
        ec2::types(),
        ecr::types(),
        ecs::types(),
        efs::types(),
        elasticache::types(),
        iam::types(),
        kinesis::types(),
        kms::types(),
        lambda::types(),
        lb::types(),
        rds::types(),
        route53::types(),
        s3::types(),
        scheduler::types(),
        secretsmanager::types(),
        servicediscovery::types(),
        sfn::types(),
        sns::types(),
        sqs::types(),
        ssm::types(),
        wafv2::types(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What Pulumi's types and functions have: names and flags, as
/// `tests/it/schema.rs` says.
pub const FACTS: &str = include_str!("pulumi-schema.json");

/// Every function, by service; `meta` holds those without one.
#[cfg(feature = "aws")]
pub fn functions() -> Vec<Box<dyn AnyFunction>> {
    [
        acm::functions(),
        apigateway::functions(),
        apigatewayv2::functions(),
        cloudfront::functions(),
        cloudtrail::functions(),
        cloudwatch::functions(),
        cognito::functions(),
        dynamodb::functions(),
        ec2::functions(),
        ecr::functions(),
        ecs::functions(),
        efs::functions(),
        elasticache::functions(),
        elb::functions(),
        iam::functions(),
        kinesis::functions(),
        kms::functions(),
        lambda::functions(),
        lb::functions(),
        meta::functions(),
        rds::functions(),
        route53::functions(),
        s3::functions(),
        secretsmanager::functions(),
        servicediscovery::functions(),
        sns::functions(),
        sqs::functions(),
        ssm::functions(),
        wafv2::functions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What to send to a call that sets everything: the wanted, unless the
/// program never said anything.
#[cfg(feature = "aws")]
fn kept<T>(old: Option<T>, new: Option<T>, live: Option<T>) -> Option<T> {
    if old.is_none() && new.is_none() { live } else { new }
}

/// A changed value, where there is a new one: what is live on both sides is
/// not said again, for other changes may not agree with it.
#[cfg(feature = "aws")]
fn fresh<'a, T: PartialEq>(old: Option<&T>, new: Option<&'a T>) -> Option<&'a T> {
    new.filter(|it| old != Some(*it))
}

/// For a function that asks for one thing: whether it is the one with these
/// tags, among others.
#[cfg(feature = "aws")]
fn check_tags(wanted: Option<&Tags>, live: &Tags) -> Result<()> {
    let lacks = |(key, value): &(&String, &String)| live.0.get(*key) != Some(*value);
    match wanted.and_then(|it| it.0.iter().find(lacks)) {
        Some((key, value)) => {
            Err(Error::invalid("tags", format!("what was found has no tag `{key}: {value}`")))
        }
        None => Ok(()),
    }
}

#[cfg(not(feature = "aws"))]
pub fn types() -> Vec<Box<dyn AnyResource>> {
    Vec::new()
}

#[cfg(not(feature = "aws"))]
pub fn functions() -> Vec<Box<dyn AnyFunction>> {
    Vec::new()
}
