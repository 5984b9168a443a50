//! `aws:lb/getTargetGroup:getTargetGroup`: the one target group that the
//! arguments describe. The id is its ARN.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Wanted,
    target_group::{Outputs, TargetGroup, by_name},
};
use crate::provider::*;

pub(super) struct GetTargetGroup;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    #[serde(flatten)]
    live: Outputs,
    region: String,
}

impl Function for GetTargetGroup {
    const TOKEN: &'static str = "aws:lb/getTargetGroup:getTargetGroup";
    const REFUSED: &'static [(&'static str, &'static str)] =
        &[("loadBalancingAnomalyMitigation", "it is part of the answer, not of the question")];
    type Args = Wanted;
    type Output = Output;

    async fn call(cx: &Cx, args: &Wanted) -> Result<Output> {
        let named = |name| by_name(cx, name);
        let arn = args.arn(cx, "target group", named, all(cx)).await?;
        let none = || Error::invalid("arn", format!("there is no target group `{arn}`"));
        let live = TargetGroup::read(cx, &arn).await?.ok_or_else(none)?;
        Ok(Output { id: arn, live, region: cx.place.region.clone() })
    }
}

async fn all(cx: &Cx) -> Result<Vec<String>> {
    let pages = cx.aws.lb().describe_target_groups().into_paginator();
    let found: Vec<_> = pages.items().send().try_collect().await?;
    Ok(found.into_iter().filter_map(|it| it.target_group_arn).collect())
}
