//! `aws:rds/getInstance:getInstance`: the one instance that the arguments
//! describe. The id is its identifier.

use aws_sdk_rds::types::DbInstance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MasterSecret, PAGE, instance, master_secrets, pairs};
use crate::{aws::check_tags, provider::*};

pub(super) struct GetInstance;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    db_instance_identifier: Option<String>,
    /// Only an instance with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    address: Option<String>,
    allocated_storage: i32,
    auto_minor_version_upgrade: bool,
    availability_zone: Option<String>,
    backup_retention_period: i32,
    ca_cert_identifier: Option<String>,
    database_insights_mode: Option<String>,
    db_cluster_identifier: Option<String>,
    db_instance_arn: String,
    db_instance_class: String,
    db_instance_identifier: String,
    db_instance_port: Option<i32>,
    db_name: Option<String>,
    db_parameter_groups: Vec<String>,
    db_subnet_group: Option<String>,
    enabled_cloudwatch_logs_exports: Vec<String>,
    /// Address and port.
    endpoint: Option<String>,
    engine: String,
    engine_version: Option<String>,
    hosted_zone_id: Option<String>,
    iops: Option<i32>,
    kms_key_id: Option<String>,
    license_model: Option<String>,
    master_user_secrets: Vec<MasterSecret>,
    master_username: Option<String>,
    max_allocated_storage: Option<i32>,
    monitoring_interval: i32,
    monitoring_role_arn: Option<String>,
    multi_az: bool,
    network_type: Option<String>,
    option_group_memberships: Vec<String>,
    port: Option<i32>,
    preferred_backup_window: Option<String>,
    preferred_maintenance_window: Option<String>,
    publicly_accessible: bool,
    replicate_source_db: Option<String>,
    resource_id: Option<String>,
    storage_encrypted: bool,
    storage_throughput: Option<i32>,
    storage_type: Option<String>,
    tags: Tags,
    timezone: Option<String>,
    upgrade_rollout_order: Option<String>,
    vpc_security_groups: Vec<String>,
    region: String,
}

impl Function for GetInstance {
    const TOKEN: &'static str = "aws:rds/getInstance:getInstance";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let mut found: Vec<DbInstance> = match (&args.db_instance_identifier, &args.tags) {
            (Some(id), _) => instance(cx, id).await?.into_iter().collect(),
            (None, Some(_)) => {
                let pages = cx.aws.rds().describe_db_instances().max_records(PAGE);
                pages.into_paginator().items().send().try_collect().await?
            }
            (None, None) => {
                return Err(Error::invalid("dbInstanceIdentifier", "or `tags` is needed"));
            }
        };
        let tags = |it: &DbInstance| Tags::live(pairs(it.tag_list.clone()));
        found.retain(|it| check_tags(args.tags.as_ref(), &tags(it)).is_ok());
        match (found.pop(), found.is_empty()) {
            (Some(live), true) => output(cx, live),
            (Some(_), false) => {
                Err(Error::invalid("tags", "several instances match, and one is asked for"))
            }
            (None, _) => Err(Error::invalid("dbInstanceIdentifier", "no instance matches")),
        }
    }
}

fn output(cx: &Cx, live: DbInstance) -> Result<Output> {
    let id = live.db_instance_identifier.ok_or(Error::missing("DBInstanceIdentifier"))?;
    let endpoint = live.endpoint;
    let address = endpoint.as_ref().and_then(|it| it.address.clone());
    let port = endpoint.as_ref().and_then(|it| it.port);
    let parameters = live.db_parameter_groups.unwrap_or_default().into_iter();
    let options = live.option_group_memberships.unwrap_or_default().into_iter();
    let groups = live.vpc_security_groups.unwrap_or_default().into_iter();
    Ok(Output {
        id: id.clone(),
        endpoint: address.as_ref().zip(port).map(|(address, port)| format!("{address}:{port}")),
        address,
        allocated_storage: live.allocated_storage.unwrap_or_default(),
        auto_minor_version_upgrade: live.auto_minor_version_upgrade.unwrap_or_default(),
        availability_zone: live.availability_zone,
        backup_retention_period: live.backup_retention_period.unwrap_or_default(),
        ca_cert_identifier: live.ca_certificate_identifier,
        database_insights_mode: live.database_insights_mode.map(|it| it.as_str().to_owned()),
        db_cluster_identifier: live.db_cluster_identifier,
        db_instance_arn: live.db_instance_arn.ok_or(Error::missing("DBInstanceArn"))?,
        db_instance_class: live.db_instance_class.unwrap_or_default(),
        db_instance_identifier: id,
        db_instance_port: live.db_instance_port,
        db_name: live.db_name,
        db_parameter_groups: parameters.filter_map(|it| it.db_parameter_group_name).collect(),
        db_subnet_group: live.db_subnet_group.and_then(|it| it.db_subnet_group_name),
        enabled_cloudwatch_logs_exports: live.enabled_cloudwatch_logs_exports.unwrap_or_default(),
        engine: live.engine.unwrap_or_default(),
        engine_version: live.engine_version,
        hosted_zone_id: endpoint.and_then(|it| it.hosted_zone_id),
        iops: live.iops,
        kms_key_id: live.kms_key_id,
        license_model: live.license_model,
        master_user_secrets: master_secrets(live.master_user_secret),
        master_username: live.master_username,
        max_allocated_storage: live.max_allocated_storage,
        monitoring_interval: live.monitoring_interval.unwrap_or_default(),
        monitoring_role_arn: live.monitoring_role_arn,
        multi_az: live.multi_az.unwrap_or_default(),
        network_type: live.network_type,
        option_group_memberships: options.filter_map(|it| it.option_group_name).collect(),
        port,
        preferred_backup_window: live.preferred_backup_window,
        preferred_maintenance_window: live.preferred_maintenance_window,
        publicly_accessible: live.publicly_accessible.unwrap_or_default(),
        replicate_source_db: live.read_replica_source_db_instance_identifier,
        resource_id: live.dbi_resource_id,
        storage_encrypted: live.storage_encrypted.unwrap_or_default(),
        storage_throughput: live.storage_throughput,
        storage_type: live.storage_type,
        tags: Tags::live(pairs(live.tag_list)),
        timezone: live.timezone,
        upgrade_rollout_order: live.upgrade_rollout_order.map(|it| it.as_str().to_owned()),
        vpc_security_groups: groups.filter_map(|it| it.vpc_security_group_id).collect(),
        region: cx.place.region.clone(),
    })
}
