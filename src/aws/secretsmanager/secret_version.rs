//! `aws:secretsmanager/secretVersion:SecretVersion`. The id is
//! `secretArn|versionId`, and the version's id is the operation that made it.

use std::{collections::HashMap, time::Duration};

use aws_sdk_secretsmanager::{
    operation::get_secret_value::GetSecretValueOutput, types::SecretValueEntry,
};
use aws_smithy_types::Blob;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, describe, same_secret};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct SecretVersion;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// ARN or name.
    #[schemars(extend("replace" = true))]
    secret_id: String,
    #[schemars(extend("replace" = true))]
    secret_string: Option<Secret<String>>,
    /// In base64.
    #[schemars(extend("replace" = true))]
    secret_binary: Option<Secret<String>>,
    /// Sent, but never read back; a new value is sent when
    /// `secretStringWoVersion` changes.
    #[schemars(extend("writeOnly" = true))]
    secret_string_wo: Option<Secret<String>>,
    #[schemars(extend("writeOnly" = true, "replace" = true))]
    secret_string_wo_version: Option<i64>,
    /// AWS makes a new version `AWSCURRENT`, and the next one takes that away.
    #[schemars(extend("computed" = true))]
    version_stages: Option<Set<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    secret_arn: String,
    version_id: String,
    /// Not known to AWS.
    has_secret_string_wo: Option<bool>,
}

const CURRENT: &str = "AWSCURRENT";

impl Resource for SecretVersion {
    const TYPE: &'static str = "aws:secretsmanager/secretVersion:SecretVersion";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let given = [
            new.secret_string.is_some(),
            new.secret_binary.is_some(),
            new.secret_string_wo.is_some(),
        ];
        if given.into_iter().filter(|it| *it).count() != 1 {
            let rule = "is one of three ways to give the value: set exactly one of `secretString`, `secretBinary`, `secretStringWo`";
            return Err(Error::invalid("secretString", rule));
        }
        if let Some(text) = &new.secret_binary {
            BASE64.decode(&text.0).map_err(|_| Error::invalid("secretBinary", "is not base64"))?;
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(super::serial(&inputs.secret_id))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        match path {
            "secretId" => same_secret(wanted, live),
            "secretStringWo" => true,
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let text = new.secret_string.as_ref().or(new.secret_string_wo.as_ref());
        let binary = match &new.secret_binary {
            Some(text) => Some(Blob::new(
                BASE64
                    .decode(&text.0)
                    .map_err(|_| Error::invalid("secretBinary", "is not base64"))?,
            )),
            None => None,
        };
        let call = cx.aws.secretsmanager().put_secret_value().secret_id(&new.secret_id);
        let reply = call
            .client_request_token(&cx.op)
            .set_secret_string(text.map(|it| it.0.clone()))
            .set_secret_binary(binary)
            .set_version_stages(new.version_stages.clone().map(|it| it.0))
            .send()
            .await?;
        let arn = reply.arn.ok_or(Error::missing("ARN"))?;
        Ok(id(&arn, &reply.version_id.ok_or(Error::missing("VersionId"))?))
    }

    /// A new version may be unknown to the next call for some seconds.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (arn, version) = parts(id)?;
        let visible = || async {
            let stages = stages(cx, arn).await?.unwrap_or_default();
            Ok(stages.contains_key(version).then_some(()))
        };
        cx.wait("the version to be visible", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (arn, version) = parts(id)?;
        if !(cx.asks("secretString") || cx.asks("secretBinary")) {
            // A version without labels is not listed, and AWS forgets it soon.
            let stages = stages(cx, arn).await?.unwrap_or_default().remove(version);
            let value = |stages| Live { stages, text: None, binary: None };
            return Ok(stages.map(|it| outputs(arn, version, value(it))));
        }
        let call = cx.aws.secretsmanager().get_secret_value().secret_id(arn).version_id(version);
        let live = match absent(call.send().await, MISSING) {
            Ok(live) => live,
            Err(error) if deleted(&error) => None,
            Err(error) => return Err(error),
        };
        // Without labels it can still be read for a while, but is given up.
        let live = live.filter(|it| !it.version_stages().is_empty());
        Ok(live.map(|it| outputs(arn, version, it.into())))
    }

    /// The batched call tells only the current version of each secret; any
    /// other is read by itself.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let batched = cx.asks("secretString") || cx.asks("secretBinary");
        let mut current = if batched && ids.len() > 1 { current(cx, ids).await? } else { vec![] };
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let (arn, version) = parts(id)?;
            let mine = |it: &SecretValueEntry| {
                it.arn.as_deref() == Some(arn) && it.version_id.as_deref() == Some(version)
            };
            all.push(match current.iter().position(mine) {
                Some(at) => Some(outputs(arn, version, current.swap_remove(at).into())),
                None => Self::read(cx, id).await?,
            });
        }
        Ok(all)
    }

    /// Only labels move; another value is another version.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (arn, version) = parts(id)?;
        let (Some(before), Some(after)) = (&old.version_stages, &new.version_stages) else {
            return Ok(());
        };
        let (added, removed) = after.since(before);
        if added.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let holders = stages(cx, arn).await?.unwrap_or_default();
        for stage in added {
            let holds = |(_, stages): &(&String, &Vec<String>)| stages.contains(&stage);
            let holder = holders.iter().find(holds).map(|(version, _)| version.clone());
            if holder.as_deref() == Some(version) {
                continue;
            }
            let call = cx.aws.secretsmanager().update_secret_version_stage().secret_id(arn);
            call.version_stage(&stage)
                .move_to_version_id(version)
                .set_remove_from_version_id(holder)
                .send()
                .await?;
        }
        // `AWSPREVIOUS` goes by itself to the version that was current.
        let held = stages(cx, arn).await?.unwrap_or_default().remove(version).unwrap_or_default();
        drop_labels(cx, arn, version, removed.iter().filter(|it| held.contains(it))).await
    }

    /// A version cannot be deleted: it loses its labels, save for
    /// `AWSCURRENT`, which some version always has.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (arn, version) = parts(id)?;
        let held = stages(cx, arn).await?.unwrap_or_default().remove(version).unwrap_or_default();
        drop_labels(cx, arn, version, held.iter()).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(live) = describe(cx, &inputs.secret_id).await? else { return Ok(None) };
        let made = live.version_ids_to_stages.is_some_and(|it| it.contains_key(&cx.op));
        Ok(live.arn.filter(|_| made).map(|arn| id(&arn, &cx.op)))
    }
}

