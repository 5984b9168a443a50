//! `aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration`.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration as Sdk, ExpirationStatus,
    LifecycleExpiration, LifecycleRule, LifecycleRuleAndOperator, LifecycleRuleFilter,
    NoncurrentVersionExpiration, NoncurrentVersionTransition, Tag,
    TransitionDefaultMinimumObjectSize, TransitionStorageClass,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Labels,
    part::{At, Part},
};
use crate::{
    aws::{
        error::absent,
        twin::{Built as _, Field as _, Moment, Twin, Word, twin},
    },
    provider::*,
};

pub(super) struct BucketLifecycleConfiguration;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    bucket: String,
    #[schemars(extend("replace" = true))]
    expected_bucket_owner: Option<String>,
    #[serde(default)]
    rules: Set<Rule>,
    #[schemars(extend("computed" = true))]
    transition_default_minimum_object_size: Option<Word<TransitionDefaultMinimumObjectSize>>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    abort_incomplete_multipart_upload: Option<Abort>,
    expiration: Option<Expiration>,
    /// Without one, it is for all objects.
    filter: Option<Filter>,
    #[schemars(length(max = 255))]
    id: String,
    noncurrent_version_expiration: Option<NoncurrentExpiration>,
    #[serde(default)]
    noncurrent_version_transitions: Set<NoncurrentTransition>,
    /// The older way to say `filter.prefix`.
    prefix: Option<String>,
    status: Word<ExpirationStatus>,
    #[serde(default)]
    transitions: Set<Transition>,
}

twin! {
    Abort = AbortIncompleteMultipartUpload {
        days_after_initiation: Option<i32> => days_after_initiation, set_days_after_initiation;
    }
}

twin! {
    Expiration = LifecycleExpiration {
        date: Option<Moment> => date, set_date;
        days: Option<i32> => days, set_days;
        expired_object_delete_marker: Option<bool>
            => expired_object_delete_marker, set_expired_object_delete_marker;
    }
}

twin! {
    /// One of these; several are said in `and`.
    Filter = LifecycleRuleFilter {
        and: Option<And> => and, set_and;
        object_size_greater_than: Option<i64>
            => object_size_greater_than, set_object_size_greater_than;
        object_size_less_than: Option<i64> => object_size_less_than, set_object_size_less_than;
        prefix: Option<String> => prefix, set_prefix;
        tag: Option<Label> => tag, set_tag;
    }
}

twin! {
    And = LifecycleRuleAndOperator {
        object_size_greater_than: Option<i64>
            => object_size_greater_than, set_object_size_greater_than;
        object_size_less_than: Option<i64> => object_size_less_than, set_object_size_less_than;
        prefix: Option<String> => prefix, set_prefix;
        tags: Option<Labels> => tags, set_tags;
    }
}

twin! {
    Label = Tag {
        key: String => key, set_key;
        value: String => value, set_value;
    }
}

twin! {
    NoncurrentExpiration = NoncurrentVersionExpiration {
        newer_noncurrent_versions: Option<i32>
            => newer_noncurrent_versions, set_newer_noncurrent_versions;
        noncurrent_days: i32 => noncurrent_days, set_noncurrent_days;
    }
}

twin! {
    NoncurrentTransition = NoncurrentVersionTransition {
        newer_noncurrent_versions: Option<i32>
            => newer_noncurrent_versions, set_newer_noncurrent_versions;
        noncurrent_days: i32 => noncurrent_days, set_noncurrent_days;
        storage_class: Word<TransitionStorageClass> => storage_class, set_storage_class;
    }
}

twin! {
    Transition = aws_sdk_s3::types::Transition {
        date: Option<Moment> => date, set_date;
        days: Option<i32> => days, set_days;
        storage_class: Word<TransitionStorageClass> => storage_class, set_storage_class;
    }
}

impl Twin for Rule {
    type Sdk = LifecycleRule;

    #[expect(deprecated, reason = "rules of before filters have a prefix of their own")]
    fn to_sdk(&self) -> Result<LifecycleRule> {
        // One of the two must be there; an empty filter is said by an empty prefix.
        let all = || LifecycleRuleFilter::builder().prefix("").build();
        let filter = match (&self.filter, &self.prefix) {
            (None, Some(_)) => None,
            (None, None) => Some(all()),
            (Some(filter), _) => Some(filter.to_sdk()?).map(|it| match it {
                it if it == LifecycleRuleFilter::builder().build() => all(),
                it => it,
            }),
        };
        // A list that is empty must not be there at all.
        let transitions = self.transitions.to_sdk()?;
        let later = self.noncurrent_version_transitions.to_sdk()?;
        LifecycleRule::builder()
            .set_abort_incomplete_multipart_upload(self.abort_incomplete_multipart_upload.put()?)
            .set_expiration(self.expiration.put()?)
            .set_filter(filter)
            .id(&self.id)
            .set_noncurrent_version_expiration(self.noncurrent_version_expiration.put()?)
            .set_noncurrent_version_transitions((!later.is_empty()).then_some(later))
            .set_prefix(self.prefix.clone().filter(|_| self.filter.is_none()))
            .status(self.status.to_sdk()?)
            .set_transitions((!transitions.is_empty()).then_some(transitions))
            .build()
            .built()
    }

