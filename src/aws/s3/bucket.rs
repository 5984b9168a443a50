//! `aws:s3/bucket:Bucket`. The id is the bucket's name.

use std::time::Duration;

use super::{
    FOREIGN, Labels, NO_BUCKET, bucket_acl, bucket_cors_configuration as cors,
    bucket_lifecycle_configuration as lifecycle, bucket_policy as policy,
    bucket_server_side_encryption_configuration as encryption, head,
    inline::{
        self, CorsRule, Encryption, Grant, LifecycleRule, Logging, ObjectLock, Versioning, Website,
    },
    part::At,
    place::{domain, hosted_zone_id, regional_domain, website_domain, website_endpoint},
    replication::{self, Replication},
    serial, tags_raw,
};
use crate::{
    aws::{
        error::{absent, if_seen},
        twin::{Built as _, Twin as _, Word},
    },
    model::{Map, Value},
    provider::*,
};
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketNamespace, CreateBucketConfiguration, Delete, ObjectIdentifier,
    ObjectLockEnabled, ObjectOwnership, Payer, Tagging,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) struct Bucket;

/// Below the tags is what other resources own, unless the program says it
/// here.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 63, "lower" = true, "replace" = true))]
    bucket: String,
    /// `account-regional` for a name that nobody else can have.
    #[schemars(extend("computed" = true, "replace" = true))]
    bucket_namespace: Option<Word<BucketNamespace>>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    bucket_prefix: Option<String>,
    /// Deletes what is in the bucket with it, old versions too.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
    #[schemars(extend("computed" = true, "replace" = true))]
    object_lock_enabled: Option<bool>,
    #[serde(default)]
    tags: Tags,
    #[schemars(extend("computed" = true))]
    acceleration_status: Option<String>,
    #[schemars(extend("computed" = true))]
    acl: Option<String>,
    #[schemars(extend("computed" = true))]
    cors_rules: Option<Vec<CorsRule>>,
    #[schemars(extend("computed" = true))]
    grants: Option<Set<Grant>>,
    #[schemars(extend("computed" = true))]
    lifecycle_rules: Option<Set<LifecycleRule>>,
    #[schemars(extend("computed" = true))]
    logging: Option<Logging>,
    #[schemars(extend("computed" = true))]
    object_lock_configuration: Option<ObjectLock>,
    #[schemars(extend("computed" = true))]
    policy: Option<Policy>,
    #[schemars(extend("computed" = true))]
    replication_configuration: Option<Replication>,
    #[schemars(extend("computed" = true))]
    request_payer: Option<Word<Payer>>,
    #[schemars(extend("computed" = true))]
    server_side_encryption_configuration: Option<Encryption>,
    #[schemars(extend("computed" = true))]
    versioning: Option<Versioning>,
    #[schemars(extend("computed" = true))]
    website: Option<Website>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    bucket_domain_name: String,
    bucket_region: String,
    bucket_regional_domain_name: String,
    hosted_zone_id: String,
    /// Of a bucket that is a website.
    website_domain: Option<String>,
    website_endpoint: Option<String>,
}

