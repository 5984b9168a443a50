//! `aws:elasticache/replicationGroup:ReplicationGroup`. The id is the group's.

use aws_sdk_elasticache::{
    operation::modify_replication_group::builders::ModifyReplicationGroupInputBuilder as Changes,
    types::{
        self as sdk, AutomaticFailoverStatus as Failover, CacheCluster, MultiAzStatus,
        ReplicationGroup as Live,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    LogDelivery, NO_GROUP, PAGE, birth_tags, changed, check_logs, check_name, clusters,
    log_changes, logs, minutes, ours, retag, same_version, settle, tags, tags_raw, topic,
    topic_change, usable,
};
use crate::{
    aws::{
        error::absent,
        managed::Field as _,
        twin::{Field as _, Word, twin},
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct ReplicationGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 40, "lower" = true, "replace" = true))]
    replication_group_id: CiString,
    description: String,
    /// Without it, changes that interrupt wait for the maintenance window.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    apply_immediately: bool,
    #[schemars(extend("computed" = true, "replace" = true))]
    at_rest_encryption_enabled: Option<bool>,
    #[schemars(extend("writeOnly" = true))]
    auth_token: Option<Secret<String>>,
    /// How another token takes effect: with `ROTATE` the old one stays valid
    /// until a `SET`.
    #[serde(default = "rotate")]
    #[schemars(extend("writeOnly" = true))]
    auth_token_update_strategy: Word<sdk::AuthTokenUpdateStrategyType>,
    #[schemars(extend("writeOnly" = true))]
    auth_token_wo: Option<Secret<String>>,
    #[schemars(extend("writeOnly" = true))]
    auth_token_wo_version: Option<i32>,
    #[serde(default = "yes")]
    auto_minor_version_upgrade: bool,
    #[serde(default)]
    automatic_failover_enabled: bool,
    #[schemars(extend("computed" = true))]
    cluster_mode: Option<Word<sdk::ClusterMode>>,
    #[schemars(extend("computed" = true, "replace" = true))]
    data_tiering_enabled: Option<bool>,
    #[schemars(extend("computed" = true))]
    durability: Option<Word<sdk::Durability>>,
    /// From `redis` to `valkey` it changes in place.
    #[serde(default = "redis")]
    engine: String,
    #[schemars(extend("computed" = true))]
    engine_version: Option<Version>,
    /// The snapshot that its deletion leaves behind.
    #[schemars(extend("writeOnly" = true))]
    final_snapshot_identifier: Option<String>,
    #[schemars(extend("computed" = true))]
    ip_discovery: Option<Word<sdk::IpDiscovery>>,
    #[schemars(extend("replace" = true))]
    kms_key_id: Option<IdOrArn>,
    #[serde(default)]
    log_delivery_configurations: Set<LogDelivery>,
    #[schemars(extend("computed" = true))]
    maintenance_window: Option<CiString>,
    #[serde(default)]
    multi_az_enabled: bool,
    #[schemars(extend("computed" = true, "replace" = true))]
    network_type: Option<Word<sdk::NetworkType>>,
    /// How it is born; who is primary changes with every failover.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    node_group_configurations: Option<Vec<NodeGroup>>,
    #[schemars(extend("computed" = true))]
    node_type: Option<String>,
    notification_topic_arn: Option<String>,
    /// All nodes; or else `numNodeGroups` times one and `replicasPerNodeGroup`.
    #[schemars(range(min = 1), extend("computed" = true))]
    num_cache_clusters: Option<i32>,
    #[schemars(range(min = 1), extend("computed" = true))]
    num_node_groups: Option<i32>,
    #[schemars(extend("computed" = true))]
    parameter_group_name: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true))]
    port: Option<i32>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    preferred_cache_cluster_azs: Option<Vec<String>>,
    #[schemars(range(min = 0, max = 5), extend("computed" = true))]
    replicas_per_node_group: Option<i32>,
    #[schemars(extend("computed" = true))]
    security_group_ids: Option<Set<String>>,
    /// Of backups in S3 that it begins with.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    snapshot_arns: Option<Set<String>>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    snapshot_name: Option<String>,
    #[serde(default)]
    #[schemars(range(max = 35))]
    snapshot_retention_limit: i32,
    #[schemars(extend("computed" = true))]
    snapshot_window: Option<CiString>,
    #[schemars(extend("computed" = true, "replace" = true))]
    subnet_group_name: Option<CiString>,
    /// AWS changes it in place from Redis 7 on, in two steps by
    /// `transitEncryptionMode: preferred`.
    #[schemars(extend("computed" = true))]
    transit_encryption_enabled: Option<bool>,
    #[schemars(extend("computed" = true))]
    transit_encryption_mode: Option<Word<sdk::TransitEncryptionMode>>,
    #[serde(default)]
    user_group_ids: Set<String>,
    #[serde(default)]
    tags: Tags,
}

