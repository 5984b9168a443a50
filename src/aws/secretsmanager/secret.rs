//! `aws:secretsmanager/secret:Secret`. The id is the secret's ARN, which ends
//! with six letters that AWS chooses.

use std::time::Duration;

use aws_sdk_secretsmanager::types::{ReplicaRegionType, ReplicationStatusType};
use aws_smithy_types::date_time::Format;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, describe, pairs, retag, tag_list};
use crate::{
    aws::error::{absent, seen},
    model::Value,
    provider::*,
};

pub(super) struct Secret;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 512, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    description: Option<String>,
    /// The partner that a managed external secret belongs to.
    #[serde(rename = "type")]
    kind: Option<String>,
    kms_key_id: Option<IdOrArn>,
    /// `SecretPolicy` may own it. `{}` removes it.
    #[schemars(extend("computed" = true))]
    policy: Option<Policy>,
    replicas: Option<Set<Replica>>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_overwrite_replica_secret: bool,
    /// How long a deleted secret can be restored; 0 deletes it for good.
    #[serde(default = "int::<30>")]
    #[schemars(range(max = 30), extend("writeOnly" = true))]
    recovery_window_in_days: i32,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Replica {
    region: String,
    #[schemars(extend("computed" = true))]
    kms_key_id: Option<IdOrArn>,
    /// These three are told by AWS.
    #[schemars(extend("computed" = true))]
    status: Option<String>,
    #[schemars(extend("computed" = true))]
    status_message: Option<String>,
    #[schemars(extend("computed" = true))]
    last_accessed_date: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for Secret {
    const TYPE: &'static str = "aws:secretsmanager/secret:Secret";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let allowed = |it: char| it.is_ascii_alphanumeric() || "/_+=.@-".contains(it);
        if new.name.is_empty() || new.name.len() > 512 || !new.name.chars().all(allowed) {
            let rule = "is 1 to 512 letters, digits and `/_+=.@-`";
            return Err(Error::invalid("name", rule));
        }
        if !matches!(new.recovery_window_in_days, 0 | 7..=30) {
            return Err(Error::invalid("recoveryWindowInDays", "is 0, or 7 to 30 days"));
        }
        for replica in replicas(new) {
            let told = [
                ("status", &replica.status),
                ("statusMessage", &replica.status_message),
                ("lastAccessedDate", &replica.last_accessed_date),
            ];
            for (property, value) in told {
                if value.is_some() {
                    let property = format!("replicas.{property}");
                    return Err(Error::invalid(&property, "is told by AWS and cannot be set"));
                }
            }
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(super::serial(&inputs.name))
    }

    /// An empty policy is none.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "policy" && live.is_null() && wanted.as_str().is_some_and(|it| it.trim() == "{}")
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.secretsmanager().create_secret().name(&new.name);
        let regions: Vec<_> = replicas(new).iter().map(region_type).collect();
        let reply = call
            .client_request_token(&cx.op)
            .set_description(new.description.clone())
            .set_type(new.kind.clone())
            .set_kms_key_id(new.kms_key_id.as_ref().map(|it| it.0.clone()))
            .set_force_overwrite_replica_secret(
                (!regions.is_empty()).then_some(new.force_overwrite_replica_secret),
            )
            .set_add_replica_regions((!regions.is_empty()).then_some(regions))
            .set_tags(Some(tag_list(cx.birth_tags(&new.tags))))
            .send()
            .await;
        match reply.map_err(Error::from) {
            Ok(reply) => reply.arn.ok_or(Error::missing("ARN")),
            Err(error) => Err(explain(cx, &new.name, error).await),
        }
    }

    async fn finish(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
        match &new.policy {
            Some(policy) => put_policy(cx, arn, policy).await,
            None => Ok(()),
        }
    }

    /// A new secret may be unknown to the next call for some seconds; two
    /// minutes is what other tools allow for it.
    async fn ready(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(describe(cx, arn).await?.map(|_| ())) };
        cx.wait("the secret to be visible", Duration::from_secs(120), visible).await
    }

    /// One by one: `ListSecrets` may be five minutes behind, and leaves out
    /// the replicas.
    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let Some(live) = describe(cx, arn).await? else { return Ok(None) };
        let policy = if cx.asks("policy") { policy(cx, arn).await? } else { None };
        let replicas = live.replication_status.as_deref().unwrap_or_default();
        let inputs = Inputs {
            name: live.name.ok_or(Error::missing("Name"))?,
            name_prefix: None,
            description: live.description.filter(|it| !it.is_empty()),
            kind: live.r#type.filter(|it| !it.is_empty()),
            kms_key_id: live.kms_key_id.filter(|it| !it.is_empty()).map(IdOrArn),
            policy,
            replicas: Some(Set(replicas.iter().map(replica).collect())),
            force_overwrite_replica_secret: false,
            recovery_window_in_days: 30,
            tags: Tags::live(pairs(live.tags.as_deref().unwrap_or_default())),
        };
        Ok(Some(Outputs { inputs, arn: live.arn.ok_or(Error::missing("ARN"))? }))
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let client = cx.aws.secretsmanager();
        let mut call = client.update_secret().secret_id(arn);
        let mut changed = false;
        // An empty text takes the value away.
        if old.description != new.description {
            call = call.description(new.description.clone().unwrap_or_default());
            changed = true;
        }
        if old.kms_key_id != new.kms_key_id {
            call = call.kms_key_id(new.kms_key_id.clone().map(|it| it.0).unwrap_or_default());
            changed = true;
        }
        if old.kind != new.kind {
            call = call.r#type(new.kind.clone().unwrap_or_default());
            changed = true;
        }
        if changed {
            call.send().await?;
        }
        if let Some(policy) = &new.policy
            && old.policy.as_ref() != Some(policy)
        {
            put_policy(cx, arn, policy).await?;
        }
        replicate(cx, arn, old, new).await?;
        retag(cx, arn, &old.tags, &new.tags).await
    }

    /// A secret with replicas cannot be deleted. One that is deleted for good
    /// keeps its name for some seconds, in which a successor would be told
    /// that it is scheduled for deletion.
    async fn delete(cx: &Cx, arn: &str, last: &Inputs) -> Result<()> {
        let Some(live) = describe(cx, arn).await? else { return Ok(()) };
        let regions: Vec<String> =
            live.replication_status().iter().filter_map(|it| it.region.clone()).collect();
        let client = cx.aws.secretsmanager();
        if !regions.is_empty() {
            let call = client.remove_regions_from_replication().secret_id(arn);
            call.set_remove_replica_regions(Some(regions)).send().await?;
        }
        let call = client.delete_secret().secret_id(arn);
        let for_good = last.recovery_window_in_days == 0;
        let call = if for_good {
            call.force_delete_without_recovery(true)
        } else {
            call.recovery_window_in_days(last.recovery_window_in_days.into())
        };
        absent(call.send().await, MISSING)?;
        if !for_good {
            return Ok(());
        }
        let freed = || async {
            let reply = client.describe_secret().secret_id(arn).send().await;
            Ok(absent(reply, MISSING)?.is_none().then_some(()))
        };
        cx.wait("the name to be free again", Duration::from_secs(120), freed).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = describe(cx, &inputs.name).await?;
        let ours = live.filter(|it| cx.made(pairs(it.tags.as_deref().unwrap_or_default())));
        Ok(ours.and_then(|it| it.arn))
    }
}

