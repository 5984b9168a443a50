//! `aws:rds/instance:Instance`. The id is the instance's identifier, which
//! every RDS call takes and which can be told before the instance is made;
//! Pulumi's own id, the `db-…` one, is the output `resourceId`.

use aws_sdk_rds::{
    operation::{
        create_db_instance::builders::CreateDBInstanceFluentBuilder,
        create_db_instance_read_replica::builders::CreateDBInstanceReadReplicaFluentBuilder,
        modify_db_instance::builders::ModifyDbInstanceInputBuilder as Changes,
        restore_db_instance_from_db_snapshot::builders::RestoreDBInstanceFromDBSnapshotFluentBuilder,
        restore_db_instance_from_s3::builders::RestoreDBInstanceFromS3FluentBuilder,
        restore_db_instance_to_point_in_time::builders::RestoreDBInstanceToPointInTimeFluentBuilder,
    },
    types::{DatabaseInsightsMode, DbInstance, Endpoint, PendingModifiedValues, ReplicaMode},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Field as _, MasterSecret, NO_INSTANCE, birth_tags, changed, check_monitoring, check_name,
    check_password, instance, instances, last_snapshot, log_changes, logs, master_secrets, minutes,
    moment, ours, pairs, parse_moment, retag, settle, usable,
};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Instance;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// Renamed in place, with a restart and another endpoint.
    #[schemars(extend("autoname" = 63, "lower" = true))]
    identifier: CiString,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    identifier_prefix: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true))]
    engine: Option<String>,
    #[schemars(extend("computed" = true))]
    engine_version: Option<Version>,
    #[schemars(extend("computed" = true))]
    engine_lifecycle_support: Option<String>,
    instance_class: String,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    allow_major_version_upgrade: bool,
    /// Without it, changes that interrupt wait for the maintenance window.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    apply_immediately: bool,
    #[serde(default = "yes")]
    auto_minor_version_upgrade: bool,

    #[schemars(extend("computed" = true))]
    allocated_storage: Option<i32>,
    /// Turns storage autoscaling on, up to this.
    max_allocated_storage: Option<i32>,
    #[schemars(extend("computed" = true))]
    storage_type: Option<String>,
    #[schemars(extend("computed" = true))]
    iops: Option<i32>,
    #[schemars(extend("computed" = true))]
    storage_throughput: Option<i32>,
    /// AWS encrypts whatever is not asked to be plain.
    #[schemars(extend("computed" = true, "replace" = true))]
    storage_encrypted: Option<bool>,
    #[schemars(extend("computed" = true, "replace" = true))]
    kms_key_id: Option<IdOrArn>,
    #[serde(default)]
    dedicated_log_volume: bool,

    #[schemars(extend("computed" = true, "replace" = true))]
    availability_zone: Option<String>,
    #[schemars(extend("computed" = true))]
    multi_az: Option<bool>,
    #[schemars(extend("computed" = true))]
    db_subnet_group_name: Option<CiString>,
    #[schemars(extend("computed" = true))]
    vpc_security_group_ids: Option<Set<String>>,
    #[schemars(extend("computed" = true))]
    network_type: Option<String>,
    #[schemars(extend("computed" = true))]
    port: Option<i32>,
    #[serde(default)]
    publicly_accessible: bool,
    #[schemars(extend("computed" = true))]
    customer_owned_ip_enabled: Option<bool>,

    #[schemars(extend("computed" = true, "replace" = true))]
    db_name: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true))]
    character_set_name: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true))]
    nchar_character_set_name: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true))]
    timezone: Option<String>,
    #[schemars(extend("computed" = true))]
    license_model: Option<String>,
    #[schemars(extend("computed" = true))]
    option_group_name: Option<CiString>,
    #[schemars(extend("computed" = true))]
    parameter_group_name: Option<CiString>,
    #[schemars(extend("computed" = true))]
    ca_cert_identifier: Option<String>,
    #[schemars(extend("replace" = true))]
    custom_iam_instance_profile: Option<String>,

    #[schemars(extend("computed" = true, "replace" = true))]
    username: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    password: Option<Secret<String>>,
    #[schemars(extend("writeOnly" = true))]
    password_wo: Option<Secret<String>>,
    #[schemars(extend("writeOnly" = true))]
    password_wo_version: Option<i32>,
    manage_master_user_password: Option<bool>,
    #[schemars(extend("computed" = true))]
    master_user_secret_kms_key_id: Option<IdOrArn>,
    #[serde(default)]
    iam_database_authentication_enabled: bool,
    domain: Option<String>,
    domain_iam_role_name: Option<String>,
    domain_auth_secret_arn: Option<String>,
    domain_dns_ips: Option<Set<String>>,
    domain_fqdn: Option<String>,
    domain_ou: Option<String>,

    #[schemars(extend("computed" = true), range(max = 35))]
    backup_retention_period: Option<i32>,
    #[schemars(extend("computed" = true, "replace" = true))]
    backup_target: Option<String>,
    #[schemars(extend("computed" = true))]
    backup_window: Option<CiString>,
    #[schemars(extend("computed" = true))]
    maintenance_window: Option<CiString>,
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

    /// Taking it away promotes the replica.
    replicate_source_db: Option<IdOrArn>,
    #[schemars(extend("computed" = true))]
    replica_mode: Option<String>,
    /// For a replica of an old file system, when it is made.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    upgrade_storage_config: bool,

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

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RestoreToPointInTime {
    restore_time: Option<String>,
    source_db_instance_automated_backups_arn: Option<String>,
    source_db_instance_identifier: Option<String>,
    source_dbi_resource_id: Option<String>,
    #[serde(default)]
    use_latest_restorable_time: bool,
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
pub(super) struct ListenerEndpoint {
    address: String,
    hosted_zone_id: String,
    port: i32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    #[schemars(extend("volatile" = true))]
    address: Option<String>,
    #[schemars(extend("volatile" = true))]
    arn: String,
    /// `address:port`
    #[schemars(extend("volatile" = true))]
    endpoint: Option<String>,
    /// What runs, while a newer version waits for the maintenance window.
    #[schemars(extend("volatile" = true))]
    engine_version_actual: String,
    hosted_zone_id: Option<String>,
    #[schemars(extend("volatile" = true))]
    latest_restorable_time: Option<String>,
    #[schemars(extend("volatile" = true))]
    listener_endpoints: Vec<ListenerEndpoint>,
    #[schemars(extend("volatile" = true))]
    master_user_secrets: Vec<MasterSecret>,
    #[schemars(extend("volatile" = true))]
    replicas: Vec<String>,
    resource_id: String,
    #[schemars(extend("volatile" = true))]
    status: String,
    upgrade_rollout_order: Option<String>,
}

impl Resource for Instance {
    const TYPE: &'static str = "aws:rds/instance:Instance";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        (
            "blueGreenUpdate",
            "a blue/green deployment makes a second instance and swaps the two, which no plan shows; changes are made in place",
        ),
        (
            "warningEventCategories",
            "RDS events are not shown as warnings; an instance that fails ends its step with its status",
        ),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name("identifier", &new.identifier.0, 63)?;
        if let Some(name) = &new.final_snapshot_identifier {
            check_name("finalSnapshotIdentifier", name, 255)?;
        }
        check_monitoring(new.monitoring_interval, new.monitoring_role_arn.as_ref())?;
        let managed = new.manage_master_user_password == Some(true);
        let (plain, write_only) = (new.password.as_ref(), new.password_wo.as_ref());
        check_password("password", plain, write_only, managed)?;
        let origins = [
            ("replicateSourceDb", new.replicate_source_db.is_some()),
            ("snapshotIdentifier", new.snapshot_identifier.is_some()),
            ("restoreToPointInTime", new.restore_to_point_in_time.is_some()),
            ("s3Import", new.s3_import.is_some()),
        ];
        let mut given = origins.iter().filter(|(_, given)| *given);
        if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
            return Err(Error::invalid(second, format!("excludes `{first}`: data has one origin")));
        }
        if let Some((origin, _)) = origins.iter().find(|(_, given)| *given)
            && new.character_set_name.is_some()
        {
            return Err(Error::invalid("characterSetName", format!("excludes `{origin}`")));
        }
        if !restored(new) && new.replicate_source_db.is_none() {
            let passworded = plain.is_some() || write_only.is_some() || managed;
            let needed = [
                ("engine", new.engine.is_some()),
                ("allocatedStorage", new.allocated_storage.is_some()),
                ("username", new.username.is_some()),
                ("password", passworded),
            ];
            if let Some((property, _)) = needed.iter().find(|(_, given)| !given) {
                return Err(Error::invalid(property, "is needed for a new instance"));
            }
        }
        if let (Some(most), Some(now)) = (new.max_allocated_storage, new.allocated_storage)
            && most != 0
            && most < now
        {
            let rule = "is not below `allocatedStorage`; 0 turns autoscaling off";
            return Err(Error::invalid("maxAllocatedStorage", rule));
        }
        if new.domain.is_some() && (new.domain_fqdn.is_some() || new.domain_ou.is_some()) {
            let rule = "excludes `domainFqdn` and `domainOu`: a directory is AWS's or your own";
            return Err(Error::invalid("domain", rule));
        }
        if let Some(from) = &new.restore_to_point_in_time {
            let sources = [
                from.source_db_instance_automated_backups_arn.is_some(),
                from.source_db_instance_identifier.is_some(),
                from.source_dbi_resource_id.is_some(),
            ];
            let one = sources.iter().filter(|it| **it).count() == 1;
            if !one || from.restore_time.is_some() == from.use_latest_restorable_time {
                let rule = "names one source and one time (`restoreTime` or `useLatestRestorableTime: true`)";
                return Err(Error::invalid("restoreToPointInTime", rule));
            }
            parse_moment("restoreToPointInTime.restoreTime", from.restore_time.as_ref())?;
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(id) = inputs.get("identifier").and_then(Value::as_str) else { return Map::new() };
        let id = id.to_lowercase();
        Map::from([
            ("arn".to_owned(), Value::String(arn(place, &id))),
            ("id".to_owned(), Value::String(id)),
        ])
    }

    /// Storage never shrinks: more than wanted is what autoscaling made of it.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        match (path, wanted.as_i64(), live.as_i64()) {
            ("allocatedStorage", Some(wanted), Some(live)) => live > wanted,
            ("maxAllocatedStorage", Some(0), None) => true,
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let id = new.identifier.0.to_lowercase();
        let made = send_create(cx, &id, new).await;
        let taken = &["DBInstanceAlreadyExists"];
        let found = ours(made, taken, "a DB instance of this identifier", Self::find(cx, new));
        Ok(found.await?.unwrap_or(id))
    }

    /// A copy starts with its source's settings, and the copying calls do not
    /// take all of ours.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        if !restored(new) && new.replicate_source_db.is_none() {
            return Ok(());
        }
        available(cx, id, None).await?;
        let live = Self::read(cx, id).await?.ok_or(Error::missing("DBInstance"))?;
        let changes = changes(&live.inputs, new);
        if changes != Changes::default() {
            modify(cx, id, changes, true).await?;
            available(cx, id, Some(new)).await?;
        }
        let groups = instance(cx, id).await?.and_then(|it| it.db_parameter_groups);
        let restart = |it: &aws_sdk_rds::types::DbParameterGroupStatus| {
            it.parameter_apply_status.as_deref() == Some("pending-reboot")
        };
        if groups.unwrap_or_default().iter().any(restart) {
            cx.aws.rds().reboot_db_instance().db_instance_identifier(id).send().await?;
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
        instances(cx, ids).await?.into_iter().map(|it| it.map(outputs).transpose()).collect()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let name = new.identifier.0.to_lowercase();
        if name != id {
            if !new.apply_immediately {
                let rule = "changes only with `applyImmediately: true`: the instance restarts and gets another endpoint";
                return Err(Error::invalid("identifier", rule));
            }
            if instance(cx, id).await?.is_none() {
                // An earlier run came this far.
                return Ok(());
            }
        }
        retag(cx, &arn(&cx.place, id), &old.tags, &new.tags).await?;
        if old.replicate_source_db.is_some() && new.replicate_source_db.is_none() {
            promote(cx, id, new).await?;
        } else if changed(&old.replicate_source_db, &new.replicate_source_db).is_some() {
            let rule = "can only be taken away, which promotes the replica";
            return Err(Error::invalid("replicateSourceDb", rule));
        }
        let mut changes = changes(old, new);
        if joined(old) && !joined(new) {
            changes = changes.disable_domain(true);
        }
        if old.max_allocated_storage.is_some() && new.max_allocated_storage.is_none() {
            // As much as there is: no autoscaling.
            changes = changes.set_max_allocated_storage(old.allocated_storage);
        }
        if name != id {
            changes = changes.new_db_instance_identifier(name);
        }
        // Changes of earlier runs that wait for the window come along.
        let hurried = new.apply_immediately && !old.apply_immediately && {
            instance(cx, id).await?.is_some_and(|live| pending(&live, new))
        };
        if hurried || changes != Changes::default() {
            modify(cx, id, changes, new.apply_immediately).await?;
        }
        Ok(())
    }

    /// The new name is there a minute or two after the old one went.
    async fn renamed(cx: &Cx, id: &str, new: &Inputs) -> Result<String> {
        let name = new.identifier.0.to_lowercase();
        if name != id {
            let look = || async { Ok(instance(cx, &name).await?.map(drop)) };
            cx.wait("the instance to take its new name", minutes(20), look).await?;
        }
        Ok(name)
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        // AWS refuses a last snapshot of a replica: the data is its source's.
        let skip = last.skip_final_snapshot || last.replicate_source_db.is_some();
        let snapshot = last_snapshot(skip, last.final_snapshot_identifier.as_ref())?;
        let Some(live) = instance(cx, id).await? else { return Ok(()) };
        if live.db_instance_status.as_deref() == Some("deleting") {
            return Ok(());
        }
        let call = cx.aws.rds().delete_db_instance().db_instance_identifier(id);
        let call = call.skip_final_snapshot(snapshot.is_none());
        let call = call.set_final_db_snapshot_identifier(snapshot);
        let call = call.delete_automated_backups(last.delete_automated_backups);
        absent(call.send().await, NO_INSTANCE)?;
        Ok(())
    }

    /// Takes 4 to 7 minutes, longer with a last snapshot; 60 are what
    /// HashiCorp's provider allows.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(instance(cx, id).await?.is_none().then_some(())) };
        cx.wait("the instance to be gone", minutes(60), look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = inputs.identifier.0.to_lowercase();
        let live = instance(cx, &id).await?;
        Ok(live.is_some_and(|it| cx.made(pairs(it.tag_list))).then_some(id))
    }
}

