//! `aws:iam/instanceProfile:InstanceProfile`. The id is the profile's name.

use aws_sdk_iam::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, birth_tags, check_name, check_path, date, pairs, retag, root};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct InstanceProfile;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[serde(default = "root")]
    #[schemars(extend("replace" = true))]
    path: String,
    role: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    create_date: String,
    unique_id: String,
}

impl Resource for InstanceProfile {
    const TYPE: &'static str = "aws:iam/instanceProfile:InstanceProfile";
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
            let arn = place.global_arn("iam", &format!("instance-profile{path}{name}"));
            map.insert("arn".to_owned(), Value::String(arn));
        }
        map
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("iam-instance-profile:{}", inputs.name))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.iam().create_instance_profile();
        let call = call.instance_profile_name(&new.name).path(&new.path);
        call.set_tags(Some(birth_tags(cx, &new.tags)?)).send().await?;
        Ok(new.name.clone())
    }

    async fn finish(cx: &Cx, name: &str, new: &Inputs) -> Result<()> {
        if new.role.is_some() { swap(cx, name, new.role.as_deref()).await } else { Ok(()) }
    }

    async fn ready(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, name).await?.map(|_| ())) };
        cx.wait("IAM to show the instance profile", SETTLES, visible).await
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        let Some(profile) = live(cx, name).await? else { return Ok(None) };
        let inputs = Inputs {
            name: profile.instance_profile_name,
            name_prefix: None,
            path: profile.path,
            role: profile.roles.into_iter().next().map(|it| it.role_name),
            tags: Tags::live(pairs(profile.tags.as_deref())),
        };
        Ok(Some(Outputs {
            inputs,
            arn: profile.arn,
            create_date: date(&profile.create_date)?,
            unique_id: profile.instance_profile_id,
        }))
    }

    async fn update(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.role != new.role {
            swap(cx, name, new.role.as_deref()).await?;
        }
        let iam = cx.aws.iam();
        let (set, removed) = retag(&old.tags, &new.tags)?;
        if set.is_some() {
            let call = iam.tag_instance_profile().instance_profile_name(name);
            call.set_tags(set).send().await?;
        }
        if removed.is_some() {
            let call = iam.untag_instance_profile().instance_profile_name(name);
            call.set_tag_keys(removed).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        if live(cx, name).await?.is_none() {
            return Ok(());
        }
        swap(cx, name, None).await?;
        let call = cx.aws.iam().delete_instance_profile().instance_profile_name(name);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let profile = live(cx, &inputs.name).await?;
        let ours = profile.filter(|it| cx.made(pairs(it.tags.as_deref())));
        Ok(ours.map(|it| it.instance_profile_name))
    }
}

async fn live(cx: &Cx, name: &str) -> Result<Option<sdk::InstanceProfile>> {
    let call = cx.aws.iam().get_instance_profile().instance_profile_name(name);
    Ok(absent(call.send().await, MISSING)?.and_then(|it| it.instance_profile))
}

/// A profile holds one role: the old one goes before the new one comes.
async fn swap(cx: &Cx, name: &str, role: Option<&str>) -> Result<()> {
    let iam = cx.aws.iam();
    let held = live(cx, name).await?.map(|it| it.roles).unwrap_or_default();
    for held in held.iter().filter(|it| Some(it.role_name()) != role) {
        let call = iam.remove_role_from_instance_profile().instance_profile_name(name);
        absent(call.role_name(held.role_name()).send().await, MISSING)?;
    }
    if let Some(role) = role.filter(|role| !held.iter().any(|it| it.role_name() == *role)) {
        let call = iam.add_role_to_instance_profile().instance_profile_name(name);
        call.role_name(role).send().await?;
    }
    Ok(())
}