    #[expect(deprecated, reason = "rules of before filters have a prefix of their own")]
    fn from_sdk(sdk: &LifecycleRule) -> Result<Self> {
        let abort = sdk.abort_incomplete_multipart_upload.as_ref();
        let expiration = sdk.noncurrent_version_expiration.as_ref();
        Ok(Self {
            abort_incomplete_multipart_upload: abort.map(Twin::from_sdk).transpose()?,
            expiration: sdk.expiration.as_ref().map(Twin::from_sdk).transpose()?,
            filter: sdk.filter.as_ref().map(Twin::from_sdk).transpose()?,
            id: sdk.id.clone().unwrap_or_default(),
            noncurrent_version_expiration: expiration.map(Twin::from_sdk).transpose()?,
            noncurrent_version_transitions: Set(Vec::from_sdk(
                &sdk.noncurrent_version_transitions().to_vec(),
            )?),
            prefix: sdk.prefix.clone(),
            status: Word(sdk.status.clone()),
            transitions: Set(Vec::from_sdk(&sdk.transitions().to_vec())?),
        })
    }
}

const MISSING: &[&str] = &["NoSuchLifecycleConfiguration"];

impl Part for BucketLifecycleConfiguration {
    const TYPE: &'static str = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration";
    const ALIASES: &'static [&'static str] =
        &["aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"];
    const REFUSED: &'static [(&'static str, &'static str)] =
        &[("timeouts", "the option `customTimeouts` says how long a step may take")];
    const TAKEN: Option<&'static str> = Some("a lifecycle configuration of this bucket");
    /// S3 answers with the old rules now and then, for some seconds.
    const LOOKS: u32 = 3;
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, inputs.expected_bucket_owner.as_deref())
    }

    fn check(new: &Inputs) -> Result<()> {
        if new.rules.0.is_empty() {
            return Err(Error::invalid("rules", "has at least one rule"));
        }
        new.rules.0.iter().try_for_each(Rule::check)
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let Some((rules, size)) = live(cx, at).await? else { return Ok(None) };
        Ok(Some(Inputs {
            bucket: at.bucket.clone(),
            expected_bucket_owner: at.owner.clone(),
            rules: Set(rules),
            transition_default_minimum_object_size: size.map(Word),
        }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        let size = new.transition_default_minimum_object_size.as_ref().map(|it| it.0.clone());
        put(cx, at, &new.rules.0, size).await
    }

    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        remove(cx, at).await
    }
}

impl Rule {
    fn check(&self) -> Result<()> {
        let wrong = |rule: &str| Err(Error::invalid("rules", format!("`{}` {rule}", self.id)));
        if self.filter.is_some() && self.prefix.is_some() {
            return wrong("has `filter` or the older `prefix`, not both");
        }
        let acts = self.abort_incomplete_multipart_upload.is_some()
            || self.expiration.is_some()
            || self.noncurrent_version_expiration.is_some()
            || !self.noncurrent_version_transitions.0.is_empty()
            || !self.transitions.0.is_empty();
        if !acts {
            return wrong("does nothing: it needs an expiration, a transition or the like");
        }
        if let Some(filter) = &self.filter {
            let said = [
                filter.and.is_some(),
                filter.object_size_greater_than.is_some(),
                filter.object_size_less_than.is_some(),
                filter.prefix.is_some(),
                filter.tag.is_some(),
            ];
            if said.into_iter().filter(|it| *it).count() > 1 {
                return wrong("has one condition in its `filter`; several go into `filter.and`");
            }
        }
        Ok(())
    }
}

/// Rules, and from which size on objects move on.
type Live<T> = (Vec<T>, Option<TransitionDefaultMinimumObjectSize>);

pub(super) async fn live<T: Twin<Sdk = LifecycleRule>>(
    cx: &Cx,
    at: &At,
) -> Result<Option<Live<T>>> {
    let call = cx.aws.s3().get_bucket_lifecycle_configuration().bucket(&at.bucket);
    let reply = call.set_expected_bucket_owner(at.owner.clone()).send().await;
    let Some(reply) = absent(reply, MISSING)? else { return Ok(None) };
    let rules = Vec::from_sdk(&reply.rules.unwrap_or_default())?;
    Ok((!rules.is_empty()).then_some((rules, reply.transition_default_minimum_object_size)))
}

pub(super) async fn put<T: Twin<Sdk = LifecycleRule>>(
    cx: &Cx,
    at: &At,
    rules: &[T],
    size: Option<TransitionDefaultMinimumObjectSize>,
) -> Result<()> {
    let rules = rules.iter().map(Twin::to_sdk).collect::<Result<_>>()?;
    let all = Sdk::builder().set_rules(Some(rules)).build().built()?;
    let call = cx.aws.s3().put_bucket_lifecycle_configuration().bucket(&at.bucket);
    let call = call.set_expected_bucket_owner(at.owner.clone()).lifecycle_configuration(all);
    call.set_transition_default_minimum_object_size(size).send().await?;
    Ok(())
}

pub(super) async fn remove(cx: &Cx, at: &At) -> Result<()> {
    let call = cx.aws.s3().delete_bucket_lifecycle().bucket(&at.bucket);
    absent(call.set_expected_bucket_owner(at.owner.clone()).send().await, MISSING).map(drop)
}
