//! `aws:iam/policyAttachment:PolicyAttachment`: everybody who has a policy.
//! The id is `name/policyArn`.

use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, all};
use crate::{aws::error::absent, provider::*};

pub(super) struct PolicyAttachment;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// Whoever else has the policy loses it: groups, roles and users.
    #[serde(default)]
    groups: Set<String>,
    /// Only Pulumi's: IAM does not know it.
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true))]
    policy_arn: String,
    #[serde(default)]
    roles: Set<String>,
    #[serde(default)]
    users: Set<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for PolicyAttachment {
    const TYPE: &'static str = "aws:iam/policyAttachment:PolicyAttachment";
    const KEY: &'static [&'static str] = &["policyArn"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if [&new.groups, &new.roles, &new.users].iter().all(|it| it.0.is_empty()) {
            return Err(Error::invalid("roles", "names one role at least, or a group or user"));
        }
        if new.name.contains('/') {
            return Err(Error::invalid("name", "has no `/`"));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("iam-policy:{}", inputs.policy_arn))
    }

    /// It is nothing but its attachments, which come after it.
    async fn create(_: &Cx, new: &Inputs) -> Result<String> {
        Ok(format!("{}/{}", new.name, new.policy_arn))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        align(cx, id, new).await
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let visible = || async {
            let Some(live) = Self::read(cx, id).await? else { return Ok(None) };
            let live = live.inputs;
            let there = |wanted: &Set<String>, live: &Set<String>| wanted.since(live).0.is_empty();
            let all = there(&new.groups, &live.groups)
                && there(&new.roles, &live.roles)
                && there(&new.users, &live.users);
            Ok(all.then_some(()))
        };
        cx.wait("IAM to show the attachments", SETTLES, visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let inputs = live(cx, id).await?;
        let nobody =
            [&inputs.groups, &inputs.roles, &inputs.users].iter().all(|it| it.0.is_empty());
        Ok((!nobody).then_some(Outputs { inputs }))
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        all(ids.iter().map(|id| Self::read(cx, id).boxed()).collect()).await
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        align(cx, id, new).await
    }

    async fn delete(cx: &Cx, _: &str, last: &Inputs) -> Result<()> {
        detach(cx, &last.policy_arn, [&last.groups.0, &last.roles.0, &last.users.0]).await
    }

    async fn find(_: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        Ok(Some(format!("{}/{}", inputs.name, inputs.policy_arn)))
    }
}

/// All who have the policy; nobody without it.
async fn live(cx: &Cx, id: &str) -> Result<Inputs> {
    let parts = id.split_once('/');
    let (name, arn) = parts.ok_or_else(|| Error::invalid("id", "is `name/policyArn`"))?;
    let mut all = Inputs {
        groups: Set::default(),
        name: name.to_owned(),
        policy_arn: arn.to_owned(),
        roles: Set::default(),
        users: Set::default(),
    };
    let mut pages = cx.aws.iam().list_entities_for_policy().policy_arn(arn).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = absent(page, MISSING)? else { break };
        let groups = page.policy_groups.unwrap_or_default().into_iter();
        all.groups.0.extend(groups.filter_map(|it| it.group_name));
        let roles = page.policy_roles.unwrap_or_default().into_iter();
        all.roles.0.extend(roles.filter_map(|it| it.role_name));
        let users = page.policy_users.unwrap_or_default().into_iter();
        all.users.0.extend(users.filter_map(|it| it.user_name));
    }
    Ok(all)
}

async fn align(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let (iam, arn) = (cx.aws.iam(), &new.policy_arn);
    let live = live(cx, id).await?;
    let (groups, other_groups) = new.groups.since(&live.groups);
    let (roles, other_roles) = new.roles.since(&live.roles);
    let (users, other_users) = new.users.since(&live.users);
    for it in groups {
        iam.attach_group_policy().group_name(it).policy_arn(arn).send().await?;
    }
    for it in roles {
        iam.attach_role_policy().role_name(it).policy_arn(arn).send().await?;
    }
    for it in users {
        iam.attach_user_policy().user_name(it).policy_arn(arn).send().await?;
    }
    detach(cx, arn, [&other_groups, &other_roles, &other_users]).await
}

async fn detach(cx: &Cx, arn: &str, [groups, roles, users]: [&Vec<String>; 3]) -> Result<()> {
    let iam = cx.aws.iam();
    for it in groups {
        let call = iam.detach_group_policy().group_name(it).policy_arn(arn);
        absent(call.send().await, MISSING)?;
    }
    for it in roles {
        let call = iam.detach_role_policy().role_name(it).policy_arn(arn);
        absent(call.send().await, MISSING)?;
    }
    for it in users {
        let call = iam.detach_user_policy().user_name(it).policy_arn(arn);
        absent(call.send().await, MISSING)?;
    }
    Ok(())
}
