//! `aws:rds/optionGroup:OptionGroup`. The id is the group's name.

use std::collections::BTreeMap;

use aws_sdk_rds::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PAGE, birth_tags, ours, retag, tags};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct OptionGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "lower" = true, "replace" = true))]
    name: CiString,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[schemars(extend("replace" = true))]
    engine_name: String,
    #[schemars(extend("replace" = true))]
    major_engine_version: String,
    #[serde(default = "managed")]
    #[schemars(extend("replace" = true))]
    option_group_description: String,
    options: Option<Set<GroupOption>>,
    /// Leaves the group when it is deleted here.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    skip_destroy: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupOption {
    option_name: String,
    db_security_group_memberships: Option<Set<String>>,
    option_settings: Option<Set<Setting>>,
    port: Option<i32>,
    version: Option<String>,
    vpc_security_group_memberships: Option<Set<String>>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Setting {
    name: String,
    value: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

const MISSING: &[&str] = &["OptionGroupNotFoundFault"];

impl Resource for OptionGroup {
    const TYPE: &'static str = "aws:rds/optionGroup:OptionGroup";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let name = &new.name.0;
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-';
        if !name.starts_with(|it: char| it.is_ascii_alphabetic())
            || !name.chars().all(fits)
            || name.len() > 255
            || name.ends_with('-')
            || name.contains("--")
        {
            let rule = "has 1 to 255 letters, digits and single `-`, and begins with a letter";
            return Err(Error::invalid("name", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let name = name.to_lowercase();
        Map::from([
            ("arn".to_owned(), Value::String(arn(place, &name))),
            ("id".to_owned(), Value::String(name)),
        ])
    }

    /// AWS tells all settings of an option, with those that nobody set.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "options" && same_options(wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let name = new.name.0.to_lowercase();
        let call = cx.aws.rds().create_option_group().option_group_name(&name);
        let call = call
            .engine_name(&new.engine_name)
            .major_engine_version(&new.major_engine_version)
            .option_group_description(&new.option_group_description);
        let made = call.set_tags(birth_tags(cx, &new.tags)).send().await.map_err(Error::from);
        let taken = &["OptionGroupAlreadyExistsFault"];
        let id = ours(made, taken, "an option group of this name", Self::find(cx, new)).await?;
        Ok(id.unwrap_or(name))
    }

    /// A group is born without options.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        modify(cx, id, &Set::default(), &new.options.clone().unwrap_or_default()).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        outputs(cx, id, live).await.map(Some)
    }

    /// There is no filter by name: one list of all groups serves many.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        if let [id] = ids {
            return Ok(vec![Self::read(cx, id).await?]);
        }
        let pages = cx.aws.rds().describe_option_groups().max_records(PAGE).into_paginator();
        let all: Vec<sdk::OptionGroup> = pages.items().send().try_collect().await?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let live = all.iter().find(|it| it.option_group_name.as_ref() == Some(id));
            found.push(match live {
                Some(live) => Some(outputs(cx, id, live.clone()).await?),
                None => None,
            });
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let options = |it: &Inputs| it.options.clone().unwrap_or_default();
        modify(cx, id, &options(old), &options(new)).await?;
        retag(cx, &arn(&cx.place, id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if last.skip_destroy {
            return Ok(());
        }
        absent(cx.aws.rds().delete_option_group().option_group_name(id).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let name = inputs.name.0.to_lowercase();
        if live(cx, &name).await?.is_none() {
            return Ok(None);
        }
        Ok(cx.made(tags(cx, &arn(&cx.place, &name)).await?).then_some(name))
    }
}

fn managed() -> String {
    "Managed by Pulumi".to_owned()
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("rds", &format!("og:{name}"))
}

/// Each wanted option is there with what the program says of it, and no other.
fn same_options(wanted: &Value, live: &Value) -> bool {
    let options = |it: &Value| serde_json::from_value::<Vec<GroupOption>>(it.reveal()).ok();
    let (Some(wanted), Some(live)) = (options(wanted), options(live)) else { return false };
    let settings = |it: &GroupOption| -> BTreeMap<String, String> {
        let all = it.option_settings.iter().flat_map(|it| it.0.clone());
        all.map(|it| (it.name, it.value)).collect()
    };
    let within = |wanted: &Option<Set<String>>, live: &Option<Set<String>>| {
        let Some(wanted) = wanted else { return true };
        wanted.since(&live.clone().unwrap_or_default()) == (Vec::new(), Vec::new())
    };
    let covers = |wanted: &GroupOption, live: &GroupOption| {
        let there = settings(live);
        wanted.option_name == live.option_name
            && wanted.port.is_none_or(|it| live.port == Some(it))
            && wanted.version.as_ref().is_none_or(|it| live.version.as_ref() == Some(it))
            && settings(wanted).iter().all(|(name, value)| there.get(name) == Some(value))
            && within(&wanted.db_security_group_memberships, &live.db_security_group_memberships)
            && within(&wanted.vpc_security_group_memberships, &live.vpc_security_group_memberships)
    };
    wanted.len() == live.len()
        && wanted.iter().all(|wanted| live.iter().any(|live| covers(wanted, live)))
}

async fn modify(cx: &Cx, id: &str, old: &Set<GroupOption>, new: &Set<GroupOption>) -> Result<()> {
    let (changed, gone) = new.since(old);
    let stays = |name: &String| new.0.iter().any(|it| it.option_name == *name);
    let mut removed: Vec<String> = gone.into_iter().map(|it| it.option_name).collect();
    removed.retain(|it| !stays(it));
    if changed.is_empty() && removed.is_empty() {
        return Ok(());
    }
    let included: Vec<_> = changed.iter().map(GroupOption::to_sdk).collect();
    let call = cx.aws.rds().modify_option_group().option_group_name(id).apply_immediately(true);
    call.set_options_to_include((!included.is_empty()).then_some(included))
        .set_options_to_remove((!removed.is_empty()).then_some(removed))
        .send()
        .await?;
    Ok(())
}

impl GroupOption {
    fn to_sdk(&self) -> sdk::OptionConfiguration {
        let list = |it: &Option<Set<String>>| it.as_ref().map(|it| it.0.clone());
        let setting =
            |it: &Setting| sdk::OptionSetting::builder().name(&it.name).value(&it.value).build();
        let settings = self.option_settings.as_ref();
        sdk::OptionConfiguration::builder()
            .option_name(&self.option_name)
            .set_port(self.port)
            .set_option_version(self.version.clone())
            .set_db_security_group_memberships(list(&self.db_security_group_memberships))
            .set_vpc_security_group_memberships(list(&self.vpc_security_group_memberships))
            .set_option_settings(settings.map(|it| it.0.iter().map(setting).collect()))
            .build()
    }

    fn from_sdk(live: sdk::Option) -> Self {
        let list = |it: Vec<String>| (!it.is_empty()).then_some(Set(it));
        let groups = live.db_security_group_memberships.unwrap_or_default().into_iter();
        let vpc_groups = live.vpc_security_group_memberships.unwrap_or_default().into_iter();
        let settings = live.option_settings.unwrap_or_default().into_iter();
        let settings: Vec<Setting> =
            settings.filter_map(|it| Some(Setting { name: it.name?, value: it.value? })).collect();
        Self {
            option_name: live.option_name.unwrap_or_default(),
            db_security_group_memberships: list(
                groups.filter_map(|it| it.db_security_group_name).collect(),
            ),
            option_settings: (!settings.is_empty()).then_some(Set(settings)),
            port: live.port,
            version: live.option_version,
            vpc_security_group_memberships: list(
                vpc_groups.filter_map(|it| it.vpc_security_group_id).collect(),
            ),
        }
    }
}

async fn live(cx: &Cx, name: &str) -> Result<Option<sdk::OptionGroup>> {
    let call = cx.aws.rds().describe_option_groups().option_group_name(name);
    let reply = absent(call.send().await, MISSING)?;
    Ok(reply.and_then(|it| it.option_groups_list?.pop()))
}

async fn outputs(cx: &Cx, id: &str, live: sdk::OptionGroup) -> Result<Outputs> {
    let arn = live.option_group_arn.unwrap_or_else(|| arn(&cx.place, id));
    let tags = if cx.asks("tags") { Tags::live(tags(cx, &arn).await?) } else { Tags::default() };
    let inputs = Inputs {
        name: CiString(id.to_owned()),
        name_prefix: None,
        engine_name: live.engine_name.unwrap_or_default(),
        major_engine_version: live.major_engine_version.unwrap_or_default(),
        option_group_description: live.option_group_description.unwrap_or_default(),
        options: Some(
            live.options.unwrap_or_default().into_iter().map(GroupOption::from_sdk).collect(),
        ),
        skip_destroy: false,
        tags,
    };
    Ok(Outputs { inputs, arn })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_that_nobody_set_are_no_change() {
        let option = |settings: serde_json::Value| {
            Value::from_json(&json!([{ "optionName": "TDE", "optionSettings": settings }]))
        };
        let wanted = option(json!([{ "name": "a", "value": "1" }]));
        let live = option(json!([{ "name": "b", "value": "2" }, { "name": "a", "value": "1" }]));
        assert!(same_options(&wanted, &live));
        assert!(!same_options(&option(json!([{ "name": "a", "value": "2" }])), &live));
        assert!(!same_options(&Value::from_json(&json!([])), &live));
    }
}
