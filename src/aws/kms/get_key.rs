//! `aws:kms/getKey:getKey`. The id is the key's id.

use aws_sdk_kms::types::MultiRegionKey;
use aws_smithy_types::{DateTime, date_time::Format};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetKey;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    grant_tokens: Option<Vec<String>>,
    /// The key's id or ARN, or an alias.
    key_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    aws_account_id: String,
    cloud_hsm_cluster_id: Option<String>,
    creation_date: Option<String>,
    custom_key_store_id: Option<String>,
    customer_master_key_spec: Option<String>,
    deletion_date: Option<String>,
    description: Option<String>,
    enabled: bool,
    expiration_model: Option<String>,
    grant_tokens: Option<Vec<String>>,
    key_id: String,
    key_manager: Option<String>,
    key_spec: Option<String>,
    key_state: Option<String>,
    key_usage: Option<String>,
    multi_region: bool,
    multi_region_configurations: Vec<MultiRegion>,
    origin: Option<String>,
    pending_deletion_window_in_days: i32,
    valid_to: Option<String>,
    xks_key_configurations: Vec<XksKey>,
    region: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MultiRegion {
    multi_region_key_type: Option<String>,
    primary_keys: Vec<RegionalKey>,
    replica_keys: Vec<RegionalKey>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RegionalKey {
    arn: Option<String>,
    region: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct XksKey {
    id: Option<String>,
}

impl Function for GetKey {
    const TOKEN: &'static str = "aws:kms/getKey:getKey";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let call = cx.aws.kms().describe_key().key_id(&args.key_id);
        let reply = call.set_grant_tokens(args.grant_tokens.clone()).send().await?;
        let live = reply.key_metadata.ok_or(Error::missing("KeyMetadata"))?;
        let key = |it: MultiRegionKey| RegionalKey { arn: it.arn, region: it.region };
        let regions = live.multi_region_configuration.into_iter().map(|it| MultiRegion {
            multi_region_key_type: it.multi_region_key_type.map(|it| it.as_str().to_owned()),
            primary_keys: it.primary_key.into_iter().map(key).collect(),
            replica_keys: it.replica_keys.unwrap_or_default().into_iter().map(key).collect(),
        });
        let spec = live.key_spec.map(|it| it.as_str().to_owned());
        Ok(Output {
            id: live.key_id.clone(),
            arn: live.arn.ok_or(Error::missing("Arn"))?,
            aws_account_id: live.aws_account_id.unwrap_or_default(),
            cloud_hsm_cluster_id: live.cloud_hsm_cluster_id,
            creation_date: live.creation_date.and_then(time),
            custom_key_store_id: live.custom_key_store_id,
            // The older name of the same.
            customer_master_key_spec: spec.clone(),
            deletion_date: live.deletion_date.and_then(time),
            description: live.description,
            enabled: live.enabled,
            expiration_model: live.expiration_model.map(|it| it.as_str().to_owned()),
            grant_tokens: args.grant_tokens.clone(),
            key_id: args.key_id.clone(),
            key_manager: live.key_manager.map(|it| it.as_str().to_owned()),
            key_spec: spec,
            key_state: live.key_state.map(|it| it.as_str().to_owned()),
            key_usage: live.key_usage.map(|it| it.as_str().to_owned()),
            multi_region: live.multi_region.unwrap_or_default(),
            multi_region_configurations: regions.collect(),
            origin: live.origin.map(|it| it.as_str().to_owned()),
            pending_deletion_window_in_days: live
                .pending_deletion_window_in_days
                .unwrap_or_default(),
            valid_to: live.valid_to.and_then(time),
            xks_key_configurations: live
                .xks_key_configuration
                .into_iter()
                .map(|it| XksKey { id: it.id })
                .collect(),
            region: cx.place.region.clone(),
        })
    }
}

fn time(at: DateTime) -> Option<String> {
    at.fmt(Format::DateTime).ok()
}
