//! `aws:kms/key:Key`. The id is the key's id.

use std::time::Duration;

use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyState, OriginType, Tag};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, POLICY, put_policy};
use crate::{
    aws::error::{absent, seen},
    provider::*,
};

pub(super) struct Key;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    description: Option<String>,
    #[serde(default = "encrypt_decrypt")]
    #[schemars(extend("replace" = true))]
    key_usage: String,
    #[serde(default = "symmetric")]
    #[schemars(extend("replace" = true))]
    customer_master_key_spec: String,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    multi_region: bool,
    #[schemars(extend("replace" = true))]
    custom_key_store_id: Option<String>,
    #[schemars(extend("replace" = true))]
    xks_key_id: Option<String>,
    /// `KeyPolicy` may own it; AWS gives every key one.
    #[schemars(extend("computed" = true))]
    policy: Option<Policy>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    bypass_policy_lockout_safety_check: bool,
    #[serde(default = "yes")]
    is_enabled: bool,
    #[serde(default)]
    enable_key_rotation: bool,
    /// 365 when rotation is on and none is given.
    #[schemars(range(min = 90, max = 2560), extend("computed" = true))]
    rotation_period_in_days: Option<i32>,
    #[serde(default = "int::<30>")]
    #[schemars(range(min = 7, max = 30), extend("writeOnly" = true))]
    deletion_window_in_days: i32,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    key_id: String,
}

fn encrypt_decrypt() -> String {
    "ENCRYPT_DECRYPT".to_owned()
}

fn symmetric() -> String {
    "SYMMETRIC_DEFAULT".to_owned()
}

/// How many keys are asked for their tags at a time.
const TAG_READS: usize = 8;

impl Resource for Key {
    const TYPE: &'static str = "aws:kms/key:Key";
    /// And each costs money for seven days at least.
    const ANONYMOUS: bool = true;

    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let symmetric = new.customer_master_key_spec == symmetric();
        let rotating = symmetric && new.custom_key_store_id.is_none();
        if new.enable_key_rotation && !rotating {
            let rule = "is for symmetric keys outside of custom key stores only";
            return Err(Error::invalid("enableKeyRotation", rule));
        }
        if new.rotation_period_in_days.is_some() && !new.enable_key_rotation {
            return Err(Error::invalid("rotationPeriodInDays", "needs `enableKeyRotation`"));
        }
        if symmetric != (new.key_usage == encrypt_decrypt())
            && !new.customer_master_key_spec.starts_with("RSA_")
            && new.customer_master_key_spec != "SM2"
        {
            let rule = format!("does not fit a key of the spec {}", new.customer_master_key_spec);
            return Err(Error::invalid("keyUsage", rule));
        }
        if new.xks_key_id.is_some() && new.custom_key_store_id.is_none() {
            return Err(Error::invalid("xksKeyId", "needs `customKeyStoreId`"));
        }
        if new.multi_region && new.custom_key_store_id.is_some() {
            return Err(Error::invalid("multiRegion", "excludes `customKeyStoreId`"));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let origin = match (&new.custom_key_store_id, &new.xks_key_id) {
            (Some(_), Some(_)) => Some(OriginType::ExternalKeyStore),
            (Some(_), None) => Some(OriginType::AwsCloudhsm),
            (None, _) => None,
        };
        let reply = cx
            .aws
            .kms()
            .create_key()
            .set_description(new.description.clone())
            .key_usage(new.key_usage.as_str().into())
            .key_spec(new.customer_master_key_spec.as_str().into())
            .multi_region(new.multi_region)
            .set_origin(origin)
            .set_custom_key_store_id(new.custom_key_store_id.clone())
            .set_xks_key_id(new.xks_key_id.clone())
            .set_policy(new.policy.as_ref().map(ToString::to_string))
            .bypass_policy_lockout_safety_check(new.bypass_policy_lockout_safety_check)
            .set_tags(Some(tag_list(cx.birth_tags(&new.tags))?))
            .send()
            .await?;
        Ok(reply.key_metadata.ok_or(Error::missing("KeyMetadata"))?.key_id)
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        // A new key may be unknown to the next call for some seconds.
        let visible = || async { Ok(describe(cx, id).await?.map(|_| ())) };
        cx.wait("the key to be visible", Duration::from_secs(120), visible).await?;
        if new.enable_key_rotation {
            rotate(cx, id, new).await?;
        }
        if !new.is_enabled {
            cx.aws.kms().disable_key().key_id(id).send().await?;
        }
        Ok(())
    }

