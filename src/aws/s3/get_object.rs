//! `aws:s3/getObject:getObject`.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{ChecksumMode, StorageClass};
use aws_smithy_types::date_time::Format;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_OBJECT, object};
use crate::{
    aws::{error::absent, twin::Moment},
    provider::*,
};

pub(super) struct GetObject;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    bucket: String,
    /// `ENABLED` asks for the checksums.
    checksum_mode: Option<String>,
    /// Left out: only what is text by its type is read.
    download_body: Option<bool>,
    key: String,
    /// `bytes=0-99`
    range: Option<String>,
    /// In the answer in place of the object's own.
    tags: Option<Tags>,
    version_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    body: Option<String>,
    body_base64: Option<String>,
    bucket: String,
    bucket_key_enabled: bool,
    cache_control: Option<String>,
    checksum_crc32: Option<String>,
    checksum_crc32c: Option<String>,
    checksum_crc64nvme: Option<String>,
    checksum_mode: Option<String>,
    checksum_sha1: Option<String>,
    checksum_sha256: Option<String>,
    content_disposition: Option<String>,
    content_encoding: Option<String>,
    content_language: Option<String>,
    content_length: i64,
    content_type: Option<String>,
    download_body: Option<bool>,
    etag: Option<String>,
    expiration: Option<String>,
    expires: Option<String>,
    key: String,
    last_modified: Option<String>,
    metadata: BTreeMap<String, String>,
    object_lock_legal_hold_status: Option<String>,
    object_lock_mode: Option<String>,
    object_lock_retain_until_date: Option<Moment>,
    range: Option<String>,
    region: String,
    server_side_encryption: Option<String>,
    sse_kms_key_id: Option<String>,
    storage_class: String,
    tags: Tags,
    version_id: Option<String>,
    website_redirect_location: Option<String>,
}

impl Function for GetObject {
    const TOKEN: &'static str = "aws:s3/getObject:getObject";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let Args { bucket, key, version_id, .. } = args;
        let call = cx.aws.s3().head_object().bucket(bucket).key(key);
        let call = call.set_version_id(version_id.clone()).set_range(args.range.clone());
        let mode = args.checksum_mode.as_deref().map(ChecksumMode::from);
        let reply = call.set_checksum_mode(mode).send().await;
        let live = absent(reply, NO_OBJECT)?.ok_or_else(|| {
            let message = format!("there is no object `{key}` in the bucket `{bucket}`");
            Error::new(Kind::Service, "NoSuchKey", message)
        })?;
        let wanted = args.download_body;
        let bytes = match wanted.unwrap_or_else(|| is_text(live.content_type())) {
            true => {
                let call = cx.aws.s3().get_object().bucket(bucket).key(key);
                let call = call.set_version_id(version_id.clone()).set_range(args.range.clone());
                Some(object::collected(call.send().await?.body).await?)
            }
            false => None,
        };
        let tags = match &args.tags {
            Some(tags) => tags.clone(),
            None => Tags::live(object::tags_raw(cx, bucket, key, version_id.as_deref()).await?),
        };
        let date = |it: aws_smithy_types::DateTime| it.fmt(Format::HttpDate).ok();
        Ok(Output {
            id: format!("{bucket}/{key}"),
            arn: object::arn(&cx.place, bucket, key),
            body: bytes.as_ref().and_then(|it| String::from_utf8(it.clone()).ok()),
            body_base64: bytes.map(|it| BASE64.encode(it)),
            bucket: bucket.clone(),
            bucket_key_enabled: live.bucket_key_enabled.unwrap_or_default(),
            cache_control: live.cache_control,
            checksum_crc32: live.checksum_crc32,
            checksum_crc32c: live.checksum_crc32_c,
            checksum_crc64nvme: live.checksum_crc64_nvme,
            checksum_mode: args.checksum_mode.clone(),
            checksum_sha1: live.checksum_sha1,
            checksum_sha256: live.checksum_sha256,
            content_disposition: live.content_disposition,
            content_encoding: live.content_encoding,
            content_language: live.content_language,
            content_length: live.content_length.unwrap_or_default(),
            content_type: live.content_type,
            download_body: wanted,
            etag: live.e_tag.map(|it| it.trim_matches('"').to_owned()),
            expiration: live.expiration,
            expires: live.expires_string,
            key: key.clone(),
            last_modified: live.last_modified.and_then(date),
            metadata: live.metadata.unwrap_or_default().into_iter().collect(),
            object_lock_legal_hold_status: live
                .object_lock_legal_hold_status
                .map(|it| it.to_string()),
            object_lock_mode: live.object_lock_mode.map(|it| it.to_string()),
            object_lock_retain_until_date: live.object_lock_retain_until_date.map(Moment),
            range: args.range.clone(),
            region: cx.place.region.clone(),
            server_side_encryption: live.server_side_encryption.map(|it| it.to_string()),
            sse_kms_key_id: live.ssekms_key_id,
            // Only other ones are told.
            storage_class: live.storage_class.unwrap_or(StorageClass::Standard).to_string(),
            tags,
            version_id: live.version_id,
            website_redirect_location: live.website_redirect_location,
        })
    }
}

/// Whether a type of content is for people to read.
fn is_text(content_type: Option<&str>) -> bool {
    const TEXTS: &[&str] = &[
        "application/atom+xml",
        "application/json",
        "application/ld+json",
        "application/x-csh",
        "application/x-httpd-php",
        "application/x-sh",
        "application/x-sql",
        "application/xhtml+xml",
        "application/xml",
        "application/yaml",
    ];
    let kind = content_type.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/") || TEXTS.contains(&kind)
}
