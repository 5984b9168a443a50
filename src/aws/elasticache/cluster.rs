//! `aws:elasticache/cluster:Cluster`. The id is the cluster's.

use aws_sdk_elasticache::{
    operation::modify_cache_cluster::builders::ModifyCacheClusterInputBuilder as Changes,
    types::{self as sdk, CacheCluster, PendingModifiedValues},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    LogDelivery, NO_CLUSTER, birth_tags, changed, check_logs, check_name, clusters, log_changes,
    logs, minutes, ours, retag, same_version, settle, tags, tags_raw, topic, topic_change, usable,
};
use crate::{
    aws::{
        error::absent,
        managed::Field as _,
        mirror::{Text, Truth},
        twin::Word,
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct Cluster;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 50, "lower" = true, "replace" = true))]
    cluster_id: CiString,
    /// Without it, changes that interrupt wait for the maintenance window.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    apply_immediately: bool,
    #[serde(default = "truth")]
    auto_minor_version_upgrade: Truth,
    #[schemars(extend("computed" = true, "replace" = true))]
    availability_zone: Option<String>,
    #[schemars(extend("computed" = true))]
    az_mode: Option<Word<sdk::AzMode>>,
    #[schemars(extend("computed" = true, "replace" = true))]
    engine: Option<String>,
    #[schemars(extend("computed" = true))]
    engine_version: Option<Version>,
    /// The snapshot that its deletion leaves behind.
    #[schemars(extend("writeOnly" = true))]
    final_snapshot_identifier: Option<String>,
    #[schemars(extend("computed" = true))]
    ip_discovery: Option<Word<sdk::IpDiscovery>>,
    #[serde(default)]
    log_delivery_configurations: Set<LogDelivery>,
    #[schemars(extend("computed" = true))]
    maintenance_window: Option<CiString>,
    #[schemars(extend("computed" = true, "replace" = true))]
    network_type: Option<Word<sdk::NetworkType>>,
    #[schemars(extend("computed" = true))]
    node_type: Option<String>,
    notification_topic_arn: Option<String>,
    #[schemars(range(min = 1, max = 60), extend("computed" = true))]
    num_cache_nodes: Option<i32>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    outpost_mode: Option<Word<sdk::OutpostMode>>,
    #[schemars(extend("computed" = true))]
    parameter_group_name: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true))]
    port: Option<i32>,
    /// Of the nodes of Memcached; those that are there stay where they are.
    #[schemars(extend("writeOnly" = true))]
    preferred_availability_zones: Option<Vec<String>>,
    #[schemars(extend("replace" = true))]
    preferred_outpost_arn: Option<String>,
    /// Makes it a replica in this group.
    #[schemars(extend("replace" = true))]
    replication_group_id: Option<String>,
    #[schemars(extend("computed" = true))]
    security_group_ids: Option<Set<String>>,
    /// Of a backup in S3 that Redis begins with.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    snapshot_arns: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    snapshot_name: Option<String>,
    #[serde(default)]
    #[schemars(range(max = 35))]
    snapshot_retention_limit: i32,
    #[schemars(extend("computed" = true))]
    snapshot_window: Option<CiString>,
    #[schemars(extend("computed" = true, "replace" = true))]
    subnet_group_name: Option<CiString>,
    #[schemars(extend("computed" = true, "replace" = true))]
    transit_encryption_enabled: Option<bool>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CacheNode {
    address: String,
    availability_zone: String,
    id: String,
    outpost_arn: String,
    port: i32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    cache_nodes: Vec<CacheNode>,
    /// Of Memcached only, like the next.
    cluster_address: Option<String>,
    /// `host:port`
    configuration_endpoint: Option<String>,
    /// What runs, while a newer version waits for the maintenance window.
    #[schemars(extend("volatile" = true))]
    engine_version_actual: String,
}

fn truth() -> Truth {
    Text(true)
}