fn arn(place: &Place, id: &str) -> String {
    place.arn("rds", &format!("db:{id}"))
}

fn restored(new: &Inputs) -> bool {
    new.snapshot_identifier.is_some()
        || new.restore_to_point_in_time.is_some()
        || new.s3_import.is_some()
}

/// Whether it is a member of a directory.
fn joined(it: &Inputs) -> bool {
    it.domain.is_some() || it.domain_fqdn.is_some()
}

fn password(new: &Inputs) -> Option<String> {
    new.password.sent().or_else(|| new.password_wo.sent())
}

/// What all five ways to make an instance take.
macro_rules! born {
    ($call:expr, $cx:expr, $new:expr) => {
        $call
            .db_instance_class(&$new.instance_class)
            .auto_minor_version_upgrade($new.auto_minor_version_upgrade)
            .set_allocated_storage($new.allocated_storage)
            .set_storage_type($new.storage_type.clone())
            .set_iops($new.iops)
            .set_storage_throughput($new.storage_throughput)
            .set_dedicated_log_volume(changed(&false, &$new.dedicated_log_volume))
            .set_availability_zone($new.availability_zone.clone())
            .set_multi_az($new.multi_az)
            .set_db_subnet_group_name($new.db_subnet_group_name.sent())
            .set_vpc_security_group_ids($new.vpc_security_group_ids.sent())
            .set_network_type($new.network_type.clone())
            .set_port($new.port)
            .publicly_accessible($new.publicly_accessible)
            .set_option_group_name($new.option_group_name.sent())
            .set_db_parameter_group_name($new.parameter_group_name.sent())
            .set_ca_certificate_identifier($new.ca_cert_identifier.clone())
            .set_enable_iam_database_authentication(changed(
                &false,
                &$new.iam_database_authentication_enabled,
            ))
            .set_enable_cloudwatch_logs_exports(changed(
                &Set::default(),
                &$new.enabled_cloudwatch_logs_exports,
            ))
            .copy_tags_to_snapshot($new.copy_tags_to_snapshot)
            .deletion_protection($new.deletion_protection)
            .set_tags(birth_tags($cx, &$new.tags))
    };
}

