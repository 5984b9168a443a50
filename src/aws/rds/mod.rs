//! Amazon RDS.

mod cluster;
mod cluster_instance;
mod cluster_parameter_group;
mod event_subscription;
mod get_cluster;
mod get_engine_version;
mod get_instance;
mod get_orderable_db_instance;
mod get_snapshot;
mod instance;
mod option_group;
mod parameter_group;
mod parameters;
mod proxy;
mod subnet_group;

use std::collections::HashMap;

use aws_sdk_rds::{
    primitives::{DateTime, DateTimeFormat as Format},
    types::{
        CloudwatchLogsExportConfiguration, DbCluster, DbInstance, Filter, MasterUserSecret,
        PendingCloudwatchLogsExports, Tag,
    },
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    managed::{Field, changed, check_name, minutes, ours, settle},
    twin::words,
};
use crate::provider::{
    AnyFunction, AnyResource, Cx, Error, Result, Secret, Set, Tags, function, resource,
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<cluster::Cluster>(),
        resource::<cluster_instance::ClusterInstance>(),
        resource::<cluster_parameter_group::ClusterParameterGroup>(),
        resource::<event_subscription::EventSubscription>(),
        resource::<instance::Instance>(),
        resource::<option_group::OptionGroup>(),
        resource::<parameter_group::ParameterGroup>(),
        resource::<proxy::Proxy>(),
        resource::<subnet_group::SubnetGroup>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_cluster::GetCluster>(),
        function::<get_engine_version::GetEngineVersion>(),
        function::<get_instance::GetInstance>(),
        function::<get_orderable_db_instance::GetOrderableDbInstance>(),
        function::<get_snapshot::GetSnapshot>(),
    ]
}

// On the wire, codes about clusters keep the word `Fault` and codes about
// instances drop it.
const NO_CLUSTER: &[&str] = &["DBClusterNotFoundFault"];
const NO_INSTANCE: &[&str] = &["DBInstanceNotFound"];
const NO_PARAMETER_GROUP: &[&str] =
    &["DBParameterGroupNotFound", "DBClusterParameterGroupNotFound"];
const NO_PROXY: &[&str] = &["DBProxyNotFoundFault"];
const NO_SUBNET_GROUP: &[&str] = &["DBSubnetGroupNotFoundFault"];

words! {
    aws_sdk_rds:
    AuthScheme ClientPasswordAuthType DefaultAuthScheme EndpointNetworkType EngineFamily
    IamAuthMode TargetConnectionNetworkType
}

/// How many one Describe call answers at most.
const PAGE: i32 = 100;

/// For versions in the order of their numbers: `9.6` is before `10.1`.
fn version_order(version: &str) -> Vec<(u64, String)> {
    let part = |it: &str| {
        let digits = it.find(|it: char| !it.is_ascii_digit()).unwrap_or(it.len());
        (it[..digits].parse().unwrap_or_default(), it[digits..].to_owned())
    };
    version.split(['.', '-', '_']).map(part).collect()
}

/// Missing ones are `None`: filters, unlike an identifier, never fail.
async fn instances(cx: &Cx, ids: &[String]) -> Result<Vec<Option<DbInstance>>> {
    let mut found = HashMap::new();
    for ids in ids.chunks(PAGE as usize) {
        let filter = Filter::builder().name("db-instance-id").set_values(Some(ids.to_vec()));
        let call = cx.aws.rds().describe_db_instances().filters(filter.build()).max_records(PAGE);
        let all = call.into_paginator().items().send().try_collect().await?;
        found.extend(all.into_iter().map(|it| (it.db_instance_identifier.clone(), it)));
    }
    Ok(ids.iter().map(|id| found.remove(&Some(id.to_lowercase()))).collect())
}

async fn instance(cx: &Cx, id: &str) -> Result<Option<DbInstance>> {
    Ok(instances(cx, &[id.to_owned()]).await?.pop().flatten())
}

async fn clusters(cx: &Cx, ids: &[String]) -> Result<Vec<Option<DbCluster>>> {
    let mut found = HashMap::new();
    for ids in ids.chunks(PAGE as usize) {
        let filter = Filter::builder().name("db-cluster-id").set_values(Some(ids.to_vec()));
        let call = cx.aws.rds().describe_db_clusters().filters(filter.build()).max_records(PAGE);
        let all = call.into_paginator().items().send().try_collect().await?;
        found.extend(all.into_iter().map(|it| (it.db_cluster_identifier.clone(), it)));
    }
    Ok(ids.iter().map(|id| found.remove(&Some(id.to_lowercase()))).collect())
}

async fn cluster(cx: &Cx, id: &str) -> Result<Option<DbCluster>> {
    Ok(clusters(cx, &[id.to_owned()]).await?.pop().flatten())
}

/// Whether a database with this status can be used and changed. The statuses
/// are an open set: one that is neither good nor bad will pass.
fn usable(status: Option<&str>) -> Result<bool> {
    const GOOD: &[&str] = &["available", "storage-optimization", "storage-config-upgrade"];
    const BAD: &[&str] = &[
        "deleting",
        "failed",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        "incompatible-create",
        "incompatible-network",
        "incompatible-option-group",
        "incompatible-parameters",
        "incompatible-restore",
        "insufficient-capacity",
        "migration-failed",
        "restore-error",
        "stopped",
        "storage-full",
    ];
    let status = status.unwrap_or_default();
    if BAD.contains(&status) {
        return Err(Error::failed(format!("its status is `{status}`")));
    }
    Ok(GOOD.contains(&status))
}

fn birth_tags(cx: &Cx, tags: &Tags) -> Option<Vec<Tag>> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build();
    Some(cx.birth_tags(tags).into_iter().map(tag).collect())
}

