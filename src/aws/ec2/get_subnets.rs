//! `aws:ec2/getSubnets:getSubnets`: the ids of all subnets that match.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Query, queries};
use crate::provider::*;

pub(super) struct GetSubnets;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    ids: Vec<String>,
    filters: Vec<Query>,
    tags: Tags,
}

impl Function for GetSubnets {
    const TOKEN: &'static str = "aws:ec2/getSubnets:getSubnets";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let filters = queries(&args.filters, &args.tags);
        let pages = cx.aws.ec2().describe_subnets().set_filters(filters).into_paginator();
        let found: Vec<_> = pages.items().send().try_collect().await?;
        // EC2 answers in any order; a program's inputs must not change by it.
        let mut ids: Vec<_> = found.into_iter().filter_map(|it| it.subnet_id).collect();
        ids.sort();
        let (filters, tags) = (args.filters.clone(), args.tags.clone());
        Ok(Output { id: cx.place.region.clone(), ids, filters, tags })
    }
}