twin! {
    NodeGroup = sdk::NodeGroupConfiguration {
        node_group_id: Option<String> => node_group_id, set_node_group_id;
        primary_availability_zone: Option<String>
            => primary_availability_zone, set_primary_availability_zone;
        primary_outpost_arn: Option<String> => primary_outpost_arn, set_primary_outpost_arn;
        replica_availability_zones: Option<Vec<String>>
            => replica_availability_zones, set_replica_availability_zones;
        replica_count: Option<i32> => replica_count, set_replica_count;
        replica_outpost_arns: Option<Vec<String>> => replica_outpost_arns, set_replica_outpost_arns;
        slots: Option<String> => slots, set_slots;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    /// Whether its data is parted between node groups.
    cluster_enabled: bool,
    /// Of a group whose data is parted; others have the two below.
    configuration_endpoint_address: Option<String>,
    /// What runs, while a newer version waits for the maintenance window.
    #[schemars(extend("volatile" = true))]
    engine_version_actual: Option<String>,
    #[schemars(extend("volatile" = true))]
    member_clusters: Vec<String>,
    primary_endpoint_address: Option<String>,
    reader_endpoint_address: Option<String>,
}

fn rotate() -> Word<sdk::AuthTokenUpdateStrategyType> {
    Word(sdk::AuthTokenUpdateStrategyType::Rotate)
}

fn redis() -> String {
    "redis".to_owned()
}

impl Resource for ReplicationGroup {
    const TYPE: &'static str = "aws:elasticache/replicationGroup:ReplicationGroup";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        (
            "globalReplicationGroupId",
            "joins a group of groups in other regions, which could not be shown to work on the local emulator",
        ),
        ("securityGroupNames", "are of EC2-Classic, which is gone: use `securityGroupIds`"),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name("replicationGroupId", &new.replication_group_id.0, 40)?;
        check_logs(&new.log_delivery_configurations)?;
        if new.description.is_empty() {
            return Err(Error::invalid("description", "must say something"));
        }
        if new.node_type.is_none() {
            return Err(Error::invalid("nodeType", "says what its nodes are, `cache.t4g.small`"));
        }
        let groups = new.num_node_groups.is_some() || new.replicas_per_node_group.is_some();
        if new.num_cache_clusters.is_some() && (groups || new.node_group_configurations.is_some()) {
            let rule = "excludes `numNodeGroups`, `replicasPerNodeGroup` and `nodeGroupConfigurations`: it counts all nodes of a single group";
            return Err(Error::invalid("numCacheClusters", rule));
        }
        if new.node_group_configurations.is_some() && new.preferred_cache_cluster_azs.is_some() {
            let rule = "excludes `preferredCacheClusterAzs`";
            return Err(Error::invalid("nodeGroupConfigurations", rule));
        }
        // Sharded, it may be without replicas.
        let alone = match (new.num_cache_clusters, new.replicas_per_node_group) {
            (Some(nodes), _) => nodes < 2,
            (None, _) if new.num_node_groups.is_some() => false,
            (None, Some(replicas)) => replicas < 1,
            (None, None) => new.node_group_configurations.is_none(),
        };
        if new.automatic_failover_enabled && alone {
            let rule = "needs a replica: see `numCacheClusters` and `replicasPerNodeGroup`";
            return Err(Error::invalid("automaticFailoverEnabled", rule));
        }
        if new.multi_az_enabled && !new.automatic_failover_enabled {
            let rule = "needs `automaticFailoverEnabled: true`";
            return Err(Error::invalid("multiAzEnabled", rule));
        }
        check_token(new)
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let id = inputs.get("replicationGroupId").and_then(Value::as_str);
        let Some(id) = id.map(str::to_lowercase) else { return Map::new() };
        Map::from([
            ("arn".to_owned(), Value::String(arn(place, &id))),
            ("id".to_owned(), Value::String(id)),
        ])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "engineVersion" && same_version(wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let id = new.replication_group_id.0.to_lowercase();
        let logs = log_changes(&Set::default(), &new.log_delivery_configurations);
        let users = Some(new.user_group_ids.0.clone()).filter(|it| !it.is_empty());
        let call = cx.aws.elasticache().create_replication_group().replication_group_id(&id);
        let call = call
            .replication_group_description(&new.description)
            .set_at_rest_encryption_enabled(new.at_rest_encryption_enabled)
            .set_auth_token(token(new))
            .auto_minor_version_upgrade(new.auto_minor_version_upgrade)
            .automatic_failover_enabled(new.automatic_failover_enabled)
            .set_cluster_mode(new.cluster_mode.sent())
            .set_data_tiering_enabled(new.data_tiering_enabled)
            .set_durability(new.durability.sent())
            .engine(&new.engine)
            .set_engine_version(new.engine_version.sent())
            .set_ip_discovery(new.ip_discovery.sent())
            .set_kms_key_id(new.kms_key_id.sent())
            .set_log_delivery_configurations(logs)
            .set_preferred_maintenance_window(new.maintenance_window.sent())
            .multi_az_enabled(new.multi_az_enabled)
            .set_network_type(new.network_type.sent())
            .set_node_group_configuration(new.node_group_configurations.put()?)
            .set_cache_node_type(new.node_type.clone())
            .set_notification_topic_arn(new.notification_topic_arn.clone())
            .set_num_cache_clusters(new.num_cache_clusters)
            .set_num_node_groups(new.num_node_groups)
            .set_cache_parameter_group_name(new.parameter_group_name.clone())
            .set_port(new.port)
            .set_preferred_cache_cluster_azs(new.preferred_cache_cluster_azs.clone())
            .set_replicas_per_node_group(new.replicas_per_node_group)
            .set_security_group_ids(new.security_group_ids.sent())
            .set_snapshot_arns(new.snapshot_arns.sent())
            .set_snapshot_name(new.snapshot_name.clone())
            .set_snapshot_retention_limit(changed(&0, &new.snapshot_retention_limit))
            .set_snapshot_window(new.snapshot_window.sent())
            .set_cache_subnet_group_name(new.subnet_group_name.sent())
            .set_transit_encryption_enabled(new.transit_encryption_enabled)
            .set_transit_encryption_mode(new.transit_encryption_mode.sent())
            .set_user_group_ids(users)
            .set_tags(birth_tags(cx, &new.tags));
        let made = call.send().await.map_err(Error::from);
        let taken = &["ReplicationGroupAlreadyExists"];
        let found = ours(made, taken, "a replication group of this id", Self::find(cx, new));
        Ok(found.await?.unwrap_or(id))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        available(cx, id).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    /// Much of a group is told by its members only; they are alike.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let groups = groups(cx, ids).await?;
        let first = |it: &Live| it.member_clusters().first().cloned();
        let members: Vec<String> = groups.iter().flatten().filter_map(first).collect();
        let mut members = clusters(cx, &members).await?;
        let mut found = Vec::with_capacity(ids.len());
        for (id, group) in ids.iter().zip(groups) {
            found.push(match group {
                Some(live) => {
                    let member = first(&live).and_then(|it| members.remove(&it));
                    let tags = tags(cx, &arn(&cx.place, id)).await?;
                    Some(outputs(live, member, tags)?)
                }
                None => None,
            });
        }
        Ok(found)
    }

    /// Replicas are added before what needs them is switched on, and taken
    /// away after it is switched off.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        reshard(cx, id, old, new).await?;
        replicate(cx, id, old, new, true).await?;
        let changes = changes(old, new);
        if changes != Changes::default() {
            let changes = changes.replication_group_id(id);
            let changes = changes.apply_immediately(new.apply_immediately);
            changes.send_with(cx.aws.elasticache()).await?;
            available(cx, id).await?;
        }
        replicate(cx, id, old, new, false).await?;
        authorize(cx, id, old, new).await?;
        retag(cx, &arn(&cx.place, id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        // A second deletion is refused with the code of one that comes too soon.
        let Some(live) = group(cx, id).await? else { return Ok(()) };
        if live.status.as_deref() == Some("deleting") {
            return Ok(());
        }
        let call = cx.aws.elasticache().delete_replication_group().replication_group_id(id);
        let call = call.set_final_snapshot_identifier(last.final_snapshot_identifier.clone());
        absent(call.send().await, NO_GROUP)?;
        Ok(())
    }

    /// Until then it holds its subnets and security groups.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(group(cx, id).await?.is_none().then_some(())) };
        cx.wait("the replication group to be gone", minutes(45), look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = inputs.replication_group_id.0.to_lowercase();
        if group(cx, &id).await?.is_none() {
            return Ok(None);
        }
        let tags = tags_raw(cx, &arn(&cx.place, &id)).await?;
        Ok(cx.made(tags).then_some(id))
    }
}

fn check_token(new: &Inputs) -> Result<()> {
    let deletes = new.auth_token_update_strategy.0 == sdk::AuthTokenUpdateStrategyType::Delete;
    let given = [("authToken", &new.auth_token), ("authTokenWo", &new.auth_token_wo)];
    for (property, token) in given {
        let Some(Secret(token)) = token else { continue };
        if new.auth_token.is_some() && new.auth_token_wo.is_some() {
            return Err(Error::invalid(property, "excludes the other of the two tokens"));
        }
        if deletes {
            return Err(Error::invalid(property, "excludes `authTokenUpdateStrategy: DELETE`"));
        }
        let fits = |it: char| it.is_ascii_alphanumeric() || "!&#$^<>-".contains(it);
        if !(16..=128).contains(&token.len()) || !token.chars().all(fits) {
            let rule = "is 16 to 128 letters, digits and `!&#$^<>-`";
            return Err(Error::invalid(property, rule));
        }
        if new.transit_encryption_enabled == Some(false) {
            return Err(Error::invalid(property, "needs `transitEncryptionEnabled: true`"));
        }
    }
    Ok(())
}

fn arn(place: &Place, id: &str) -> String {
    place.arn("elasticache", &format!("replicationgroup:{id}"))
}

fn token(it: &Inputs) -> Option<String> {
    it.auth_token.sent().or_else(|| it.auth_token_wo.sent())
}

/// In the order of `ids`; all are listed at once when there is more than one
/// to find.
async fn groups(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Live>>> {
    let call = cx.aws.elasticache().describe_replication_groups();
    let mut all = match ids {
        [id] => {
            let reply = absent(call.replication_group_id(id).send().await, NO_GROUP)?;
            reply.and_then(|it| it.replication_groups).unwrap_or_default()
        }
        _ => call.max_records(PAGE).into_paginator().items().send().try_collect().await?,
    };
    let take = |id| {
        let at = all.iter().position(|it| it.replication_group_id.as_ref() == Some(id))?;
        Some(all.swap_remove(at))
    };
    Ok(ids.iter().map(take).collect())
}

async fn group(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(groups(cx, &[id.to_owned()]).await?.pop().flatten())
}

/// Takes 10 minutes to be made, an hour and more to be parted anew.
async fn available(cx: &Cx, id: &str) -> Result<()> {
    settle(cx, "the replication group to be available", minutes(120), || async {
        let Some(live) = group(cx, id).await? else { return Ok(false) };
        usable(live.status.as_deref())
    })
    .await
}

/// What ModifyReplicationGroup is to change.
fn changes(old: &Inputs, new: &Inputs) -> Changes {
    let (topic, status) =
        topic_change(old.notification_topic_arn.as_ref(), new.notification_topic_arn.as_ref());
    let engine = changed(&old.engine, &new.engine);
    let version = changed(&old.engine_version, &new.engine_version);
    // Another engine is refused without its version.
    let version = version.or_else(|| engine.as_ref().and_then(|_| new.engine_version.sent()));
    let (users, no_users) = new.user_group_ids.since(&old.user_group_ids);
    let some = |it: Vec<String>| Some(it).filter(|it| !it.is_empty());
    let (was_kept, kept) = (&old.snapshot_retention_limit, &new.snapshot_retention_limit);
    Changes::default()
        .set_replication_group_description(changed(&old.description, &new.description))
        .set_auto_minor_version_upgrade(changed(
            &old.auto_minor_version_upgrade,
            &new.auto_minor_version_upgrade,
        ))
        .set_automatic_failover_enabled(changed(
            &old.automatic_failover_enabled,
            &new.automatic_failover_enabled,
        ))
        .set_cluster_mode(changed(&old.cluster_mode, &new.cluster_mode))
        .set_durability(changed(&old.durability, &new.durability))
        .set_engine(engine)
        .set_engine_version(version)
        .set_ip_discovery(changed(&old.ip_discovery, &new.ip_discovery))
        .set_log_delivery_configurations(log_changes(
            &old.log_delivery_configurations,
            &new.log_delivery_configurations,
        ))
        .set_preferred_maintenance_window(changed(&old.maintenance_window, &new.maintenance_window))
        .set_multi_az_enabled(changed(&old.multi_az_enabled, &new.multi_az_enabled))
        .set_cache_node_type(changed(&old.node_type, &new.node_type))
        .set_notification_topic_arn(topic)
        .set_notification_topic_status(status)
        .set_cache_parameter_group_name(changed(
            &old.parameter_group_name,
            &new.parameter_group_name,
        ))
        .set_security_group_ids(changed(&old.security_group_ids, &new.security_group_ids))
        .set_snapshot_retention_limit(changed(was_kept, kept))
        .set_snapshot_window(changed(&old.snapshot_window, &new.snapshot_window))
        .set_transit_encryption_enabled(changed(
            &old.transit_encryption_enabled,
            &new.transit_encryption_enabled,
        ))
        .set_transit_encryption_mode(changed(
            &old.transit_encryption_mode,
            &new.transit_encryption_mode,
        ))
        .set_user_group_ids_to_add(some(users))
        .set_user_group_ids_to_remove(some(no_users))
}

/// Node groups that go must be named: the last ones. AWS does this at once or
/// not at all.
async fn reshard(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let Some(wanted) = changed(&old.num_node_groups, &new.num_node_groups) else { return Ok(()) };
    let live = group(cx, id).await?.ok_or_else(|| Error::unseen("the replication group"))?;
    let mut ids: Vec<String> =
        live.node_groups().iter().filter_map(|it| it.node_group_id.clone()).collect();
    ids.sort_unstable();
    let count = usize::try_from(wanted).unwrap_or_default();
    if count == ids.len() {
        return Ok(());
    }
    let call = cx.aws.elasticache().modify_replication_group_shard_configuration();
    let call = call.replication_group_id(id).node_group_count(wanted).apply_immediately(true);
    let call = match count < ids.len() {
        true => call.set_node_groups_to_remove(Some(ids.split_off(count))),
        false => call,
    };
    call.send().await?;
    available(cx, id).await
}

/// Adds replicas or takes them away, the same number in every node group.
async fn replicate(cx: &Cx, id: &str, old: &Inputs, new: &Inputs, more: bool) -> Result<()> {
    let nodes = changed(&old.num_cache_clusters, &new.num_cache_clusters);
    let replicas_wanted = changed(&old.replicas_per_node_group, &new.replicas_per_node_group);
    let Some(wanted) = nodes.map(|it| it - 1).or(replicas_wanted) else { return Ok(()) };
    let live = group(cx, id).await?.ok_or_else(|| Error::unseen("the replication group"))?;
    let now = replicas(&live);
    if more && now < wanted {
        let call = cx.aws.elasticache().increase_replica_count().replication_group_id(id);
        call.new_replica_count(wanted).apply_immediately(true).send().await?;
    } else if !more && now > wanted {
        let call = cx.aws.elasticache().decrease_replica_count().replication_group_id(id);
        call.new_replica_count(wanted).apply_immediately(true).send().await?;
    } else {
        return Ok(());
    }
    available(cx, id).await
}

/// Of each node group.
fn replicas(live: &Live) -> i32 {
    let members = live.node_groups().first().map(|it| it.node_group_members().len());
    members.and_then(|it| i32::try_from(it.saturating_sub(1)).ok()).unwrap_or_default()
}

/// A token is changed by a call of its own, and always at once.
async fn authorize(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    // `SET` after `ROTATE`: the token before is let go only then.
    let how = |it: &Inputs| token(it).map(|_| it.auth_token_update_strategy.0.clone());
    let same = token(old) == token(new) && old.auth_token_wo_version == new.auth_token_wo_version;
    if same && how(old) == how(new) {
        return Ok(());
    }
    let call = cx.aws.elasticache().modify_replication_group().replication_group_id(id);
    let call = call.apply_immediately(true);
    let strategy = new.auth_token_update_strategy.0.clone();
    let call = match token(new) {
        Some(token) => call.auth_token(token).auth_token_update_strategy(strategy),
        None => call.auth_token_update_strategy(sdk::AuthTokenUpdateStrategyType::Delete),
    };
    call.send().await?;
    available(cx, id).await
}

fn outputs(live: Live, member: Option<CacheCluster>, tags: Tags) -> Result<Outputs> {
    let on = |it: &Failover| matches!(it, Failover::Enabled | Failover::Enabling);
    let replicas = replicas(&live);
    let count = |it: usize| i32::try_from(it).unwrap_or_default();
    let members = live.member_clusters.unwrap_or_default();
    let waits = live.pending_modified_values;
    let groups = live.node_groups.unwrap_or_default();
    let node_groups = count(groups.len());
    let (primary, reader) =
        groups.into_iter().next().map(|it| (it.primary_endpoint, it.reader_endpoint)).unzip();
    let (primary, reader) = (primary.flatten(), reader.flatten());
    let parted = live.configuration_endpoint;
    let port = primary.as_ref().or(parted.as_ref()).and_then(|it| it.port);
    let member = member.unwrap_or_else(|| CacheCluster::builder().build());
    let next = member.pending_modified_values;
    let (next_version, next_type) =
        next.map(|it| (it.engine_version, it.cache_node_type)).unwrap_or_default();
    let actual = member.engine_version;
    let securities = member.security_groups.unwrap_or_default();
    let inputs = Inputs {
        replication_group_id: CiString(
            live.replication_group_id.ok_or(Error::missing("ReplicationGroupId"))?,
        ),
        description: live.description.unwrap_or_default(),
        apply_immediately: false,
        at_rest_encryption_enabled: live.at_rest_encryption_enabled,
        auth_token: None,
        auth_token_update_strategy: rotate(),
        auth_token_wo: None,
        auth_token_wo_version: None,
        auto_minor_version_upgrade: live.auto_minor_version_upgrade.unwrap_or_default(),
        automatic_failover_enabled: live.automatic_failover.as_ref().is_some_and(on),
        cluster_mode: waits
            .as_ref()
            .and_then(|it| it.cluster_mode.clone())
            .or(live.cluster_mode)
            .map(Word),
        data_tiering_enabled: live.data_tiering.map(|it| it == sdk::DataTieringStatus::Enabled),
        durability: live.durability.map(Word),
        engine: live.engine.or(member.engine).unwrap_or_else(redis),
        engine_version: next_version.or_else(|| actual.clone()).map(Version),
        final_snapshot_identifier: None,
        ip_discovery: live.ip_discovery.map(Word),
        kms_key_id: live.kms_key_id.map(IdOrArn),
        log_delivery_configurations: logs(live.log_delivery_configurations),
        maintenance_window: member.preferred_maintenance_window.map(CiString),
        multi_az_enabled: live.multi_az == Some(MultiAzStatus::Enabled),
        network_type: live.network_type.map(Word),
        node_group_configurations: None,
        node_type: next_type.or(live.cache_node_type),
        notification_topic_arn: topic(member.notification_configuration),
        num_cache_clusters: Some(count(members.len())),
        num_node_groups: Some(node_groups),
        parameter_group_name: member
            .cache_parameter_group
            .and_then(|it| it.cache_parameter_group_name),
        port,
        preferred_cache_cluster_azs: None,
        replicas_per_node_group: Some(replicas),
        security_group_ids: Some(
            securities.into_iter().filter_map(|it| it.security_group_id).collect(),
        ),
        snapshot_arns: None,
        snapshot_name: None,
        snapshot_retention_limit: live.snapshot_retention_limit.unwrap_or_default(),
        snapshot_window: live.snapshot_window.map(CiString),
        subnet_group_name: member.cache_subnet_group_name.map(CiString),
        transit_encryption_enabled: live.transit_encryption_enabled,
        transit_encryption_mode: live.transit_encryption_mode.map(Word),
        user_group_ids: Set(live.user_group_ids.unwrap_or_default()),
        tags,
    };
    Ok(Outputs {
        inputs,
        arn: live.arn.ok_or(Error::missing("ARN"))?,
        cluster_enabled: live.cluster_enabled.unwrap_or_default(),
        configuration_endpoint_address: parted.and_then(|it| it.address),
        engine_version_actual: actual,
        member_clusters: members,
        primary_endpoint_address: primary.and_then(|it| it.address),
        reader_endpoint_address: reader.and_then(|it| it.address),
    })
}