/// What the ways that know directories and Outposts take.
macro_rules! placed {
    ($call:expr, $new:expr) => {
        $call
            .set_backup_target($new.backup_target.clone())
            .set_custom_iam_instance_profile($new.custom_iam_instance_profile.clone())
            .set_enable_customer_owned_ip($new.customer_owned_ip_enabled)
            .set_domain($new.domain.clone())
            .set_domain_iam_role_name($new.domain_iam_role_name.clone())
            .set_domain_auth_secret_arn($new.domain_auth_secret_arn.clone())
            .set_domain_dns_ips($new.domain_dns_ips.sent())
            .set_domain_fqdn($new.domain_fqdn.clone())
            .set_domain_ou($new.domain_ou.clone())
    };
}

/// What the ways that can observe from the start take.
macro_rules! observed {
    ($call:expr, $new:expr) => {
        $call
            .set_max_allocated_storage($new.max_allocated_storage.filter(|it| *it != 0))
            .set_database_insights_mode(
                $new.database_insights_mode.as_deref().map(DatabaseInsightsMode::from),
            )
            .set_monitoring_interval(changed(&0, &$new.monitoring_interval))
            .set_monitoring_role_arn($new.monitoring_role_arn.clone())
            .set_enable_performance_insights($new.performance_insights_enabled)
            .set_performance_insights_kms_key_id($new.performance_insights_kms_key_id.sent())
            .set_performance_insights_retention_period($new.performance_insights_retention_period)
    };
}

