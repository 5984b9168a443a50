//! `aws:ec2/getKeyPair:getKeyPair`: the one key that the arguments describe.

use aws_sdk_ec2::primitives::DateTimeFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Query,
    key_pair::{self, describe, outputs},
    looked_for, sole,
};
use crate::provider::*;

pub(super) struct GetKeyPair;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    #[serde(default)]
    include_public_key: bool,
    key_name: Option<String>,
    key_pair_id: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    #[serde(flatten)]
    key: key_pair::Outputs,
    id: String,
    create_time: Option<String>,
    filters: Vec<Query>,
    include_public_key: bool,
}

impl Function for GetKeyPair {
    const TOKEN: &'static str = "aws:ec2/getKeyPair:getKeyPair";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [("key-name", &args.key_name), ("key-pair-id", &args.key_pair_id)];
        let filters = looked_for(texts, &args.filters, &args.tags);
        let mut live = sole(describe(cx, filters).await?, "key pair")?;
        live.public_key = live.public_key.filter(|_| args.include_public_key);
        Ok(Output {
            id: live.key_pair_id.clone().ok_or(Error::missing("KeyPairId"))?,
            create_time: live.create_time.and_then(|it| it.fmt(DateTimeFormat::DateTime).ok()),
            filters: args.filters.clone(),
            include_public_key: args.include_public_key,
            key: outputs(cx, live)?,
        })
    }
}
