//! `aws:s3/bucketObject:BucketObject` and `aws:s3/bucketObjectv2:BucketObjectv2`,
//! which differ in what they tell of checksums. The id is `bucket/key`.

use std::{collections::BTreeMap, marker::PhantomData, time::Duration};

use aws_sdk_s3::{
    operation::{head_object::HeadObjectOutput, put_object::builders::PutObjectFluentBuilder},
    primitives::ByteStream,
    types::{
        ChecksumAlgorithm, ChecksumMode, ObjectLockLegalHold, ObjectLockLegalHoldStatus,
        ObjectLockMode, ObjectLockRetention, ObjectLockRetentionMode, ServerSideEncryption,
        StorageClass, Tagging,
    },
};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    Labels, NO_OBJECT,
    bucket::{Versions, delete_all},
    serial,
};
use crate::{
    aws::{
        error::{absent, if_seen, seen},
        twin::{Built as _, Moment, Twin as _, Word},
    },
    model::{Map, Value},
    provider::*,
};

/// What the two types differ in.
pub(super) trait Kin: Send + Sync + 'static {
    const TYPE: &'static str;
    const REFUSED: &'static [(&'static str, &'static str)];
}

pub(super) struct Older;

impl Kin for Older {
    const TYPE: &'static str = "aws:s3/bucketObject:BucketObject";
    const REFUSED: &'static [(&'static str, &'static str)] =
        &[("checksumAlgorithm", "is for `aws:s3:BucketObjectv2`")];
}

pub(super) struct Newer;

impl Kin for Newer {
    const TYPE: &'static str = "aws:s3/bucketObjectv2:BucketObjectv2";
    const REFUSED: &'static [(&'static str, &'static str)] = &[(
        "overrideProvider",
        "give the object a provider without `defaultTags` in the option `provider`",
    )];
}

pub(super) struct BucketObject<K>(PhantomData<fn() -> K>);

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// A short name for usual grants.
    #[schemars(extend("writeOnly" = true))]
    acl: Option<String>,
    #[schemars(extend("replace" = true))]
    bucket: String,
    #[schemars(extend("computed" = true))]
    bucket_key_enabled: Option<bool>,
    cache_control: Option<String>,
    #[schemars(extend("computed" = true))]
    checksum_algorithm: Option<Word<ChecksumAlgorithm>>,
    /// One of `content`, `contentBase64` and `source`; without any, it is
    /// empty. What is uploaded may hold anything, and is kept as a secret.
    content: Option<Secret<String>>,
    content_base64: Option<Secret<String>>,
    content_disposition: Option<String>,
    content_encoding: Option<String>,
    content_language: Option<String>,
    #[schemars(extend("computed" = true))]
    content_type: Option<String>,
    /// To be compared: the MD5 of what was uploaded, unless a KMS key
    /// encrypts it.
    #[schemars(extend("computed" = true))]
    etag: Option<String>,
    /// Deletes the older versions too, and whatever holds them.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
    #[schemars(length(max = 1024), extend("autoname" = 1024, "verbatim" = true, "replace" = true))]
    key: String,
    #[schemars(extend("computed" = true))]
    kms_key_id: Option<IdOrArn>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[schemars(extend("computed" = true))]
    object_lock_legal_hold_status: Option<Word<ObjectLockLegalHoldStatus>>,
    #[schemars(extend("computed" = true))]
    object_lock_mode: Option<Word<ObjectLockMode>>,
    #[schemars(extend("computed" = true))]
    object_lock_retain_until_date: Option<Moment>,
    #[schemars(extend("computed" = true))]
    server_side_encryption: Option<Word<ServerSideEncryption>>,
    source: Option<Asset>,
    /// Another one uploads the source anew.
    #[schemars(extend("writeOnly" = true))]
    source_hash: Option<String>,
    #[schemars(extend("computed" = true))]
    storage_class: Option<Word<StorageClass>>,
    #[serde(default)]
    tags: Tags,
    website_redirect: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    checksum_crc32: Option<String>,
    checksum_crc32c: Option<String>,
    checksum_crc64nvme: Option<String>,
    checksum_sha1: Option<String>,
    checksum_sha256: Option<String>,
    /// Of a versioned bucket.
    version_id: Option<String>,
}

