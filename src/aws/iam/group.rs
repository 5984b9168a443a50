//! `aws:iam/group:Group`. The id is the group's name.

use aws_sdk_iam::types::Group as Live;
use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, all, check_name, check_path, managed_attachment, root};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Group;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// Another one renames the group.
    #[schemars(extend("autoname" = 128))]
    name: String,
    #[serde(default = "root")]
    path: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    #[schemars(extend("volatile" = true))]
    arn: String,
    unique_id: String,
}

impl Resource for Group {
    const TYPE: &'static str = "aws:iam/group:Group";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name, 128)?;
        check_path(&new.path)
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let mut map = Map::from([("id".to_owned(), Value::string(name))]);
        if let Some(path) = inputs.get("path").map_or(Some("/"), Value::as_str) {
            let arn = place.global_arn("iam", &format!("group{path}{name}"));
            map.insert("arn".to_owned(), Value::String(arn));
        }
        map
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("iam-group:{}", inputs.name))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        cx.aws.iam().create_group().group_name(&new.name).path(&new.path).send().await?;
        Ok(new.name.clone())
    }

    async fn ready(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, name).await?.map(drop)) };
        cx.wait("IAM to show the group", SETTLES, visible).await
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        Ok(live(cx, name).await?.map(|it| Outputs {
            inputs: Inputs { name: it.group_name, path: it.path },
            arn: it.arn,
            unique_id: it.group_id,
        }))
    }

    async fn read_many(cx: &Cx, names: &[String]) -> Result<Vec<Option<Outputs>>> {
        all(names.iter().map(|name| Self::read(cx, name).boxed()).collect()).await
    }

    async fn update(cx: &Cx, name: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        // An attempt before this one may have renamed it already.
        let name = if live(cx, name).await?.is_some() { name } else { &new.name };
        let call = cx.aws.iam().update_group().group_name(name).new_path(&new.path);
        call.set_new_group_name((name != new.name).then(|| new.name.clone())).send().await?;
        Ok(())
    }

    async fn renamed(_: &Cx, _: &str, new: &Inputs) -> Result<String> {
        Ok(new.name.clone())
    }

    async fn delete(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.iam().delete_group().group_name(name).send().await, MISSING)?;
        Ok(())
    }

    async fn holders(cx: &Cx, name: &str) -> Result<Vec<String>> {
        let mut found = managed_attachment::group::live(cx, name).await?;
        let users = members(cx, name).await?.unwrap_or_default();
        found.extend(users.into_iter().map(|it| format!("user {it}")));
        Ok(found)
    }

    /// Groups bear no tags: an empty one of this name and path, which was not
    /// there before the request, is this operation's.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let group = live(cx, &inputs.name).await?;
        Ok(group.filter(|it| it.path == inputs.path).map(|it| it.group_name))
    }
}

async fn live(cx: &Cx, name: &str) -> Result<Option<Live>> {
    let call = cx.aws.iam().get_group().group_name(name).max_items(1);
    Ok(absent(call.send().await, MISSING)?.and_then(|it| it.group))
}

/// The users of a group; `None` without the group.
pub(super) async fn members(cx: &Cx, group: &str) -> Result<Option<Vec<String>>> {
    let mut all = Vec::new();
    let mut pages = cx.aws.iam().get_group().group_name(group).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = absent(page, MISSING)? else { return Ok(None) };
        all.extend(page.users.into_iter().map(|it| it.user_name));
    }
    Ok(Some(all))
}
