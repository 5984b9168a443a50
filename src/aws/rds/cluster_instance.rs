//! `aws:rds/clusterInstance:ClusterInstance`. The id is the instance's
//! identifier.

use aws_sdk_rds::{
    operation::modify_db_instance::builders::ModifyDbInstanceInputBuilder as Changes,
    types::{DbInstance, PendingModifiedValues},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Field as _, NO_INSTANCE, birth_tags, changed, check_monitoring, check_name, cluster, clusters,
    instance, instances, minutes, ours, pairs, retag, settle, usable,
};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct ClusterInstance;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 63, "lower" = true, "replace" = true))]
    identifier: CiString,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    identifier_prefix: Option<String>,
    #[schemars(extend("replace" = true))]
    cluster_identifier: CiString,
    #[schemars(extend("replace" = true))]
    engine: String,
    /// The cluster's: changed there, and only compared here.
    #[schemars(extend("computed" = true))]
    engine_version: Option<Version>,
    instance_class: String,
    /// Without it, changes that interrupt wait for the maintenance window.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    apply_immediately: bool,
    #[serde(default = "yes")]
    auto_minor_version_upgrade: bool,
    #[schemars(extend("computed" = true, "replace" = true))]
    availability_zone: Option<String>,
    #[schemars(extend("computed" = true))]
    ca_cert_identifier: Option<String>,
    /// The cluster decides; AWS only echoes it here.
    #[schemars(extend("computed" = true))]
    copy_tags_to_snapshot: Option<bool>,
    #[schemars(extend("replace" = true))]
    custom_iam_instance_profile: Option<String>,
    #[schemars(extend("computed" = true))]
    db_parameter_group_name: Option<CiString>,
    #[schemars(extend("computed" = true, "replace" = true))]
    db_subnet_group_name: Option<CiString>,
    /// Before the last member of a replica cluster is deleted, makes the
    /// cluster a standalone one; AWS refuses otherwise.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
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
    #[schemars(extend("computed" = true))]
    preferred_backup_window: Option<CiString>,
    /// `sun:05:00-sun:06:00`, in UTC.
    #[schemars(extend("computed" = true))]
    preferred_maintenance_window: Option<CiString>,
    /// The lowest is promoted first when the writer fails.
    #[serde(default)]
    #[schemars(range(max = 15))]
    promotion_tier: i32,
    #[schemars(extend("computed" = true))]
    publicly_accessible: Option<bool>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    dbi_resource_id: String,
    endpoint: Option<String>,
    /// What runs, while a newer version waits for the maintenance window.
    #[schemars(extend("volatile" = true))]
    engine_version_actual: String,
    kms_key_id: Option<String>,
    network_type: Option<String>,
    port: Option<i32>,
    storage_encrypted: bool,
    /// Which member writes changes with every failover.
    #[schemars(extend("volatile" = true))]
    writer: Option<bool>,
}