/// A name that a deleted secret still holds is the one refusal that a user
/// cannot see the reason of.
async fn explain(cx: &Cx, name: &str, error: Error) -> Error {
    if !error.is(&["InvalidRequestException", "ResourceExistsException"]) {
        return error;
    }
    let reply = cx.aws.secretsmanager().describe_secret().secret_id(name).send().await;
    let scheduled = reply.is_ok_and(|it| it.deleted_date.is_some());
    if !scheduled {
        return error;
    }
    let advice = format!(
        "a deleted secret holds the name `{name}` until its recovery window ends; \
         either restore it (`aws secretsmanager restore-secret --secret-id {name}`) and adopt it \
         with the `import` option, or delete it for good (`aws secretsmanager delete-secret \
         --secret-id {name} --force-delete-without-recovery`)"
    );
    let request_id = error.request_id;
    Error { request_id, ..Error::new(Kind::Service, "NameScheduledForDeletion", advice) }
}

fn replicas(inputs: &Inputs) -> &[Replica] {
    inputs.replicas.as_ref().map(|it| it.0.as_slice()).unwrap_or_default()
}

fn region_type(replica: &Replica) -> ReplicaRegionType {
    let key = replica.kms_key_id.as_ref().map(|it| it.0.clone());
    ReplicaRegionType::builder().region(&replica.region).set_kms_key_id(key).build()
}