impl<K: Kin> Resource for BucketObject<K> {
    const TYPE: &'static str = K::TYPE;
    const REFUSED: &'static [(&'static str, &'static str)] = K::REFUSED;
    const KEY: &'static [&'static str] = &["bucket", "key"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let given = [new.content.is_some(), new.content_base64.is_some(), new.source.is_some()];
        if given.into_iter().filter(|it| *it).count() > 1 {
            let rule = "is the content, or `contentBase64` or `content` is";
            return Err(Error::invalid("source", rule));
        }
        if let Some(Secret(text)) = &new.content_base64 {
            let odd = |_| Error::invalid("contentBase64", "is not base64");
            BASE64.decode(text).map_err(odd)?;
        }
        if new.key.is_empty() || new.key.starts_with('/') {
            return Err(Error::invalid("key", "does not begin with `/`"));
        }
        if new.metadata.keys().any(|it| it.chars().any(|it| it.is_ascii_uppercase())) {
            return Err(Error::invalid("metadata", "has small letters only in its keys"));
        }
        if new.tags.0.len() > TAGS {
            let rule = format!("is at most {TAGS}: S3 knows ten, and two say who made the object");
            return Err(Error::invalid("tags", rule));
        }
        if new.object_lock_mode.is_some() != new.object_lock_retain_until_date.is_some() {
            let rule = "and `objectLockRetainUntilDate` go together";
            return Err(Error::invalid("objectLockMode", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let (Some(bucket), Some(key)) = (text("bucket"), text("key")) else { return Map::new() };
        Map::from([
            ("id".to_owned(), Value::String(format!("{bucket}/{key}"))),
            ("arn".to_owned(), Value::String(arn(place, bucket, key))),
        ])
    }

    /// Only for a bucket's one key: objects are written side by side.
    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&id(inputs)))
    }

    /// S3 itself refuses to write over what is there.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let made = put(cx, new).await?.if_none_match("*").send().await;
        match made.map_err(Error::from) {
            Err(error) if error.is(&["PreconditionFailed"]) => {
                let ours = Self::find(cx, new).await?;
                ours.ok_or(Error::not_ours("an object of this key"))
            }
            made => made.map(|_| id(new)),
        }
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (bucket, key) = parts(id)?;
        let shows = || async { Ok(head(cx, bucket, key).await?.map(drop)) };
        cx.wait("S3 to show the object", Duration::from_secs(60), shows).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (bucket, key) = parts(id)?;
        let Some(live) = head(cx, bucket, key).await? else { return Ok(None) };
        let tags = match cx.asks("tags") {
            true => Tags::live(tags_raw(cx, bucket, key, None).await?),
            false => Tags::default(),
        };
        let asked = ["content", "contentBase64"].into_iter().any(|it| cx.asks(it));
        let body = match asked && live.content_length.unwrap_or_default() <= READ {
            true => Some(body(cx, bucket, key).await?),
            false => None,
        };
        let source = match (&live.checksum_sha256, cx.asks("source")) {
            (Some(hash), true) => Some(Asset::live(hash)?),
            (None, true) => {
                let bytes = match &body {
                    Some(body) => body.clone(),
                    None => self::body(cx, bucket, key).await?,
                };
                Some(Asset::live(&BASE64.encode(Sha256::digest(bytes)))?)
            }
            (_, false) => None,
        };
        outputs(cx, [bucket, key], live, tags, source, body).map(Some)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if written(old) != written(new) {
            put(cx, new).await?.send().await?;
            return Ok(());
        }
        let (bucket, key) = parts(id)?;
        if old.acl != new.acl {
            let acl = new.acl.as_deref().unwrap_or("private");
            let call = cx.aws.s3().put_object_acl().bucket(bucket).key(key);
            call.acl(acl.into()).send().await?;
        }
        if old.object_lock_legal_hold_status != new.object_lock_legal_hold_status {
            let status = new.object_lock_legal_hold_status.as_ref().map(|it| it.0.clone());
            hold(cx, bucket, key, None, status.unwrap_or(ObjectLockLegalHoldStatus::Off)).await?;
        }
        let retained =
            |it: &Inputs| (it.object_lock_mode.clone(), it.object_lock_retain_until_date.clone());
        if retained(old) != retained(new) {
            let mode = new.object_lock_mode.as_ref().map(|it| it.0.as_str());
            let retention = ObjectLockRetention::builder()
                .set_mode(mode.map(ObjectLockRetentionMode::from))
                .set_retain_until_date(new.object_lock_retain_until_date.as_ref().map(|it| it.0));
            let call = cx.aws.s3().put_object_retention().bucket(bucket).key(key);
            let call = call.retention(retention.build());
            call.set_bypass_governance_retention(new.force_destroy.then_some(true)).send().await?;
        }
        if old.tags != new.tags {
            let tags = Labels(cx.birth_tags(&new.tags)).to_sdk()?;
            let tags = Tagging::builder().set_tag_set(Some(tags)).build().built()?;
            let call = cx.aws.s3().put_object_tagging().bucket(bucket).key(key);
            call.tagging(tags).send().await?;
        }
        Ok(())
    }

    /// In a versioned bucket, older versions stay behind a delete marker.
    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let (bucket, key) = parts(id)?;
        if last.force_destroy {
            return delete_versions(cx, bucket, key, last).await;
        }
        let reply = cx.aws.s3().delete_object().bucket(bucket).key(key).send().await;
        absent(reply, NO_OBJECT).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        if head(cx, &inputs.bucket, &inputs.key).await?.is_none() {
            return Ok(None);
        }
        let tags = if_seen(tags_raw(cx, &inputs.bucket, &inputs.key, None).await)?;
        Ok(tags.is_some_and(|it| cx.made(it)).then(|| id(inputs)))
    }
}

