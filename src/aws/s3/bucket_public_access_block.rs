//! `aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock`.

use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{At, Part};
use crate::{aws::error::absent, provider::*};

pub(super) struct BucketPublicAccessBlock;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[serde(default)]
    block_public_acls: bool,
    #[serde(default)]
    block_public_policy: bool,
    #[schemars(extend("replace" = true))]
    bucket: String,
    #[serde(default)]
    ignore_public_acls: bool,
    #[serde(default)]
    restrict_public_buckets: bool,
    /// Leaves the block in place when the resource is deleted.
    #[serde(skip_serializing)]
    #[schemars(extend("writeOnly" = true))]
    skip_destroy: Option<bool>,
}

const MISSING: &[&str] = &["NoSuchPublicAccessBlockConfiguration"];

impl Part for BucketPublicAccessBlock {
    const TYPE: &'static str = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, None)
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let reply = cx.aws.s3().get_public_access_block().bucket(&at.bucket).send().await;
        let block = absent(reply, MISSING)?.and_then(|it| it.public_access_block_configuration);
        Ok(block.map(|it| Inputs {
            block_public_acls: it.block_public_acls.unwrap_or_default(),
            block_public_policy: it.block_public_policy.unwrap_or_default(),
            bucket: at.bucket.clone(),
            ignore_public_acls: it.ignore_public_acls.unwrap_or_default(),
            restrict_public_buckets: it.restrict_public_buckets.unwrap_or_default(),
            skip_destroy: None,
        }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(new.block_public_acls)
            .block_public_policy(new.block_public_policy)
            .ignore_public_acls(new.ignore_public_acls)
            .restrict_public_buckets(new.restrict_public_buckets);
        let call = cx.aws.s3().put_public_access_block().bucket(&at.bucket);
        call.public_access_block_configuration(block.build()).send().await?;
        Ok(())
    }

    async fn remove(cx: &Cx, at: &At, last: &Inputs) -> Result<()> {
        if last.skip_destroy != Some(true) {
            let reply = cx.aws.s3().delete_public_access_block().bucket(&at.bucket).send().await;
            absent(reply, MISSING)?;
        }
        Ok(())
    }
}
