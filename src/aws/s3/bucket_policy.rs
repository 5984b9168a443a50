//! `aws:s3/bucketPolicy:BucketPolicy`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{At, Part};
use crate::{aws::error::absent, provider::*};

pub(super) struct BucketPolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    bucket: String,
    policy: Policy,
}

const MISSING: &[&str] = &["NoSuchBucketPolicy"];

/// A bucket has one policy, and this is it from now on: services that deliver
/// logs write one too, so that one that is there is nobody's in particular.
impl Part for BucketPolicy {
    const TYPE: &'static str = "aws:s3/bucketPolicy:BucketPolicy";
    /// S3 writes accounts as ARNs, and lists of one without brackets.
    const AS_PUT: bool = false;
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, None)
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let policy = live(cx, at).await?;
        Ok(policy.map(|policy| Inputs { bucket: at.bucket.clone(), policy }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        put(cx, at, &new.policy).await
    }

    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        remove(cx, at).await
    }
}

pub(super) async fn live(cx: &Cx, at: &At) -> Result<Option<Policy>> {
    let reply = cx.aws.s3().get_bucket_policy().bucket(&at.bucket).send().await;
    let text = absent(reply, MISSING)?.and_then(|it| it.policy);
    text.filter(|it| !it.is_empty()).map(|it| Policy::parse(&it)).transpose()
}

pub(super) async fn put(cx: &Cx, at: &At, policy: &Policy) -> Result<()> {
    let call = cx.aws.s3().put_bucket_policy().bucket(&at.bucket);
    call.policy(policy.to_string()).send().await?;
    Ok(())
}

pub(super) async fn remove(cx: &Cx, at: &At) -> Result<()> {
    let reply = cx.aws.s3().delete_bucket_policy().bucket(&at.bucket).send().await;
    absent(reply, MISSING).map(drop)
}