impl Resource for Cluster {
    const TYPE: &'static str = "aws:elasticache/cluster:Cluster";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name("clusterId", &new.cluster_id.0, 50)?;
        check_logs(&new.log_delivery_configurations)?;
        let replica = new.replication_group_id.is_some();
        let given = [
            ("engine", new.engine.is_some()),
            ("nodeType", new.node_type.is_some()),
            ("numCacheNodes", new.num_cache_nodes.is_some()),
        ];
        for (property, given) in given {
            if replica && given {
                let rule = "follows from the group of a replica";
                return Err(Error::invalid(property, rule));
            }
            if !replica && !given {
                let rule = "is needed, unless `replicationGroupId` makes it a replica";
                return Err(Error::invalid(property, rule));
            }
        }
        let memcached = new.engine.as_deref() == Some(MEMCACHED);
        let nodes = new.num_cache_nodes.unwrap_or(1);
        if !memcached && nodes != 1 {
            let rule = "is 1: for more nodes of Redis there is `aws:elasticache:ReplicationGroup`";
            return Err(Error::invalid("numCacheNodes", rule));
        }
        if new.az_mode.as_ref().is_some_and(|it| it.0 == sdk::AzMode::CrossAz) && nodes < 2 {
            return Err(Error::invalid("azMode", "is `cross-az` for two nodes or more only"));
        }
        let not_of_memcached = [
            ("finalSnapshotIdentifier", new.final_snapshot_identifier.is_some()),
            ("snapshotArns", new.snapshot_arns.is_some()),
            ("snapshotName", new.snapshot_name.is_some()),
            ("snapshotRetentionLimit", new.snapshot_retention_limit > 0),
        ];
        match not_of_memcached.iter().find(|(_, given)| memcached && *given) {
            Some((property, _)) => Err(Error::invalid(property, "is not for Memcached")),
            None => Ok(()),
        }
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(id) = inputs.get("clusterId").and_then(Value::as_str) else { return Map::new() };
        let id = id.to_lowercase();
        Map::from([
            ("arn".to_owned(), Value::String(arn(place, &id))),
            ("id".to_owned(), Value::String(id)),
        ])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "engineVersion" && same_version(wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let id = new.cluster_id.0.to_lowercase();
        let logs = log_changes(&Set::default(), &new.log_delivery_configurations);
        let call = cx.aws.elasticache().create_cache_cluster().cache_cluster_id(&id);
        let call = call
            .auto_minor_version_upgrade(new.auto_minor_version_upgrade.0)
            .set_preferred_availability_zone(new.availability_zone.clone())
            .set_az_mode(new.az_mode.sent())
            .set_engine(new.engine.clone())
            .set_engine_version(new.engine_version.sent())
            .set_ip_discovery(new.ip_discovery.sent())
            .set_log_delivery_configurations(logs)
            .set_preferred_maintenance_window(new.maintenance_window.sent())
            .set_network_type(new.network_type.sent())
            .set_cache_node_type(new.node_type.clone())
            .set_notification_topic_arn(new.notification_topic_arn.clone())
            .set_num_cache_nodes(new.num_cache_nodes)
            .set_outpost_mode(new.outpost_mode.sent())
            .set_cache_parameter_group_name(new.parameter_group_name.clone())
            .set_port(new.port)
            .set_preferred_availability_zones(new.preferred_availability_zones.clone())
            .set_preferred_outpost_arn(new.preferred_outpost_arn.clone())
            .set_replication_group_id(new.replication_group_id.clone())
            .set_security_group_ids(new.security_group_ids.sent())
            .set_snapshot_arns(new.snapshot_arns.clone().map(|it| vec![it]))
            .set_snapshot_name(new.snapshot_name.clone())
            .set_snapshot_retention_limit(changed(&0, &new.snapshot_retention_limit))
            .set_snapshot_window(new.snapshot_window.sent())
            .set_cache_subnet_group_name(new.subnet_group_name.sent())
            .set_transit_encryption_enabled(new.transit_encryption_enabled)
            .set_tags(birth_tags(cx, &new.tags));
        let made = call.send().await.map_err(Error::from);
        let taken = &["CacheClusterAlreadyExists"];
        let found = ours(made, taken, "a cache cluster of this id", Self::find(cx, new));
        Ok(found.await?.unwrap_or(id))
    }

