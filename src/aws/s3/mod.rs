//! Amazon S3. What a bucket can be told is told in calls of their own, each
//! of which puts one part of it whole (`part.rs`).

mod bucket;
mod bucket_acl;
mod bucket_cors_configuration;
mod bucket_lifecycle_configuration;
mod bucket_logging;
mod bucket_notification;
mod bucket_ownership_controls;
mod bucket_policy;
mod bucket_public_access_block;
mod bucket_server_side_encryption_configuration;
mod bucket_versioning;
mod bucket_website_configuration;
mod get_bucket;
mod get_canonical_user_id;
mod get_object;
mod inline;
mod object;
mod part;
mod place;
mod replication;

use std::collections::BTreeMap;

use aws_sdk_s3::{operation::head_bucket::HeadBucketOutput, types::Tag};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::part::part;
use crate::{
    aws::{
        error::absent,
        twin::{Built as _, Twin, words},
    },
    provider::{AnyFunction, AnyResource, Cx, Error, Kind, Result, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<bucket::Bucket>(),
        part::<bucket_acl::BucketAcl>(),
        part::<bucket_cors_configuration::BucketCorsConfiguration>(),
        part::<bucket_lifecycle_configuration::BucketLifecycleConfiguration>(),
        part::<bucket_logging::BucketLogging>(),
        part::<bucket_notification::BucketNotification>(),
        resource::<object::BucketObject<object::Older>>(),
        resource::<object::BucketObject<object::Newer>>(),
        part::<bucket_ownership_controls::BucketOwnershipControls>(),
        part::<bucket_policy::BucketPolicy>(),
        part::<bucket_public_access_block::BucketPublicAccessBlock>(),
        part::<bucket_server_side_encryption_configuration::BucketServerSideEncryptionConfiguration>(
        ),
        part::<bucket_versioning::BucketVersioning>(),
        part::<bucket_website_configuration::BucketWebsiteConfiguration>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_bucket::GetBucket>(),
        function::<get_canonical_user_id::GetCanonicalUserId>(),
        function::<get_object::GetObject>(),
    ]
}

/// A HEAD has no body to say it in.
const NO_BUCKET: &[&str] = &["NoSuchBucket", "NotFound"];

const NO_OBJECT: &[&str] = &["NoSuchBucket", "NoSuchKey", "NotFound"];

/// What HEAD says of a bucket that is not for us to see.
const FOREIGN: &[&str] = &["Forbidden", "PermanentRedirect"];

words! {
    aws_sdk_s3:
    BucketLogsPermission BucketNamespace BucketVersioningStatus ChecksumAlgorithm EncryptionType
    ExpirationStatus MetricsStatus MfaDelete ObjectLockEnabled ObjectLockLegalHoldStatus
    ObjectLockMode ObjectLockRetentionMode ObjectOwnership OwnerOverride PartitionDateSource Payer Permission Protocol ReplicationRuleStatus
    ReplicationTimeStatus ServerSideEncryption StorageClass TransitionDefaultMinimumObjectSize
    TransitionStorageClass Type
}

/// Changes of one bucket wait for each other: S3 refuses concurrent ones.
fn serial(bucket: &str) -> String {
    format!("s3:{bucket}")
}

/// `None` when no bucket has this name; `FOREIGN` when one has that is
/// another account's or another region's.
async fn head(cx: &Cx, bucket: &str) -> Result<Option<HeadBucketOutput>> {
    let reply = cx.aws.s3().head_bucket().bucket(bucket).send().await;
    let status = |it: &aws_sdk_s3::error::SdkError<_, _>| {
        let response: Option<&aws_smithy_runtime_api::client::orchestrator::HttpResponse> =
            it.raw_response();
        response.map(|it| it.status().as_u16())
    };
    let foreign = |code, what: &str| {
        let message = format!("the bucket `{bucket}` {what}");
        Err(Error::new(Kind::Service, code, message))
    };
    match reply.as_ref().err().and_then(status) {
        Some(301 | 307) => foreign(FOREIGN[1], "is in another region"),
        Some(403) => foreign(FOREIGN[0], "is another account's, or not for you to see"),
        _ => absent(reply, NO_BUCKET),
    }
}

/// The tags of a bucket, with ours and AWS's own.
async fn tags_raw(cx: &Cx, bucket: &str) -> Result<BTreeMap<String, String>> {
    let reply = cx.aws.s3().get_bucket_tagging().bucket(bucket).send().await;
    match absent(reply, &["NoSuchTagSet"]) {
        Err(error) if error.is(NO_BUCKET) => Err(Error::unseen("the bucket")),
        reply => {
            let tags = reply?.map(|it| it.tag_set).unwrap_or_default();
            Ok(tags.into_iter().map(|it| (it.key, it.value)).collect())
        }
    }
}

/// What a program says as a map, and S3 as a list of tags.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
struct Labels(BTreeMap<String, String>);

impl Twin for Labels {
    type Sdk = Vec<Tag>;
    fn to_sdk(&self) -> Result<Vec<Tag>> {
        self.0
            .iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build().built())
            .collect()
    }
    fn from_sdk(sdk: &Vec<Tag>) -> Result<Self> {
        Ok(Self(sdk.iter().map(|it| (it.key.clone(), it.value.clone())).collect()))
    }
}
