//! `aws:efs/getFileSystem:getFileSystem`: the one file system that the
//! arguments describe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    file_system::{LifecyclePolicy, Protection, outputs},
    pairs,
};
use crate::provider::*;

pub(super) struct GetFileSystem;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    creation_token: Option<String>,
    file_system_id: Option<String>,
    /// All of which it must have.
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    availability_zone_id: Option<String>,
    availability_zone_name: Option<String>,
    creation_token: Option<String>,
    dns_name: String,
    encrypted: Option<bool>,
    file_system_id: String,
    kms_key_id: Option<IdOrArn>,
    lifecycle_policies: Option<Set<LifecyclePolicy>>,
    name: Option<String>,
    performance_mode: Option<String>,
    protections: Vec<Protection>,
    provisioned_throughput_in_mibps: Option<f64>,
    size_in_bytes: Option<i64>,
    tags: Tags,
    throughput_mode: String,
}

impl Function for GetFileSystem {
    const TOKEN: &'static str = "aws:efs/getFileSystem:getFileSystem";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let call = cx.aws.efs().describe_file_systems();
        let call = call.set_creation_token(args.creation_token.clone());
        let pages = call.set_file_system_id(args.file_system_id.clone()).into_paginator();
        let mut found: Vec<_> = pages.items().send().try_collect().await?;
        found.retain(|it| {
            let tags = Tags::live(pairs(&it.tags));
            args.tags.0.iter().all(|(key, value)| tags.0.get(key) == Some(value))
        });
        let (Some(live), true) = (found.pop(), found.is_empty()) else {
            return Err(Error::invalid("fileSystemId", "not exactly one file system matches"));
        };
        let id = live.file_system_id.clone();
        let told = outputs(cx, live).await?;
        let it = told.inputs;
        Ok(Output {
            arn: told.arn,
            availability_zone_id: told.availability_zone_id,
            availability_zone_name: it.availability_zone_name,
            creation_token: it.creation_token,
            dns_name: told.dns_name,
            encrypted: it.encrypted,
            file_system_id: id.clone(),
            kms_key_id: it.kms_key_id,
            lifecycle_policies: it.lifecycle_policies,
            name: told.name,
            performance_mode: it.performance_mode,
            protections: it.protection.into_iter().collect(),
            provisioned_throughput_in_mibps: it.provisioned_throughput_in_mibps,
            size_in_bytes: told.size_in_bytes.first().map(|it| it.value),
            tags: it.tags,
            throughput_mode: it.throughput_mode,
            id,
        })
    }
}
