//! Amazon ElastiCache.

mod cluster;
mod replication_group;
mod subnet_group;

use std::collections::HashMap;

use aws_sdk_elasticache::types::{
    self as sdk, CacheCluster, CloudWatchLogsDestinationDetails, DestinationDetails,
    KinesisFirehoseDestinationDetails, LogDeliveryConfigurationRequest, NotificationConfiguration,
    Tag,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::managed::{changed, check_name, minutes, ours, settle};
use crate::{
    aws::{
        error::absent,
        twin::{Word, words},
    },
    model::Value,
    provider::{AnyFunction, AnyResource, Cx, Error, Result, Set, Tags, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<cluster::Cluster>(),
        resource::<replication_group::ReplicationGroup>(),
        resource::<subnet_group::SubnetGroup>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    Vec::new()
}

// On the wire, some codes keep the word `Fault` and some drop it.
const NO_CLUSTER: &[&str] = &["CacheClusterNotFound"];
const NO_GROUP: &[&str] = &["ReplicationGroupNotFoundFault"];
const NO_SUBNET_GROUP: &[&str] = &["CacheSubnetGroupNotFoundFault"];

/// How many one Describe call answers at most.
const PAGE: i32 = 100;

words! {
    aws_sdk_elasticache:
    AuthTokenUpdateStrategyType AzMode ClusterMode DestinationType Durability IpDiscovery
    LogFormat LogType NetworkType OutpostMode TransitEncryptionMode
}

/// Whether a cache with this status can be used and changed. The statuses are
/// an open set: one that is neither good nor bad will pass.
fn usable(status: Option<&str>) -> Result<bool> {
    match status.unwrap_or_default() {
        bad @ ("create-failed" | "deleting" | "incompatible-network" | "restore-failed") => {
            Err(Error::failed(format!("its status is `{bad}`")))
        }
        status => Ok(status == "available"),
    }
}

/// By id; all clusters are listed at once when there is more than one to find.
async fn clusters(cx: &Cx, ids: &[String]) -> Result<HashMap<String, CacheCluster>> {
    let call = cx.aws.elasticache().describe_cache_clusters().show_cache_node_info(true);
    let all = match ids {
        [] => Vec::new(),
        [id] => {
            let reply = absent(call.cache_cluster_id(id).send().await, NO_CLUSTER)?;
            reply.and_then(|it| it.cache_clusters).unwrap_or_default()
        }
        _ => call.max_records(PAGE).into_paginator().items().send().try_collect().await?,
    };
    Ok(all.into_iter().filter_map(|it| Some((it.cache_cluster_id.clone()?, it))).collect())
}

fn birth_tags(cx: &Cx, tags: &Tags) -> Option<Vec<Tag>> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build();
    Some(cx.birth_tags(tags).into_iter().map(tag).collect())
}

/// Our own included. A cache that is made or changed has none to tell, and is
/// `not available` then.
async fn tags_raw(cx: &Cx, arn: &str) -> Result<Vec<(String, String)>> {
    let reply = cx.aws.elasticache().list_tags_for_resource().resource_name(arn).send().await?;
    let pair = |it: Tag| (it.key.unwrap_or_default(), it.value.unwrap_or_default());
    Ok(reply.tag_list.unwrap_or_default().into_iter().map(pair).collect())
}

/// The program's tags; nothing when nobody asks for them.
async fn tags(cx: &Cx, arn: &str) -> Result<Tags> {
    Ok(if cx.asks("tags") { Tags::live(tags_raw(cx, arn).await?) } else { Tags::default() })
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let tag = |(key, value)| Tag::builder().key(key).value(value).build();
        let call = cx.aws.elasticache().add_tags_to_resource().resource_name(arn);
        call.set_tags(Some(set.into_iter().map(tag).collect())).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.elasticache().remove_tags_from_resource().resource_name(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// Where a log of Redis or Valkey goes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogDelivery {
    /// The name of a log group or of a Firehose stream.
    destination: String,
    destination_type: Word<sdk::DestinationType>,
    log_format: Word<sdk::LogFormat>,
    log_type: Word<sdk::LogType>,
}

impl LogDelivery {
    fn sdk(&self) -> LogDeliveryConfigurationRequest {
        let to = Some(self.destination.clone());
        let details = DestinationDetails::builder();
        let details = match self.destination_type.0 {
            sdk::DestinationType::CloudWatchLogs => details.cloud_watch_logs_details(
                CloudWatchLogsDestinationDetails::builder().set_log_group(to).build(),
            ),
            _ => details.kinesis_firehose_details(
                KinesisFirehoseDestinationDetails::builder().set_delivery_stream(to).build(),
            ),
        };
        LogDeliveryConfigurationRequest::builder()
            .log_type(self.log_type.0.clone())
            .destination_type(self.destination_type.0.clone())
            .destination_details(details.build())
            .log_format(self.log_format.0.clone())
            .enabled(true)
            .build()
    }

    fn live(it: sdk::LogDeliveryConfiguration) -> Option<Self> {
        let details = it.destination_details?;
        let group = details.cloud_watch_logs_details.and_then(|it| it.log_group);
        let stream = details.kinesis_firehose_details.and_then(|it| it.delivery_stream);
        Some(Self {
            destination: group.or(stream)?,
            destination_type: Word(it.destination_type?),
            log_format: Word(it.log_format?),
            log_type: Word(it.log_type?),
        })
    }
}

fn logs(live: Option<Vec<sdk::LogDeliveryConfiguration>>) -> Set<LogDelivery> {
    Set(live.unwrap_or_default().into_iter().filter_map(LogDelivery::live).collect())
}

/// What to switch on, over or off.
fn log_changes(
    old: &Set<LogDelivery>,
    new: &Set<LogDelivery>,
) -> Option<Vec<LogDeliveryConfigurationRequest>> {
    let (set, _) = new.since(old);
    let gone = old.0.iter().filter(|old| !new.0.iter().any(|new| new.log_type == old.log_type));
    let off = gone.map(|it| {
        let log = LogDeliveryConfigurationRequest::builder().log_type(it.log_type.0.clone());
        log.enabled(false).build()
    });
    let all: Vec<_> = set.iter().map(LogDelivery::sdk).chain(off).collect();
    (!all.is_empty()).then_some(all)
}

fn check_logs(logs: &Set<LogDelivery>) -> Result<()> {
    let twice = |(at, it): (usize, &LogDelivery)| {
        logs.0[..at].iter().any(|before| before.log_type == it.log_type)
    };
    if logs.0.iter().enumerate().any(twice) {
        let rule = "names each `logType` once";
        return Err(Error::invalid("logDeliveryConfigurations", rule));
    }
    Ok(())
}

/// The topic that hears of events, while it is active.
fn topic(live: Option<NotificationConfiguration>) -> Option<String> {
    let live = live.filter(|it| it.topic_status.as_deref() != Some("inactive"));
    live.and_then(|it| it.topic_arn)
}

/// What makes a cluster tell another topic, or none.
fn topic_change(old: Option<&String>, new: Option<&String>) -> (Option<String>, Option<String>) {
    match (old, new) {
        (old, Some(new)) if old != Some(new) => (Some(new.clone()), Some("active".to_owned())),
        (Some(_), None) => (None, Some("inactive".to_owned())),
        _ => (None, None),
    }
}

/// `6.x` is any version of Redis 6.
fn same_version(wanted: &Value, live: &Value) -> bool {
    let major = wanted.as_str().and_then(|it| it.strip_suffix('x'));
    major.zip(live.as_str()).is_some_and(|(major, live)| live.starts_with(major))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_version_of_redis_6() {
        let same = |a, b| same_version(&Value::string(a), &Value::string(b));
        assert!(same("6.x", "6.2.6"));
        assert!(!same("6.x", "7.1.0"));
        assert!(!same("7.0", "7.1.0"));
    }

    #[test]
    fn a_log_that_is_no_longer_wanted_is_switched_off() {
        let log = |to: &str, of| LogDelivery {
            destination: to.to_owned(),
            destination_type: Word(sdk::DestinationType::CloudWatchLogs),
            log_format: Word(sdk::LogFormat::Json),
            log_type: Word(of),
        };
        let slow = log("a", sdk::LogType::SlowLog);
        let old = Set(vec![slow.clone(), log("a", sdk::LogType::EngineLog)]);
        assert_eq!(log_changes(&old, &old), None);
        let changes = log_changes(&old, &Set(vec![log("b", sdk::LogType::SlowLog)])).unwrap();
        let enabled: Vec<_> = changes.iter().map(|it| (it.log_type.clone(), it.enabled)).collect();
        let slow = (Some(sdk::LogType::SlowLog), Some(true));
        assert_eq!(enabled, [slow, (Some(sdk::LogType::EngineLog), Some(false))]);
    }
}
