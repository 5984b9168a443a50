//! `aws:ec2/getManagedPrefixList:getManagedPrefixList`: the one list that the
//! arguments describe, AWS's own ones included.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Query, live_tags, looked_for, sole};
use crate::provider::*;

pub(super) struct GetManagedPrefixList;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    id: Option<String>,
    name: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    address_family: Option<String>,
    arn: String,
    entries: Vec<Entry>,
    filters: Vec<Query>,
    max_entries: Option<i32>,
    name: Option<String>,
    owner_id: Option<String>,
    tags: Tags,
    version: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
struct Entry {
    cidr: Option<String>,
    description: Option<String>,
}

impl Function for GetManagedPrefixList {
    const TOKEN: &'static str = "aws:ec2/getManagedPrefixList:getManagedPrefixList";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [("prefix-list-id", &args.id), ("prefix-list-name", &args.name)];
        let filters = looked_for(texts, &args.filters, &args.tags);
        let filters = (!filters.is_empty()).then_some(filters);
        let call = cx.aws.ec2().describe_managed_prefix_lists().set_filters(filters);
        let found: Vec<_> = call.into_paginator().items().send().try_collect().await?;
        let live = sole(found, "prefix list")?;
        let id = live.prefix_list_id.ok_or(Error::missing("PrefixListId"))?;
        let call = cx.aws.ec2().get_managed_prefix_list_entries().prefix_list_id(&id);
        let entries: Vec<_> = call.into_paginator().items().send().try_collect().await?;
        let entry = |it: aws_sdk_ec2::types::PrefixListEntry| Entry {
            cidr: it.cidr,
            description: it.description,
        };
        Ok(Output {
            id,
            address_family: live.address_family,
            arn: live.prefix_list_arn.ok_or(Error::missing("PrefixListArn"))?,
            entries: entries.into_iter().map(entry).collect(),
            filters: args.filters.clone(),
            max_entries: live.max_entries,
            name: live.prefix_list_name,
            owner_id: live.owner_id,
            tags: live_tags(live.tags),
            version: live.version,
        })
    }
}