/// As pairs, our own included.
fn pairs(tags: Option<Vec<Tag>>) -> impl Iterator<Item = (String, String)> {
    let pair = |it: Tag| (it.key.unwrap_or_default(), it.value.unwrap_or_default());
    tags.unwrap_or_default().into_iter().map(pair)
}

/// Of groups, whose descriptions leave the tags out.
async fn tags(cx: &Cx, arn: &str) -> Result<Vec<(String, String)>> {
    let reply = cx.aws.rds().list_tags_for_resource().resource_name(arn).send().await?;
    Ok(pairs(reply.tag_list).collect())
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let tag = |(key, value)| Tag::builder().key(key).value(value).build();
        let tags = set.into_iter().map(tag).collect();
        let call = cx.aws.rds().add_tags_to_resource().resource_name(arn);
        call.set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.rds().remove_tags_from_resource().resource_name(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// The secret that RDS keeps a master password in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MasterSecret {
    kms_key_id: String,
    secret_arn: String,
    secret_status: String,
}

fn master_secrets(secret: Option<MasterUserSecret>) -> Vec<MasterSecret> {
    let told = |it: MasterUserSecret| MasterSecret {
        kms_key_id: it.kms_key_id.unwrap_or_default(),
        secret_arn: it.secret_arn.unwrap_or_default(),
        secret_status: it.secret_status.unwrap_or_default(),
    };
    secret.into_iter().map(told).collect()
}

/// Log types to switch on and off.
fn log_changes(old: &Set<String>, new: &Set<String>) -> Option<CloudwatchLogsExportConfiguration> {
    let (on, off) = new.since(old);
    let change = CloudwatchLogsExportConfiguration::builder();
    let change = change.set_enable_log_types(Some(on)).set_disable_log_types(Some(off));
    (!new.same(old)).then(|| change.build())
}

/// The log types that are exported, or will be once RDS gets to it.
fn logs(now: Option<Vec<String>>, waits: Option<PendingCloudwatchLogsExports>) -> Set<String> {
    let mut logs = now.unwrap_or_default();
    if let Some(waits) = waits {
        let off = waits.log_types_to_disable.unwrap_or_default();
        logs.retain(|it| !off.contains(it));
        let on = waits.log_types_to_enable.unwrap_or_default();
        logs.extend(on.into_iter().filter(|it| !off.contains(it)));
        logs.sort_unstable();
        logs.dedup();
    }
    Set(logs)
}

fn moment(time: Option<DateTime>) -> Option<String> {
    time?.fmt(Format::DateTime).ok()
}

/// A program's `2024-01-02T03:04:05Z`.
fn parse_moment(property: &str, text: Option<&String>) -> Result<Option<DateTime>> {
    let rule = "is a time such as `2024-01-02T03:04:05Z`";
    let parse = |text: &String| DateTime::from_str(text, Format::DateTimeWithOffset);
    text.map(parse).transpose().map_err(|_| Error::invalid(property, rule))
}

/// Names of subnet groups may hold more than those of databases.
fn check_group_name(name: &str) -> Result<()> {
    let good = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | '_' | ' ');
    if !name.chars().all(good) || name.eq_ignore_ascii_case("default") {
        let rule = "is made of letters, digits, `-`, `.`, `_` and spaces, and is not `default`";
        return Err(Error::invalid("name", rule));
    }
    Ok(())
}

/// Where a master password may come from, and what it must look like.
fn check_password(
    property: &str,
    plain: Option<&Secret<String>>,
    write_only: Option<&Secret<String>>,
    managed: bool,
) -> Result<()> {
    let ways = [plain.is_some(), write_only.is_some(), managed];
    if ways.iter().filter(|it| **it).count() > 1 {
        let rule = format!(
            "excludes `{property}Wo` and `manageMasterUserPassword`: give one of the three"
        );
        return Err(Error::invalid(property, rule));
    }
    for (property, password) in
        [(property.to_owned(), plain), (format!("{property}Wo"), write_only)]
    {
        let Some(Secret(password)) = password else { continue };
        let good = |it: char| matches!(it, ' '..='~') && !matches!(it, '/' | '"' | '@');
        if password.chars().count() < 8 || !password.chars().all(good) {
            let rule = "is at least 8 printable ASCII characters without `/`, `\"` and `@`";
            return Err(Error::invalid(&property, rule));
        }
    }
    Ok(())
}

/// Enhanced monitoring needs a role, and a role alone does nothing.
fn check_monitoring(interval: i32, role: Option<&String>) -> Result<()> {
    if ![0, 1, 5, 10, 15, 30, 60].contains(&interval) {
        return Err(Error::invalid("monitoringInterval", "is one of 0, 1, 5, 10, 15, 30, 60"));
    }
    if interval > 0 && role.is_none() {
        return Err(Error::invalid(
            "monitoringRoleArn",
            "is needed when `monitoringInterval` is set",
        ));
    }
    Ok(())
}

/// The name of the snapshot that a deletion leaves behind.
fn last_snapshot(skip: bool, name: Option<&String>) -> Result<Option<String>> {
    match name {
        _ if skip => Ok(None),
        Some(name) => Ok(Some(name.clone())),
        None => Err(Error::invalid(
            "finalSnapshotIdentifier",
            "is needed to delete it: it names the last snapshot; or set `skipFinalSnapshot: true` to delete it with all its data; run `up` before deleting again",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_that_stay_are_not_sent() {
        let set = || -> Set<String> { ["a"].into_iter().collect() };
        assert_eq!(log_changes(&set(), &set()), None);
    }

    #[test]
    fn statuses() {
        assert!(usable(Some("available")).unwrap());
        assert!(!usable(Some("some-new-status")).unwrap());
        assert!(usable(Some("incompatible-network")).is_err());
    }
}
