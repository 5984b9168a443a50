//! `aws:rds/getOrderableDbInstance:getOrderableDbInstance`: the one kind of
//! instance that the arguments describe. The id is its class.

use aws_sdk_rds::types::OrderableDbInstanceOption as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PAGE, version_order};
use crate::provider::*;

pub(super) struct GetOrderableDbInstance;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    engine: String,
    availability_zone_group: Option<String>,
    /// Those of the highest version that matches.
    engine_latest_version: Option<bool>,
    engine_version: Option<String>,
    instance_class: Option<String>,
    license_model: Option<String>,
    /// The first of these that is there.
    preferred_engine_versions: Option<Vec<String>>,
    /// The first of these that is there.
    preferred_instance_classes: Option<Vec<String>>,
    read_replica_capable: Option<bool>,
    storage_type: Option<String>,
    supported_engine_modes: Option<Vec<String>>,
    supported_network_types: Option<Vec<String>>,
    supports_clusters: Option<bool>,
    supports_enhanced_monitoring: Option<bool>,
    supports_global_databases: Option<bool>,
    supports_iam_database_authentication: Option<bool>,
    supports_iops: Option<bool>,
    supports_kerberos_authentication: Option<bool>,
    supports_multi_az: Option<bool>,
    supports_performance_insights: Option<bool>,
    supports_storage_autoscaling: Option<bool>,
    supports_storage_encryption: Option<bool>,
    vpc: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    availability_zone_group: Option<String>,
    availability_zones: Vec<String>,
    engine: String,
    engine_latest_version: Option<bool>,
    engine_version: Option<String>,
    instance_class: String,
    license_model: Option<String>,
    max_iops_per_db_instance: Option<i32>,
    max_iops_per_gib: Option<f64>,
    max_storage_size: Option<i32>,
    min_iops_per_db_instance: Option<i32>,
    min_iops_per_gib: Option<f64>,
    min_storage_size: Option<i32>,
    multi_az_capable: bool,
    outpost_capable: bool,
    preferred_engine_versions: Option<Vec<String>>,
    preferred_instance_classes: Option<Vec<String>>,
    read_replica_capable: bool,
    storage_type: Option<String>,
    supported_engine_modes: Vec<String>,
    supported_network_types: Vec<String>,
    supports_clusters: bool,
    supports_enhanced_monitoring: bool,
    supports_global_databases: bool,
    supports_iam_database_authentication: bool,
    supports_iops: bool,
    supports_kerberos_authentication: bool,
    supports_multi_az: bool,
    supports_performance_insights: bool,
    supports_storage_autoscaling: bool,
    supports_storage_encryption: bool,
    vpc: bool,
    region: String,
}

impl Function for GetOrderableDbInstance {
    const TOKEN: &'static str = "aws:rds/getOrderableDbInstance:getOrderableDbInstance";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let call = cx.aws.rds().describe_orderable_db_instance_options().engine(&args.engine);
        let call = call
            .set_availability_zone_group(args.availability_zone_group.clone())
            .set_engine_version(args.engine_version.clone())
            .set_db_instance_class(args.instance_class.clone())
            .set_license_model(args.license_model.clone())
            .set_vpc(args.vpc)
            .max_records(PAGE);
        let mut found: Vec<Live> = call.into_paginator().items().send().try_collect().await?;
        found.retain(|it| fits(it, args));
        prefer(&mut found, args.preferred_engine_versions.as_deref(), version);
        prefer(&mut found, args.preferred_instance_classes.as_deref(), class);
        found.sort_by_key(|it| version_order(version(it)));
        if args.engine_latest_version == Some(true) {
            let highest = found.last().map(|it| version(it).to_owned());
            found.retain(|it| Some(version(it)) == highest.as_deref());
        }
        // Versions alone differ where none was asked for: the highest is meant.
        let classes = found.iter().any(|it| class(it) != found.first().map_or("", class));
        if found.len() > 1 && classes && args.preferred_instance_classes.is_none() {
            let rule = "several classes match, and one is asked for: name it, or some in order of preference";
            return Err(Error::invalid("instanceClass", rule));
        }
        let none = || Error::invalid("instanceClass", "no kind of instance matches");
        Ok(output(cx, args, found.pop().ok_or_else(none)?))
    }
}

fn version(live: &Live) -> &str {
    live.engine_version.as_deref().unwrap_or_default()
}