/// Beside the two that say who made it.
const TAGS: usize = 8;

/// A program is not longer: what is has not been said in one.
const READ: i64 = 8 << 20;

fn id(inputs: &Inputs) -> String {
    format!("{}/{}", inputs.bucket, inputs.key)
}

/// `bucket/key`, also as `s3://bucket/key`.
fn parts(id: &str) -> Result<(&str, &str)> {
    let broken = || Error::invalid("import", format!("`{id}` is not `bucket/key`"));
    id.strip_prefix("s3://").unwrap_or(id).split_once('/').ok_or_else(broken)
}

pub(super) fn arn(place: &Place, bucket: &str, key: &str) -> String {
    format!("arn:{}:s3:::{bucket}/{key}", place.partition)
}

/// What only writing the object anew can change.
fn written(it: &Inputs) -> impl PartialEq + '_ {
    let said = [
        &it.cache_control,
        &it.content_disposition,
        &it.content_encoding,
        &it.content_language,
        &it.content_type,
        &it.etag,
        &it.source_hash,
        &it.website_redirect,
    ];
    let words = (&it.checksum_algorithm, &it.server_side_encryption, &it.storage_class);
    let key = (it.bucket_key_enabled, &it.kms_key_id);
    (said, words, key, &it.metadata, (&it.content, &it.content_base64, &it.source))
}

