//! `aws:s3/bucketVersioning:BucketVersioning`.

use std::borrow::Cow;

use aws_sdk_s3::types::{BucketVersioningStatus, MfaDelete, VersioningConfiguration};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::part::{At, Part};
use crate::{aws::twin::Word, provider::*};

pub(super) struct BucketVersioning;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    bucket: String,
    #[schemars(extend("replace" = true))]
    expected_bucket_owner: Option<String>,
    /// Serial number and code of the device, for `mfaDelete`.
    #[serde(skip_serializing)]
    #[schemars(extend("writeOnly" = true))]
    mfa: Option<String>,
    versioning_configuration: Versioning,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Versioning {
    mfa_delete: Option<Word<MfaDelete>>,
    status: Status,
}

/// `Disabled` is a bucket that never was versioned.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
struct Status(String);

impl JsonSchema for Status {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Status".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": [DISABLED, "Enabled", "Suspended"] })
    }
}

const DISABLED: &str = "Disabled";

impl Part for BucketVersioning {
    const TYPE: &'static str = "aws:s3/bucketVersioning:BucketVersioning";
    const ALIASES: &'static [&'static str] = &["aws:s3/bucketVersioningV2:BucketVersioningV2"];
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, inputs.expected_bucket_owner.as_deref())
    }

    fn check(new: &Inputs) -> Result<()> {
        let Versioning { mfa_delete, status } = &new.versioning_configuration;
        let mfa = mfa_delete.as_ref().is_some_and(|it| it.0 == MfaDelete::Enabled);
        if mfa && new.mfa.is_none() {
            return Err(Error::invalid("mfa", "is needed to switch `mfaDelete` on"));
        }
        if mfa && status.0 == DISABLED {
            let rule = "is for versioned buckets";
            return Err(Error::invalid("versioningConfiguration.mfaDelete", rule));
        }
        Ok(())
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let (status, mfa_delete) = live(cx, at).await?;
        Ok(Some(Inputs {
            bucket: at.bucket.clone(),
            expected_bucket_owner: at.owner.clone(),
            mfa: None,
            versioning_configuration: Versioning {
                mfa_delete: Some(Word(if mfa_delete {
                    MfaDelete::Enabled
                } else {
                    MfaDelete::Disabled
                })),
                status: Status(status.map_or_else(|| DISABLED.to_owned(), |it| it.to_string())),
            },
        }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        let Versioning { mfa_delete, status } = &new.versioning_configuration;
        if status.0 == DISABLED {
            if live(cx, at).await?.0.is_some() {
                let rule = "cannot be `Disabled` again: a versioned bucket can be `Suspended`";
                return Err(Error::invalid("versioningConfiguration.status", rule));
            }
            return Ok(());
        }
        let status = BucketVersioningStatus::from(status.0.as_str());
        put(cx, at, status, mfa_delete.as_ref().map(|it| it.0.clone()), new.mfa.clone()).await
    }

    /// A bucket that was versioned can only stop making versions.
    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        if live(cx, at).await?.0 != Some(BucketVersioningStatus::Enabled) {
            return Ok(());
        }
        put(cx, at, BucketVersioningStatus::Suspended, None, None).await
    }
}

pub(super) async fn put(
    cx: &Cx,
    at: &At,
    status: BucketVersioningStatus,
    mfa_delete: Option<MfaDelete>,
    mfa: Option<String>,
) -> Result<()> {
    let versioning = VersioningConfiguration::builder().status(status).set_mfa_delete(mfa_delete);
    let call = cx.aws.s3().put_bucket_versioning().bucket(&at.bucket);
    let call = call.set_expected_bucket_owner(at.owner.clone()).set_mfa(mfa);
    call.versioning_configuration(versioning.build()).send().await?;
    Ok(())
}

/// The status, which a bucket that never was versioned has not, and whether
/// deleting takes a second factor.
pub(super) async fn live(cx: &Cx, at: &At) -> Result<(Option<BucketVersioningStatus>, bool)> {
    let call = cx.aws.s3().get_bucket_versioning().bucket(&at.bucket);
    let reply = call.set_expected_bucket_owner(at.owner.clone()).send().await?;
    let mfa = reply.mfa_delete.is_some_and(|it| it.as_str() == "Enabled");
    Ok((reply.status, mfa))
}
