//! `aws:kms/alias:Alias`. The id is the alias's name, `alias/` included.

use std::{collections::HashMap, time::Duration};

use aws_sdk_kms::types::AliasListEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MISSING;
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Alias;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// `alias/` is put before a name that has none, as a chosen one.
    #[schemars(extend("autoname" = 250, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    /// Key id or ARN.
    target_key_id: IdOrArn,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    target_key_arn: String,
}

impl Resource for Alias {
    const TYPE: &'static str = "aws:kms/alias:Alias";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let name = full(&new.name);
        let rest = name.trim_start_matches("alias/");
        let allowed = |it: char| it.is_ascii_alphanumeric() || "/_-".contains(it);
        if rest.is_empty() || name.len() > 256 || !rest.chars().all(allowed) {
            let rule = "is `alias/` and at most 250 letters, digits and `/_-`";
            return Err(Error::invalid("name", rule));
        }
        if rest.starts_with("aws/") {
            return Err(Error::invalid("name", "must not begin with `alias/aws/`, which is AWS's"));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let name = full(name);
        Map::from([
            ("arn".to_owned(), Value::String(place.arn("kms", &name))),
            ("id".to_owned(), Value::string(&name)),
            ("name".to_owned(), Value::String(name)),
        ])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "name" && wanted.as_str().map(full).as_deref() == live.as_str()
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let name = full(&new.name);
        let call = cx.aws.kms().create_alias().alias_name(&name);
        call.target_key_id(&new.target_key_id.0).send().await?;
        Ok(name)
    }

    /// A new alias may be unknown to the next call for some seconds.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let settled = || async {
            let live = listed(cx, &[id.to_owned()]).await?.remove(id);
            Ok(live.filter(|it| points_at(it, &new.target_key_id)).map(|_| ()))
        };
        cx.wait("the alias to be visible", Duration::from_secs(120), settled).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let live = listed(cx, &[id.to_owned()]).await?.remove(id);
        live.map(outputs).transpose()
    }

    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = listed(cx, ids).await?;
        ids.iter().map(|id| found.remove(id).map(outputs).transpose()).collect()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.target_key_id != new.target_key_id {
            let call = cx.aws.kms().update_alias().alias_name(id);
            call.target_key_id(&new.target_key_id.0).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.kms().delete_alias().alias_name(id).send().await, MISSING)?;
        Ok(())
    }

    /// An alias has no tags: the name, which is unique, and the key that it
    /// was made for are the proof.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let name = full(&inputs.name);
        let live = listed(cx, std::slice::from_ref(&name)).await?.remove(&name);
        Ok(live.filter(|it| points_at(it, &inputs.target_key_id)).map(|_| name))
    }
}

pub(super) fn full(name: &str) -> String {
    if name.starts_with("alias/") { name.to_owned() } else { format!("alias/{name}") }
}

fn points_at(live: &AliasListEntry, key: &IdOrArn) -> bool {
    let id = key.0.rsplit('/').next().unwrap_or_default();
    live.target_key_id.as_deref() == Some(id)
}

fn outputs(live: AliasListEntry) -> Result<Outputs> {
    let name = live.alias_name.ok_or(Error::missing("AliasName"))?;
    let arn = live.alias_arn.ok_or(Error::missing("AliasArn"))?;
    let key = live.target_key_id.unwrap_or_default();
    let target_key_arn = format!("{}key/{key}", arn.strip_suffix(&name).unwrap_or_default());
    let inputs = Inputs { name, name_prefix: None, target_key_id: IdOrArn(key) };
    Ok(Outputs { inputs, arn, target_key_arn })
}

/// KMS lists all aliases of the account, a hundred at a time, and none by
/// name: stop when those asked for are found.
pub(super) async fn listed(cx: &Cx, names: &[String]) -> Result<HashMap<String, AliasListEntry>> {
    let mut found = HashMap::new();
    let mut pages = cx.aws.kms().list_aliases().limit(100).into_paginator().send();
    while let Some(page) = pages.next().await {
        for it in page?.aliases.unwrap_or_default() {
            if let Some(name) = it.alias_name.clone().filter(|it| names.contains(it)) {
                found.insert(name, it);
            }
        }
        if names.iter().all(|it| found.contains_key(it)) {
            break;
        }
    }
    Ok(found)
}
