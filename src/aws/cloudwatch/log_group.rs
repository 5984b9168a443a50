//! `aws:cloudwatch/logGroup:LogGroup`. The id is the group's name.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_cloudwatchlogs::types::LogGroup as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MISSING;
use crate::{
    aws::error::{absent, seen},
    model::{Map, Value},
    provider::*,
};

pub(super) struct LogGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    deletion_protection_enabled: Option<bool>,
    kms_key_id: Option<IdOrArn>,
    #[schemars(extend(
        "replace" = true,
        "computed" = true,
        "enum" = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]
    ))]
    log_group_class: Option<String>,
    #[schemars(extend("autoname" = 512, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    /// 0 is for ever.
    #[serde(default)]
    retention_in_days: i32,
    /// Leaves the group, with its logs, when it is deleted here.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    skip_destroy: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

/// The only retentions there are.
const DAYS: &[i32] = &[
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

impl Resource for LogGroup {
    const TYPE: &'static str = "aws:cloudwatch/logGroup:LogGroup";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let fits = |it: char| it.is_ascii_alphanumeric() || "._/#-".contains(it);
        if new.name.is_empty() || new.name.len() > 512 || !new.name.chars().all(fits) {
            let rule = "is 1 to 512 letters, digits, `.`, `-`, `_`, `/` and `#`";
            return Err(Error::invalid("name", rule));
        }
        if !DAYS.contains(&new.retention_in_days) {
            let days: Vec<String> = DAYS.iter().map(ToString::to_string).collect();
            let rule = format!("is one of {}", days.join(", "));
            return Err(Error::invalid("retentionInDays", rule));
        }
        if new.log_group_class.as_deref() == Some("DELIVERY")
            && ![0, 2].contains(&new.retention_in_days)
        {
            let rule = "is not for the class DELIVERY, which keeps two days";
            return Err(Error::invalid("retentionInDays", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = place.arn("logs", &format!("log-group:{name}"));
        Map::from([("id".to_owned(), Value::string(name)), ("arn".to_owned(), Value::String(arn))])
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let tags = cx.birth_tags(&new.tags).into_iter().collect();
        let call = cx.aws.logs().create_log_group().log_group_name(&new.name).set_tags(Some(tags));
        call.set_kms_key_id(new.kms_key_id.as_ref().map(|it| it.0.clone()))
            .set_log_group_class(new.log_group_class.as_deref().map(Into::into))
            .set_deletion_protection_enabled(new.deletion_protection_enabled)
            .send()
            .await?;
        Ok(new.name.clone())
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        match new.retention_in_days {
            0 => Ok(()),
            days => retain(cx, id, days).await,
        }
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        match one(cx, id).await? {
            Some(live) => outputs(cx, live).await.map(Some),
            None => Ok(None),
        }
    }

    /// Fifty at a time. A group that is not in the answer is asked for alone:
    /// the local emulator answers with whatever groups come first.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = HashMap::new();
        for ids in ids.chunks(50) {
            let call = cx.aws.logs().describe_log_groups();
            let reply = call.set_log_group_identifiers(Some(ids.to_vec())).send().await;
            let groups = absent(reply, MISSING)?.and_then(|it| it.log_groups).unwrap_or_default();
            found
                .extend(groups.into_iter().filter_map(|it| Some((it.log_group_name.clone()?, it))));
        }
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let live = match found.remove(id) {
                Some(live) => Some(live),
                None => one(cx, id).await?,
            };
            all.push(match live {
                Some(live) => Some(outputs(cx, live).await?),
                None => None,
            });
        }
        Ok(all)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.retention_in_days != new.retention_in_days {
            retain(cx, id, new.retention_in_days).await?;
        }
        if old.kms_key_id != new.kms_key_id {
            match &new.kms_key_id {
                Some(key) => {
                    let call = cx.aws.logs().associate_kms_key().log_group_name(id);
                    call.kms_key_id(&key.0).send().await?;
                }
                None => {
                    cx.aws.logs().disassociate_kms_key().log_group_name(id).send().await?;
                }
            }
        }
        let guarded = |it: &Inputs| it.deletion_protection_enabled.unwrap_or_default();
        if guarded(old) != guarded(new) {
            let call = cx.aws.logs().put_log_group_deletion_protection().log_group_identifier(id);
            call.deletion_protection_enabled(guarded(new)).send().await?;
        }
        let (set, removed) = new.tags.since(&old.tags);
        if set.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let arn = arn(one(cx, id).await?.ok_or(Error::missing("log group"))?)?;
        if !set.is_empty() {
            let tags = set.into_iter().collect();
            cx.aws.logs().tag_resource().resource_arn(&arn).set_tags(Some(tags)).send().await?;
        }
        if !removed.is_empty() {
            let call = cx.aws.logs().untag_resource().resource_arn(&arn);
            call.set_tag_keys(Some(removed)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if last.skip_destroy {
            return Ok(());
        }
        absent(cx.aws.logs().delete_log_group().log_group_name(id).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(live) = one(cx, &inputs.name).await? else { return Ok(None) };
        let tags = tags(cx, &arn(live)?).await?;
        Ok(cx.made(tags).then(|| inputs.name.clone()))
    }
}

async fn retain(cx: &Cx, id: &str, days: i32) -> Result<()> {
    if days == 0 {
        let call = cx.aws.logs().delete_retention_policy().log_group_name(id);
        absent(call.send().await, MISSING)?;
    } else {
        let call = cx.aws.logs().put_retention_policy().log_group_name(id);
        call.retention_in_days(days).send().await?;
    }
    Ok(())
}

/// Groups are listed by name: one of exactly this name comes first.
pub(super) async fn one(cx: &Cx, name: &str) -> Result<Option<Live>> {
    let call = cx.aws.logs().describe_log_groups().log_group_name_prefix(name);
    let groups = absent(call.send().await, MISSING)?.and_then(|it| it.log_groups);
    let mut groups = groups.unwrap_or_default().into_iter();
    Ok(groups.find(|it| it.log_group_name.as_deref() == Some(name)))
}

/// Without the `:*` that stands for the streams.
pub(super) fn arn(live: Live) -> Result<String> {
    let arn = live.log_group_arn.or(live.arn).ok_or(Error::missing("logGroupArn"))?;
    Ok(arn.trim_end_matches(":*").to_owned())
}

/// With our own, which prove who made it.
pub(super) async fn tags(cx: &Cx, arn: &str) -> Result<BTreeMap<String, String>> {
    let reply = cx.aws.logs().list_tags_for_resource().resource_arn(arn).send().await;
    let tags = seen(reply, MISSING, "the log group")?.tags.unwrap_or_default();
    Ok(tags.into_iter().collect())
}

async fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let name = live.log_group_name.clone().ok_or(Error::missing("logGroupName"))?;
    let mut inputs = Inputs {
        deletion_protection_enabled: Some(live.deletion_protection_enabled.unwrap_or_default()),
        kms_key_id: live.kms_key_id.clone().map(IdOrArn),
        log_group_class: Some(
            live.log_group_class
                .as_ref()
                .map_or_else(|| "STANDARD".to_owned(), |it| it.as_str().to_owned()),
        ),
        name,
        name_prefix: None,
        retention_in_days: live.retention_in_days.unwrap_or_default(),
        skip_destroy: false,
        tags: Tags::default(),
    };
    let arn = arn(live)?;
    if cx.asks("tags") {
        inputs.tags = Tags::live(tags(cx, &arn).await?);
    }
    Ok(Outputs { inputs, arn })
}
