//! Amazon ECS.

mod capacity_provider;
mod cluster;
mod cluster_capacity_providers;
mod containers;
mod get_cluster;
mod get_service;
mod get_task_definition;
mod service;
mod service_parts;
mod task;
mod task_definition;
mod volume;

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Tag;
use aws_smithy_types::error::operation::BuildError;

use crate::provider::{
    AnyFunction, AnyResource, Cx, Error, Kind, Result, Tags, function, resource,
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<capacity_provider::CapacityProvider>(),
        resource::<cluster::Cluster>(),
        resource::<cluster_capacity_providers::ClusterCapacityProviders>(),
        resource::<service::Service>(),
        resource::<task::Task>(),
        resource::<task_definition::TaskDefinition>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_cluster::GetCluster>(),
        function::<get_service::GetService>(),
        function::<get_task_definition::GetTaskDefinition>(),
    ]
}

const NO_CLUSTER: &[&str] = &["ClusterNotFoundException"];
pub(super) const NO_SERVICE: &[&str] =
    &["ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException"];

/// ECS allows no empty list of tags, and ours is never empty.
fn sent_tags(tags: BTreeMap<String, String>) -> Option<Vec<Tag>> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build();
    Some(tags.into_iter().map(tag).collect())
}

/// With our own, which prove who made the thing.
fn pairs(tags: Option<Vec<Tag>>) -> Vec<(String, String)> {
    let pair = |it: Tag| Some((it.key?, it.value.unwrap_or_default()));
    tags.unwrap_or_default().into_iter().filter_map(pair).collect()
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let call = cx.aws.ecs().tag_resource().resource_arn(arn);
        call.set_tags(sent_tags(set)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.ecs().untag_resource().resource_arn(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// A part of a request that lacks what the SDK demands.
fn built<T>(part: std::result::Result<T, BuildError>) -> Result<T> {
    part.map_err(|error| Error::new(Kind::Broken, "", error.to_string()))
}

/// The cluster's and the service's name in `arn:…:service/cluster/name` or
/// `cluster/name`. The oldest ARNs have no cluster in them.
pub(super) fn split(id: &str) -> (&str, &str) {
    let path = id.split_once(":service/").map_or(id, |(_, path)| path);
    path.rsplit_once('/').unwrap_or(("default", path))
}

/// The last part of an ARN or path: a name stays as it is.
fn tail(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
