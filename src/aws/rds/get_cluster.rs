//! `aws:rds/getCluster:getCluster`. The id is the cluster's identifier.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MasterSecret, cluster, master_secrets, pairs};
use crate::{aws::check_tags, provider::*};

pub(super) struct GetCluster;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    cluster_identifier: String,
    /// Only a cluster with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    availability_zones: Vec<String>,
    backtrack_window: i64,
    backup_retention_period: i32,
    cluster_identifier: String,
    cluster_members: Vec<String>,
    cluster_resource_id: Option<String>,
    cluster_scalability_type: Option<String>,
    database_insights_mode: Option<String>,
    database_name: Option<String>,
    db_cluster_parameter_group_name: Option<String>,
    db_subnet_group_name: Option<String>,
    db_system_id: Option<String>,
    deletion_protection: bool,
    enabled_cloudwatch_logs_exports: Vec<String>,
    endpoint: Option<String>,
    engine: String,
    engine_mode: Option<String>,
    engine_version: Option<String>,
    /// What a deletion is to be given, of which AWS knows nothing.
    final_snapshot_identifier: Option<String>,
    hosted_zone_id: Option<String>,
    iam_database_authentication_enabled: bool,
    iam_roles: Vec<String>,
    kms_key_id: Option<String>,
    master_user_secrets: Vec<MasterSecret>,
    master_username: Option<String>,
    monitoring_interval: i32,
    monitoring_role_arn: Option<String>,
    network_type: Option<String>,
    port: Option<i32>,
    preferred_backup_window: Option<String>,
    preferred_maintenance_window: Option<String>,
    reader_endpoint: Option<String>,
    replication_source_identifier: Option<String>,
    storage_encrypted: bool,
    tags: Tags,
    upgrade_rollout_order: Option<String>,
    vpc_security_group_ids: Vec<String>,
    region: String,
}

impl Function for GetCluster {
    const TOKEN: &'static str = "aws:rds/getCluster:getCluster";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let id = &args.cluster_identifier;
        let none = || Error::invalid("clusterIdentifier", format!("there is no cluster `{id}`"));
        let live = cluster(cx, id).await?.ok_or_else(none)?;
        let tags = Tags::live(pairs(live.tag_list));
        check_tags(args.tags.as_ref(), &tags)?;
        let members = live.db_cluster_members.unwrap_or_default().into_iter();
        let roles = live.associated_roles.unwrap_or_default().into_iter();
        let groups = live.vpc_security_groups.unwrap_or_default().into_iter();
        let identifier = live.db_cluster_identifier.ok_or(Error::missing("DBClusterIdentifier"))?;
        Ok(Output {
            id: identifier.clone(),
            arn: live.db_cluster_arn.ok_or(Error::missing("DBClusterArn"))?,
            availability_zones: live.availability_zones.unwrap_or_default(),
            backtrack_window: live.backtrack_window.unwrap_or_default(),
            backup_retention_period: live.backup_retention_period.unwrap_or_default(),
            cluster_identifier: identifier,
            cluster_members: members.filter_map(|it| it.db_instance_identifier).collect(),
            cluster_resource_id: live.db_cluster_resource_id,
            cluster_scalability_type: live
                .cluster_scalability_type
                .map(|it| it.as_str().to_owned()),
            database_insights_mode: live.database_insights_mode.map(|it| it.as_str().to_owned()),
            database_name: live.database_name,
            db_cluster_parameter_group_name: live.db_cluster_parameter_group,
            db_subnet_group_name: live.db_subnet_group,
            db_system_id: live.db_system_id,
            deletion_protection: live.deletion_protection.unwrap_or_default(),
            enabled_cloudwatch_logs_exports: live
                .enabled_cloudwatch_logs_exports
                .unwrap_or_default(),
            endpoint: live.endpoint,
            engine: live.engine.unwrap_or_default(),
            engine_mode: live.engine_mode,
            engine_version: live.engine_version,
            final_snapshot_identifier: None,
            hosted_zone_id: live.hosted_zone_id,
            iam_database_authentication_enabled: live
                .iam_database_authentication_enabled
                .unwrap_or_default(),
            iam_roles: roles.filter_map(|it| it.role_arn).collect(),
            kms_key_id: live.kms_key_id,
            master_user_secrets: master_secrets(live.master_user_secret),
            master_username: live.master_username,
            monitoring_interval: live.monitoring_interval.unwrap_or_default(),
            monitoring_role_arn: live.monitoring_role_arn,
            network_type: live.network_type,
            port: live.port,
            preferred_backup_window: live.preferred_backup_window,
            preferred_maintenance_window: live.preferred_maintenance_window,
            reader_endpoint: live.reader_endpoint,
            replication_source_identifier: live.replication_source_identifier,
            storage_encrypted: live.storage_encrypted.unwrap_or_default(),
            tags,
            upgrade_rollout_order: live.upgrade_rollout_order.map(|it| it.as_str().to_owned()),
            vpc_security_group_ids: groups.filter_map(|it| it.vpc_security_group_id).collect(),
            region: cx.place.region.clone(),
        })
    }
}
