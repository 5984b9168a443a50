//! `aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration`.

use aws_sdk_s3::types::{
    BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{At, Part};
use crate::{
    aws::{
        error::absent,
        twin::{Built as _, Twin, Word, twin},
    },
    provider::*,
};

pub(super) struct BucketServerSideEncryptionConfiguration;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    bucket: String,
    #[schemars(extend("replace" = true))]
    expected_bucket_owner: Option<String>,
    /// A list in the Pulumi schema; S3 knows one.
    #[schemars(length(min = 1, max = 1))]
    rules: Vec<Rule>,
}

twin! {
    Rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Option<ByDefault>
            => apply_server_side_encryption_by_default, set_apply_server_side_encryption_by_default;
        blocked_encryption_types: Option<Blocked>
            => blocked_encryption_types, set_blocked_encryption_types;
        bucket_key_enabled: Option<bool> => bucket_key_enabled, set_bucket_key_enabled;
    }
}

twin! {
    ByDefault = ServerSideEncryptionByDefault {
        kms_master_key_id: Option<IdOrArn> => kms_master_key_id, set_kms_master_key_id;
        sse_algorithm: Word<ServerSideEncryption> => sse_algorithm, set_sse_algorithm;
    }
}

/// What uploads may not ask for; `NONE` is nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct Blocked(Set<Word<EncryptionType>>);

impl Twin for Blocked {
    type Sdk = BlockedEncryptionTypes;
    fn to_sdk(&self) -> Result<BlockedEncryptionTypes> {
        let types = self.0.to_sdk()?;
        Ok(BlockedEncryptionTypes::builder().set_encryption_type(Some(types)).build())
    }
    fn from_sdk(sdk: &BlockedEncryptionTypes) -> Result<Self> {
        Ok(Self(sdk.encryption_type().iter().cloned().map(Word).collect()))
    }
}

const MISSING: &[&str] = &["ServerSideEncryptionConfigurationNotFoundError"];

impl Part for BucketServerSideEncryptionConfiguration {
    const TYPE: &'static str =
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
    const ALIASES: &'static [&'static str] = &[
        "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
    ];
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, inputs.expected_bucket_owner.as_deref())
    }

    fn check(new: &Inputs) -> Result<()> {
        new.rules.iter().try_for_each(|it| it.check("rules"))
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let rule = live(cx, at).await?;
        Ok(rule.map(|rule| Inputs {
            bucket: at.bucket.clone(),
            expected_bucket_owner: at.owner.clone(),
            rules: vec![rule],
        }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        match &new.rules[..] {
            [rule] => put(cx, at, rule).await,
            _ => Err(Error::invalid("rules", "is one rule")),
        }
    }

    /// Back to AES256, which every bucket has.
    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        remove(cx, at).await
    }
}

impl Rule {
    pub(super) fn check(&self, property: &str) -> Result<()> {
        let aes = |it: &&ByDefault| it.sse_algorithm.0 == ServerSideEncryption::Aes256;
        let with_key = |it: &ByDefault| it.kms_master_key_id.is_some();
        if self.apply_server_side_encryption_by_default.as_ref().filter(aes).is_some_and(with_key) {
            let rule = "has `kmsMasterKeyId` only with `sseAlgorithm: aws:kms` or `aws:kms:dsse`";
            return Err(Error::invalid(property, rule));
        }
        Ok(())
    }
}

pub(super) async fn live(cx: &Cx, at: &At) -> Result<Option<Rule>> {
    let call = cx.aws.s3().get_bucket_encryption().bucket(&at.bucket);
    let reply = call.set_expected_bucket_owner(at.owner.clone()).send().await;
    let all = absent(reply, MISSING)?.and_then(|it| it.server_side_encryption_configuration);
    all.and_then(|it| it.rules.into_iter().next()).map(|it| Rule::from_sdk(&it)).transpose()
}

pub(super) async fn put(cx: &Cx, at: &At, rule: &Rule) -> Result<()> {
    let all = ServerSideEncryptionConfiguration::builder().rules(rule.to_sdk()?).build().built()?;
    let call = cx.aws.s3().put_bucket_encryption().bucket(&at.bucket);
    let call = call.set_expected_bucket_owner(at.owner.clone());
    call.server_side_encryption_configuration(all).send().await?;
    Ok(())
}

pub(super) async fn remove(cx: &Cx, at: &At) -> Result<()> {
    let call = cx.aws.s3().delete_bucket_encryption().bucket(&at.bucket);
    absent(call.set_expected_bucket_owner(at.owner.clone()).send().await, MISSING).map(drop)
}
