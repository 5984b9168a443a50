//! `aws:elasticache/subnetGroup:SubnetGroup`. The id is the group's name.

use aws_sdk_elasticache::types::CacheSubnetGroup;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_SUBNET_GROUP, PAGE, birth_tags, ours, retag, tags, tags_raw};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct SubnetGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "lower" = true, "replace" = true))]
    name: CiString,
    #[serde(default = "managed")]
    description: String,
    subnet_ids: Set<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    vpc_id: String,
}

impl Resource for SubnetGroup {
    const TYPE: &'static str = "aws:elasticache/subnetGroup:SubnetGroup";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let name = &new.name.0;
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-';
        if !name.chars().all(fits) || name.len() > 255 || name.eq_ignore_ascii_case("default") {
            let rule = "is made of up to 255 letters, digits and `-`, and is not `default`";
            return Err(Error::invalid("name", rule));
        }
        if new.subnet_ids.0.is_empty() {
            return Err(Error::invalid("subnetIds", "names at least one subnet"));
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

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let name = new.name.0.to_lowercase();
        let call = cx.aws.elasticache().create_cache_subnet_group().cache_subnet_group_name(&name);
        let call = call.cache_subnet_group_description(&new.description);
        let call = call.set_subnet_ids(Some(new.subnet_ids.0.clone()));
        let made = call.set_tags(birth_tags(cx, &new.tags)).send().await.map_err(Error::from);
        let taken = &["CacheSubnetGroupAlreadyExists"];
        let id = ours(made, taken, "a subnet group of this name", Self::find(cx, new)).await?;
        Ok(id.unwrap_or(name))
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
        let call = cx.aws.elasticache().describe_cache_subnet_groups().max_records(PAGE);
        let all = call.into_paginator().items().send().try_collect().await?;
        for id in ids {
            let group = all.iter().find(|it| it.cache_subnet_group_name.as_ref() == Some(id));
            found.push(match group {
                Some(group) => Some(outputs(cx, id, group.clone()).await?),
                None => None,
            });
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let moved = new.subnet_ids.since(&old.subnet_ids) != (vec![], vec![]);
        if moved || old.description != new.description {
            let call = cx.aws.elasticache().modify_cache_subnet_group();
            let call = call.cache_subnet_group_name(id);
            let call = call.cache_subnet_group_description(&new.description);
            call.set_subnet_ids(Some(new.subnet_ids.0.clone())).send().await?;
        }
        retag(cx, &arn(&cx.place, id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.elasticache().delete_cache_subnet_group().cache_subnet_group_name(id);
        absent(call.send().await, NO_SUBNET_GROUP)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let name = inputs.name.0.to_lowercase();
        if group(cx, &name).await?.is_none() {
            return Ok(None);
        }
        let tags = tags_raw(cx, &arn(&cx.place, &name)).await?;
        Ok(cx.made(tags).then_some(name))
    }
}

fn managed() -> String {
    "Managed by Pulumi".to_owned()
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("elasticache", &format!("subnetgroup:{name}"))
}

async fn group(cx: &Cx, name: &str) -> Result<Option<CacheSubnetGroup>> {
    let call = cx.aws.elasticache().describe_cache_subnet_groups().cache_subnet_group_name(name);
    let reply = absent(call.send().await, NO_SUBNET_GROUP)?;
    Ok(reply.and_then(|it| it.cache_subnet_groups?.pop()))
}

async fn outputs(cx: &Cx, id: &str, group: CacheSubnetGroup) -> Result<Outputs> {
    let arn = group.arn.unwrap_or_else(|| arn(&cx.place, id));
    let subnets = group.subnets.unwrap_or_default();
    let inputs = Inputs {
        name: CiString(id.to_owned()),
        description: group.cache_subnet_group_description.unwrap_or_default(),
        subnet_ids: subnets.into_iter().filter_map(|it| it.subnet_identifier).collect(),
        tags: tags(cx, &arn).await?,
    };
    Ok(Outputs { inputs, arn, vpc_id: group.vpc_id.unwrap_or_default() })
}