impl Resource for Bucket {
    const TYPE: &'static str = "aws:s3/bucket:Bucket";
    const ALIASES: &'static [&'static str] = &["aws:s3/bucketV2:BucketV2"];
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("loggings", "is `logging` of `aws:s3:Bucket`, without the list"),
        ("replicationConfigurations", "is `replicationConfiguration` of `aws:s3:Bucket`"),
        (
            "serverSideEncryptionConfigurations",
            "is `serverSideEncryptionConfiguration` of `aws:s3:Bucket`, without the lists",
        ),
        ("versionings", "is `versioning` of `aws:s3:Bucket`, without the list"),
        ("websites", "is `website` of `aws:s3:Bucket`, without the list"),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.bucket)?;
        if let Some(acl) = &new.acl {
            bucket_acl::check(acl)?;
            if new.grants.is_some() {
                return Err(Error::invalid("grants", "excludes `acl`"));
            }
        }
        if let Some(encryption) = &new.server_side_encryption_configuration {
            encryption.rule.check("serverSideEncryptionConfiguration")?;
        }
        for rule in new.lifecycle_rules.iter().flat_map(|it| &it.0) {
            rule.to_sdk()?;
        }
        new.website.as_ref().map_or(Ok(()), Website::check)
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(bucket) = inputs.get("bucket").and_then(Value::as_str) else { return Map::new() };
        Map::from([
            ("id".to_owned(), Value::string(bucket)),
            ("arn".to_owned(), Value::String(arn(place, bucket))),
            ("bucketDomainName".to_owned(), Value::String(domain(place, bucket))),
            ("bucketRegion".to_owned(), Value::string(&place.region)),
            ("bucketRegionalDomainName".to_owned(), Value::String(regional_domain(place, bucket))),
            ("hostedZoneId".to_owned(), Value::string(hosted_zone_id(&place.region))),
        ])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.bucket))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "acl" && bucket_acl::same(wanted, live)
    }

    /// In us-east-1, creating one's own bucket again succeeds: look first, so
    /// that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let taken = || Err(Error::not_ours("a bucket of this name"));
        match head(cx, &new.bucket).await {
            Err(error) if error.is(FOREIGN) => return taken(),
            live => {
                if live?.is_some() {
                    let ours = cx.made(tags_raw(cx, &new.bucket).await?);
                    return if ours { Ok(new.bucket.clone()) } else { taken() };
                }
            }
        }
        let tags = Labels(cx.birth_tags(&new.tags)).to_sdk()?;
        let place = CreateBucketConfiguration::builder().set_tags(Some(tags));
        let region = cx.place.region.as_str();
        let elsewhere = (region != "us-east-1").then(|| BucketLocationConstraint::from(region));
        let call = cx.aws.s3().create_bucket().bucket(&new.bucket);
        let call = call
            .create_bucket_configuration(place.set_location_constraint(elsewhere).build())
            .set_bucket_namespace(new.bucket_namespace.as_ref().map(|it| it.0.clone()))
            .set_object_lock_enabled_for_bucket(locked(new).then_some(true))
            .set_object_ownership(shared(new).then_some(ObjectOwnership::BucketOwnerPreferred));
        match call.send().await.map_err(Error::from) {
            Err(error) if error.is(&["BucketAlreadyExists", "BucketAlreadyOwnedByYou"]) => {
                Self::find(cx, new).await?.map_or_else(taken, Ok)
            }
            reply => reply.map(|_| new.bucket.clone()),
        }
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        apply(cx, &At::of(id, None), None, new).await
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let shows = || async { Ok(head(cx, id).await?.map(drop)) };
        cx.wait("S3 to show the bucket", Duration::from_secs(180), shows).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = head(cx, id).await? else { return Ok(None) };
        let at = At::of(id, None);
        let regional = format!("-{}-{}-an", cx.place.account, cx.place.region);
        let namespace = match id.ends_with(&regional) {
            true => BucketNamespace::AccountRegional,
            false => BucketNamespace::Global,
        };
        let mut inputs = Inputs { bucket_namespace: Some(Word(namespace)), ..bare(id) };
        if cx.asks("tags") {
            inputs.tags = Tags::live(tags_raw(cx, id).await?);
        }
        if cx.asks("accelerationStatus") {
            inputs.acceleration_status = inline::acceleration(cx, &at).await?;
        }
        if cx.asks("acl") || cx.asks("grants") {
            let (acl, grants) = inline::acl(cx, &at).await?;
            (inputs.acl, inputs.grants) = (acl, Some(grants));
        }
        if cx.asks("corsRules") {
            inputs.cors_rules = Some(cors::live(cx, &at).await?.unwrap_or_default());
        }
        if cx.asks("lifecycleRules") {
            let live = lifecycle::live(cx, &at).await?;
            inputs.lifecycle_rules = Some(Set(live.map(|(rules, _)| rules).unwrap_or_default()));
        }
        if cx.asks("logging") {
            inputs.logging = inline::logging(cx, &at).await?;
        }
        if cx.asks("objectLockConfiguration") || cx.asks("objectLockEnabled") {
            let lock = inline::object_lock(cx, &at).await?;
            inputs.object_lock_enabled = Some(lock.is_some());
            inputs.object_lock_configuration = lock;
        }
        if cx.asks("policy") {
            inputs.policy = policy::live(cx, &at).await?;
        }
        if cx.asks("replicationConfiguration") {
            inputs.replication_configuration = replication::live(cx, &at).await?;
        }
        if cx.asks("requestPayer") {
            inputs.request_payer = inline::payer(cx, &at).await?;
        }
        if cx.asks("serverSideEncryptionConfiguration") {
            let rule = encryption::live(cx, &at).await?;
            inputs.server_side_encryption_configuration = rule.map(|rule| Encryption { rule });
        }
        if cx.asks("versioning") {
            inputs.versioning = Some(inline::versioning(cx, &at).await?);
        }
        let of_website = ["website", "websiteDomain", "websiteEndpoint"];
        if of_website.into_iter().any(|it| cx.asks(it)) {
            inputs.website = inline::website(cx, &at).await?;
        }
        let is_website = inputs.website.is_some();
        let region = live.bucket_region.unwrap_or_else(|| cx.place.region.clone());
        Ok(Some(Outputs {
            inputs,
            arn: arn(&cx.place, id),
            bucket_domain_name: domain(&cx.place, id),
            bucket_regional_domain_name: regional_domain(&cx.place, id),
            hosted_zone_id: hosted_zone_id(&region).to_owned(),
            bucket_region: region,
            website_domain: is_website.then(|| website_domain(&cx.place)),
            website_endpoint: is_website.then(|| website_endpoint(&cx.place, id)),
        }))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        apply(cx, &At::of(id, None), Some(old), new).await?;
        let (set, removed) = new.tags.since(&old.tags);
        if set.is_empty() && removed.is_empty() {
            return Ok(());
        }
        // The call replaces all: ours and AWS's own stay.
        let mut all = tags_raw(cx, id).await?;
        all.retain(|key, _| !removed.contains(key));
        all.extend(set);
        let tags = Tagging::builder().set_tag_set(Some(Labels(all).to_sdk()?)).build().built()?;
        cx.aws.s3().put_bucket_tagging().bucket(id).tagging(tags).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let mut rounds = if last.force_destroy { ROUNDS } else { 0 };
        loop {
            if rounds > 0 {
                empty(cx, id, locked(last)).await?;
            }
            let reply = absent(cx.aws.s3().delete_bucket().bucket(id).send().await, NO_BUCKET);
            match reply {
                Err(error) if error.is(&["BucketNotEmpty"]) && rounds > 1 => rounds -= 1,
                Err(error) if error.is(&["BucketNotEmpty"]) && rounds == 0 => {
                    let hint = "`forceDestroy: true`, applied before, deletes what is in it";
                    return Err(Error { message: format!("{}; {hint}", error.message), ..error });
                }
                reply => return reply.map(drop),
            }
        }
    }

    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let gone = || async {
            match head(cx, id).await {
                Err(error) if error.is(FOREIGN) => Ok(Some(())),
                live => Ok(live?.is_none().then_some(())),
            }
        };
        cx.wait("the bucket to be gone", Duration::from_secs(180), gone).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = match head(cx, &inputs.bucket).await {
            Err(error) if error.is(FOREIGN) => None,
            live => live?,
        };
        if live.is_none() {
            return Ok(None);
        }
        let tags = if_seen(tags_raw(cx, &inputs.bucket).await)?;
        Ok(tags.is_some_and(|it| cx.made(it)).then(|| inputs.bucket.clone()))
    }
}

