//! `aws:rds/cluster:Cluster`. The id is the cluster's identifier.

use aws_sdk_rds::{
    operation::{
        create_db_cluster::builders::CreateDBClusterFluentBuilder,
        modify_db_cluster::builders::ModifyDbClusterInputBuilder as Changes,
        restore_db_cluster_from_s3::builders::RestoreDBClusterFromS3FluentBuilder,
        restore_db_cluster_from_snapshot::builders::RestoreDBClusterFromSnapshotFluentBuilder,
        restore_db_cluster_to_point_in_time::builders::RestoreDBClusterToPointInTimeFluentBuilder,
    },
    types::{
        ClusterPendingModifiedValues, ClusterScalabilityType, DatabaseInsightsMode, DbCluster,
        ScalingConfiguration as SdkScaling, ServerlessV2ScalingConfiguration as SdkServerlessV2,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Field, MasterSecret, NO_CLUSTER, birth_tags, changed, check_monitoring, check_name,
    check_password, cluster, clusters, last_snapshot, log_changes, logs, master_secrets, minutes,
    moment, ours, pairs, parse_moment, retag, settle, usable,
};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Cluster;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 63, "lower" = true, "replace" = true))]
    cluster_identifier: CiString,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    cluster_identifier_prefix: Option<String>,
    /// `aurora-mysql` and `aurora-postgresql`; `mysql` and `postgres` make a
    /// Multi-AZ cluster.
    #[schemars(extend("replace" = true))]
    engine: String,
    #[serde(default = "provisioned")]
    #[schemars(extend("replace" = true, "enum" = ["provisioned", "serverless", "parallelquery", "global"]))]
    engine_mode: String,
    #[schemars(extend("computed" = true))]
    engine_version: Option<Version>,
    #[schemars(extend("computed" = true))]
    engine_lifecycle_support: Option<String>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    allow_major_version_upgrade: bool,
    /// Without it, changes that interrupt wait for the maintenance window.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    apply_immediately: bool,
    #[schemars(extend("computed" = true))]
    auto_minor_version_upgrade: Option<bool>,

    #[schemars(extend("computed" = true))]
    allocated_storage: Option<i32>,
    #[schemars(extend("computed" = true))]
    iops: Option<i32>,
    #[schemars(extend("computed" = true))]
    storage_type: Option<String>,
    /// AWS encrypts whatever is not asked to be plain.
    #[schemars(extend("computed" = true, "replace" = true))]
    storage_encrypted: Option<bool>,
    #[schemars(extend("computed" = true, "replace" = true))]
    kms_key_id: Option<IdOrArn>,

    /// AWS adds zones up to three.
    #[schemars(extend("computed" = true, "replace" = true))]
    availability_zones: Option<Set<String>>,
    #[schemars(extend("computed" = true, "replace" = true))]
    db_subnet_group_name: Option<CiString>,
    #[schemars(extend("computed" = true))]
    vpc_security_group_ids: Option<Set<String>>,
    #[schemars(extend("computed" = true))]
    network_type: Option<String>,
    #[schemars(extend("computed" = true))]
    port: Option<i32>,

    #[schemars(extend("computed" = true, "replace" = true))]
    database_name: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true))]
    db_system_id: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true))]
    master_username: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    master_password: Option<Secret<String>>,
    #[schemars(extend("writeOnly" = true))]
    master_password_wo: Option<Secret<String>>,
    #[schemars(extend("writeOnly" = true))]
    master_password_wo_version: Option<i32>,
    manage_master_user_password: Option<bool>,
    #[schemars(extend("computed" = true))]
    master_user_secret_kms_key_id: Option<IdOrArn>,
    #[serde(default)]
    iam_database_authentication_enabled: bool,
    /// Another resource (`ClusterRoleAssociation`) may own them.
    #[schemars(extend("computed" = true))]
    iam_roles: Option<Set<String>>,
    domain: Option<String>,
    domain_iam_role_name: Option<String>,

    #[schemars(extend("computed" = true, "replace" = true))]
    cluster_scalability_type: Option<String>,
    #[schemars(extend("computed" = true))]
    db_cluster_instance_class: Option<String>,
    #[schemars(extend("computed" = true))]
    db_cluster_parameter_group_name: Option<CiString>,
    /// For the members, while a major version is upgraded.
    #[schemars(extend("writeOnly" = true))]
    db_instance_parameter_group_name: Option<CiString>,
    #[schemars(extend("computed" = true))]
    scaling_configuration: Option<ScalingConfiguration>,
    #[schemars(extend("computed" = true))]
    serverlessv2_scaling_configuration: Option<ServerlessV2ScalingConfiguration>,
    #[schemars(extend("computed" = true))]
    ca_certificate_identifier: Option<String>,

    #[serde(default)]
    #[schemars(range(max = 259_200))]
    backtrack_window: i64,
    #[schemars(extend("computed" = true), range(max = 35))]
    backup_retention_period: Option<i32>,
    #[schemars(extend("computed" = true))]
    preferred_backup_window: Option<CiString>,
    #[schemars(extend("computed" = true))]
    preferred_maintenance_window: Option<CiString>,
    #[serde(default)]
    copy_tags_to_snapshot: bool,
    #[serde(default = "yes")]
    #[schemars(extend("writeOnly" = true))]
    delete_automated_backups: bool,
    #[serde(default)]
    deletion_protection: bool,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    skip_final_snapshot: bool,
    #[schemars(extend("writeOnly" = true))]
    final_snapshot_identifier: Option<String>,

    #[schemars(extend("computed" = true))]
    database_insights_mode: Option<String>,
    #[serde(default)]
    enabled_cloudwatch_logs_exports: Set<String>,
    #[serde(default)]
    monitoring_interval: i32,
    #[schemars(extend("computed" = true))]
    monitoring_role_arn: Option<String>,
    #[schemars(extend("computed" = true))]
    performance_insights_enabled: Option<bool>,
    #[schemars(extend("computed" = true))]
    performance_insights_kms_key_id: Option<IdOrArn>,
    #[schemars(extend("computed" = true))]
    performance_insights_retention_period: Option<i32>,
    #[serde(default)]
    enable_http_endpoint: bool,

    /// Taking it away removes the cluster from the global one.
    global_cluster_identifier: Option<String>,
    #[serde(default)]
    enable_global_write_forwarding: bool,
    #[serde(default)]
    enable_local_write_forwarding: bool,
    /// Taking it away promotes the replica.
    replication_source_identifier: Option<IdOrArn>,
    /// RDS finds the region in the source's ARN by itself.
    #[schemars(extend("computed" = true, "replace" = true, "writeOnly" = true))]
    source_region: Option<String>,

    // Where the data once came from: taking these away changes nothing.
    #[schemars(extend("computed" = true, "replace" = true, "writeOnly" = true))]
    snapshot_identifier: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true, "writeOnly" = true))]
    restore_to_point_in_time: Option<RestoreToPointInTime>,
    #[schemars(extend("computed" = true, "replace" = true, "writeOnly" = true))]
    s3_import: Option<S3Import>,

    #[serde(default)]
    tags: Tags,
}

