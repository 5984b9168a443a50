//! What a bucket can be told in its own properties, as before each part had a
//! resource of its own: the older shapes, and their calls.

use std::collections::BTreeMap;

use aws_sdk_s3::{
    primitives::DateTime,
    types::{
        self as sdk, AbortIncompleteMultipartUpload, AccelerateConfiguration, AccessControlPolicy,
        CorsRule as SdkCorsRule, DefaultRetention, ExpirationStatus, LifecycleExpiration,
        LifecycleRule as SdkRule, LifecycleRuleAndOperator, LifecycleRuleFilter, LoggingEnabled,
        NoncurrentVersionExpiration, NoncurrentVersionTransition, ObjectLockEnabled,
        ObjectLockRetentionMode, Payer, RequestPaymentConfiguration, TransitionStorageClass, Type,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Labels,
    bucket_acl::{self, Grant as AclGrant, Grantee},
    bucket_logging, bucket_server_side_encryption_configuration as encryption, bucket_versioning,
    bucket_website_configuration::{self as website, details, parsed},
    part::At,
};
use crate::{
    aws::{
        error::absent,
        twin::{Built as _, Field as _, Moment, Twin, Word, twin},
    },
    provider::*,
};

twin! {
    CorsRule = SdkCorsRule {
        allowed_headers: Option<Set<String>> => allowed_headers, set_allowed_headers;
        allowed_methods: Set<String> => allowed_methods, set_allowed_methods;
        allowed_origins: Set<String> => allowed_origins, set_allowed_origins;
        expose_headers: Option<Set<String>> => expose_headers, set_expose_headers;
        max_age_seconds: Option<i32> => max_age_seconds, set_max_age_seconds;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Grant {
    id: Option<String>,
    permissions: Set<String>,
    r#type: Word<Type>,
    uri: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LifecycleRule {
    abort_incomplete_multipart_upload_days: Option<i32>,
    enabled: bool,
    expiration: Option<Expiration>,
    /// AWS makes one up.
    id: Option<String>,
    noncurrent_version_expiration: Option<LaterExpiration>,
    #[serde(default)]
    noncurrent_version_transitions: Set<LaterTransition>,
    prefix: Option<String>,
    #[serde(default)]
    tags: Labels,
    #[serde(default)]
    transitions: Set<Transition>,
}

twin! {
    Expiration = LifecycleExpiration {
        date: Option<Day> => date, set_date;
        days: Option<i32> => days, set_days;
        expired_object_delete_marker: Option<bool>
            => expired_object_delete_marker, set_expired_object_delete_marker;
    }
}

twin! {
    LaterExpiration = NoncurrentVersionExpiration {
        days: Option<i32> => noncurrent_days, set_noncurrent_days;
    }
}

twin! {
    Transition = sdk::Transition {
        date: Option<Day> => date, set_date;
        days: Option<i32> => days, set_days;
        storage_class: Word<TransitionStorageClass> => storage_class, set_storage_class;
    }
}

twin! {
    LaterTransition = NoncurrentVersionTransition {
        days: Option<i32> => noncurrent_days, set_noncurrent_days;
        storage_class: Word<TransitionStorageClass> => storage_class, set_storage_class;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Logging {
    target_bucket: String,
    #[serde(default)]
    target_prefix: String,
}

twin! {
    ObjectLock = sdk::ObjectLockConfiguration {
        object_lock_enabled: Option<Word<ObjectLockEnabled>>
            => object_lock_enabled, set_object_lock_enabled;
        rule: Option<LockRule> => rule, set_rule;
    }
}

twin! {
    LockRule = sdk::ObjectLockRule {
        default_retention: Retention => default_retention, set_default_retention;
    }
}

twin! {
    Retention = DefaultRetention {
        days: Option<i32> => days, set_days;
        mode: Option<Word<ObjectLockRetentionMode>> => mode, set_mode;
        years: Option<i32> => years, set_years;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Encryption {
    pub(super) rule: encryption::Rule,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Versioning {
    #[serde(default)]
    pub(super) enabled: bool,
    /// Only the account's root can switch it, in a call of its own.
    #[serde(default)]
    pub(super) mfa_delete: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Website {
    error_document: Option<String>,
    index_document: Option<String>,
    /// `example.com` or `https://example.com`
    redirect_all_requests_to: Option<String>,
    /// S3's own JSON, with capital letters.
    routing_rules: Option<Json>,
}

impl Twin for LifecycleRule {
    type Sdk = SdkRule;

    fn to_sdk(&self) -> Result<SdkRule> {
        let prefix = self.prefix.clone().unwrap_or_default();
        let filter = LifecycleRuleFilter::builder();
        let filter = match self.tags.0.is_empty() {
            true => filter.prefix(prefix),
            false => {
                let and = LifecycleRuleAndOperator::builder().prefix(prefix);
                filter.and(and.set_tags(Some(self.tags.to_sdk()?)).build())
            }
        };
        let abort = self.abort_incomplete_multipart_upload_days.map(|days| {
            AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build()
        });
        // A list that is empty must not be there at all.
        let transitions = self.transitions.to_sdk()?;
        let later = self.noncurrent_version_transitions.to_sdk()?;
        SdkRule::builder()
            .set_abort_incomplete_multipart_upload(abort)
            .set_expiration(self.expiration.put()?)
            .filter(filter.build())
            .set_id(self.id.clone())
            .set_noncurrent_version_expiration(self.noncurrent_version_expiration.put()?)
            .set_noncurrent_version_transitions((!later.is_empty()).then_some(later))
            .status(if self.enabled {
                ExpirationStatus::Enabled
            } else {
                ExpirationStatus::Disabled
            })
            .set_transitions((!transitions.is_empty()).then_some(transitions))
            .build()
            .built()
    }

    #[expect(deprecated, reason = "rules of before filters have a prefix of their own")]
    fn from_sdk(sdk: &SdkRule) -> Result<Self> {
        let filter = sdk.filter.as_ref();
        let and = filter.and_then(|it| it.and.as_ref());
        let prefix = and
            .and_then(|it| it.prefix.clone())
            .or_else(|| filter?.prefix.clone())
            .or_else(|| sdk.prefix.clone());
        let tags = and.and_then(|it| it.tags.clone());
        let tags = tags.or_else(|| Some(vec![filter?.tag.clone()?])).unwrap_or_default();
        let abort = sdk.abort_incomplete_multipart_upload.as_ref();
        let later = sdk.noncurrent_version_expiration.as_ref();
        Ok(Self {
            abort_incomplete_multipart_upload_days: abort.and_then(|it| it.days_after_initiation),
            enabled: sdk.status == ExpirationStatus::Enabled,
            expiration: sdk.expiration.as_ref().map(Twin::from_sdk).transpose()?,
            id: sdk.id.clone(),
            noncurrent_version_expiration: later.map(Twin::from_sdk).transpose()?,
            noncurrent_version_transitions: Set(Vec::from_sdk(
                &sdk.noncurrent_version_transitions().to_vec(),
            )?),
            prefix,
            tags: Labels::from_sdk(&tags)?,
            transitions: Set(Vec::from_sdk(&sdk.transitions().to_vec())?),
        })
    }
}

/// `2026-01-31`: these rules know no hours.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct Day(String);

const MIDNIGHT: &str = "T00:00:00Z";

impl Twin for Day {
    type Sdk = DateTime;
    fn to_sdk(&self) -> Result<DateTime> {
        let moment = Moment::parse(&format!("{}{MIDNIGHT}", self.0));
        let odd = || {
            Error::invalid("lifecycleRules", format!("`{}` is no day like `2026-01-31`", self.0))
        };
        moment.map(|it| it.0).ok_or_else(odd)
    }
    fn from_sdk(sdk: &DateTime) -> Result<Self> {
        let moment = Moment(*sdk).to_string();
        Ok(Self(moment.strip_suffix(MIDNIGHT).unwrap_or(&moment).to_owned()))
    }
}

/// The grants, with the permissions of one grantee together, and their short
/// name.
pub(super) async fn acl(cx: &Cx, at: &At) -> Result<(Option<String>, Set<Grant>)> {
    let live = bucket_acl::live(cx, at).await?;
    let name = bucket_acl::canned(&live.grants.0, &live.owner.id).map(str::to_owned);
    let mut grants: BTreeMap<(Option<String>, Option<String>), Grant> = BTreeMap::new();
    for AclGrant { grantee, permission } in live.grants.0 {
        let Some(Grantee { id, uri, r#type, .. }) = grantee else { continue };
        let grant = grants.entry((id.clone(), uri.clone())).or_insert(Grant {
            id,
            permissions: Set::default(),
            r#type,
            uri,
        });
        grant.permissions.0.push(permission.0.to_string());
    }
    Ok((name, Set(grants.into_values().collect())))
}

pub(super) async fn put_grants(cx: &Cx, at: &At, grants: &Set<Grant>) -> Result<()> {
    let live = bucket_acl::live(cx, at).await?;
    let one = |grant: &Grant, permission: &String| AclGrant {
        grantee: Some(Grantee {
            display_name: None,
            email_address: None,
            id: grant.id.clone(),
            r#type: grant.r#type.clone(),
            uri: grant.uri.clone(),
        }),
        permission: Word(permission.as_str().into()),
    };
    let all =
        grants.0.iter().flat_map(|grant| grant.permissions.0.iter().map(move |it| one(grant, it)));
    let all: Vec<_> = all.map(|it| it.to_sdk()).collect::<Result<_>>()?;
    let policy = AccessControlPolicy::builder().set_grants(Some(all)).owner(live.owner.to_sdk()?);
    bucket_acl::call(cx, at).access_control_policy(policy.build()).send().await?;
    Ok(())
}

pub(super) async fn put_acl(cx: &Cx, at: &At, name: &str) -> Result<()> {
    bucket_acl::call(cx, at).acl(name.into()).send().await?;
    Ok(())
}

pub(super) async fn logging(cx: &Cx, at: &At) -> Result<Option<Logging>> {
    let live = bucket_logging::live(cx, at).await?;
    Ok(live.map(|it| Logging { target_bucket: it.target_bucket, target_prefix: it.target_prefix }))
}

pub(super) async fn put_logging(cx: &Cx, at: &At, new: &Logging) -> Result<()> {
    let logging = LoggingEnabled::builder()
        .target_bucket(&new.target_bucket)
        .target_prefix(&new.target_prefix);
    bucket_logging::put(cx, at, Some(logging.build().built()?)).await
}

pub(super) async fn versioning(cx: &Cx, at: &At) -> Result<Versioning> {
    let (status, mfa_delete) = bucket_versioning::live(cx, at).await?;
    let enabled = status == Some(sdk::BucketVersioningStatus::Enabled);
    Ok(Versioning { enabled, mfa_delete })
}

pub(super) async fn put_versioning(cx: &Cx, at: &At, new: &Versioning) -> Result<()> {
    let status = match new.enabled {
        true => sdk::BucketVersioningStatus::Enabled,
        // Nothing is to be suspended where there never was a version.
        false if bucket_versioning::live(cx, at).await?.0.is_none() => return Ok(()),
        false => sdk::BucketVersioningStatus::Suspended,
    };
    let mfa = new.mfa_delete.then_some(sdk::MfaDelete::Enabled);
    bucket_versioning::put(cx, at, status, mfa, None).await
}

impl Website {
    pub(super) fn check(&self) -> Result<()> {
        let routing = "website.routingRules";
        let rules = self.routing_rules.as_ref().map(|it| parsed(it, routing)).transpose()?;
        let pages = self.index_document.is_some() || self.error_document.is_some();
        if self.redirect_all_requests_to.is_some() && (pages || rules.is_some()) {
            let rule = "leaves nothing to an index, an error document or routing rules";
            return Err(Error::invalid("website.redirectAllRequestsTo", rule));
        }
        if self.redirect_all_requests_to.is_none() && self.index_document.is_none() {
            let rule = "is needed, unless there is `redirectAllRequestsTo`";
            return Err(Error::invalid("website.indexDocument", rule));
        }
        Ok(())
    }
}

pub(super) async fn website(cx: &Cx, at: &At) -> Result<Option<Website>> {
    let Some(live) = website::live(cx, at).await? else { return Ok(None) };
    let rules =
        live.routing_rules.map(|it| Vec::<website::RoutingRule>::from_sdk(&it)).transpose()?;
    let redirect = live.redirect_all_requests_to.map(|it| match it.protocol {
        Some(protocol) => format!("{protocol}://{}", it.host_name),
        None => it.host_name,
    });
    Ok(Some(Website {
        error_document: live.error_document.map(|it| it.key),
        index_document: live.index_document.map(|it| it.suffix),
        redirect_all_requests_to: redirect,
        routing_rules: rules.as_deref().map(details).transpose()?,
    }))
}

pub(super) async fn put_website(cx: &Cx, at: &At, new: &Website) -> Result<()> {
    let rules = new.routing_rules.as_ref();
    let redirect = new.redirect_all_requests_to.as_ref().map(|url| match url.split_once("://") {
        Some((protocol, host)) => website::RedirectAll {
            host_name: host.to_owned(),
            protocol: Some(Word(protocol.into())),
        },
        None => website::RedirectAll { host_name: url.clone(), protocol: None },
    });
    website::put(
        cx,
        at,
        website::Website {
            error_document: new.error_document.clone().map(|key| website::ErrorDocument { key }),
            index_document: new
                .index_document
                .clone()
                .map(|suffix| website::IndexDocument { suffix }),
            redirect_all_requests_to: redirect,
            routing_rules: rules.map(|it| parsed(it, "website.routingRules")).transpose()?,
        },
    )
    .await
}

/// Where a region lacks a feature, nobody has switched it on.
const NOT_HERE: &[&str] = &[
    "MethodNotAllowed",
    "NotImplemented",
    "UnsupportedArgument",
    "UnsupportedOperation",
    "XNotImplemented",
];

pub(super) async fn acceleration(cx: &Cx, at: &At) -> Result<Option<String>> {
    let call = cx.aws.s3().get_bucket_accelerate_configuration().bucket(&at.bucket);
    let live = absent(call.send().await, NOT_HERE)?;
    Ok(live.and_then(|it| it.status).map(|it| it.to_string()))
}

pub(super) async fn put_acceleration(cx: &Cx, at: &At, status: &str) -> Result<()> {
    let acceleration = AccelerateConfiguration::builder().status(status.into()).build();
    let call = cx.aws.s3().put_bucket_accelerate_configuration().bucket(&at.bucket);
    call.accelerate_configuration(acceleration).send().await?;
    Ok(())
}

pub(super) async fn payer(cx: &Cx, at: &At) -> Result<Option<Word<Payer>>> {
    let reply = cx.aws.s3().get_bucket_request_payment().bucket(&at.bucket).send().await;
    let live = absent(reply, NOT_HERE)?;
    Ok(live.and_then(|it| it.payer).map(Word))
}

pub(super) async fn put_payer(cx: &Cx, at: &At, payer: &Payer) -> Result<()> {
    let payment = RequestPaymentConfiguration::builder().payer(payer.clone()).build().built()?;
    let call = cx.aws.s3().put_bucket_request_payment().bucket(&at.bucket);
    call.request_payment_configuration(payment).send().await?;
    Ok(())
}

pub(super) async fn object_lock(cx: &Cx, at: &At) -> Result<Option<ObjectLock>> {
    let reply = cx.aws.s3().get_object_lock_configuration().bucket(&at.bucket).send().await;
    let none = [NOT_HERE, &["ObjectLockConfigurationNotFoundError"]].concat();
    let live = absent(reply, &none)?.and_then(|it| it.object_lock_configuration);
    live.map(|it| ObjectLock::from_sdk(&it)).transpose()
}

pub(super) async fn put_object_lock(cx: &Cx, at: &At, new: &ObjectLock) -> Result<()> {
    let mut lock = new.to_sdk()?;
    lock.object_lock_enabled = Some(ObjectLockEnabled::Enabled);
    let call = cx.aws.s3().put_object_lock_configuration().bucket(&at.bucket);
    call.object_lock_configuration(lock).send().await?;
    Ok(())
}