fn replica(live: &ReplicationStatusType) -> Replica {
    Replica {
        region: live.region.clone().unwrap_or_default(),
        kms_key_id: live.kms_key_id.clone().map(IdOrArn),
        status: live.status.as_ref().map(|it| it.as_str().to_owned()),
        status_message: live.status_message.clone(),
        last_accessed_date: live.last_accessed_date.and_then(|it| it.fmt(Format::DateTime).ok()),
    }
}

/// A replica whose key changes is made again.
async fn replicate(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let key = |it: &Replica| (it.region.clone(), it.kms_key_id.clone());
    let before: Set<(String, Option<IdOrArn>)> = replicas(old).iter().map(key).collect();
    let after: Set<(String, Option<IdOrArn>)> = replicas(new).iter().map(key).collect();
    let (added, removed) = after.since(&before);
    if added.is_empty() && removed.is_empty() {
        return Ok(());
    }
    // What an earlier attempt has done already is not asked for again.
    let live = describe(cx, arn).await?.and_then(|it| it.replication_status).unwrap_or_default();
    let live: Vec<_> = live.iter().map(replica).collect();
    let is_live = |region: &str| live.iter().any(|it| it.region == region);
    let client = cx.aws.secretsmanager();
    let regions: Vec<_> = removed.into_iter().map(|(it, _)| it).filter(|it| is_live(it)).collect();
    if !regions.is_empty() {
        let call = client.remove_regions_from_replication().secret_id(arn);
        call.set_remove_replica_regions(Some(regions.clone())).send().await?;
    }
    let stays = |it: &str| is_live(it) && !regions.iter().any(|gone| gone == it);
    let wanted = replicas(new).iter().filter(|it| added.contains(&key(it)) && !stays(&it.region));
    let wanted: Vec<_> = wanted.map(region_type).collect();
    if !wanted.is_empty() {
        let call = client.replicate_secret_to_regions().secret_id(arn);
        call.set_add_replica_regions(Some(wanted))
            .force_overwrite_replica_secret(new.force_overwrite_replica_secret)
            .send()
            .await?;
    }
    Ok(())
}

async fn policy(cx: &Cx, arn: &str) -> Result<Option<Policy>> {
    let reply = cx.aws.secretsmanager().get_resource_policy().secret_id(arn).send().await;
    let text = seen(reply, MISSING, "the secret")?.resource_policy;
    text.filter(|it| !it.is_empty()).map(|it| Policy::parse(&it)).transpose()
}

async fn put_policy(cx: &Cx, arn: &str, policy: &Policy) -> Result<()> {
    let client = cx.aws.secretsmanager();
    if policy.0.0.as_object().is_some_and(serde_json::Map::is_empty) {
        client.delete_resource_policy().secret_id(arn).send().await?;
    } else {
        let text = policy.to_string();
        client.put_resource_policy().secret_id(arn).resource_policy(text).send().await?;
    }
    Ok(())
}
