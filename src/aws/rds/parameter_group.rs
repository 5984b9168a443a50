//! `aws:rds/parameterGroup:ParameterGroup`. The id is the group's name.

use aws_sdk_rds::types::DbParameterGroup;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    NO_PARAMETER_GROUP, PAGE, birth_tags, check_name, ours,
    parameters::{self, Parameter, to_reset, to_set},
    retag, tags,
};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct ParameterGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "lower" = true, "replace" = true))]
    name: CiString,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    /// `postgres16`
    #[schemars(extend("replace" = true))]
    family: String,
    #[serde(default = "managed")]
    #[schemars(extend("replace" = true))]
    description: String,
    #[serde(default)]
    parameters: Set<Parameter>,
    /// Leaves the group in AWS when the program no longer has it.
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

impl Resource for ParameterGroup {
    const TYPE: &'static str = "aws:rds/parameterGroup:ParameterGroup";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        // Dots, which older groups have, are taken too.
        check_name("name", &new.name.0.replace('.', "-"), 255)
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let name = name.to_lowercase();
        Map::from([
            ("arn".to_owned(), Value::String(arn(place, &name))),
            ("id".to_owned(), Value::String(name)),
        ])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        parameters::same(path, wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let name = new.name.0.to_lowercase();
        let call = cx.aws.rds().create_db_parameter_group().db_parameter_group_name(&name);
        let call = call.db_parameter_group_family(&new.family).description(&new.description);
        let made = call.set_tags(birth_tags(cx, &new.tags)).send().await.map_err(Error::from);
        let taken = &["DBParameterGroupAlreadyExists"];
        let id = ours(made, taken, "a parameter group of this name", Self::find(cx, new)).await?;
        Ok(id.unwrap_or(name))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        set(cx, id, &Set::default(), &new.parameters).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(group) = group(cx, id).await? else { return Ok(None) };
        outputs(cx, id, group).await.map(Some)
    }

    /// There is no filter by name: one list of all groups serves many.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::with_capacity(ids.len());
        if let [id] = ids {
            found.push(Self::read(cx, id).await?);
            return Ok(found);
        }
        let call = cx.aws.rds().describe_db_parameter_groups().max_records(PAGE);
        let all = call.into_paginator().items().send().try_collect().await?;
        for id in ids {
            let group = all.iter().find(|it| it.db_parameter_group_name.as_ref() == Some(id));
            found.push(match group {
                Some(group) => Some(outputs(cx, id, group.clone()).await?),
                None => None,
            });
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        for parameters in to_reset(&old.parameters, &new.parameters) {
            let call = cx.aws.rds().reset_db_parameter_group().db_parameter_group_name(id);
            let call = call.reset_all_parameters(false);
            call.set_parameters(Some(parameters)).send().await?;
        }
        set(cx, id, &old.parameters, &new.parameters).await?;
        retag(cx, &arn(&cx.place, id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if !last.skip_destroy {
            let call = cx.aws.rds().delete_db_parameter_group().db_parameter_group_name(id);
            absent(call.send().await, NO_PARAMETER_GROUP)?;
        }
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let name = inputs.name.0.to_lowercase();
        if group(cx, &name).await?.is_none() {
            return Ok(None);
        }
        Ok(cx.made(tags(cx, &arn(&cx.place, &name)).await?).then_some(name))
    }
}

fn managed() -> String {
    "Managed by Pulumi".to_owned()
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("rds", &format!("pg:{name}"))
}

async fn set(cx: &Cx, id: &str, old: &Set<Parameter>, new: &Set<Parameter>) -> Result<()> {
    for parameters in to_set(old, new) {
        let call = cx.aws.rds().modify_db_parameter_group().db_parameter_group_name(id);
        call.set_parameters(Some(parameters)).send().await?;
    }
    Ok(())
}

async fn group(cx: &Cx, name: &str) -> Result<Option<DbParameterGroup>> {
    let call = cx.aws.rds().describe_db_parameter_groups().db_parameter_group_name(name);
    let reply = absent(call.send().await, NO_PARAMETER_GROUP)?;
    Ok(reply.and_then(|it| it.db_parameter_groups?.pop()))
}

async fn outputs(cx: &Cx, id: &str, group: DbParameterGroup) -> Result<Outputs> {
    let arn = group.db_parameter_group_arn.unwrap_or_else(|| arn(&cx.place, id));
    let tags = if cx.asks("tags") { Tags::live(tags(cx, &arn).await?) } else { Tags::default() };
    let mut parameters = Vec::new();
    if cx.asks("parameters") {
        let call = cx.aws.rds().describe_db_parameters().db_parameter_group_name(id).source("user");
        parameters = call.into_paginator().items().send().try_collect().await?;
    }
    let inputs = Inputs {
        name: CiString(id.to_owned()),
        name_prefix: None,
        family: group.db_parameter_group_family.unwrap_or_default(),
        description: group.description.unwrap_or_default(),
        parameters: parameters.into_iter().filter_map(Parameter::live).collect(),
        skip_destroy: false,
        tags,
    };
    Ok(Outputs { inputs, arn })
}