/// What the ways that make an instance with a new owner take.
macro_rules! owned {
    ($call:expr, $new:expr) => {
        $call
            .set_engine($new.engine.clone())
            .set_engine_version($new.engine_version.sent())
            .set_engine_lifecycle_support($new.engine_lifecycle_support.clone())
            .set_license_model($new.license_model.clone())
            .set_db_name($new.db_name.clone())
            .set_storage_encrypted($new.storage_encrypted)
            .set_kms_key_id($new.kms_key_id.sent())
            .set_master_username($new.username.clone())
            .set_master_user_password(password($new))
            .set_manage_master_user_password($new.manage_master_user_password)
            .set_master_user_secret_kms_key_id($new.master_user_secret_kms_key_id.sent())
            .set_backup_retention_period($new.backup_retention_period)
            .set_preferred_backup_window($new.backup_window.sent())
            .set_preferred_maintenance_window($new.maintenance_window.sent())
    };
}

/// What the ways that bring an old owner's data back take.
macro_rules! kept {
    ($call:expr, $new:expr) => {
        $call
            .set_engine($new.engine.clone())
            .set_engine_lifecycle_support($new.engine_lifecycle_support.clone())
            .set_license_model($new.license_model.clone())
            .set_db_name($new.db_name.clone())
            .set_backup_retention_period($new.backup_retention_period)
            .set_preferred_backup_window($new.backup_window.sent())
    };
}

