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
mod twin;
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

/// Every function, by service; `meta` holds those without one.
#[cfg(feature = "aws")]
pub fn functions() -> Vec<Box<dyn AnyFunction>> {
    [
        apigateway::functions(),
        apigatewayv2::functions(),
        autoscaling::functions(),
        cloudfront::functions(),
        cloudtrail::functions(),
        cognito::functions(),
        dynamodb::functions(),
        ec2::functions(),
        efs::functions(),
        elasticache::functions(),
        iam::functions(),
        kinesis::functions(),
        lambda::functions(),
        meta::functions(),
        route53::functions(),
        s3::functions(),
        scheduler::functions(),
        secretsmanager::functions(),
        servicediscovery::functions(),
        sfn::functions(),
        sns::functions(),
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