struct Live {
    stages: Vec<String>,
    text: Option<String>,
    binary: Option<Blob>,
}

impl From<GetSecretValueOutput> for Live {
    fn from(it: GetSecretValueOutput) -> Self {
        let stages = it.version_stages.unwrap_or_default();
        Self { stages, text: it.secret_string, binary: it.secret_binary }
    }
}

impl From<SecretValueEntry> for Live {
    fn from(it: SecretValueEntry) -> Self {
        let stages = it.version_stages.unwrap_or_default();
        Self { stages, text: it.secret_string, binary: it.secret_binary }
    }
}

fn outputs(arn: &str, version: &str, live: Live) -> Outputs {
    let inputs = Inputs {
        secret_id: arn.to_owned(),
        secret_string: live.text.map(Secret),
        secret_binary: live.binary.map(|it| Secret(BASE64.encode(it))),
        secret_string_wo: None,
        secret_string_wo_version: None,
        version_stages: Some(Set(live.stages)),
    };
    Outputs {
        inputs,
        arn: arn.to_owned(),
        secret_arn: arn.to_owned(),
        version_id: version.to_owned(),
        has_secret_string_wo: None,
    }
}

fn id(arn: &str, version: &str) -> String {
    format!("{arn}|{version}")
}

fn parts(id: &str) -> Result<(&str, &str)> {
    let rule = "a secret version's id is `secretArn|versionId`";
    id.split_once('|').ok_or_else(|| Error::invalid("id", rule))
}

/// The secret is scheduled for deletion.
fn deleted(error: &Error) -> bool {
    error.is(&["InvalidRequestException"]) && error.message.contains("marked")
}

/// Every labelled version of a secret with its labels.
async fn stages(cx: &Cx, arn: &str) -> Result<Option<HashMap<String, Vec<String>>>> {
    Ok(describe(cx, arn).await?.map(|it| it.version_ids_to_stages.unwrap_or_default()))
}

async fn drop_labels(
    cx: &Cx,
    arn: &str,
    version: &str,
    stages: impl Iterator<Item = &String>,
) -> Result<()> {
    for stage in stages.filter(|it| *it != CURRENT) {
        let call = cx.aws.secretsmanager().update_secret_version_stage().secret_id(arn);
        let reply = call.version_stage(stage).remove_from_version_id(version).send().await;
        absent(reply, MISSING)?;
    }
    Ok(())
}

/// What every secret holds now, 20 at a time. The call needs a permission of
/// its own: whoever lacks it reads one by one.
async fn current(cx: &Cx, ids: &[String]) -> Result<Vec<SecretValueEntry>> {
    let mut arns = ids.iter().map(|id| Ok(parts(id)?.0.to_owned())).collect::<Result<Vec<_>>>()?;
    arns.sort_unstable();
    arns.dedup();
    let mut all = Vec::new();
    for some in arns.chunks(20) {
        let call = cx.aws.secretsmanager().batch_get_secret_value();
        let reply = call.set_secret_id_list(Some(some.to_vec())).send().await;
        match reply.map_err(Error::from) {
            // What is among its errors is read by itself, and says why.
            Ok(reply) => all.extend(reply.secret_values.unwrap_or_default()),
            Err(error) if error.is(&["AccessDeniedException"]) => return Ok(vec![]),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}
