//! `aws:ec2/getAmiIds:getAmiIds`: all machine images that match, the newest
//! first.

use regex_lite::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Query, queries};
use crate::provider::*;

pub(super) struct GetAmiIds;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    executable_users: Option<Vec<String>>,
    #[serde(default)]
    filters: Vec<Query>,
    include_deprecated: Option<bool>,
    name_regex: Option<String>,
    owners: Vec<String>,
    /// By time of creation, the oldest first.
    #[serde(default)]
    sort_ascending: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    ids: Vec<String>,
    executable_users: Option<Vec<String>>,
    filters: Vec<Query>,
    include_deprecated: Option<bool>,
    name_regex: Option<String>,
    owners: Vec<String>,
    sort_ascending: bool,
}

impl Function for GetAmiIds {
    const TOKEN: &'static str = "aws:ec2/getAmiIds:getAmiIds";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let regex = args.name_regex.as_deref().map(Regex::new).transpose();
        let regex = regex.map_err(|error| Error::invalid("nameRegex", error.to_string()))?;
        let pages = cx
            .aws
            .ec2()
            .describe_images()
            .set_owners(Some(args.owners.clone()))
            .set_executable_users(args.executable_users.clone())
            .set_include_deprecated(args.include_deprecated)
            .set_filters(queries(&args.filters, &Tags::default()))
            .into_paginator();
        let mut found: Vec<_> = pages.items().send().try_collect().await?;
        if let Some(regex) = regex {
            found.retain(|it| it.name().is_some_and(|name| regex.is_match(name)));
        }
        // The same text form throughout: letters sort as time does.
        found.sort_by(|a, b| (&a.creation_date, &a.image_id).cmp(&(&b.creation_date, &b.image_id)));
        if !args.sort_ascending {
            found.reverse();
        }
        Ok(Output {
            id: cx.place.region.clone(),
            ids: found.into_iter().filter_map(|it| it.image_id).collect(),
            executable_users: args.executable_users.clone(),
            filters: args.filters.clone(),
            include_deprecated: args.include_deprecated,
            name_regex: args.name_regex.clone(),
            owners: args.owners.clone(),
            sort_ascending: args.sort_ascending,
        })
    }
}