async fn send_create(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    if let Some(source) = &new.replicate_source_db {
        replica(cx, id, new, source).send().await?;
    } else if let Some(snapshot) = &new.snapshot_identifier {
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

fn fresh(cx: &Cx, id: &str, new: &Inputs) -> CreateDBInstanceFluentBuilder {
    let call = cx.aws.rds().create_db_instance().db_instance_identifier(id);
    owned!(observed!(placed!(born!(call, cx, new), new), new), new)
        .set_character_set_name(new.character_set_name.clone())
        .set_nchar_character_set_name(new.nchar_character_set_name.clone())
        .set_timezone(new.timezone.clone())
}

fn replica(
    cx: &Cx,
    id: &str,
    new: &Inputs,
    source: &IdOrArn,
) -> CreateDBInstanceReadReplicaFluentBuilder {
    let call = cx.aws.rds().create_db_instance_read_replica().db_instance_identifier(id);
    observed!(placed!(born!(call, cx, new), new), new)
        .source_db_instance_identifier(&source.0)
        .set_kms_key_id(new.kms_key_id.sent())
        .set_replica_mode(new.replica_mode.as_deref().map(ReplicaMode::from))
        .set_upgrade_storage_config(changed(&false, &new.upgrade_storage_config))
}

fn from_snapshot(
    cx: &Cx,
    id: &str,
    new: &Inputs,
    snapshot: &str,
) -> RestoreDBInstanceFromDBSnapshotFluentBuilder {
    let call = cx.aws.rds().restore_db_instance_from_db_snapshot().db_instance_identifier(id);
    let call = kept!(placed!(born!(call, cx, new), new), new);
    // A Multi-AZ cluster's snapshot can become an instance too.
    if snapshot.contains(":cluster-snapshot:") {
        call.db_cluster_snapshot_identifier(snapshot)
    } else {
        call.db_snapshot_identifier(snapshot)
    }
}

fn from_moment(
    cx: &Cx,
    id: &str,
    new: &Inputs,
    from: &RestoreToPointInTime,
) -> Result<RestoreDBInstanceToPointInTimeFluentBuilder> {
    let time = parse_moment("restoreToPointInTime.restoreTime", from.restore_time.as_ref())?;
    let call = cx.aws.rds().restore_db_instance_to_point_in_time();
    let call = call.target_db_instance_identifier(id);
    let source = from.source_db_instance_identifier.clone();
    let backups = from.source_db_instance_automated_backups_arn.clone();
    Ok(kept!(placed!(born!(call, cx, new), new), new)
        .set_restore_time(time)
        .use_latest_restorable_time(from.use_latest_restorable_time)
        .set_source_db_instance_automated_backups_arn(backups)
        .set_source_db_instance_identifier(source)
        .set_source_dbi_resource_id(from.source_dbi_resource_id.clone())
        .set_max_allocated_storage(new.max_allocated_storage.filter(|it| *it != 0)))
}

fn from_s3(
    cx: &Cx,
    id: &str,
    new: &Inputs,
    from: &S3Import,
) -> RestoreDBInstanceFromS3FluentBuilder {
    let call = cx.aws.rds().restore_db_instance_from_s3().db_instance_identifier(id);
    owned!(observed!(born!(call, cx, new), new), new)
        .s3_bucket_name(&from.bucket_name)
        .set_s3_prefix(from.bucket_prefix.clone())
        .s3_ingestion_role_arn(&from.ingestion_role)
        .source_engine(&from.source_engine)
        .source_engine_version(&from.source_engine_version)
}

/// What ModifyDBInstance is to change.
fn changes(old: &Inputs, new: &Inputs) -> Changes {
    let monitored = old.monitoring_interval != new.monitoring_interval
        || changed(&old.monitoring_role_arn, &new.monitoring_role_arn).is_some();
    let repassworded = changed(&old.password, &new.password).is_some()
        || changed(&old.password_wo, &new.password_wo).is_some()
        || changed(&old.password_wo_version, &new.password_wo_version).is_some();
    let unmanaged = old.manage_master_user_password == Some(true)
        && new.manage_master_user_password != Some(true);
    let managed = changed(&old.manage_master_user_password, &new.manage_master_user_password);
    let version = changed(&old.engine_version, &new.engine_version);
    let major = version.is_some() && new.allow_major_version_upgrade;
    let insights = changed(&old.database_insights_mode, &new.database_insights_mode);
    let mode = changed(&old.replica_mode, &new.replica_mode);
    // The kind and the speed of the storage are refused without its size.
    let storage = changed(&old.storage_type, &new.storage_type);
    let refitted = storage.is_some()
        || changed(&old.iops, &new.iops).is_some()
        || changed(&old.storage_throughput, &new.storage_throughput).is_some();
    let grown = new.allocated_storage > old.allocated_storage;
    let size = new.allocated_storage.max(old.allocated_storage);
    Changes::default()
        .set_db_instance_class(changed(&old.instance_class, &new.instance_class))
        .set_engine_version(version)
        .set_allow_major_version_upgrade(major.then_some(true))
        .set_engine_lifecycle_support(changed(
            &old.engine_lifecycle_support,
            &new.engine_lifecycle_support,
        ))
        .set_auto_minor_version_upgrade(changed(
            &old.auto_minor_version_upgrade,
            &new.auto_minor_version_upgrade,
        ))
        .set_allocated_storage(size.filter(|_| grown || refitted))
        .set_max_allocated_storage(
            // None at all is as much as there is.
            changed(&old.max_allocated_storage, &new.max_allocated_storage)
                .and_then(|most| if most == 0 { size } else { Some(most) }),
        )
        .set_storage_type(storage)
        .set_iops(new.iops.filter(|_| refitted))
        .set_storage_throughput(new.storage_throughput.filter(|_| refitted))
        .set_dedicated_log_volume(changed(&old.dedicated_log_volume, &new.dedicated_log_volume))
        .set_multi_az(changed(&old.multi_az, &new.multi_az))
        .set_db_subnet_group_name(changed(&old.db_subnet_group_name, &new.db_subnet_group_name))
        .set_vpc_security_group_ids(changed(
            &old.vpc_security_group_ids,
            &new.vpc_security_group_ids,
        ))
        .set_network_type(changed(&old.network_type, &new.network_type))
        .set_db_port_number(changed(&old.port, &new.port))
        .set_publicly_accessible(changed(&old.publicly_accessible, &new.publicly_accessible))
        .set_enable_customer_owned_ip(changed(
            &old.customer_owned_ip_enabled,
            &new.customer_owned_ip_enabled,
        ))
        .set_license_model(changed(&old.license_model, &new.license_model))
        .set_option_group_name(changed(&old.option_group_name, &new.option_group_name))
        .set_db_parameter_group_name(changed(&old.parameter_group_name, &new.parameter_group_name))
        .set_ca_certificate_identifier(changed(&old.ca_cert_identifier, &new.ca_cert_identifier))
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
        .set_domain_auth_secret_arn(changed(
            &old.domain_auth_secret_arn,
            &new.domain_auth_secret_arn,
        ))
        .set_domain_dns_ips(changed(&old.domain_dns_ips, &new.domain_dns_ips))
        .set_domain_fqdn(changed(&old.domain_fqdn, &new.domain_fqdn))
        .set_domain_ou(changed(&old.domain_ou, &new.domain_ou))
        .set_backup_retention_period(changed(
            &old.backup_retention_period,
            &new.backup_retention_period,
        ))
        .set_preferred_backup_window(changed(&old.backup_window, &new.backup_window))
        .set_preferred_maintenance_window(changed(&old.maintenance_window, &new.maintenance_window))
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
        .set_replica_mode(mode.as_deref().map(ReplicaMode::from))
}

async fn modify(cx: &Cx, id: &str, changes: Changes, immediately: bool) -> Result<()> {
    let changes = changes.db_instance_identifier(id).apply_immediately(immediately);
    changes.send_with(cx.aws.rds()).await?;
    Ok(())
}

async fn promote(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let live = instance(cx, id).await?;
    if live.is_some_and(|it| it.read_replica_source_db_instance_identifier.is_some()) {
        let call = cx.aws.rds().promote_read_replica().db_instance_identifier(id);
        let call = call.set_backup_retention_period(new.backup_retention_period);
        call.set_preferred_backup_window(new.backup_window.sent()).send().await?;
        settle(cx, "the replica to be promoted", minutes(80), || async {
            let Some(live) = instance(cx, id).await? else { return Ok(false) };
            let replica = live.read_replica_source_db_instance_identifier.is_some();
            Ok(usable(live.db_instance_status.as_deref())? && !replica)
        })
        .await?;
    }
    Ok(())
}

/// A new one takes 5 to 17 minutes, a change of class or storage 20 and more;
/// 80 are what HashiCorp's provider allows. With `new`, nothing of it may
/// wait either.
async fn available(cx: &Cx, id: &str, new: Option<&Inputs>) -> Result<()> {
    settle(cx, "the instance to be available", minutes(80), || async {
        let Some(live) = instance(cx, id).await? else { return Ok(false) };
        let pending = new.is_some_and(|new| pending(&live, new));
        Ok(usable(live.db_instance_status.as_deref())? && !pending)
    })
    .await
}

/// Whether a value that the program set waits to be applied.
fn pending(live: &DbInstance, new: &Inputs) -> bool {
    live.pending_modified_values.as_ref().is_some_and(|waits| {
        waits.db_instance_class.is_some()
            || waits.db_instance_identifier.is_some()
            || waits.master_user_password.is_some()
            || waits.iam_database_authentication_enabled.is_some()
            || waits.dedicated_log_volume.is_some()
            || waits.pending_cloudwatch_logs_exports.is_some()
            || (waits.allocated_storage.is_some() && new.allocated_storage.is_some())
            || (waits.backup_retention_period.is_some() && new.backup_retention_period.is_some())
            || (waits.ca_certificate_identifier.is_some() && new.ca_cert_identifier.is_some())
            || (waits.db_subnet_group_name.is_some() && new.db_subnet_group_name.is_some())
            || (waits.engine_version.is_some() && new.engine_version.is_some())
            || (waits.iops.is_some() && new.iops.is_some())
            || (waits.license_model.is_some() && new.license_model.is_some())
            || (waits.multi_az.is_some() && new.multi_az.is_some())
            || (waits.port.is_some() && new.port.is_some())
            || (waits.storage_throughput.is_some() && new.storage_throughput.is_some())
            || (waits.storage_type.is_some() && new.storage_type.is_some())
    })
}

/// A value that waits for the maintenance window counts as set: the program
/// has nothing more to ask for.
fn outputs(live: DbInstance) -> Result<Outputs> {
    let waits =
        live.pending_modified_values.unwrap_or_else(|| PendingModifiedValues::builder().build());
    let domain = live.domain_memberships.unwrap_or_default().into_iter().next();
    let options = live.option_group_memberships.unwrap_or_default().into_iter().next();
    let parameters = live.db_parameter_groups.unwrap_or_default().into_iter().next();
    let groups = live.vpc_security_groups.unwrap_or_default();
    let secret = live.master_user_secret;
    let endpoint = live.endpoint;
    let port = endpoint.as_ref().and_then(|it| it.port);
    let address = endpoint.as_ref().and_then(|it| it.address.clone());
    let actual = live.engine_version.unwrap_or_default();
    // A directory of one's own is told by its name, one of AWS's by its id.
    let own = domain.as_ref().is_some_and(|it| it.auth_secret_arn.is_some());
    let inputs = Inputs {
        identifier: CiString(
            live.db_instance_identifier.ok_or(Error::missing("DBInstanceIdentifier"))?,
        ),
        identifier_prefix: None,
        engine: live.engine,
        engine_version: Some(Version(waits.engine_version.unwrap_or_else(|| actual.clone()))),
        engine_lifecycle_support: live.engine_lifecycle_support,
        instance_class: waits.db_instance_class.or(live.db_instance_class).unwrap_or_default(),
        allow_major_version_upgrade: false,
        apply_immediately: false,
        auto_minor_version_upgrade: live.auto_minor_version_upgrade.unwrap_or_default(),
        allocated_storage: waits.allocated_storage.or(live.allocated_storage),
        max_allocated_storage: live.max_allocated_storage,
        storage_type: waits.storage_type.or(live.storage_type),
        iops: waits.iops.or(live.iops),
        storage_throughput: waits.storage_throughput.or(live.storage_throughput),
        storage_encrypted: live.storage_encrypted,
        kms_key_id: live.kms_key_id.map(IdOrArn),
        dedicated_log_volume: waits
            .dedicated_log_volume
            .or(live.dedicated_log_volume)
            .unwrap_or_default(),
        availability_zone: live.availability_zone,
        multi_az: waits.multi_az.or(live.multi_az),
        db_subnet_group_name: waits
            .db_subnet_group_name
            .or_else(|| live.db_subnet_group?.db_subnet_group_name)
            .map(CiString),
        vpc_security_group_ids: Some(
            groups.into_iter().filter_map(|it| it.vpc_security_group_id).collect(),
        ),
        network_type: live.network_type,
        port: waits.port.or(port),
        publicly_accessible: live.publicly_accessible.unwrap_or_default(),
        customer_owned_ip_enabled: live.customer_owned_ip_enabled,
        db_name: live.db_name,
        character_set_name: live.character_set_name,
        nchar_character_set_name: live.nchar_character_set_name,
        timezone: live.timezone,
        license_model: waits.license_model.or(live.license_model),
        option_group_name: options.and_then(|it| it.option_group_name).map(CiString),
        parameter_group_name: parameters.and_then(|it| it.db_parameter_group_name).map(CiString),
        ca_cert_identifier: waits.ca_certificate_identifier.or(live.ca_certificate_identifier),
        custom_iam_instance_profile: live.custom_iam_instance_profile,
        username: live.master_username,
        password: None,
        password_wo: None,
        password_wo_version: None,
        manage_master_user_password: Some(secret.is_some()),
        master_user_secret_kms_key_id: secret
            .as_ref()
            .and_then(|it| it.kms_key_id.clone())
            .map(IdOrArn),
        iam_database_authentication_enabled: waits
            .iam_database_authentication_enabled
            .or(live.iam_database_authentication_enabled)
            .unwrap_or_default(),
        domain: domain.as_ref().filter(|_| !own).and_then(|it| it.domain.clone()),
        domain_iam_role_name: domain.as_ref().and_then(|it| it.iam_role_name.clone()),
        domain_auth_secret_arn: domain.as_ref().and_then(|it| it.auth_secret_arn.clone()),
        domain_dns_ips: domain.as_ref().and_then(|it| it.dns_ips.clone()).map(Set),
        domain_fqdn: domain.as_ref().filter(|_| own).and_then(|it| it.fqdn.clone()),
        domain_ou: domain.and_then(|it| it.ou),
        backup_retention_period: waits.backup_retention_period.or(live.backup_retention_period),
        backup_target: live.backup_target,
        backup_window: live.preferred_backup_window.map(CiString),
        maintenance_window: live.preferred_maintenance_window.map(CiString),
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
        replicate_source_db: live.read_replica_source_db_instance_identifier.map(IdOrArn),
        replica_mode: live.replica_mode.map(|it| it.as_str().to_owned()),
        upgrade_storage_config: false,
        snapshot_identifier: None,
        restore_to_point_in_time: None,
        s3_import: None,
        tags: Tags::live(pairs(live.tag_list)),
    };
    let listener = |it: Endpoint| ListenerEndpoint {
        address: it.address.unwrap_or_default(),
        hosted_zone_id: it.hosted_zone_id.unwrap_or_default(),
        port: it.port.unwrap_or_default(),
    };
    Ok(Outputs {
        inputs,
        arn: live.db_instance_arn.ok_or(Error::missing("DBInstanceArn"))?,
        endpoint: address.as_ref().zip(port).map(|(address, port)| format!("{address}:{port}")),
        address,
        engine_version_actual: actual,
        hosted_zone_id: endpoint.and_then(|it| it.hosted_zone_id),
        latest_restorable_time: moment(live.latest_restorable_time),
        listener_endpoints: live.listener_endpoint.into_iter().map(listener).collect(),
        master_user_secrets: master_secrets(secret),
        replicas: live.read_replica_db_instance_identifiers.unwrap_or_default(),
        resource_id: live.dbi_resource_id.unwrap_or_default(),
        status: live.db_instance_status.unwrap_or_default(),
        upgrade_rollout_order: live.upgrade_rollout_order.map(|it| it.as_str().to_owned()),
    })
}