fn class(live: &Live) -> &str {
    live.db_instance_class.as_deref().unwrap_or_default()
}

/// Keeps those that have the first of the preferred values that any has.
fn prefer(found: &mut Vec<Live>, preferred: Option<&[String]>, of: fn(&Live) -> &str) {
    let Some(preferred) = preferred else { return };
    let there = |it: &&String| found.iter().any(|found| of(found) == it.as_str());
    let first = preferred.iter().find(there);
    found.retain(|it| first.is_some_and(|first| of(it) == first));
}

fn fits(live: &Live, args: &Args) -> bool {
    let flags = [
        (args.read_replica_capable, live.read_replica_capable),
        (args.supports_clusters, live.supports_clusters),
        (args.supports_enhanced_monitoring, live.supports_enhanced_monitoring),
        (args.supports_global_databases, live.supports_global_databases),
        (args.supports_iam_database_authentication, live.supports_iam_database_authentication),
        (args.supports_iops, live.supports_iops),
        (args.supports_kerberos_authentication, live.supports_kerberos_authentication),
        (args.supports_multi_az, live.multi_az_capable),
        (args.supports_performance_insights, live.supports_performance_insights),
        (args.supports_storage_autoscaling, live.supports_storage_autoscaling),
        (args.supports_storage_encryption, live.supports_storage_encryption),
        (args.vpc, live.vpc),
    ];
    let has_all = |wanted: &Option<Vec<String>>, live: &Option<Vec<String>>| {
        let live = live.as_deref().unwrap_or_default();
        wanted.iter().flatten().all(|it| live.contains(it))
    };
    flags.iter().all(|(wanted, live)| wanted.is_none_or(|it| it == live.unwrap_or_default()))
        && args.storage_type.as_ref().is_none_or(|it| live.storage_type.as_ref() == Some(it))
        && has_all(&args.supported_engine_modes, &live.supported_engine_modes)
        && has_all(&args.supported_network_types, &live.supported_network_types)
}

fn output(cx: &Cx, args: &Args, live: Live) -> Output {
    let zones = live.availability_zones.unwrap_or_default().into_iter();
    let class = live.db_instance_class.unwrap_or_default();
    let multi_az = live.multi_az_capable.unwrap_or_default();
    Output {
        id: class.clone(),
        availability_zone_group: live.availability_zone_group,
        availability_zones: zones.filter_map(|it| it.name).collect(),
        engine: args.engine.clone(),
        engine_latest_version: args.engine_latest_version,
        engine_version: live.engine_version,
        instance_class: class,
        license_model: live.license_model,
        max_iops_per_db_instance: live.max_iops_per_db_instance,
        max_iops_per_gib: live.max_iops_per_gib,
        max_storage_size: live.max_storage_size,
        min_iops_per_db_instance: live.min_iops_per_db_instance,
        min_iops_per_gib: live.min_iops_per_gib,
        min_storage_size: live.min_storage_size,
        multi_az_capable: multi_az,
        outpost_capable: live.outpost_capable.unwrap_or_default(),
        preferred_engine_versions: args.preferred_engine_versions.clone(),
        preferred_instance_classes: args.preferred_instance_classes.clone(),
        read_replica_capable: live.read_replica_capable.unwrap_or_default(),
        storage_type: live.storage_type,
        supported_engine_modes: live.supported_engine_modes.unwrap_or_default(),
        supported_network_types: live.supported_network_types.unwrap_or_default(),
        supports_clusters: live.supports_clusters.unwrap_or_default(),
        supports_enhanced_monitoring: live.supports_enhanced_monitoring.unwrap_or_default(),
        supports_global_databases: live.supports_global_databases.unwrap_or_default(),
        supports_iam_database_authentication: live
            .supports_iam_database_authentication
            .unwrap_or_default(),
        supports_iops: live.supports_iops.unwrap_or_default(),
        supports_kerberos_authentication: live.supports_kerberos_authentication.unwrap_or_default(),
        supports_multi_az: multi_az,
        supports_performance_insights: live.supports_performance_insights.unwrap_or_default(),
        supports_storage_autoscaling: live.supports_storage_autoscaling.unwrap_or_default(),
        supports_storage_encryption: live.supports_storage_encryption.unwrap_or_default(),
        vpc: live.vpc.unwrap_or_default(),
        region: cx.place.region.clone(),
    }
}