async fn put(cx: &Cx, new: &Inputs) -> Result<PutObjectFluentBuilder> {
    let body = match (&new.content, &new.content_base64, &new.source) {
        (Some(Secret(text)), _, _) => text.clone().into_bytes(),
        (None, Some(Secret(text)), _) => {
            BASE64.decode(text).map_err(|_| Error::invalid("contentBase64", "is not base64"))?
        }
        (None, None, Some(source)) => source.bytes(cx, "source").await?,
        (None, None, None) => Vec::new(),
    };
    // By it a later look knows what is there.
    let checksum = new.checksum_algorithm.as_ref();
    let checksum = checksum.map_or(ChecksumAlgorithm::Sha256, |it| it.0.clone());
    let metadata = new.metadata.clone().into_iter().collect();
    let call = cx.aws.s3().put_object().bucket(&new.bucket).key(&new.key);
    let call = call
        .set_acl(new.acl.as_deref().map(Into::into))
        .body(ByteStream::from(body))
        .set_bucket_key_enabled(new.bucket_key_enabled)
        .set_cache_control(new.cache_control.clone())
        .checksum_algorithm(checksum)
        .set_content_disposition(new.content_disposition.clone())
        .set_content_encoding(new.content_encoding.clone())
        .set_content_language(new.content_language.clone())
        .set_content_type(new.content_type.clone())
        .set_metadata(Some(metadata))
        .set_object_lock_legal_hold_status(
            new.object_lock_legal_hold_status.as_ref().map(|it| it.0.clone()),
        )
        .set_object_lock_mode(new.object_lock_mode.as_ref().map(|it| it.0.clone()))
        .set_object_lock_retain_until_date(
            new.object_lock_retain_until_date.as_ref().map(|it| it.0),
        )
        .set_server_side_encryption(new.server_side_encryption.as_ref().map(|it| it.0.clone()))
        .set_ssekms_key_id(new.kms_key_id.as_ref().map(|it| it.0.clone()))
        .set_storage_class(new.storage_class.as_ref().map(|it| it.0.clone()))
        .tagging(query(&cx.birth_tags(&new.tags)))
        .set_website_redirect_location(new.website_redirect.clone());
    Ok(call)
}