/// Of Aurora Serverless v1.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ScalingConfiguration {
    auto_pause: Option<bool>,
    max_capacity: Option<i32>,
    min_capacity: Option<i32>,
    seconds_before_timeout: Option<i32>,
    seconds_until_auto_pause: Option<i32>,
    timeout_action: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ServerlessV2ScalingConfiguration {
    max_capacity: f64,
    min_capacity: f64,
    #[schemars(extend("computed" = true))]
    seconds_until_auto_pause: Option<i32>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RestoreToPointInTime {
    restore_to_time: Option<String>,
    #[schemars(extend("enum" = ["full-copy", "copy-on-write"]))]
    restore_type: Option<String>,
    source_cluster_identifier: Option<String>,
    source_cluster_resource_id: Option<String>,
    use_latest_restorable_time: Option<bool>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct S3Import {
    bucket_name: String,
    bucket_prefix: Option<String>,
    ingestion_role: String,
    source_engine: String,
    source_engine_version: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    ca_certificate_valid_till: Option<String>,
    /// The identifiers of the instances in it.
    #[schemars(extend("volatile" = true))]
    cluster_members: Set<String>,
    cluster_resource_id: String,
    endpoint: Option<String>,
    /// What runs, while a newer version waits for the maintenance window.
    #[schemars(extend("volatile" = true))]
    engine_version_actual: String,
    hosted_zone_id: Option<String>,
    #[schemars(extend("volatile" = true))]
    master_user_secrets: Vec<MasterSecret>,
    reader_endpoint: Option<String>,
    upgrade_rollout_order: Option<String>,
}

impl Resource for Cluster {
    const TYPE: &'static str = "aws:rds/cluster:Cluster";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("clusterMembers", "a cluster's members are the `ClusterInstance`s that name it"),
        (
            "warningEventCategories",
            "RDS events are not shown as warnings; a cluster that fails ends its step with its status",
        ),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name("clusterIdentifier", &new.cluster_identifier.0, 63)?;
        if let Some(name) = &new.final_snapshot_identifier {
            check_name("finalSnapshotIdentifier", name, 255)?;
        }
        check_monitoring(new.monitoring_interval, new.monitoring_role_arn.as_ref())?;
        let managed = new.manage_master_user_password == Some(true);
        let (plain, write_only) = (new.master_password.as_ref(), new.master_password_wo.as_ref());
        check_password("masterPassword", plain, write_only, managed)?;
        let origins = [
            ("snapshotIdentifier", new.snapshot_identifier.is_some()),
            ("restoreToPointInTime", new.restore_to_point_in_time.is_some()),
            ("s3Import", new.s3_import.is_some()),
            ("replicationSourceIdentifier", new.replication_source_identifier.is_some()),
        ];
        let mut given = origins.iter().filter(|(_, given)| *given);
        if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
            return Err(Error::invalid(second, format!("excludes `{first}`: data has one origin")));
        }
        let has_origin = origins.iter().any(|(name, given)| *given && *name != "s3Import")
            || new.global_cluster_identifier.is_some();
        if !has_origin && new.master_username.is_none() {
            return Err(Error::invalid("masterUsername", "is needed for a new cluster"));
        }
        if !has_origin && plain.is_none() && write_only.is_none() && !managed {
            let rule = "is needed for a new cluster, or `manageMasterUserPassword: true`";
            return Err(Error::invalid("masterPassword", rule));
        }
        if let Some(from) = &new.restore_to_point_in_time {
            let when =
                [from.restore_to_time.is_some(), from.use_latest_restorable_time == Some(true)];
            let which = [
                from.source_cluster_identifier.is_some(),
                from.source_cluster_resource_id.is_some(),
            ];
            if when[0] == when[1] || which[0] == which[1] {
                let rule = "names one source (`sourceClusterIdentifier` or `sourceClusterResourceId`) and one time (`restoreToTime` or `useLatestRestorableTime: true`)";
                return Err(Error::invalid("restoreToPointInTime", rule));
            }
            parse_moment("restoreToPointInTime.restoreToTime", from.restore_to_time.as_ref())?;
        }
        if new.backtrack_window > 0 && !matches!(new.engine.as_str(), "aurora" | "aurora-mysql") {
            return Err(Error::invalid("backtrackWindow", "is for `aurora-mysql` only"));
        }
        if let Some(range) = &new.serverlessv2_scaling_configuration
            && range.min_capacity > range.max_capacity
        {
            let rule = "has a `minCapacity` that is not above `maxCapacity`";
            return Err(Error::invalid("serverlessv2ScalingConfiguration", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let id = inputs.get("clusterIdentifier").and_then(Value::as_str);
        let Some(id) = id.map(str::to_lowercase) else { return Map::new() };
        Map::from([
            ("arn".to_owned(), Value::String(arn(place, &id))),
            ("id".to_owned(), Value::String(id)),
        ])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let standard = |it: &Value| matches!(it.as_str(), None | Some("" | "aurora"));
        match (path, wanted.as_list(), live.as_list()) {
            ("availabilityZones", Some(wanted), Some(live)) => {
                wanted.iter().all(|zone| live.contains(zone))
            }
            // The standard storage of Aurora goes without a name.
            ("storageType", ..) => standard(wanted) && standard(live),
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if new.source_region.is_some() && cx.place.partition == "aws-us-gov" {
            let rule = "cannot be used in GovCloud, where a replica needs a URL that is signed for the other region";
            return Err(Error::invalid("sourceRegion", rule));
        }
        let id = new.cluster_identifier.0.to_lowercase();
        let made = send_create(cx, &id, new).await;
        let taken = &["DBClusterAlreadyExistsFault"];
        let found = ours(made, taken, "a DB cluster of this identifier", Self::find(cx, new));
        Ok(found.await?.unwrap_or(id))
    }

    /// Restoring takes less than creating does: the rest is set afterwards.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        if restored(new) {
            available(cx, id, None).await?;
            let live = Self::read(cx, id).await?.ok_or(Error::missing("DBCluster"))?.inputs;
            set_http_endpoint(cx, id, &live, new).await?;
            let changes = changes(&live, new);
            if changes != Changes::default() {
                modify(cx, id, changes, true).await?;
            }
        }
        if let Some(roles) = new.iam_roles.as_ref().filter(|it| !it.0.is_empty()) {
            available(cx, id, None).await?;
            set_roles(cx, id, &Set::default(), roles).await?;
        }
        Ok(())
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        available(cx, id, new.apply_immediately.then_some(new)).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        clusters(cx, ids).await?.into_iter().map(|it| it.map(outputs).transpose()).collect()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let arn = arn(&cx.place, id);
        if old.replication_source_identifier.is_some()
            && new.replication_source_identifier.is_none()
        {
            promote(cx, id).await?;
        } else if changed(&old.replication_source_identifier, &new.replication_source_identifier)
            .is_some()
        {
            let rule = "can only be taken away, which promotes the cluster";
            return Err(Error::invalid("replicationSourceIdentifier", rule));
        }
        match (&old.global_cluster_identifier, &new.global_cluster_identifier) {
            (Some(global), None) => leave(cx, global, &arn).await?,
            (old, new) if old != new => {
                let rule = "can only be taken away: a cluster joins a global one when it is created, or from the global one's side";
                return Err(Error::invalid("globalClusterIdentifier", rule));
            }
            _ => {}
        }
        set_http_endpoint(cx, id, old, new).await?;
        let mut changes = changes(old, new);
        if old.domain.is_some() && new.domain.is_none() {
            changes = changes.domain("none");
        }
        // Changes of earlier runs that wait for the window come along.
        let hurried = new.apply_immediately && !old.apply_immediately && {
            cluster(cx, id).await?.is_some_and(|live| pending(&live, new))
        };
        if hurried || changes != Changes::default() {
            modify(cx, id, changes, new.apply_immediately).await?;
        }
        if let Some(roles) = &new.iam_roles {
            let before = old.iam_roles.as_ref().map_or_else(Vec::new, |it| it.0.clone());
            set_roles(cx, id, &Set(before), roles).await?;
        }
        retag(cx, &arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let snapshot =
            last_snapshot(last.skip_final_snapshot, last.final_snapshot_identifier.as_ref())?;
        let Some(live) = cluster(cx, id).await? else { return Ok(()) };
        if live.status.as_deref() == Some("deleting") {
            return Ok(());
        }
        if let Some(global) = &last.global_cluster_identifier {
            leave(cx, global, &arn(&cx.place, id)).await?;
        }
        let call = cx.aws.rds().delete_db_cluster().db_cluster_identifier(id);
        let call = call.skip_final_snapshot(snapshot.is_none());
        let call = call.set_final_db_snapshot_identifier(snapshot);
        let call = call.delete_automated_backups(last.delete_automated_backups);
        absent(call.send().await, NO_CLUSTER)?;
        Ok(())
    }

    /// Takes minutes, longer with a last snapshot; 120 are what HashiCorp's
    /// provider allows.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(cluster(cx, id).await?.is_none().then_some(())) };
        cx.wait("the cluster to be gone", minutes(120), look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = inputs.cluster_identifier.0.to_lowercase();
        let live = cluster(cx, &id).await?;
        Ok(live.is_some_and(|it| cx.made(pairs(it.tag_list))).then_some(id))
    }
}

fn provisioned() -> String {
    "provisioned".to_owned()
}

fn arn(place: &Place, id: &str) -> String {
    place.arn("rds", &format!("cluster:{id}"))
}

fn restored(new: &Inputs) -> bool {
    new.snapshot_identifier.is_some()
        || new.restore_to_point_in_time.is_some()
        || new.s3_import.is_some()
}

fn password(new: &Inputs) -> Option<String> {
    new.master_password.sent().or_else(|| new.master_password_wo.sent())
}

/// What all four ways to make a cluster take.
macro_rules! born {
    ($call:expr, $cx:expr, $id:expr, $new:expr) => {
        $call
            .db_cluster_identifier($id)
            .set_port($new.port)
            .set_db_subnet_group_name($new.db_subnet_group_name.sent())
            .set_vpc_security_group_ids($new.vpc_security_group_ids.sent())
            .set_network_type($new.network_type.clone())
            .set_storage_type($new.storage_type.clone())
            .set_kms_key_id($new.kms_key_id.sent())
            .set_db_cluster_parameter_group_name($new.db_cluster_parameter_group_name.sent())
            .set_engine_lifecycle_support($new.engine_lifecycle_support.clone())
            .set_serverless_v2_scaling_configuration($new.serverlessv2_scaling_configuration.sent())
            .set_backup_retention_period($new.backup_retention_period)
            .set_preferred_backup_window($new.preferred_backup_window.sent())
            .set_backtrack_window(changed(&0, &$new.backtrack_window))
            .set_domain($new.domain.clone())
            .set_domain_iam_role_name($new.domain_iam_role_name.clone())
            .set_enable_cloudwatch_logs_exports(changed(
                &Set::default(),
                &$new.enabled_cloudwatch_logs_exports,
            ))
            .set_enable_iam_database_authentication(changed(
                &false,
                &$new.iam_database_authentication_enabled,
            ))
            .copy_tags_to_snapshot($new.copy_tags_to_snapshot)
            .deletion_protection($new.deletion_protection)
            .set_tags(birth_tags($cx, &$new.tags))
    };
}

/// What the ways that make a cluster with a new owner take.
macro_rules! owned {
    ($call:expr, $new:expr) => {
        $call
            .engine(&$new.engine)
            .set_engine_version($new.engine_version.sent())
            .set_availability_zones($new.availability_zones.sent())
            .set_database_name($new.database_name.clone())
            .set_storage_encrypted($new.storage_encrypted)
            .set_master_username($new.master_username.clone())
            .set_master_user_password(password($new))
            .set_manage_master_user_password($new.manage_master_user_password)
            .set_master_user_secret_kms_key_id($new.master_user_secret_kms_key_id.sent())
            .set_preferred_maintenance_window($new.preferred_maintenance_window.sent())
    };
}

async fn send_create(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    if let Some(snapshot) = &new.snapshot_identifier {
        from_snapshot(cx, id, new, snapshot).send().await?;
    } else if let Some(from) = &new.restore_to_point_in_time {
        from_moment(cx, id, new, from)?.send().await?;
    } else if let Some(from) = &new.s3_import {
        from_s3(cx, id, new, from).send().await?;
    } else {
        fresh(cx, id, new).send().await?;
    }
    Ok(())
}

fn fresh(cx: &Cx, id: &str, new: &Inputs) -> CreateDBClusterFluentBuilder {
    let scalability = new.cluster_scalability_type.as_deref();
    let insights = new.database_insights_mode.as_deref();
    owned!(born!(cx.aws.rds().create_db_cluster(), cx, id, new), new)
        .engine_mode(&new.engine_mode)
        .set_auto_minor_version_upgrade(new.auto_minor_version_upgrade)
        .set_allocated_storage(new.allocated_storage)
        .set_iops(new.iops)
        .set_ca_certificate_identifier(new.ca_certificate_identifier.clone())
        .set_cluster_scalability_type(scalability.map(ClusterScalabilityType::from))
        .set_db_system_id(new.db_system_id.clone())
        .set_db_cluster_instance_class(new.db_cluster_instance_class.clone())
        .set_scaling_configuration(new.scaling_configuration.sent())
        .set_database_insights_mode(insights.map(DatabaseInsightsMode::from))
        .set_monitoring_interval(changed(&0, &new.monitoring_interval))
        .set_monitoring_role_arn(new.monitoring_role_arn.clone())
        .set_enable_performance_insights(new.performance_insights_enabled)
        .set_performance_insights_kms_key_id(new.performance_insights_kms_key_id.sent())
        .set_performance_insights_retention_period(new.performance_insights_retention_period)
        .set_enable_http_endpoint(changed(&false, &new.enable_http_endpoint))
        .set_global_cluster_identifier(new.global_cluster_identifier.clone())
        .set_enable_global_write_forwarding(changed(&false, &new.enable_global_write_forwarding))
        .set_enable_local_write_forwarding(changed(&false, &new.enable_local_write_forwarding))
        .set_replication_source_identifier(new.replication_source_identifier.sent())
}

fn from_snapshot(
    cx: &Cx,
    id: &str,
    new: &Inputs,
    snapshot: &str,
) -> RestoreDBClusterFromSnapshotFluentBuilder {
    born!(cx.aws.rds().restore_db_cluster_from_snapshot(), cx, id, new)
        .snapshot_identifier(snapshot)
        .engine(&new.engine)
        .engine_mode(&new.engine_mode)
        .set_engine_version(new.engine_version.sent())
        .set_availability_zones(new.availability_zones.sent())
        .set_database_name(new.database_name.clone())
        .set_db_cluster_instance_class(new.db_cluster_instance_class.clone())
        .set_iops(new.iops)
        .set_scaling_configuration(new.scaling_configuration.sent())
}

fn from_moment(
    cx: &Cx,
    id: &str,
    new: &Inputs,
    from: &RestoreToPointInTime,
) -> Result<RestoreDBClusterToPointInTimeFluentBuilder> {
    let time = parse_moment("restoreToPointInTime.restoreToTime", from.restore_to_time.as_ref())?;
    Ok(born!(cx.aws.rds().restore_db_cluster_to_point_in_time(), cx, id, new)
        .set_restore_to_time(time)
        .set_restore_type(from.restore_type.clone())
        .set_source_db_cluster_identifier(from.source_cluster_identifier.clone())
        .set_source_db_cluster_resource_id(from.source_cluster_resource_id.clone())
        .set_use_latest_restorable_time(from.use_latest_restorable_time)
        .set_db_cluster_instance_class(new.db_cluster_instance_class.clone())
        .set_iops(new.iops)
        .set_scaling_configuration(new.scaling_configuration.sent()))
}

fn from_s3(
    cx: &Cx,
    id: &str,
    new: &Inputs,
    from: &S3Import,
) -> RestoreDBClusterFromS3FluentBuilder {
    owned!(born!(cx.aws.rds().restore_db_cluster_from_s3(), cx, id, new), new)
        .s3_bucket_name(&from.bucket_name)
        .set_s3_prefix(from.bucket_prefix.clone())
        .s3_ingestion_role_arn(&from.ingestion_role)
        .source_engine(&from.source_engine)
        .source_engine_version(&from.source_engine_version)
}

/// What ModifyDBCluster is to change.
fn changes(old: &Inputs, new: &Inputs) -> Changes {
    let monitored = old.monitoring_interval != new.monitoring_interval
        || changed(&old.monitoring_role_arn, &new.monitoring_role_arn).is_some();
    let repassworded = changed(&old.master_password, &new.master_password).is_some()
        || changed(&old.master_password_wo, &new.master_password_wo).is_some()
        || changed(&old.master_password_wo_version, &new.master_password_wo_version).is_some();
    let insights = changed(&old.database_insights_mode, &new.database_insights_mode);
    let unmanaged = old.manage_master_user_password == Some(true)
        && new.manage_master_user_password != Some(true);
    let managed = changed(&old.manage_master_user_password, &new.manage_master_user_password);
    let version = changed(&old.engine_version, &new.engine_version);
    let major = version.is_some() && new.allow_major_version_upgrade;
    let storage = changed(&old.storage_type, &new.storage_type);
    Changes::default()
        .set_engine_version(version)
        .set_allow_major_version_upgrade(major.then_some(true))
        .set_db_instance_parameter_group_name(
            major.then(|| new.db_instance_parameter_group_name.sent()).flatten(),
        )
        .set_engine_lifecycle_support(changed(
            &old.engine_lifecycle_support,
            &new.engine_lifecycle_support,
        ))
        .set_auto_minor_version_upgrade(changed(
            &old.auto_minor_version_upgrade,
            &new.auto_minor_version_upgrade,
        ))
        .set_allocated_storage(changed(&old.allocated_storage, &new.allocated_storage))
        .set_iops(changed(&old.iops, &new.iops))
        .set_storage_type(storage.map(|it| if it.is_empty() { "aurora".to_owned() } else { it }))
        .set_vpc_security_group_ids(changed(
            &old.vpc_security_group_ids,
            &new.vpc_security_group_ids,
        ))
        .set_network_type(changed(&old.network_type, &new.network_type))
        .set_port(changed(&old.port, &new.port))
        // Taking it out of Secrets Manager needs a password in the same call.
        .set_master_user_password((repassworded || unmanaged).then(|| password(new)).flatten())
        .set_manage_master_user_password(if unmanaged { Some(false) } else { managed })
        .set_master_user_secret_kms_key_id(changed(
            &old.master_user_secret_kms_key_id,
            &new.master_user_secret_kms_key_id,
        ))
        .set_enable_iam_database_authentication(changed(
            &old.iam_database_authentication_enabled,
            &new.iam_database_authentication_enabled,
        ))
        .set_domain(changed(&old.domain, &new.domain))
        .set_domain_iam_role_name(changed(&old.domain_iam_role_name, &new.domain_iam_role_name))
        .set_db_cluster_instance_class(changed(
            &old.db_cluster_instance_class,
            &new.db_cluster_instance_class,
        ))
        .set_db_cluster_parameter_group_name(changed(
            &old.db_cluster_parameter_group_name,
            &new.db_cluster_parameter_group_name,
        ))
        .set_scaling_configuration(changed(&old.scaling_configuration, &new.scaling_configuration))
        .set_serverless_v2_scaling_configuration(changed(
            &old.serverlessv2_scaling_configuration,
            &new.serverlessv2_scaling_configuration,
        ))
        .set_ca_certificate_identifier(changed(
            &old.ca_certificate_identifier,
            &new.ca_certificate_identifier,
        ))
        .set_backtrack_window(changed(&old.backtrack_window, &new.backtrack_window))
        .set_backup_retention_period(changed(
            &old.backup_retention_period,
            &new.backup_retention_period,
        ))
        .set_preferred_backup_window(changed(
            &old.preferred_backup_window,
            &new.preferred_backup_window,
        ))
        .set_preferred_maintenance_window(changed(
            &old.preferred_maintenance_window,
            &new.preferred_maintenance_window,
        ))
        .set_copy_tags_to_snapshot(changed(&old.copy_tags_to_snapshot, &new.copy_tags_to_snapshot))
        .set_deletion_protection(changed(&old.deletion_protection, &new.deletion_protection))
        .set_database_insights_mode(insights.as_deref().map(DatabaseInsightsMode::from))
        .set_cloudwatch_logs_export_configuration(log_changes(
            &old.enabled_cloudwatch_logs_exports,
            &new.enabled_cloudwatch_logs_exports,
        ))
        // An interval is refused without its role.
        .set_monitoring_interval(monitored.then_some(new.monitoring_interval))
        .set_monitoring_role_arn(monitored.then(|| new.monitoring_role_arn.clone()).flatten())
        .set_enable_performance_insights(changed(
            &old.performance_insights_enabled,
            &new.performance_insights_enabled,
        ))
        .set_performance_insights_kms_key_id(changed(
            &old.performance_insights_kms_key_id,
            &new.performance_insights_kms_key_id,
        ))
        .set_performance_insights_retention_period(changed(
            &old.performance_insights_retention_period,
            &new.performance_insights_retention_period,
        ))
        .set_enable_http_endpoint(
            changed(&old.enable_http_endpoint, &new.enable_http_endpoint)
                .filter(|_| new.engine_mode == "serverless"),
        )
        .set_enable_global_write_forwarding(changed(
            &old.enable_global_write_forwarding,
            &new.enable_global_write_forwarding,
        ))
        .set_enable_local_write_forwarding(changed(
            &old.enable_local_write_forwarding,
            &new.enable_local_write_forwarding,
        ))
}

async fn modify(cx: &Cx, id: &str, changes: Changes, immediately: bool) -> Result<()> {
    let changes = changes.db_cluster_identifier(id).apply_immediately(immediately);
    changes.send_with(cx.aws.rds()).await?;
    Ok(())
}

/// Save for Serverless v1, RDS takes this by calls of its own.
async fn set_http_endpoint(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    if old.enable_http_endpoint == new.enable_http_endpoint || new.engine_mode == "serverless" {
        return Ok(());
    }
    let arn = arn(&cx.place, id);
    if new.enable_http_endpoint {
        cx.aws.rds().enable_http_endpoint().resource_arn(arn).send().await?;
    } else {
        cx.aws.rds().disable_http_endpoint().resource_arn(arn).send().await?;
    }
    Ok(())
}

/// An empty cluster takes a minute, a restored one 20 and more; 120 are what
/// HashiCorp's provider allows. With `new`, nothing of it may wait either.
async fn available(cx: &Cx, id: &str, new: Option<&Inputs>) -> Result<()> {
    settle(cx, "the cluster to be available", minutes(120), || async {
        let Some(live) = cluster(cx, id).await? else { return Ok(false) };
        let pending = new.is_some_and(|new| pending(&live, new));
        Ok(usable(live.status.as_deref())? && !pending)
    })
    .await
}

/// Whether a value that the program set waits to be applied.
fn pending(live: &DbCluster, new: &Inputs) -> bool {
    live.pending_modified_values.as_ref().is_some_and(|waits| {
        waits.master_user_password.is_some()
            || waits.iam_database_authentication_enabled.is_some()
            || waits.pending_cloudwatch_logs_exports.is_some()
            || (waits.engine_version.is_some() && new.engine_version.is_some())
            || (waits.backup_retention_period.is_some() && new.backup_retention_period.is_some())
            || (waits.storage_type.is_some() && new.storage_type.is_some())
            || (waits.allocated_storage.is_some() && new.allocated_storage.is_some())
            || (waits.iops.is_some() && new.iops.is_some())
    })
}

async fn set_roles(cx: &Cx, id: &str, old: &Set<String>, new: &Set<String>) -> Result<()> {
    let (add, remove) = new.since(old);
    for role in remove {
        let call = cx.aws.rds().remove_role_from_db_cluster().db_cluster_identifier(id);
        absent(call.role_arn(role).send().await, &["DBClusterRoleNotFound"])?;
    }
    for role in add {
        let call = cx.aws.rds().add_role_to_db_cluster().db_cluster_identifier(id);
        absent(call.role_arn(role).send().await, &["DBClusterRoleAlreadyExists"])?;
    }
    Ok(())
}

async fn leave(cx: &Cx, global: &str, arn: &str) -> Result<()> {
    let call = cx.aws.rds().remove_from_global_cluster().global_cluster_identifier(global);
    let gone = &["GlobalClusterNotFoundFault", "DBClusterNotFoundFault"];
    absent(call.db_cluster_identifier(arn).send().await, gone)?;
    Ok(())
}

async fn promote(cx: &Cx, id: &str) -> Result<()> {
    let live = cluster(cx, id).await?;
    if live.is_some_and(|it| it.replication_source_identifier.is_some()) {
        cx.aws.rds().promote_read_replica_db_cluster().db_cluster_identifier(id).send().await?;
        available(cx, id, None).await?;
    }
    Ok(())
}

impl Field for ScalingConfiguration {
    type Sent = SdkScaling;
    fn sent(&self) -> Option<SdkScaling> {
        let call = SdkScaling::builder()
            .set_auto_pause(self.auto_pause)
            .set_max_capacity(self.max_capacity)
            .set_min_capacity(self.min_capacity)
            .set_seconds_before_timeout(self.seconds_before_timeout)
            .set_seconds_until_auto_pause(self.seconds_until_auto_pause)
            .set_timeout_action(self.timeout_action.clone());
        Some(call.build())
    }
    fn same(&self, live: &Self) -> bool {
        // What the program leaves out is as AWS has it.
        (self.auto_pause.is_none() || self.auto_pause == live.auto_pause)
            && (self.max_capacity.is_none() || self.max_capacity == live.max_capacity)
            && (self.min_capacity.is_none() || self.min_capacity == live.min_capacity)
            && (self.seconds_before_timeout.is_none()
                || self.seconds_before_timeout == live.seconds_before_timeout)
            && (self.seconds_until_auto_pause.is_none()
                || self.seconds_until_auto_pause == live.seconds_until_auto_pause)
            && (self.timeout_action.is_none() || self.timeout_action == live.timeout_action)
    }
}

impl Field for ServerlessV2ScalingConfiguration {
    type Sent = SdkServerlessV2;
    fn sent(&self) -> Option<SdkServerlessV2> {
        let call = SdkServerlessV2::builder()
            .max_capacity(self.max_capacity)
            .min_capacity(self.min_capacity)
            .set_seconds_until_auto_pause(self.seconds_until_auto_pause);
        Some(call.build())
    }
    fn same(&self, live: &Self) -> bool {
        self.max_capacity == live.max_capacity
            && self.min_capacity == live.min_capacity
            && (self.seconds_until_auto_pause.is_none()
                || self.seconds_until_auto_pause == live.seconds_until_auto_pause)
    }
}

/// A value that waits for the maintenance window counts as set: the program
/// has nothing more to ask for.
fn outputs(live: DbCluster) -> Result<Outputs> {
    let waits = live
        .pending_modified_values
        .unwrap_or_else(|| ClusterPendingModifiedValues::builder().build());
    let domain = live.domain_memberships.unwrap_or_default().into_iter().next();
    let (domain, domain_role) = domain.map_or((None, None), |it| (it.domain, it.iam_role_name));
    let certificate = live.certificate_details;
    let secret = live.master_user_secret;
    let actual = live.engine_version.unwrap_or_default();
    let engine_mode = live.engine_mode.unwrap_or_else(provisioned);
    let groups = live.vpc_security_groups.unwrap_or_default();
    let roles = live.associated_roles.unwrap_or_default();
    let members = live.db_cluster_members.unwrap_or_default();
    let inputs = Inputs {
        cluster_identifier: CiString(
            live.db_cluster_identifier.ok_or(Error::missing("DBClusterIdentifier"))?,
        ),
        cluster_identifier_prefix: None,
        engine: live.engine.unwrap_or_default(),
        engine_version: Some(Version(waits.engine_version.unwrap_or_else(|| actual.clone()))),
        engine_lifecycle_support: live.engine_lifecycle_support,
        allow_major_version_upgrade: false,
        apply_immediately: false,
        auto_minor_version_upgrade: live.auto_minor_version_upgrade,
        allocated_storage: waits.allocated_storage.or(live.allocated_storage),
        iops: waits.iops.or(live.iops),
        storage_type: waits.storage_type.or(live.storage_type),
        storage_encrypted: live.storage_encrypted,
        kms_key_id: live.kms_key_id.map(IdOrArn),
        availability_zones: live.availability_zones.map(Set),
        db_subnet_group_name: live.db_subnet_group.map(CiString),
        vpc_security_group_ids: Some(
            groups.into_iter().filter_map(|it| it.vpc_security_group_id).collect(),
        ),
        network_type: live.network_type,
        port: live.port,
        database_name: live.database_name,
        db_system_id: live.db_system_id,
        master_username: live.master_username,
        master_password: None,
        master_password_wo: None,
        master_password_wo_version: None,
        manage_master_user_password: Some(secret.is_some()),
        master_user_secret_kms_key_id: secret
            .as_ref()
            .and_then(|it| it.kms_key_id.clone())
            .map(IdOrArn),
        iam_database_authentication_enabled: waits
            .iam_database_authentication_enabled
            .or(live.iam_database_authentication_enabled)
            .unwrap_or_default(),
        iam_roles: Some(roles.into_iter().filter_map(|it| it.role_arn).collect()),
        domain,
        domain_iam_role_name: domain_role,
        cluster_scalability_type: live.cluster_scalability_type.map(|it| it.as_str().to_owned()),
        db_cluster_instance_class: live.db_cluster_instance_class,
        db_cluster_parameter_group_name: live.db_cluster_parameter_group.map(CiString),
        db_instance_parameter_group_name: None,
        scaling_configuration: live
            .scaling_configuration_info
            .filter(|_| engine_mode == "serverless")
            .map(|it| ScalingConfiguration {
                auto_pause: it.auto_pause,
                max_capacity: it.max_capacity,
                min_capacity: it.min_capacity,
                seconds_before_timeout: it.seconds_before_timeout,
                seconds_until_auto_pause: it.seconds_until_auto_pause,
                timeout_action: it.timeout_action,
            }),
        serverlessv2_scaling_configuration: live.serverless_v2_scaling_configuration.and_then(
            |it| {
                Some(ServerlessV2ScalingConfiguration {
                    max_capacity: it.max_capacity?,
                    min_capacity: it.min_capacity?,
                    seconds_until_auto_pause: it.seconds_until_auto_pause,
                })
            },
        ),
        ca_certificate_identifier: certificate.as_ref().and_then(|it| it.ca_identifier.clone()),
        backtrack_window: live.backtrack_window.unwrap_or_default(),
        backup_retention_period: waits.backup_retention_period.or(live.backup_retention_period),
        preferred_backup_window: live.preferred_backup_window.map(CiString),
        preferred_maintenance_window: live.preferred_maintenance_window.map(CiString),
        copy_tags_to_snapshot: live.copy_tags_to_snapshot.unwrap_or_default(),
        delete_automated_backups: true,
        deletion_protection: live.deletion_protection.unwrap_or_default(),
        skip_final_snapshot: false,
        final_snapshot_identifier: None,
        database_insights_mode: live.database_insights_mode.map(|it| it.as_str().to_owned()),
        enabled_cloudwatch_logs_exports: logs(
            live.enabled_cloudwatch_logs_exports,
            waits.pending_cloudwatch_logs_exports,
        ),
        monitoring_interval: live.monitoring_interval.unwrap_or_default(),
        monitoring_role_arn: live.monitoring_role_arn,
        performance_insights_enabled: live.performance_insights_enabled,
        performance_insights_kms_key_id: live.performance_insights_kms_key_id.map(IdOrArn),
        performance_insights_retention_period: live.performance_insights_retention_period,
        enable_http_endpoint: live.http_endpoint_enabled.unwrap_or_default(),
        global_cluster_identifier: live.global_cluster_identifier.filter(|it| !it.is_empty()),
        enable_global_write_forwarding: live.global_write_forwarding_requested.unwrap_or_default(),
        enable_local_write_forwarding: live
            .local_write_forwarding_status
            .is_some_and(|it| matches!(it.as_str(), "enabled" | "enabling" | "requested")),
        replication_source_identifier: live
            .replication_source_identifier
            .filter(|it| !it.is_empty())
            .map(IdOrArn),
        source_region: None,
        snapshot_identifier: None,
        restore_to_point_in_time: None,
        s3_import: None,
        tags: Tags::live(pairs(live.tag_list)),
        engine_mode,
    };
    Ok(Outputs {
        inputs,
        arn: live.db_cluster_arn.ok_or(Error::missing("DBClusterArn"))?,
        ca_certificate_valid_till: moment(certificate.and_then(|it| it.valid_till)),
        cluster_members: members.into_iter().filter_map(|it| it.db_instance_identifier).collect(),
        cluster_resource_id: live.db_cluster_resource_id.unwrap_or_default(),
        endpoint: live.endpoint,
        engine_version_actual: actual,
        hosted_zone_id: live.hosted_zone_id,
        master_user_secrets: master_secrets(secret),
        reader_endpoint: live.reader_endpoint,
        upgrade_rollout_order: live.upgrade_rollout_order.map(|it| it.as_str().to_owned()),
    })
}
