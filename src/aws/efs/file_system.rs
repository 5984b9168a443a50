//! `aws:efs/fileSystem:FileSystem`. The id is the file system's, `fs-…`.

use std::time::Duration;

use aws_sdk_efs::types::{
    FileSystemDescription as Live, LifeCycleState, LifecyclePolicy as LivePolicy,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_FILE_SYSTEM, birth_tags, dns_name, file_system_arn, pairs, retag};
use crate::{
    aws::error::{absent, seen},
    provider::*,
};

pub(super) struct FileSystem;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// For storage in one zone only.
    #[schemars(extend("replace" = true))]
    pub(super) availability_zone_name: Option<String>,
    /// The operation's, when the program chooses none.
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) creation_token: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) encrypted: Option<bool>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) kms_key_id: Option<IdOrArn>,
    #[schemars(extend("computed" = true))]
    pub(super) lifecycle_policies: Option<Set<LifecyclePolicy>>,
    #[schemars(extend("replace" = true, "computed" = true, "enum" = ["generalPurpose", "maxIO"]))]
    pub(super) performance_mode: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) protection: Option<Protection>,
    pub(super) provisioned_throughput_in_mibps: Option<f64>,
    #[serde(default)]
    pub(super) tags: Tags,
    #[serde(default = "bursting")]
    #[schemars(extend("enum" = ["bursting", "provisioned", "elastic"]))]
    pub(super) throughput_mode: String,
}

/// One of the three.
#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LifecyclePolicy {
    pub(super) transition_to_archive: Option<String>,
    pub(super) transition_to_ia: Option<String>,
    pub(super) transition_to_primary_storage_class: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Protection {
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    pub(super) replication_overwrite: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    pub(super) arn: String,
    pub(super) availability_zone_id: Option<String>,
    pub(super) dns_name: String,
    #[schemars(extend("volatile" = true))]
    pub(super) name: Option<String>,
    #[schemars(extend("volatile" = true))]
    number_of_mount_targets: i32,
    owner_id: String,
    #[schemars(extend("volatile" = true))]
    pub(super) size_in_bytes: Vec<Size>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Size {
    pub(super) value: i64,
    value_in_ia: Option<i64>,
    value_in_standard: Option<i64>,
}

fn bursting() -> String {
    "bursting".to_owned()
}

impl Resource for FileSystem {
    const TYPE: &'static str = "aws:efs/fileSystem:FileSystem";
    const KEY: &'static [&'static str] = &["creationToken"];
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let provisioned = new.throughput_mode == "provisioned";
        if provisioned != new.provisioned_throughput_in_mibps.is_some() {
            let rule = "goes together with `throughputMode: provisioned`";
            return Err(Error::invalid("provisionedThroughputInMibps", rule));
        }
        if new.kms_key_id.is_some() && new.encrypted == Some(false) {
            return Err(Error::invalid("kmsKeyId", "needs `encrypted: true`"));
        }
        let one = |it: &LifecyclePolicy| {
            let all = [
                &it.transition_to_archive,
                &it.transition_to_ia,
                &it.transition_to_primary_storage_class,
            ];
            all.iter().filter(|it| it.is_some()).count() == 1
        };
        if !new.lifecycle_policies.iter().flat_map(|it| &it.0).all(one) {
            return Err(Error::invalid("lifecyclePolicies", "each has one transition"));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.efs().create_file_system().creation_token(token(cx, new));
        let reply = call
            .set_availability_zone_name(new.availability_zone_name.clone())
            .set_encrypted(new.encrypted)
            .set_kms_key_id(new.kms_key_id.as_ref().map(|it| it.0.clone()))
            .set_performance_mode(new.performance_mode.as_deref().map(Into::into))
            .throughput_mode(new.throughput_mode.as_str().into())
            .set_provisioned_throughput_in_mibps(new.provisioned_throughput_in_mibps)
            .set_tags(Some(birth_tags(cx, &new.tags)?))
            .send()
            .await?;
        Ok(reply.file_system_id)
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        available(cx, id).await?;
        configure(cx, id, (None, None), new).await
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        available(cx, id).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        match one(cx, id).await? {
            Some(live) => outputs(cx, live).await.map(Some),
            None => Ok(None),
        }
    }

    /// Of several, the account's listing; their policies, in a call each.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        if let [id] = ids {
            return Ok(vec![Self::read(cx, id).await?]);
        }
        let pages = cx.aws.efs().describe_file_systems().into_paginator();
        let all: Vec<Live> = pages.items().send().try_collect().await?;
        let mut all: Vec<Live> = all.into_iter().filter(|it| !is_gone(it)).collect();
        let wanted = ids.iter().map(|id| {
            let at = all.iter().position(|it| it.file_system_id == *id);
            at.map(|at| all.swap_remove(at))
        });
        let wanted: Vec<Option<Live>> = wanted.collect();
        let told = wanted.into_iter().map(|it| async move {
            match it {
                Some(live) => outputs(cx, live).await.map(Some),
                None => Ok(None),
            }
        });
        stream::iter(told).buffered(4).try_collect().await
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.throughput_mode != new.throughput_mode
            || old.provisioned_throughput_in_mibps != new.provisioned_throughput_in_mibps
        {
            let call = cx.aws.efs().update_file_system().file_system_id(id);
            call.throughput_mode(new.throughput_mode.as_str().into())
                .set_provisioned_throughput_in_mibps(new.provisioned_throughput_in_mibps)
                .send()
                .await?;
            available(cx, id).await?;
        }
        let before = (old.lifecycle_policies.as_ref(), old.protection.as_ref());
        configure(cx, id, before, new).await?;
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.efs().delete_file_system().file_system_id(id).send().await;
        absent(reply, NO_FILE_SYSTEM)?;
        Ok(())
    }

    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async { Ok(one(cx, id).await?.is_none().then_some(())) };
        cx.wait("the file system to be gone", LIMIT, look).await
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        let reply = cx.aws.efs().describe_mount_targets().file_system_id(id).send().await;
        let found = absent(reply, NO_FILE_SYSTEM)?.and_then(|it| it.mount_targets);
        Ok(found.unwrap_or_default().into_iter().map(|it| it.mount_target_id).collect())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let call = cx.aws.efs().describe_file_systems().creation_token(token(cx, inputs));
        let found = call.send().await?.file_systems.unwrap_or_default();
        let ours = found.into_iter().find(|it| cx.made(pairs(&it.tags)) && !is_gone(it));
        Ok(ours.map(|it| it.file_system_id))
    }
}