/// How often a bucket that is written to meanwhile is emptied.
const ROUNDS: u32 = 5;

fn arn(place: &Place, bucket: &str) -> String {
    format!("arn:{}:s3:::{bucket}", place.partition)
}

fn check_name(name: &str) -> Result<()> {
    let wrong = |rule: &str| Err(Error::invalid("bucket", rule));
    let end = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
    if !(3..=63).contains(&name.len()) || !name.chars().all(|it| end(it) || ".-".contains(it)) {
        return wrong("has 3 to 63 small letters, digits, `.` and `-`");
    }
    if !name.starts_with(end) || !name.ends_with(end) || name.contains("..") {
        return wrong("begins and ends with a letter or digit, and has no two dots in a row");
    }
    if name.split('.').count() == 4 && name.split('.').all(|it| it.parse::<u8>().is_ok()) {
        return wrong("is no IP address");
    }
    let begins = ["xn--", "sthree-", "amzn-s3-demo-"];
    let ends = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    if begins.iter().any(|it| name.starts_with(it)) || ends.iter().any(|it| name.ends_with(it)) {
        return wrong("has a beginning or an end that AWS keeps for itself");
    }
    Ok(())
}

/// Whether its objects can be locked, which is said at birth.
fn locked(inputs: &Inputs) -> bool {
    let lock = inputs.object_lock_configuration.as_ref();
    let enabled = lock.and_then(|it| it.object_lock_enabled.as_ref());
    inputs.object_lock_enabled == Some(true)
        || enabled.is_some_and(|it| it.0 == ObjectLockEnabled::Enabled)
}

