//! `aws:s3/bucketOwnershipControls:BucketOwnershipControls`.

use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls, OwnershipControlsRule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{At, Part};
use crate::{
    aws::{
        error::absent,
        twin::{Built as _, Twin as _, Word, twin},
    },
    provider::*,
};

pub(super) struct BucketOwnershipControls;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    bucket: String,
    rule: Rule,
}

twin! {
    Rule = OwnershipControlsRule {
        object_ownership: Word<ObjectOwnership> => object_ownership, set_object_ownership;
    }
}

const MISSING: &[&str] = &["OwnershipControlsNotFoundError"];

impl Part for BucketOwnershipControls {
    const TYPE: &'static str = "aws:s3/bucketOwnershipControls:BucketOwnershipControls";
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, None)
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let reply = cx.aws.s3().get_bucket_ownership_controls().bucket(&at.bucket).send().await;
        let controls = absent(reply, MISSING)?.and_then(|it| it.ownership_controls);
        let Some(rule) = controls.and_then(|it| it.rules.into_iter().next()) else {
            return Ok(None);
        };
        Ok(Some(Inputs { bucket: at.bucket.clone(), rule: Rule::from_sdk(&rule)? }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        let controls = OwnershipControls::builder().rules(new.rule.to_sdk()?).build().built()?;
        let call = cx.aws.s3().put_bucket_ownership_controls().bucket(&at.bucket);
        call.ownership_controls(controls).send().await?;
        Ok(())
    }

    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        let reply = cx.aws.s3().delete_bucket_ownership_controls().bucket(&at.bucket).send().await;
        absent(reply, MISSING).map(drop)
    }
}