/// `a=b&c=d`, with all but plain letters as percent signs.
fn query(tags: &BTreeMap<String, String>) -> String {
    let encoded = |text: &str| -> String {
        let one = |it: u8| match it {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(it).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(one).collect()
    };
    let pairs = tags.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

async fn head(cx: &Cx, bucket: &str, key: &str) -> Result<Option<HeadObjectOutput>> {
    let call = cx.aws.s3().head_object().bucket(bucket).key(key);
    absent(call.checksum_mode(ChecksumMode::Enabled).send().await, NO_OBJECT)
}

async fn body(cx: &Cx, bucket: &str, key: &str) -> Result<Vec<u8>> {
    let reply = cx.aws.s3().get_object().bucket(bucket).key(key).send().await;
    collected(seen(reply, NO_OBJECT, "the object")?.body).await
}

/// A connection that is lost on the way is no content.
pub(super) async fn collected(body: ByteStream) -> Result<Vec<u8>> {
    let broken = |error| Error::new(Kind::Ambiguous, "", format!("reading the object: {error}"));
    Ok(body.collect().await.map_err(broken)?.to_vec())
}

/// With our own, which prove who made it.
pub(super) async fn tags_raw(
    cx: &Cx,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<BTreeMap<String, String>> {
    let call = cx.aws.s3().get_object_tagging().bucket(bucket).key(key);
    let reply = call.set_version_id(version.map(str::to_owned)).send().await;
    let tags = seen(reply, NO_OBJECT, "the object")?.tag_set;
    Ok(Labels::from_sdk(&tags)?.0)
}

fn outputs(
    cx: &Cx,
    [bucket, key]: [&str; 2],
    live: HeadObjectOutput,
    tags: Tags,
    source: Option<Asset>,
    body: Option<Vec<u8>>,
) -> Result<Outputs> {
    let checksums = [
        (&live.checksum_crc32, ChecksumAlgorithm::Crc32),
        (&live.checksum_crc32_c, ChecksumAlgorithm::Crc32C),
        (&live.checksum_crc64_nvme, ChecksumAlgorithm::Crc64Nvme),
        (&live.checksum_sha1, ChecksumAlgorithm::Sha1),
        (&live.checksum_sha256, ChecksumAlgorithm::Sha256),
    ];
    let algorithm = checksums.into_iter().find(|(it, _)| it.is_some()).map(|(_, it)| Word(it));
    let text = body.as_ref().and_then(|it| String::from_utf8(it.clone()).ok());
    let inputs = Inputs {
        acl: None,
        bucket: bucket.to_owned(),
        bucket_key_enabled: live.bucket_key_enabled,
        cache_control: live.cache_control,
        checksum_algorithm: algorithm,
        content: text.map(Secret),
        content_base64: body.map(|it| Secret(BASE64.encode(it))),
        content_disposition: live.content_disposition,
        content_encoding: live.content_encoding,
        content_language: live.content_language,
        content_type: live.content_type,
        etag: live.e_tag.map(|it| it.trim_matches('"').to_owned()),
        force_destroy: false,
        key: key.to_owned(),
        kms_key_id: live.ssekms_key_id.map(IdOrArn),
        metadata: live.metadata.unwrap_or_default().into_iter().collect(),
        object_lock_legal_hold_status: live.object_lock_legal_hold_status.map(Word),
        object_lock_mode: live.object_lock_mode.map(Word),
        object_lock_retain_until_date: live.object_lock_retain_until_date.map(Moment),
        server_side_encryption: live.server_side_encryption.map(Word),
        source,
        source_hash: None,
        // Only other ones are told.
        storage_class: Some(Word(live.storage_class.unwrap_or(StorageClass::Standard))),
        tags,
        website_redirect: live.website_redirect_location,
    };
    Ok(Outputs {
        inputs,
        arn: arn(&cx.place, bucket, key),
        checksum_crc32: live.checksum_crc32,
        checksum_crc32c: live.checksum_crc32_c,
        checksum_crc64nvme: live.checksum_crc64_nvme,
        checksum_sha1: live.checksum_sha1,
        checksum_sha256: live.checksum_sha256,
        version_id: live.version_id,
    })
}

async fn hold(
    cx: &Cx,
    bucket: &str,
    key: &str,
    version: Option<&str>,
    status: ObjectLockLegalHoldStatus,
) -> Result<()> {
    let call = cx.aws.s3().put_object_legal_hold().bucket(bucket).key(key);
    let call = call.set_version_id(version.map(str::to_owned));
    call.legal_hold(ObjectLockLegalHold::builder().status(status).build()).send().await?;
    Ok(())
}

/// All versions and delete markers of one key.
async fn delete_versions(cx: &Cx, bucket: &str, key: &str, last: &Inputs) -> Result<()> {
    let held = last.object_lock_legal_hold_status.as_ref();
    let held = held.is_some_and(|it| it.0 == ObjectLockLegalHoldStatus::On);
    let mut pages = Versions::new(bucket, key);
    while let Some(mut page) = pages.next(cx).await? {
        page.retain(|it| it.id.key == key);
        for it in page.iter().filter(|it| held && it.is_object) {
            let version = it.id.version_id.as_deref();
            hold(cx, bucket, key, version, ObjectLockLegalHoldStatus::Off).await?;
        }
        let all = page.into_iter().map(|it| it.id).collect();
        delete_all(cx, bucket, all, last.object_lock_mode.is_some()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_into_a_header() {
        let tags = [("orderinfra:op", "0a"), ("a b", "ü&=")];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(query(&BTreeMap::from(tags)), "a%20b=%C3%BC%26%3D&orderinfra%3Aop=0a");
    }

    #[test]
    fn keys_may_have_slashes() {
        assert_eq!(parts("logs/2026/01/a.txt"), Ok(("logs", "2026/01/a.txt")));
        assert_eq!(parts("s3://logs/a"), Ok(("logs", "a")));
        assert!(parts("logs").is_err());
    }
}
