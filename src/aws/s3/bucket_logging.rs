//! `aws:s3/bucketLogging:BucketLogging`: a log of who uses a bucket, written
//! to another one.

use aws_sdk_s3::types::{
    BucketLoggingStatus, BucketLogsPermission, LoggingEnabled, PartitionDateSource,
    PartitionedPrefix, SimplePrefix, TargetGrant, TargetObjectKeyFormat,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    bucket_acl::Grantee,
    part::{At, Part},
};
use crate::{
    aws::twin::{Built as _, Twin as _, Unit, Word, twin, units},
    provider::*,
};

pub(super) struct BucketLogging;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    bucket: String,
    #[schemars(extend("replace" = true))]
    expected_bucket_owner: Option<String>,
    target_bucket: String,
    #[serde(default)]
    target_grants: Set<Grant>,
    target_object_key_format: Option<KeyFormat>,
    target_prefix: String,
}

twin! {
    Grant = TargetGrant {
        grantee: Grantee => grantee, set_grantee;
        permission: Word<BucketLogsPermission> => permission, set_permission;
    }
}

twin! {
    /// One of these.
    KeyFormat = TargetObjectKeyFormat {
        partitioned_prefix: Option<Partitioned> => partitioned_prefix, set_partitioned_prefix;
        simple_prefix: Option<Unit<SimplePrefix>> => simple_prefix, set_simple_prefix;
    }
}

twin! {
    Partitioned = PartitionedPrefix {
        partition_date_source: Word<PartitionDateSource>
            => partition_date_source, set_partition_date_source;
    }
}

units! {
    aws_sdk_s3: SimplePrefix
}

impl Part for BucketLogging {
    const TYPE: &'static str = "aws:s3/bucketLogging:BucketLogging";
    const ALIASES: &'static [&'static str] = &["aws:s3/bucketLoggingV2:BucketLoggingV2"];
    const TAKEN: Option<&'static str> = Some("logging of this bucket");
    /// Addresses of e-mail come back as ids.
    const AS_PUT: bool = false;
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, inputs.expected_bucket_owner.as_deref())
    }

    fn check(new: &Inputs) -> Result<()> {
        let format = new.target_object_key_format.as_ref();
        if format.is_some_and(|it| it.partitioned_prefix.is_some() == it.simple_prefix.is_some()) {
            let rule = "is `partitionedPrefix` or `simplePrefix`";
            return Err(Error::invalid("targetObjectKeyFormat", rule));
        }
        Ok(())
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let Some(live) = live(cx, at).await? else { return Ok(None) };
        let format = live.target_object_key_format.as_ref();
        Ok(Some(Inputs {
            bucket: at.bucket.clone(),
            expected_bucket_owner: at.owner.clone(),
            target_grants: Set::from_sdk(&live.target_grants().to_vec())?,
            target_object_key_format: format.map(KeyFormat::from_sdk).transpose()?,
            target_bucket: live.target_bucket,
            target_prefix: live.target_prefix,
        }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        let format = new.target_object_key_format.as_ref();
        let grants = new.target_grants.to_sdk()?;
        let logging = LoggingEnabled::builder()
            .target_bucket(&new.target_bucket)
            .set_target_grants((!grants.is_empty()).then_some(grants))
            .set_target_object_key_format(format.map(KeyFormat::to_sdk).transpose()?)
            .target_prefix(&new.target_prefix);
        put(cx, at, Some(logging.build().built()?)).await
    }

    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        put(cx, at, None).await
    }
}

pub(super) async fn live(cx: &Cx, at: &At) -> Result<Option<LoggingEnabled>> {
    let call = cx.aws.s3().get_bucket_logging().bucket(&at.bucket);
    let reply = call.set_expected_bucket_owner(at.owner.clone()).send().await?;
    Ok(reply.logging_enabled)
}

/// `None` switches it off.
pub(super) async fn put(cx: &Cx, at: &At, logging: Option<LoggingEnabled>) -> Result<()> {
    let status = BucketLoggingStatus::builder().set_logging_enabled(logging).build();
    let call = cx.aws.s3().put_bucket_logging().bucket(&at.bucket);
    let call = call.set_expected_bucket_owner(at.owner.clone());
    call.bucket_logging_status(status).send().await?;
    Ok(())
}