/// Grants to others need a bucket that does not switch them off, as new ones
/// do.
fn shared(inputs: &Inputs) -> bool {
    let private = |it: &String| bucket_acl::PRIVATE == it;
    inputs.grants.is_some() || inputs.acl.as_ref().is_some_and(|it| !private(it))
}

/// A bucket of which nothing is known.
fn bare(bucket: &str) -> Inputs {
    Inputs {
        bucket: bucket.to_owned(),
        bucket_namespace: None,
        bucket_prefix: None,
        force_destroy: false,
        object_lock_enabled: None,
        tags: Tags::default(),
        acceleration_status: None,
        acl: None,
        cors_rules: None,
        grants: None,
        lifecycle_rules: None,
        logging: None,
        object_lock_configuration: None,
        policy: None,
        replication_configuration: None,
        request_payer: None,
        server_side_encryption_configuration: None,
        versioning: None,
        website: None,
    }
}

/// Makes all parts that differ as they are wanted; a new bucket has none.
async fn apply(cx: &Cx, at: &At, old: Option<&Inputs>, new: &Inputs) -> Result<()> {
    if let Some(policy) = changed(old, new, |it| &it.policy) {
        policy::put(cx, at, policy).await?;
    }
    // ACLs may be switched off, and then nobody but the owner is named anyway.
    let private = old.is_none() && !shared(new);
    if let Some(acl) = changed(old, new, |it| &it.acl).filter(|_| !private) {
        inline::put_acl(cx, at, acl).await?;
    }
    if let Some(grants) = changed(old, new, |it| &it.grants) {
        inline::put_grants(cx, at, grants).await?;
    }
    // Replication and locks are for versioned buckets.
    if let Some(versioning) = changed(old, new, |it| &it.versioning) {
        inline::put_versioning(cx, at, versioning).await?;
    }
    if let Some(lock) = changed(old, new, |it| &it.object_lock_configuration) {
        inline::put_object_lock(cx, at, lock).await?;
    }
    if let Some(it) = changed(old, new, |it| &it.replication_configuration) {
        match it.is_empty() {
            true => replication::remove(cx, at).await?,
            false => replication::put(cx, at, it).await?,
        }
    }
    if let Some(encryption) = changed(old, new, |it| &it.server_side_encryption_configuration) {
        encryption::put(cx, at, &encryption.rule).await?;
    }
    if let Some(rules) = changed(old, new, |it| &it.cors_rules) {
        match rules.is_empty() {
            true => cors::remove(cx, at).await?,
            false => cors::put(cx, at, rules).await?,
        }
    }
    if let Some(Set(rules)) = changed(old, new, |it| &it.lifecycle_rules) {
        match rules.is_empty() {
            true => lifecycle::remove(cx, at).await?,
            false => lifecycle::put(cx, at, rules, None).await?,
        }
    }
    if let Some(logging) = changed(old, new, |it| &it.logging) {
        inline::put_logging(cx, at, logging).await?;
    }
    if let Some(website) = changed(old, new, |it| &it.website) {
        inline::put_website(cx, at, website).await?;
    }
    if let Some(status) = changed(old, new, |it| &it.acceleration_status) {
        inline::put_acceleration(cx, at, status).await?;
    }
    if let Some(payer) = changed(old, new, |it| &it.request_payer) {
        inline::put_payer(cx, at, &payer.0).await?;
    }
    Ok(())
}

/// What the program says, where it is not what is there.
fn changed<'a, T: PartialEq>(
    old: Option<&Inputs>,
    new: &'a Inputs,
    of: impl for<'b> Fn(&'b Inputs) -> &'b Option<T>,
) -> Option<&'a T> {
    let wanted = of(new).as_ref()?;
    let there = old.and_then(|it| of(it).as_ref());
    (there != Some(wanted)).then_some(wanted)
}