/// It takes seconds; HashiCorp's provider waits 10 minutes.
const LIMIT: Duration = Duration::from_secs(600);

fn token(cx: &Cx, new: &Inputs) -> String {
    new.creation_token.clone().unwrap_or_else(|| cx.op.clone())
}

fn is_gone(live: &Live) -> bool {
    matches!(live.life_cycle_state, LifeCycleState::Deleting | LifeCycleState::Deleted)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    let reply = cx.aws.efs().describe_file_systems().file_system_id(id).send().await;
    let found = absent(reply, NO_FILE_SYSTEM)?.and_then(|it| it.file_systems);
    Ok(found.and_then(|mut it| it.pop()).filter(|it| !is_gone(it)))
}

async fn available(cx: &Cx, id: &str) -> Result<()> {
    let look = || async {
        let live = one(cx, id).await?;
        match live.map(|it| it.life_cycle_state) {
            Some(LifeCycleState::Available) => Ok(Some(())),
            Some(LifeCycleState::Error) => Err(Error::failed("the file system is in error")),
            _ => Ok(None),
        }
    };
    cx.wait("the file system to be available", LIMIT, look).await
}

async fn configure(
    cx: &Cx,
    id: &str,
    (policies, protection): (Option<&Set<LifecyclePolicy>>, Option<&Protection>),
    new: &Inputs,
) -> Result<()> {
    if let Some(wanted) = new.lifecycle_policies.as_ref().filter(|it| policies != Some(*it)) {
        let policy = |it: &LifecyclePolicy| {
            let primary = it.transition_to_primary_storage_class.as_deref();
            LivePolicy::builder()
                .set_transition_to_archive(it.transition_to_archive.as_deref().map(Into::into))
                .set_transition_to_ia(it.transition_to_ia.as_deref().map(Into::into))
                .set_transition_to_primary_storage_class(primary.map(Into::into))
                .build()
        };
        let call = cx.aws.efs().put_lifecycle_configuration().file_system_id(id);
        let policies = wanted.0.iter().map(policy).collect();
        call.set_lifecycle_policies(Some(policies)).send().await?;
    }
    if let Some(wanted) = new.protection.as_ref().filter(|it| protection != Some(*it)) {
        let overwrite = wanted.replication_overwrite.as_deref().map(Into::into);
        let call = cx.aws.efs().update_file_system_protection().file_system_id(id);
        call.set_replication_overwrite_protection(overwrite).send().await?;
    }
    Ok(())
}

pub(super) async fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = &live.file_system_id;
    let policies = if cx.asks("lifecyclePolicies") {
        let call = cx.aws.efs().describe_lifecycle_configuration().file_system_id(id);
        let reply = seen(call.send().await, NO_FILE_SYSTEM, "the file system")?;
        let policy = |it: LivePolicy| LifecyclePolicy {
            transition_to_archive: it.transition_to_archive.map(|it| it.to_string()),
            transition_to_ia: it.transition_to_ia.map(|it| it.to_string()),
            transition_to_primary_storage_class: it
                .transition_to_primary_storage_class
                .map(|it| it.to_string()),
        };
        Some(reply.lifecycle_policies.unwrap_or_default().into_iter().map(policy).collect())
    } else {
        None
    };
    let protection = live.file_system_protection.map(|it| Protection {
        replication_overwrite: it.replication_overwrite_protection.map(|it| it.to_string()),
    });
    let size = live.size_in_bytes.map(|it| Size {
        value: it.value,
        value_in_ia: it.value_in_ia,
        value_in_standard: it.value_in_standard,
    });
    let arn = live.file_system_arn.unwrap_or_else(|| file_system_arn(&cx.place, id));
    let dns_name = dns_name(&cx.place, id);
    let inputs = Inputs {
        availability_zone_name: live.availability_zone_name,
        creation_token: Some(live.creation_token),
        encrypted: live.encrypted,
        kms_key_id: live.kms_key_id.map(IdOrArn),
        lifecycle_policies: policies,
        performance_mode: Some(live.performance_mode.to_string()),
        protection,
        provisioned_throughput_in_mibps: live.provisioned_throughput_in_mibps,
        tags: Tags::live(pairs(&live.tags)),
        throughput_mode: live.throughput_mode.map_or_else(bursting, |it| it.to_string()),
    };
    Ok(Outputs {
        inputs,
        arn,
        availability_zone_id: live.availability_zone_id,
        dns_name,
        name: live.name,
        number_of_mount_targets: live.number_of_mount_targets,
        owner_id: live.owner_id,
        size_in_bytes: size.into_iter().collect(),
    })
}
