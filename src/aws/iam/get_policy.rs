//! `aws:iam/getPolicy:getPolicy`: a managed policy, by its ARN or its name.

use aws_sdk_iam::types::Policy as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy::{self, ManagedPolicy};
use crate::provider::*;

pub(super) struct GetPolicy;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    arn: Option<String>,
    name: Option<String>,
    path_prefix: Option<String>,
    /// All of which it must have.
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    #[serde(flatten)]
    policy: policy::Outputs,
    id: String,
    path_prefix: Option<String>,
}

impl Function for GetPolicy {
    const TOKEN: &'static str = "aws:iam/getPolicy:getPolicy";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let arn = match (&args.arn, &args.name) {
            (Some(arn), None) => arn.clone(),
            (None, Some(name)) => named(cx, args, name).await?,
            _ => return Err(Error::invalid("arn", "is needed, or `name`; not both")),
        };
        let none = || Error::invalid("arn", format!("there is no policy `{arn}`"));
        let policy = ManagedPolicy::read(cx, &arn).await?.ok_or_else(none)?;
        Ok(Output { policy, path_prefix: args.path_prefix.clone(), id: arn })
    }
}

/// IAM has no question for a name: its listing is looked through.
async fn named(cx: &Cx, args: &Args, name: &str) -> Result<String> {
    let call = cx.aws.iam().list_policies().set_path_prefix(args.path_prefix.clone());
    let mut pages = call.into_paginator().items().send();
    let mut found: Vec<String> = Vec::new();
    while let Some(live) = pages.next().await {
        let live: Live = live?;
        if let Some(arn) = live.arn.filter(|_| live.policy_name.as_deref() == Some(name))
            && tagged(cx, &arn, &args.tags).await?
        {
            found.push(arn);
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(arn), true) => Ok(arn),
        (Some(_), false) => {
            Err(Error::invalid("name", "several policies match: narrow it by `pathPrefix`"))
        }
        (None, _) => Err(Error::invalid("name", "no policy matches")),
    }
}

/// Listings do not tell the tags.
async fn tagged(cx: &Cx, arn: &str, wanted: &Tags) -> Result<bool> {
    if wanted.0.is_empty() {
        return Ok(true);
    }
    let call = cx.aws.iam().list_policy_tags().policy_arn(arn).into_paginator();
    let tags: Vec<_> = call.items().send().try_collect().await?;
    let has = |(key, value): (&String, &String)| {
        tags.iter().any(|it| it.key() == key && it.value() == value)
    };
    Ok(wanted.0.iter().all(has))
}