/// Deletes all versions of all objects, and uploads that were never finished.
async fn empty(cx: &Cx, bucket: &str, locked: bool) -> Result<()> {
    let mut deleted = 0;
    let mut pages = Versions::new(bucket, "");
    while let Some(page) = pages.next(cx).await? {
        deleted += page.len();
        let all = page.into_iter().map(|it| it.id).collect();
        delete_all(cx, bucket, all, locked).await?;
        cx.say(format!("emptying the bucket: {deleted} deleted"));
    }
    abort_uploads(cx, bucket).await
}

/// A version of an object, or a delete marker.
pub(super) struct Version {
    pub(super) id: ObjectIdentifier,
    pub(super) is_object: bool,
}

/// All versions of the keys that begin so, page by page.
pub(super) struct Versions<'a> {
    bucket: &'a str,
    prefix: &'a str,
    /// Key and version to go on after; `None` at the end.
    next: Option<[Option<String>; 2]>,
}

impl<'a> Versions<'a> {
    pub(super) fn new(bucket: &'a str, prefix: &'a str) -> Self {
        Self { bucket, prefix, next: Some([None, None]) }
    }

    /// A bucket that is gone has none.
    pub(super) async fn next(&mut self, cx: &Cx) -> Result<Option<Vec<Version>>> {
        let Some([key, version]) = self.next.take() else { return Ok(None) };
        let call = cx.aws.s3().list_object_versions().bucket(self.bucket).prefix(self.prefix);
        let call = call.set_key_marker(key).set_version_id_marker(version);
        let Some(page) = absent(call.send().await, NO_BUCKET)? else { return Ok(None) };
        let versions = page.versions().iter().map(|it| (it.key(), it.version_id(), true));
        let markers = page.delete_markers().iter().map(|it| (it.key(), it.version_id(), false));
        let one = |(key, version, is_object): (Option<&str>, Option<&str>, bool)| {
            let id = ObjectIdentifier::builder().key(key.unwrap_or_default());
            let id = id.set_version_id(version.map(str::to_owned)).build().built()?;
            Ok(Version { id, is_object })
        };
        let all = versions.chain(markers).map(one).collect::<Result<_>>()?;
        if page.is_truncated == Some(true) {
            self.next = Some([page.next_key_marker, page.next_version_id_marker]);
        }
        Ok(Some(all))
    }
}

/// Retention that only governs gives way to who may say so.
pub(super) async fn delete_all(
    cx: &Cx,
    bucket: &str,
    all: Vec<ObjectIdentifier>,
    locked: bool,
) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let delete = Delete::builder().set_objects(Some(all)).quiet(true).build().built()?;
    let call = cx.aws.s3().delete_objects().bucket(bucket).delete(delete);
    let reply = call.set_bypass_governance_retention(locked.then_some(true)).send().await?;
    match reply.errors() {
        [] => Ok(()),
        [first, rest @ ..] => {
            let (code, key) = (first.code().unwrap_or_default(), first.key().unwrap_or_default());
            let why = first.message().unwrap_or_default();
            let more = match rest.len() {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            Err(Error::new(Kind::Service, code, format!("cannot delete `{key}`: {why}{more}")))
        }
    }
}

async fn abort_uploads(cx: &Cx, bucket: &str) -> Result<()> {
    let mut next = Some([None, None]);
    while let Some([key, upload]) = next.take() {
        let call = cx.aws.s3().list_multipart_uploads().bucket(bucket);
        let call = call.set_key_marker(key).set_upload_id_marker(upload);
        let Some(page) = absent(call.send().await, NO_BUCKET)? else { return Ok(()) };
        for upload in page.uploads() {
            let call = cx.aws.s3().abort_multipart_upload().bucket(bucket);
            let call = call.set_key(upload.key.clone()).set_upload_id(upload.upload_id.clone());
            absent(call.send().await, &["NoSuchUpload"])?;
        }
        if page.is_truncated == Some(true) {
            next = Some([page.next_key_marker, page.next_upload_id_marker]);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_s3_takes() {
        for name in ["abc", "orders-1234567", "www.example.com", "1.2.3.4.5"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        let long = "a".repeat(64);
        let wrong = ["ab", &long, "Orders", "a_b", "-ab", "ab-", "a..b", "10.0.0.1", "xn--ab"];
        for name in wrong.into_iter().chain(["orders-s3alias", "orders--x-s3"]) {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