    /// Takes 5 to 10 minutes; a version or a node type 30 and more.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        settle(cx, "the cluster to be available", minutes(80), || async {
            let Some(live) = cluster(cx, id).await? else { return Ok(false) };
            let pending = new.apply_immediately && pending(&live);
            Ok(usable(live.cache_cluster_status.as_deref())? && !pending)
        })
        .await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut all = clusters(cx, ids).await?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(match all.remove(id) {
                Some(live) => {
                    let tags = tags(cx, &arn(&cx.place, id)).await?;
                    Some(outputs(live, tags)?)
                }
                None => None,
            });
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let mut changes = changes(old, new);
        if let (Some(count), Some(wanted)) = (old.num_cache_nodes, new.num_cache_nodes)
            && count != wanted
        {
            changes = resize(cx, id, changes, wanted, new).await?;
        }
        // Changes of earlier runs that wait for the window come along.
        let hurried = new.apply_immediately && !old.apply_immediately && {
            cluster(cx, id).await?.is_some_and(|live| pending(&live))
        };
        if hurried || changes != Changes::default() {
            let changes = changes.cache_cluster_id(id).apply_immediately(new.apply_immediately);
            changes.send_with(cx.aws.elasticache()).await?;
        }
        retag(cx, &arn(&cx.place, id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        // A second deletion is refused with the code of one that comes too soon.
        let Some(live) = cluster(cx, id).await? else { return Ok(()) };
        if live.cache_cluster_status.as_deref() == Some("deleting") {
            return Ok(());
        }
        let call = cx.aws.elasticache().delete_cache_cluster().cache_cluster_id(id);
        let call = call.set_final_snapshot_identifier(last.final_snapshot_identifier.clone());
        absent(call.send().await, NO_CLUSTER)?;
        Ok(())
    }

    /// Until then it holds its subnets and security groups.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(cluster(cx, id).await?.is_none().then_some(())) };
        cx.wait("the cluster to be gone", minutes(40), look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = inputs.cluster_id.0.to_lowercase();
        if cluster(cx, &id).await?.is_none() {
            return Ok(None);
        }
        let tags = tags_raw(cx, &arn(&cx.place, &id)).await?;
        Ok(cx.made(tags).then_some(id))
    }
}

const MEMCACHED: &str = "memcached";

fn arn(place: &Place, id: &str) -> String {
    place.arn("elasticache", &format!("cluster:{id}"))
}

async fn cluster(cx: &Cx, id: &str) -> Result<Option<CacheCluster>> {
    Ok(clusters(cx, &[id.to_owned()]).await?.remove(id))
}

/// Whether a change waits to be applied.
fn pending(live: &CacheCluster) -> bool {
    live.pending_modified_values.as_ref().is_some_and(|it| {
        it.num_cache_nodes.is_some() || it.engine_version.is_some() || it.cache_node_type.is_some()
    })
}

/// What ModifyCacheCluster is to change, but for the number of nodes.
fn changes(old: &Inputs, new: &Inputs) -> Changes {
    let (topic, status) =
        topic_change(old.notification_topic_arn.as_ref(), new.notification_topic_arn.as_ref());
    let (was, on) = (old.auto_minor_version_upgrade.0, new.auto_minor_version_upgrade.0);
    let (was_kept, kept) = (&old.snapshot_retention_limit, &new.snapshot_retention_limit);
    Changes::default()
        .set_auto_minor_version_upgrade(changed(&was, &on))
        .set_az_mode(changed(&old.az_mode, &new.az_mode))
        .set_engine_version(changed(&old.engine_version, &new.engine_version))
        .set_ip_discovery(changed(&old.ip_discovery, &new.ip_discovery))
        .set_log_delivery_configurations(log_changes(
            &old.log_delivery_configurations,
            &new.log_delivery_configurations,
        ))
        .set_preferred_maintenance_window(changed(&old.maintenance_window, &new.maintenance_window))
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
}

