//! `aws:dynamodb/getTable:getTable`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    described, expires_by, recovery,
    table::{Encryption, Expiry, Inputs, Recovery, outputs},
    table_indexes::{Attribute, Global, Key, Local, OnDemand, Warm},
    tags,
};
use crate::provider::*;

pub(super) struct GetTable;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    attributes: Vec<Attribute>,
    billing_mode: String,
    deletion_protection_enabled: bool,
    global_secondary_indexes: Vec<Index>,
    hash_key: Option<String>,
    local_secondary_indexes: Vec<Local>,
    name: String,
    on_demand_throughputs: Vec<OnDemand>,
    point_in_time_recovery: Option<Recovery>,
    range_key: Option<String>,
    read_capacity: i64,
    region: String,
    replicas: Vec<Replica>,
    server_side_encryption: Option<Encryption>,
    stream_arn: Option<String>,
    stream_enabled: bool,
    stream_label: Option<String>,
    stream_view_type: Option<String>,
    table_class: String,
    tags: Tags,
    ttl: Option<Expiry>,
    warm_throughputs: Vec<Warm>,
    write_capacity: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Index {
    hash_key: Option<String>,
    key_schemas: Vec<Key>,
    name: String,
    non_key_attributes: Vec<String>,
    on_demand_throughputs: Vec<OnDemand>,
    projection_type: String,
    range_key: Option<String>,
    read_capacity: i64,
    warm_throughputs: Vec<Warm>,
    write_capacity: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Replica {
    kms_key_arn: Option<String>,
    region_name: String,
}

impl Function for GetTable {
    const TOKEN: &'static str = "aws:dynamodb/getTable:getTable";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("serverSideEncryption", "is told by DynamoDB, and nothing is looked up by it"),
        ("tags", "are told by DynamoDB, and nothing is looked up by them"),
    ];
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let name = &args.name;
        let live = described(cx, name).await?;
        let live = live.ok_or_else(|| Error::failed(format!("there is no table `{name}`")))?;
        let replicas = live.replicas.clone().unwrap_or_default();
        let replica = |it: aws_sdk_dynamodb::types::ReplicaDescription| {
            let kms_key_arn = it.kms_master_key_id;
            Some(Replica { kms_key_arn, region_name: it.region_name? })
        };
        let (ttl, days) = (expires_by(cx, name).await?, recovery(cx, name).await?);
        let it = outputs(live, ttl, days, Tags::live(tags(cx, name).await?))?;
        let table: Inputs = it.inputs;
        Ok(Output {
            id: name.clone(),
            arn: it.arn,
            attributes: table.attributes.0,
            billing_mode: table.billing_mode,
            deletion_protection_enabled: table.deletion_protection_enabled,
            global_secondary_indexes: table
                .global_secondary_indexes
                .0
                .into_iter()
                .map(Index::from)
                .collect(),
            hash_key: table.hash_key,
            local_secondary_indexes: table.local_secondary_indexes.0,
            name: table.name,
            on_demand_throughputs: table.on_demand_throughput.into_iter().collect(),
            point_in_time_recovery: table.point_in_time_recovery,
            range_key: table.range_key,
            read_capacity: table.read_capacity.unwrap_or_default(),
            region: cx.place.region.clone(),
            replicas: replicas.into_iter().filter_map(replica).collect(),
            server_side_encryption: table.server_side_encryption,
            stream_arn: it.stream_arn,
            stream_enabled: table.stream_enabled,
            stream_label: it.stream_label,
            stream_view_type: table.stream_view_type,
            table_class: table.table_class,
            tags: table.tags,
            ttl: table.ttl,
            warm_throughputs: table.warm_throughput.into_iter().collect(),
            write_capacity: table.write_capacity.unwrap_or_default(),
        })
    }
}

impl From<Global> for Index {
    fn from(it: Global) -> Self {
        Self {
            hash_key: it.hash_key,
            key_schemas: it.key_schemas,
            name: it.name,
            non_key_attributes: it.non_key_attributes.0,
            on_demand_throughputs: it.on_demand_throughput.into_iter().collect(),
            projection_type: it.projection_type,
            range_key: it.range_key,
            read_capacity: it.read_capacity.unwrap_or_default(),
            warm_throughputs: it.warm_throughput.into_iter().collect(),
            write_capacity: it.write_capacity.unwrap_or_default(),
        }
    }
}