impl Resource for ClusterInstance {
    const TYPE: &'static str = "aws:rds/clusterInstance:ClusterInstance";
    const REFUSED: &'static [(&'static str, &'static str)] = &[(
        "warningEventCategories",
        "RDS events are not shown as warnings; an instance that fails ends its step with its status",
    )];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name("identifier", &new.identifier.0, 63)?;
        check_monitoring(new.monitoring_interval, new.monitoring_role_arn.as_ref())?;
        if new.performance_insights_enabled == Some(false)
            && new.performance_insights_kms_key_id.is_some()
        {
            let rule = "is for instances with `performanceInsightsEnabled: true`";
            return Err(Error::invalid("performanceInsightsKmsKeyId", rule));
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

    /// The members of a cluster are created side by side: whichever is there
    /// first becomes the writer.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let id = new.identifier.0.to_lowercase();
        let call = cx.aws.rds().create_db_instance().db_instance_identifier(&id);
        let call = call
            .db_cluster_identifier(new.cluster_identifier.0.to_lowercase())
            .engine(&new.engine)
            .set_engine_version(new.engine_version.sent())
            .db_instance_class(&new.instance_class)
            .auto_minor_version_upgrade(new.auto_minor_version_upgrade)
            .set_availability_zone(new.availability_zone.clone())
            .set_ca_certificate_identifier(new.ca_cert_identifier.clone())
            .set_copy_tags_to_snapshot(new.copy_tags_to_snapshot)
            .set_custom_iam_instance_profile(new.custom_iam_instance_profile.clone())
            .set_db_parameter_group_name(new.db_parameter_group_name.sent())
            .set_db_subnet_group_name(new.db_subnet_group_name.sent())
            .set_monitoring_interval(changed(&0, &new.monitoring_interval))
            .set_monitoring_role_arn(new.monitoring_role_arn.clone())
            .set_enable_performance_insights(new.performance_insights_enabled)
            .set_performance_insights_kms_key_id(new.performance_insights_kms_key_id.sent())
            .set_performance_insights_retention_period(new.performance_insights_retention_period)
            .set_preferred_backup_window(new.preferred_backup_window.sent())
            .set_preferred_maintenance_window(new.preferred_maintenance_window.sent())
            .promotion_tier(new.promotion_tier)
            .set_publicly_accessible(new.publicly_accessible)
            .set_tags(birth_tags(cx, &new.tags));
        let made = call.send().await.map_err(Error::from);
        let taken = &["DBInstanceAlreadyExists"];
        let found = ours(made, taken, "a DB instance of this identifier", Self::find(cx, new));
        Ok(found.await?.unwrap_or(id))
    }

    /// Takes 5 to 12 minutes; 90 is what HashiCorp's provider allows.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        settle(cx, "the instance to be available", minutes(90), || async {
            let Some(live) = instance(cx, id).await? else { return Ok(false) };
            let pending = new.apply_immediately && pending(&live, new);
            Ok(usable(live.db_instance_status.as_deref())? && !pending)
        })
        .await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = instances(cx, ids).await?;
        let writers = if cx.asks("writer") { Some(writers(cx, &found).await?) } else { None };
        let told = |live: DbInstance| {
            let writer = writers
                .as_ref()
                .map(|all| live.db_instance_identifier.as_ref().is_some_and(|id| all.contains(id)));
            outputs(live, writer)
        };
        found.into_iter().map(|it| it.map(told).transpose()).collect()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let changes = changes(old, new);
        // Changes of earlier runs that wait for the window come along.
        let hurried = new.apply_immediately && !old.apply_immediately && {
            instance(cx, id).await?.is_some_and(|live| pending(&live, new))
        };
        if hurried || changes != Changes::default() {
            let changes = changes.db_instance_identifier(id);
            let changes = changes.apply_immediately(new.apply_immediately);
            changes.send_with(cx.aws.rds()).await?;
        }
        retag(cx, &arn(&cx.place, id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        // Members have no snapshots of their own: the data is the cluster's.
        let call = cx.aws.rds().delete_db_instance().db_instance_identifier(id);
        let call = call.skip_final_snapshot(true);
        match absent(call.clone().send().await, NO_INSTANCE) {
            Err(error) if on_its_way(&error) => Ok(()),
            Err(error) if last.force_destroy && last_of_replica(&error) => {
                promote(cx, &last.cluster_identifier.0).await?;
                absent(call.send().await, NO_INSTANCE).map(drop)
            }
            reply => reply.map(drop),
        }
    }

    /// Takes 3 to 10 minutes, until which it holds its subnets and security
    /// groups.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(instance(cx, id).await?.is_none().then_some(())) };
        cx.wait("the instance to be gone", minutes(90), look).await
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

/// What ModifyDBInstance is to change. The engine's version is left out: RDS
/// takes it from the cluster.
fn changes(old: &Inputs, new: &Inputs) -> Changes {
    let monitored = old.monitoring_interval != new.monitoring_interval
        || changed(&old.monitoring_role_arn, &new.monitoring_role_arn).is_some();
    Changes::default()
        .set_db_instance_class(changed(&old.instance_class, &new.instance_class))
        .set_auto_minor_version_upgrade(changed(
            &old.auto_minor_version_upgrade,
            &new.auto_minor_version_upgrade,
        ))
        .set_ca_certificate_identifier(changed(&old.ca_cert_identifier, &new.ca_cert_identifier))
        .set_copy_tags_to_snapshot(changed(&old.copy_tags_to_snapshot, &new.copy_tags_to_snapshot))
        .set_db_parameter_group_name(changed(
            &old.db_parameter_group_name,
            &new.db_parameter_group_name,
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
        .set_preferred_backup_window(changed(
            &old.preferred_backup_window,
            &new.preferred_backup_window,
        ))
        .set_preferred_maintenance_window(changed(
            &old.preferred_maintenance_window,
            &new.preferred_maintenance_window,
        ))
        .set_promotion_tier(changed(&old.promotion_tier, &new.promotion_tier))
        .set_publicly_accessible(changed(&old.publicly_accessible, &new.publicly_accessible))
}

/// Whether a value that the program set waits to be applied.
fn pending(live: &DbInstance, new: &Inputs) -> bool {
    live.pending_modified_values.as_ref().is_some_and(|waits| {
        waits.db_instance_class.is_some()
            || (waits.ca_certificate_identifier.is_some() && new.ca_cert_identifier.is_some())
    })
}

/// A value that waits for the maintenance window counts as set: the program
/// has nothing more to ask for.
fn outputs(live: DbInstance, writer: Option<bool>) -> Result<Outputs> {
    let waits =
        live.pending_modified_values.unwrap_or_else(|| PendingModifiedValues::builder().build());
    let parameters = live.db_parameter_groups.unwrap_or_default().into_iter().next();
    let endpoint = live.endpoint;
    let actual = live.engine_version.unwrap_or_default();
    let inputs = Inputs {
        identifier: CiString(
            live.db_instance_identifier.ok_or(Error::missing("DBInstanceIdentifier"))?,
        ),
        identifier_prefix: None,
        cluster_identifier: CiString(live.db_cluster_identifier.unwrap_or_default()),
        engine: live.engine.unwrap_or_default(),
        engine_version: Some(Version(waits.engine_version.unwrap_or_else(|| actual.clone()))),
        instance_class: waits.db_instance_class.or(live.db_instance_class).unwrap_or_default(),
        apply_immediately: false,
        auto_minor_version_upgrade: live.auto_minor_version_upgrade.unwrap_or_default(),
        availability_zone: live.availability_zone,
        ca_cert_identifier: waits.ca_certificate_identifier.or(live.ca_certificate_identifier),
        copy_tags_to_snapshot: live.copy_tags_to_snapshot,
        custom_iam_instance_profile: live.custom_iam_instance_profile,
        db_parameter_group_name: parameters.and_then(|it| it.db_parameter_group_name).map(CiString),
        db_subnet_group_name: live
            .db_subnet_group
            .and_then(|it| it.db_subnet_group_name)
            .map(CiString),
        force_destroy: false,
        monitoring_interval: live.monitoring_interval.unwrap_or_default(),
        monitoring_role_arn: live.monitoring_role_arn,
        performance_insights_enabled: live.performance_insights_enabled,
        performance_insights_kms_key_id: live.performance_insights_kms_key_id.map(IdOrArn),
        performance_insights_retention_period: live.performance_insights_retention_period,
        preferred_backup_window: live.preferred_backup_window.map(CiString),
        preferred_maintenance_window: live.preferred_maintenance_window.map(CiString),
        promotion_tier: live.promotion_tier.unwrap_or_default(),
        publicly_accessible: live.publicly_accessible,
        tags: Tags::live(pairs(live.tag_list)),
    };
    Ok(Outputs {
        inputs,
        arn: live.db_instance_arn.ok_or(Error::missing("DBInstanceArn"))?,
        dbi_resource_id: live.dbi_resource_id.unwrap_or_default(),
        port: endpoint.as_ref().and_then(|it| it.port).or(live.db_instance_port),
        endpoint: endpoint.and_then(|it| it.address),
        engine_version_actual: actual,
        kms_key_id: live.kms_key_id,
        network_type: live.network_type,
        storage_encrypted: live.storage_encrypted.unwrap_or_default(),
        writer,
    })
}

/// Of all the clusters that these are members of: only a cluster knows which
/// member writes.
async fn writers(cx: &Cx, members: &[Option<DbInstance>]) -> Result<Vec<String>> {
    let cluster = |it: &DbInstance| it.db_cluster_identifier.clone();
    let mut ids: Vec<String> = members.iter().flatten().filter_map(cluster).collect();
    ids.sort_unstable();
    ids.dedup();
    let clusters = clusters(cx, &ids).await?.into_iter().flatten();
    let members = clusters.flat_map(|it| it.db_cluster_members.unwrap_or_default());
    let writers = members.filter(|it| it.is_cluster_writer == Some(true));
    Ok(writers.filter_map(|it| it.db_instance_identifier).collect())
}

fn on_its_way(error: &Error) -> bool {
    error.is(&["InvalidDBInstanceState"]) && error.message.contains("already being deleted")
}

fn last_of_replica(error: &Error) -> bool {
    error.is(&["InvalidDBClusterStateFault"])
        && error.message.contains("last instance of the read replica")
}

/// Makes a replica cluster a standalone one, which takes minutes.
async fn promote(cx: &Cx, id: &str) -> Result<()> {
    cx.aws.rds().promote_read_replica_db_cluster().db_cluster_identifier(id).send().await?;
    settle(cx, "the cluster to be promoted", minutes(120), || async {
        let Some(live) = cluster(cx, id).await? else { return Ok(true) };
        let replica = live.replication_source_identifier.is_some_and(|it| !it.is_empty());
        Ok(usable(live.status.as_deref())? && !replica)
    })
    .await
}
