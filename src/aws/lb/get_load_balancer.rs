//! `aws:lb/getLoadBalancer:getLoadBalancer`: the one load balancer that the
//! arguments describe. The id is its ARN.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Wanted,
    load_balancer::{LoadBalancer, Outputs, by_name},
};
use crate::provider::*;

pub(super) struct GetLoadBalancer;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    #[serde(flatten)]
    live: Outputs,
    region: String,
}

impl Function for GetLoadBalancer {
    const TOKEN: &'static str = "aws:lb/getLoadBalancer:getLoadBalancer";
    type Args = Wanted;
    type Output = Output;

    async fn call(cx: &Cx, args: &Wanted) -> Result<Output> {
        let named = |name| by_name(cx, name);
        let arn = args.arn(cx, "load balancer", named, all(cx)).await?;
        let none = || Error::invalid("arn", format!("there is no load balancer `{arn}`"));
        let live = LoadBalancer::read(cx, &arn).await?.ok_or_else(none)?;
        Ok(Output { id: arn, live, region: cx.place.region.clone() })
    }
}

async fn all(cx: &Cx) -> Result<Vec<String>> {
    let pages = cx.aws.lb().describe_load_balancers().into_paginator();
    let found: Vec<_> = pages.items().send().try_collect().await?;
    Ok(found.into_iter().filter_map(|it| it.load_balancer_arn).collect())
}
