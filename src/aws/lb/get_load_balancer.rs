//! `aws:lb/getLoadBalancer:getLoadBalancer`: the one load balancer that the
//! arguments describe. The id is its ARN.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    load_balancer::{LoadBalancer, Outputs, by_name},
    the_one,
};
use crate::provider::*;

pub(super) struct GetLoadBalancer;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    arn: Option<String>,
    name: Option<String>,
    /// Only one with these tags, among others, is an answer.
    tags: Option<Tags>,
}

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
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let arns = match (&args.arn, &args.name) {
            (Some(arn), None) => vec![arn.clone()],
            (None, Some(name)) => by_name(cx, name).await?.into_iter().collect(),
            (None, None) if args.tags.is_some() => all(cx).await?,
            _ => return Err(Error::invalid("name", "or `arn` is needed, not both")),
        };
        let arn = the_one(cx, "load balancer", arns, args.tags.as_ref()).await?;
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
