//! `aws:rds/getSnapshot:getSnapshot`: the one snapshot that the arguments
//! describe. The id is its identifier.

use aws_sdk_rds::types::DbSnapshot;
use aws_smithy_types::{DateTime, date_time::Format};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PAGE, pairs};
use crate::{aws::check_tags, provider::*};

pub(super) struct GetSnapshot;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    db_instance_identifier: Option<String>,
    db_snapshot_identifier: Option<String>,
    #[serde(default)]
    include_public: bool,
    #[serde(default)]
    include_shared: bool,
    /// The last one, where several match.
    #[serde(default)]
    most_recent: bool,
    #[schemars(extend("enum" = ["automated", "manual", "shared", "public", "awsbackup"]))]
    snapshot_type: Option<String>,
    /// Only a snapshot with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    allocated_storage: i32,
    availability_zone: Option<String>,
    db_instance_identifier: String,
    db_snapshot_arn: String,
    db_snapshot_identifier: String,
    encrypted: bool,
    engine: String,
    engine_version: Option<String>,
    include_public: bool,
    include_shared: bool,
    iops: Option<i32>,
    kms_key_id: Option<String>,
    license_model: Option<String>,
    most_recent: bool,
    option_group_name: Option<String>,
    original_snapshot_create_time: Option<String>,
    port: Option<i32>,
    snapshot_create_time: Option<String>,
    snapshot_type: Option<String>,
    source_db_snapshot_identifier: Option<String>,
    source_region: Option<String>,
    status: String,
    storage_type: Option<String>,
    tags: Tags,
    vpc_id: Option<String>,
    region: String,
}

impl Function for GetSnapshot {
    const TOKEN: &'static str = "aws:rds/getSnapshot:getSnapshot";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        if args.db_instance_identifier.is_none() && args.db_snapshot_identifier.is_none() {
            let rule = "or `dbSnapshotIdentifier` is needed";
            return Err(Error::invalid("dbInstanceIdentifier", rule));
        }
        let call = cx.aws.rds().describe_db_snapshots().max_records(PAGE);
        let call = call
            .set_db_instance_identifier(args.db_instance_identifier.clone())
            .set_db_snapshot_identifier(args.db_snapshot_identifier.clone())
            .set_snapshot_type(args.snapshot_type.clone())
            .include_public(args.include_public)
            .include_shared(args.include_shared);
        let mut found: Vec<DbSnapshot> = call.into_paginator().items().send().try_collect().await?;
        let tags = |it: &DbSnapshot| Tags::live(pairs(it.tag_list.clone()));
        found.retain(|it| check_tags(args.tags.as_ref(), &tags(it)).is_ok());
        if found.len() > 1 && !args.most_recent {
            let rule = "several snapshots match: `mostRecent: true` takes the last of them";
            return Err(Error::invalid("dbSnapshotIdentifier", rule));
        }
        // One that is being made has no time yet.
        let made = |it: &DbSnapshot| it.original_snapshot_create_time.or(it.snapshot_create_time);
        found.sort_by_key(|it| made(it).map(|it| it.as_nanos()));
        let none = || Error::invalid("dbSnapshotIdentifier", "no snapshot matches");
        output(cx, args, found.pop().ok_or_else(none)?)
    }
}

fn time(at: Option<DateTime>) -> Option<String> {
    at.and_then(|it| it.fmt(Format::DateTime).ok())
}

fn output(cx: &Cx, args: &Args, live: DbSnapshot) -> Result<Output> {
    let id = live.db_snapshot_identifier.ok_or(Error::missing("DBSnapshotIdentifier"))?;
    Ok(Output {
        id: id.clone(),
        allocated_storage: live.allocated_storage.unwrap_or_default(),
        availability_zone: live.availability_zone,
        db_instance_identifier: live.db_instance_identifier.unwrap_or_default(),
        db_snapshot_arn: live.db_snapshot_arn.ok_or(Error::missing("DBSnapshotArn"))?,
        db_snapshot_identifier: id,
        encrypted: live.encrypted.unwrap_or_default(),
        engine: live.engine.unwrap_or_default(),
        engine_version: live.engine_version,
        include_public: args.include_public,
        include_shared: args.include_shared,
        iops: live.iops,
        kms_key_id: live.kms_key_id,
        license_model: live.license_model,
        most_recent: args.most_recent,
        option_group_name: live.option_group_name,
        original_snapshot_create_time: time(live.original_snapshot_create_time),
        port: live.port,
        snapshot_create_time: time(live.snapshot_create_time),
        snapshot_type: live.snapshot_type,
        source_db_snapshot_identifier: live.source_db_snapshot_identifier,
        source_region: live.source_region,
        status: live.status.unwrap_or_default(),
        storage_type: live.storage_type,
        tags: Tags::live(pairs(live.tag_list)),
        vpc_id: live.vpc_id,
        region: cx.place.region.clone(),
    })
}