    /// Rotation takes up to ten minutes to show.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let settled = || async {
            let Some(live) = describe(cx, id).await? else { return Ok(None) };
            // Whoever disabled a key that no program speaks of keeps it so.
            if live.enabled && !new.is_enabled {
                return Ok(None);
            }
            let (rotates, _) = rotation(cx, &live).await?;
            Ok((rotates == new.enable_key_rotation).then_some(()))
        };
        cx.wait("the key to settle", Duration::from_secs(600), settled).await
    }

    /// Four calls a key, and KMS has none for many: only what is asked for.
    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = describe(cx, id).await? else { return Ok(None) };
        let policy = if cx.asks("policy") { policy(cx, id).await? } else { None };
        let tags = if cx.asks("tags") { tags(cx, id).await? } else { vec![] };
        let rotates = cx.asks("enableKeyRotation") || cx.asks("rotationPeriodInDays");
        let (enable_key_rotation, rotation_period_in_days) =
            if rotates { rotation(cx, &live).await? } else { (false, None) };
        let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
        let inputs = Inputs {
            description: live.description.filter(|it| !it.is_empty()),
            key_usage: text(live.key_usage.as_ref().map(|it| it.as_str())),
            customer_master_key_spec: text(live.key_spec.as_ref().map(|it| it.as_str())),
            multi_region: live.multi_region.unwrap_or_default(),
            custom_key_store_id: live.custom_key_store_id,
            xks_key_id: live.xks_key_configuration.and_then(|it| it.id),
            policy,
            bypass_policy_lockout_safety_check: false,
            is_enabled: live.enabled,
            enable_key_rotation,
            rotation_period_in_days,
            deletion_window_in_days: 30,
            tags: Tags::live(tags),
        };
        let arn = live.arn.ok_or(Error::missing("Arn"))?;
        Ok(Some(Outputs { inputs, arn, key_id: live.key_id }))
    }

    /// A disabled key takes no change of its rotation: enabled first,
    /// disabled last.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let client = cx.aws.kms();
        if new.is_enabled && !old.is_enabled {
            client.enable_key().key_id(id).send().await?;
        }
        if old.description != new.description {
            let text = new.description.clone().unwrap_or_default();
            client.update_key_description().key_id(id).description(text).send().await?;
        }
        if let Some(policy) = &new.policy
            && old.policy.as_ref() != Some(policy)
        {
            put_policy(cx, id, policy, new.bypass_policy_lockout_safety_check).await?;
        }
        let rotation = |it: &Inputs| (it.enable_key_rotation, it.rotation_period_in_days);
        if rotation(old) != rotation(new) {
            rotate(cx, id, new).await?;
        }
        let (set, removed) = new.tags.since(&old.tags);
        if !set.is_empty() {
            client.tag_resource().key_id(id).set_tags(Some(tag_list(set)?)).send().await?;
        }
        if !removed.is_empty() {
            client.untag_resource().key_id(id).set_tag_keys(Some(removed)).send().await?;
        }
        if !new.is_enabled && old.is_enabled {
            client.disable_key().key_id(id).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if describe(cx, id).await?.is_none() {
            return Ok(());
        }
        let call = cx.aws.kms().schedule_key_deletion().key_id(id);
        let window = last.deletion_window_in_days;
        absent(call.pending_window_in_days(window).send().await, MISSING)?;
        Ok(())
    }

    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let pending = || async { Ok(describe(cx, id).await?.is_none().then_some(())) };
        cx.wait("the key to be scheduled for deletion", Duration::from_secs(120), pending).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut pages = cx.aws.kms().list_keys().limit(1000).into_paginator().items().send();
        let mut ids = Vec::new();
        while let Some(key) = pages.next().await {
            ids.extend(key?.key_id);
        }
        let ours = |id: String| async move {
            // Keys of others may forbid the question, and are not ours.
            match tags(cx, &id).await {
                Ok(tags) => Ok(cx.made(tags).then_some(id)),
                Err(error) if error.is(&["AccessDeniedException"]) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let found: Vec<Option<String>> =
            stream::iter(ids).map(ours).buffer_unordered(TAG_READS).try_collect().await?;
        for id in found.into_iter().flatten() {
            if describe(cx, &id).await?.is_some() {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

/// A key that waits for its deletion is gone.
async fn describe(cx: &Cx, id: &str) -> Result<Option<KeyMetadata>> {
    let reply = absent(cx.aws.kms().describe_key().key_id(id).send().await, MISSING)?;
    let going = [KeyState::PendingDeletion, KeyState::PendingReplicaDeletion];
    let live = reply.and_then(|it| it.key_metadata);
    Ok(live.filter(|it| !it.key_state.as_ref().is_some_and(|state| going.contains(state))))
}

/// Whether the key rotates by itself, and how often. Other kinds of keys
/// refuse the question.
async fn rotation(cx: &Cx, key: &KeyMetadata) -> Result<(bool, Option<i32>)> {
    let symmetric = key.key_spec.as_ref().is_none_or(|it| *it == KeySpec::SymmetricDefault);
    let own = key.origin.as_ref().is_none_or(|it| *it == OriginType::AwsKms);
    if !symmetric || !own {
        return Ok((false, None));
    }
    let reply = cx.aws.kms().get_key_rotation_status().key_id(&key.key_id).send().await;
    let live = seen(reply, MISSING, "the key")?;
    let period = live.rotation_period_in_days.filter(|_| live.key_rotation_enabled);
    Ok((live.key_rotation_enabled, period))
}

/// Nothing when it is so already: a disabled key refuses, and the attempt
/// before may have disabled it.
async fn rotate(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let live = describe(cx, id).await?.ok_or_else(|| Error::unseen("the key"))?;
    let (rotates, period) = rotation(cx, &live).await?;
    let client = cx.aws.kms();
    if !new.enable_key_rotation {
        if rotates {
            client.disable_key_rotation().key_id(id).send().await?;
        }
        return Ok(());
    }
    let wanted = new.rotation_period_in_days;
    if !rotates || wanted.is_some_and(|it| period != Some(it)) {
        let call = client.enable_key_rotation().key_id(id);
        call.set_rotation_period_in_days(wanted).send().await?;
    }
    Ok(())
}

async fn policy(cx: &Cx, id: &str) -> Result<Option<Policy>> {
    let call = cx.aws.kms().get_key_policy().key_id(id).policy_name(POLICY);
    let text = seen(call.send().await, MISSING, "the key")?.policy;
    text.map(|it| Policy::parse(&it)).transpose()
}

/// With our own tags.
async fn tags(cx: &Cx, id: &str) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    let mut pages = cx.aws.kms().list_resource_tags().key_id(id).into_paginator().items().send();
    while let Some(tag) = pages.next().await {
        let tag = seen(tag, MISSING, "the key")?;
        all.push((tag.tag_key, tag.tag_value));
    }
    Ok(all)
}

fn tag_list(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>> {
    let broken = |error: aws_smithy_types::error::operation::BuildError| {
        Error::new(Kind::Broken, "", error.to_string())
    };
    let tag = |(key, value)| Tag::builder().tag_key(key).tag_value(value).build().map_err(broken);
    tags.into_iter().map(tag).collect()
}
