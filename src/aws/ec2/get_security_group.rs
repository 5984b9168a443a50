//! `aws:ec2/getSecurityGroup:getSecurityGroup`: the one group that the
//! arguments describe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Query, arn, live_tags, looked_for, rules::groups, sole};
use crate::provider::*;

pub(super) struct GetSecurityGroup;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    id: Option<String>,
    name: Option<String>,
    #[serde(default)]
    tags: Tags,
    vpc_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    description: Option<String>,
    filters: Vec<Query>,
    name: Option<String>,
    tags: Tags,
    vpc_id: Option<String>,
}

impl Function for GetSecurityGroup {
    const TOKEN: &'static str = "aws:ec2/getSecurityGroup:getSecurityGroup";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [("group-id", &args.id), ("group-name", &args.name), ("vpc-id", &args.vpc_id)];
        let filters = looked_for(texts, &args.filters, &args.tags);
        let live = sole(groups(cx, filters).await?, "security group")?;
        let id = live.group_id.ok_or(Error::missing("GroupId"))?;
        let owner = live.owner_id.unwrap_or_else(|| cx.place.account.clone());
        Ok(Output {
            arn: arn(cx, &owner, &format!("security-group/{id}")),
            id,
            description: live.description,
            filters: args.filters.clone(),
            name: live.group_name,
            tags: live_tags(live.tags),
            vpc_id: live.vpc_id,
        })
    }
}
