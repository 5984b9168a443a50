//! The inline property `replicationConfiguration` of a bucket.

use aws_sdk_s3::types::{
    AccessControlTranslation, DeleteMarkerReplication, Destination as SdkDestination,
    EncryptionConfiguration, Metrics, MetricsStatus, OwnerOverride, ReplicationConfiguration,
    ReplicationRule, ReplicationRuleAndOperator, ReplicationRuleFilter, ReplicationRuleStatus,
    ReplicationTime, ReplicationTimeStatus, ReplicationTimeValue, SourceSelectionCriteria,
    SseKmsEncryptedObjects, SseKmsEncryptedObjectsStatus, StorageClass,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Labels, part::At};
use crate::{
    aws::{
        error::absent,
        twin::{Built as _, Field as _, Twin, Word, twin},
    },
    provider::*,
};

twin! {
    Replication = ReplicationConfiguration {
        role: String => role, set_role;
        rules: Set<Rule> => rules, set_rules;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    /// For rules with a `filter`.
    delete_marker_replication_status: Option<String>,
    destination: Destination,
    filter: Option<Filter>,
    id: Option<String>,
    /// For rules without `filter`.
    prefix: Option<String>,
    priority: Option<i32>,
    source_selection_criteria: Option<Criteria>,
    status: Word<ReplicationRuleStatus>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Destination {
    access_control_translation: Option<Translation>,
    account_id: Option<String>,
    bucket: String,
    metrics: Option<Measured>,
    replica_kms_key_id: Option<String>,
    replication_time: Option<Timed>,
    storage_class: Option<Word<StorageClass>>,
}

twin! {
    Translation = AccessControlTranslation {
        owner: Word<OwnerOverride> => owner, set_owner;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Measured {
    minutes: Option<i32>,
    status: Option<Word<MetricsStatus>>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Timed {
    minutes: Option<i32>,
    status: Option<Word<ReplicationTimeStatus>>,
}

const ENABLED: &str = "Enabled";

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    prefix: Option<String>,
    #[serde(default)]
    tags: Labels,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Criteria {
    sse_kms_encrypted_objects: Option<Switch>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Switch {
    enabled: bool,
}

impl Twin for Rule {
    type Sdk = ReplicationRule;

    #[expect(deprecated, reason = "rules of before filters have a prefix of their own")]
    fn to_sdk(&self) -> Result<ReplicationRule> {
        let markers = self.filter.is_some().then(|| {
            let status = self.delete_marker_replication_status.as_deref().unwrap_or("Disabled");
            DeleteMarkerReplication::builder().status(status.into()).build()
        });
        // One of the two must be there.
        let prefix = self.filter.is_none().then(|| self.prefix.clone().unwrap_or_default());
        ReplicationRule::builder()
            .set_id(self.id.clone())
            .set_prefix(prefix)
            .set_priority(self.priority)
            .set_filter(self.filter.put()?)
            .set_delete_marker_replication(markers)
            .set_source_selection_criteria(self.source_selection_criteria.put()?)
            .status(self.status.to_sdk()?)
            .destination(self.destination.to_sdk()?)
            .build()
            .built()
    }

    #[expect(deprecated, reason = "rules of before filters have a prefix of their own")]
    fn from_sdk(sdk: &ReplicationRule) -> Result<Self> {
        let markers = sdk.delete_marker_replication.as_ref().and_then(|it| it.status.as_ref());
        let destination = sdk.destination.as_ref().ok_or(Error::missing("Destination"))?;
        let criteria = sdk.source_selection_criteria.as_ref();
        Ok(Self {
            delete_marker_replication_status: markers.map(ToString::to_string),
            destination: Destination::from_sdk(destination)?,
            filter: sdk.filter.as_ref().map(Filter::from_sdk).transpose()?,
            id: sdk.id.clone(),
            prefix: sdk.prefix.clone(),
            priority: sdk.priority,
            source_selection_criteria: criteria.map(Criteria::from_sdk).transpose()?,
            status: Word(sdk.status.clone()),
        })
    }
}

impl Twin for Destination {
    type Sdk = SdkDestination;

    fn to_sdk(&self) -> Result<SdkDestination> {
        let key = |id: &String| EncryptionConfiguration::builder().replica_kms_key_id(id).build();
        SdkDestination::builder()
            .set_access_control_translation(self.access_control_translation.put()?)
            .set_account(self.account_id.clone())
            .bucket(&self.bucket)
            .set_metrics(self.metrics.put()?)
            .set_encryption_configuration(self.replica_kms_key_id.as_ref().map(key))
            .set_replication_time(self.replication_time.put()?)
            .set_storage_class(self.storage_class.put()?)
            .build()
            .built()
    }

    fn from_sdk(sdk: &SdkDestination) -> Result<Self> {
        let translation = sdk.access_control_translation.as_ref();
        let encryption = sdk.encryption_configuration.as_ref();
        Ok(Self {
            access_control_translation: translation.map(Twin::from_sdk).transpose()?,
            account_id: sdk.account.clone(),
            bucket: sdk.bucket.clone(),
            metrics: sdk.metrics.as_ref().map(Twin::from_sdk).transpose()?,
            replica_kms_key_id: encryption.and_then(|it| it.replica_kms_key_id.clone()),
            replication_time: sdk.replication_time.as_ref().map(Twin::from_sdk).transpose()?,
            storage_class: sdk.storage_class.clone().map(Word),
        })
    }
}

fn minutes(minutes: i32) -> ReplicationTimeValue {
    ReplicationTimeValue::builder().minutes(minutes).build()
}

impl Twin for Measured {
    type Sdk = Metrics;
    fn to_sdk(&self) -> Result<Metrics> {
        let status = self.status.put()?.unwrap_or(MetricsStatus::Enabled);
        let threshold = self.minutes.map(minutes);
        Metrics::builder().status(status).set_event_threshold(threshold).build().built()
    }
    fn from_sdk(sdk: &Metrics) -> Result<Self> {
        let minutes = sdk.event_threshold.as_ref().and_then(|it| it.minutes);
        Ok(Self { minutes, status: Some(Word(sdk.status.clone())) })
    }
}

impl Twin for Timed {
    type Sdk = ReplicationTime;
    fn to_sdk(&self) -> Result<ReplicationTime> {
        let status = self.status.put()?.unwrap_or(ReplicationTimeStatus::Enabled);
        let time = self.minutes.map(minutes);
        ReplicationTime::builder().status(status).set_time(time).build().built()
    }
    fn from_sdk(sdk: &ReplicationTime) -> Result<Self> {
        let minutes = sdk.time.as_ref().and_then(|it| it.minutes);
        Ok(Self { minutes, status: Some(Word(sdk.status.clone())) })
    }
}

impl Twin for Filter {
    type Sdk = ReplicationRuleFilter;
    fn to_sdk(&self) -> Result<ReplicationRuleFilter> {
        let prefix = self.prefix.clone().unwrap_or_default();
        let filter = ReplicationRuleFilter::builder();
        if self.tags.0.is_empty() {
            return Ok(filter.prefix(prefix).build());
        }
        let tags = Some(self.tags.to_sdk()?);
        let and = ReplicationRuleAndOperator::builder().prefix(prefix).set_tags(tags).build();
        Ok(filter.and(and).build())
    }
    fn from_sdk(sdk: &ReplicationRuleFilter) -> Result<Self> {
        let and = sdk.and.as_ref();
        let prefix = sdk.prefix.clone().or_else(|| and?.prefix.clone());
        let tags = and.and_then(|it| it.tags.clone()).or_else(|| Some(vec![sdk.tag.clone()?]));
        Ok(Self { prefix, tags: Labels::from_sdk(&tags.unwrap_or_default())? })
    }
}

impl Twin for Criteria {
    type Sdk = SourceSelectionCriteria;
    fn to_sdk(&self) -> Result<SourceSelectionCriteria> {
        let objects = self.sse_kms_encrypted_objects.put()?;
        Ok(SourceSelectionCriteria::builder().set_sse_kms_encrypted_objects(objects).build())
    }
    fn from_sdk(sdk: &SourceSelectionCriteria) -> Result<Self> {
        let objects = sdk.sse_kms_encrypted_objects.as_ref();
        Ok(Self { sse_kms_encrypted_objects: objects.map(Switch::from_sdk).transpose()? })
    }
}

impl Twin for Switch {
    type Sdk = SseKmsEncryptedObjects;
    fn to_sdk(&self) -> Result<SseKmsEncryptedObjects> {
        let word = if self.enabled { ENABLED } else { "Disabled" };
        SseKmsEncryptedObjects::builder().status(word.into()).build().built()
    }
    fn from_sdk(sdk: &SseKmsEncryptedObjects) -> Result<Self> {
        Ok(Self { enabled: sdk.status == SseKmsEncryptedObjectsStatus::Enabled })
    }
}

const MISSING: &[&str] = &["ReplicationConfigurationNotFoundError"];

pub(super) async fn live(cx: &Cx, at: &At) -> Result<Option<Replication>> {
    let reply = cx.aws.s3().get_bucket_replication().bucket(&at.bucket).send().await;
    let live = absent(reply, MISSING)?.and_then(|it| it.replication_configuration);
    live.map(|it| Replication::from_sdk(&it)).transpose()
}

pub(super) async fn put(cx: &Cx, at: &At, new: &Replication) -> Result<()> {
    let call = cx.aws.s3().put_bucket_replication().bucket(&at.bucket);
    call.replication_configuration(new.to_sdk()?).send().await?;
    Ok(())
}

pub(super) async fn remove(cx: &Cx, at: &At) -> Result<()> {
    let reply = cx.aws.s3().delete_bucket_replication().bucket(&at.bucket).send().await;
    absent(reply, MISSING).map(drop)
}

impl Replication {
    /// Said so to switch it off.
    pub(super) fn is_empty(&self) -> bool {
        self.rules.0.is_empty()
    }
}