/// Nodes that are added may be placed, those that go must be named: the newest.
async fn resize(cx: &Cx, id: &str, changes: Changes, wanted: i32, new: &Inputs) -> Result<Changes> {
    let live = cluster(cx, id).await?.ok_or_else(|| Error::unseen("the cluster"))?;
    let nodes = live.cache_nodes.unwrap_or_default();
    let mut ids: Vec<String> = nodes.into_iter().filter_map(|it| it.cache_node_id).collect();
    ids.sort_unstable();
    let wanted_ids = usize::try_from(wanted).unwrap_or_default();
    let changes = changes.num_cache_nodes(wanted);
    if wanted_ids < ids.len() {
        return Ok(changes.set_cache_node_ids_to_remove(Some(ids.split_off(wanted_ids))));
    }
    let zones = new.preferred_availability_zones.as_deref().and_then(|it| it.get(ids.len()..));
    Ok(changes.set_new_availability_zones(zones.filter(|it| !it.is_empty()).map(<[_]>::to_vec)))
}

/// A value that waits for the maintenance window counts as set: the program
/// has nothing more to ask for.
fn outputs(live: CacheCluster, tags: Tags) -> Result<Outputs> {
    let waits =
        live.pending_modified_values.unwrap_or_else(|| PendingModifiedValues::builder().build());
    let actual = live.engine_version.unwrap_or_default();
    let nodes = live.cache_nodes.unwrap_or_default();
    let configuration = live.configuration_endpoint;
    let port = configuration.as_ref().and_then(|it| it.port);
    let spread = live.preferred_availability_zone.as_deref() == Some("Multiple");
    let groups = live.security_groups.unwrap_or_default();
    let inputs = Inputs {
        cluster_id: CiString(live.cache_cluster_id.ok_or(Error::missing("CacheClusterId"))?),
        apply_immediately: false,
        auto_minor_version_upgrade: Text(live.auto_minor_version_upgrade.unwrap_or_default()),
        availability_zone: live.preferred_availability_zone,
        az_mode: Some(Word(if spread { sdk::AzMode::CrossAz } else { sdk::AzMode::SingleAz })),
        engine: live.engine,
        engine_version: Some(Version(waits.engine_version.unwrap_or_else(|| actual.clone()))),
        final_snapshot_identifier: None,
        ip_discovery: live.ip_discovery.map(Word),
        log_delivery_configurations: logs(live.log_delivery_configurations),
        maintenance_window: live.preferred_maintenance_window.map(CiString),
        network_type: live.network_type.map(Word),
        node_type: waits.cache_node_type.or(live.cache_node_type),
        notification_topic_arn: topic(live.notification_configuration),
        num_cache_nodes: waits.num_cache_nodes.or(live.num_cache_nodes),
        outpost_mode: None,
        parameter_group_name: live
            .cache_parameter_group
            .and_then(|it| it.cache_parameter_group_name),
        port: port.or(nodes.first().and_then(|it| it.endpoint.as_ref()?.port)),
        preferred_availability_zones: None,
        preferred_outpost_arn: live.preferred_outpost_arn,
        replication_group_id: live.replication_group_id,
        security_group_ids: Some(
            groups.into_iter().filter_map(|it| it.security_group_id).collect(),
        ),
        snapshot_arns: None,
        snapshot_name: None,
        snapshot_retention_limit: live.snapshot_retention_limit.unwrap_or_default(),
        snapshot_window: live.snapshot_window.map(CiString),
        subnet_group_name: live.cache_subnet_group_name.map(CiString),
        transit_encryption_enabled: live.transit_encryption_enabled,
        tags,
    };
    let address = configuration.as_ref().and_then(|it| it.address.clone());
    let endpoint = address.as_ref().zip(port).map(|(host, port)| format!("{host}:{port}"));
    Ok(Outputs {
        inputs,
        arn: live.arn.ok_or(Error::missing("ARN"))?,
        cache_nodes: nodes.into_iter().map(CacheNode::from).collect(),
        cluster_address: address,
        configuration_endpoint: endpoint,
        engine_version_actual: actual,
    })
}

impl From<sdk::CacheNode> for CacheNode {
    fn from(it: sdk::CacheNode) -> Self {
        let endpoint = it.endpoint;
        Self {
            port: endpoint.as_ref().and_then(|it| it.port).unwrap_or_default(),
            address: endpoint.and_then(|it| it.address).unwrap_or_default(),
            availability_zone: it.customer_availability_zone.unwrap_or_default(),
            id: it.cache_node_id.unwrap_or_default(),
            outpost_arn: it.customer_outpost_arn.unwrap_or_default(),
        }
    }
}
