//! `aws:iam/role:Role`. The id is the role's name.

use std::collections::HashMap;

use aws_sdk_iam::types::{self as sdk, EntityType};
use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MANY, MISSING, SETTLES, all, birth_tags, check_name, check_path, date, document, inline_policy,
    managed_attachment, pairs, retag, root,
};
use crate::{
    aws::error::{absent, seen},
    model::{Map, Value},
    provider::*,
};

pub(super) struct Role;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 64, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[serde(default = "root")]
    #[schemars(extend("replace" = true))]
    path: String,
    assume_role_policy: Policy,
    description: Option<String>,
    #[serde(default = "int::<3600>")]
    #[schemars(range(min = 3600, max = 43_200))]
    max_session_duration: i32,
    permissions_boundary: Option<String>,
    /// All there are, when set at all: others are removed.
    #[schemars(extend("computed" = true))]
    inline_policies: Option<Set<InlinePolicy>>,
    /// All there are, when set at all: others are detached.
    #[schemars(extend("computed" = true))]
    managed_policy_arns: Option<Set<String>>,
    /// Whether a delete removes policies that others have added, too.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_detach_policies: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InlinePolicy {
    name: String,
    policy: Policy,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    create_date: String,
    unique_id: String,
}

impl Resource for Role {
    const TYPE: &'static str = "aws:iam/role:Role";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name, 64)?;
        check_path(&new.path)
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let mut map = Map::from([("id".to_owned(), Value::string(name))]);
        if let Some(path) = inputs.get("path").map_or(Some("/"), Value::as_str) {
            let arn = place.global_arn("iam", &format!("role{path}{name}"));
            map.insert("arn".to_owned(), Value::String(arn));
        }
        map
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(super::serial(&inputs.name))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.iam().create_role().role_name(&new.name).path(&new.path);
        let call = call
            .assume_role_policy_document(new.assume_role_policy.to_string())
            .set_description(new.description.clone())
            .max_session_duration(new.max_session_duration)
            .set_permissions_boundary(new.permissions_boundary.clone())
            .set_tags(Some(birth_tags(cx, &new.tags)?));
        call.send().await?;
        Ok(new.name.clone())
    }

    async fn finish(cx: &Cx, name: &str, new: &Inputs) -> Result<()> {
        policies(cx, name, (None, None), new).await
    }

    async fn ready(cx: &Cx, name: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, name).await?.map(|_| ())) };
        cx.wait("IAM to show the role", SETTLES, visible).await
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        let Some(role) = live(cx, name).await? else { return Ok(None) };
        let inline_policies = match cx.asks("inlinePolicies") {
            true => Some(inline_policies(cx, name).await?),
            false => None,
        };
        let managed_policy_arns = match cx.asks("managedPolicyArns") {
            true => Some(Set(managed_attachment::role::live(cx, name).await?)),
            false => None,
        };
        let trust = role.assume_role_policy_document.as_deref();
        let inputs = Inputs {
            assume_role_policy: document(trust.ok_or(Error::missing("trust policy"))?)?,
            description: role.description.filter(|it| !it.is_empty()),
            max_session_duration: role.max_session_duration.unwrap_or(3600),
            permissions_boundary: role
                .permissions_boundary
                .and_then(|it| it.permissions_boundary_arn),
            inline_policies,
            managed_policy_arns,
            tags: Tags::live(pairs(role.tags.as_deref())),
            ..empty(role.role_name, role.path)
        };
        let create_date = date(&role.create_date)?;
        Ok(Some(Outputs { inputs, arn: role.arn, create_date, unique_id: role.role_id }))
    }

    /// One call per role, or two listings of the whole account: one has the
    /// tags and the policies, the other the description.
    async fn read_many(cx: &Cx, names: &[String]) -> Result<Vec<Option<Outputs>>> {
        if names.len() <= MANY {
            return all(names.iter().map(|name| Self::read(cx, name).boxed()).collect()).await;
        }
        let mut roles = HashMap::new();
        let mut pages = cx.aws.iam().list_roles().max_items(1000).into_paginator().items().send();
        while let Some(role) = pages.next().await {
            let role = role?;
            roles.insert(role.role_name.clone(), role);
        }
        let mut found = HashMap::new();
        let call = cx.aws.iam().get_account_authorization_details().filter(EntityType::Role);
        let mut pages = call.max_items(1000).into_paginator().send();
        while let Some(page) = pages.next().await {
            for detail in page?.role_detail_list.unwrap_or_default() {
                let name = detail.role_name.clone().unwrap_or_default();
                if let Some(role) = roles.get(&name).filter(|_| names.contains(&name)) {
                    found.insert(name, (role, detail));
                }
            }
        }
        let one = |(role, detail): &(&sdk::Role, sdk::RoleDetail)| {
            from_listings((*role).clone(), detail.clone())
        };
        names.iter().map(|name| found.get(name).map(one).transpose()).collect()
    }

    async fn update(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let iam = cx.aws.iam();
        if old.assume_role_policy != new.assume_role_policy {
            let call = iam.update_assume_role_policy().role_name(name);
            call.policy_document(new.assume_role_policy.to_string()).send().await?;
        }
        let described = old.description != new.description;
        if described || old.max_session_duration != new.max_session_duration {
            // What is left out of this call may fall back to its default.
            let call = iam.update_role().role_name(name);
            let call = call.max_session_duration(new.max_session_duration);
            let kept =
                if described { None } else { live(cx, name).await?.and_then(|it| it.description) };
            let description = new.description.clone().or(kept);
            call.description(description.unwrap_or_default()).send().await?;
        }
        match &new.permissions_boundary {
            boundary if *boundary == old.permissions_boundary => {}
            Some(arn) => {
                let call = iam.put_role_permissions_boundary().role_name(name);
                call.permissions_boundary(arn).send().await?;
            }
            None => {
                let call = iam.delete_role_permissions_boundary().role_name(name);
                absent(call.send().await, MISSING)?;
            }
        }
        let before = (old.inline_policies.as_ref(), old.managed_policy_arns.as_ref());
        policies(cx, name, before, new).await?;
        let (set, removed) = retag(&old.tags, &new.tags)?;
        if set.is_some() {
            iam.tag_role().role_name(name).set_tags(set).send().await?;
        }
        if removed.is_some() {
            iam.untag_role().role_name(name).set_tag_keys(removed).send().await?;
        }
        Ok(())
    }

    /// IAM deletes only a bare role. What others have added stops the delete,
    /// unless the program says `forceDetachPolicies`.
    async fn delete(cx: &Cx, name: &str, last: &Inputs) -> Result<()> {
        let iam = cx.aws.iam();
        let call = iam.list_instance_profiles_for_role().role_name(name);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = absent(page, MISSING)? else { return Ok(()) };
            for profile in page.instance_profiles {
                let call = iam.remove_role_from_instance_profile().role_name(name);
                let call = call.instance_profile_name(profile.instance_profile_name);
                absent(call.send().await, MISSING)?;
            }
        }
        if last.force_detach_policies || last.managed_policy_arns.is_some() {
            for arn in managed_attachment::role::live(cx, name).await? {
                detach(cx, name, &arn).await?;
            }
        }
        if last.force_detach_policies || last.inline_policies.is_some() {
            for policy in inline_names(cx, name).await? {
                remove(cx, name, &policy).await?;
            }
        }
        absent(iam.delete_role().role_name(name).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let role = live(cx, &inputs.name).await?;
        Ok(role.filter(|it| cx.made(pairs(it.tags.as_deref()))).map(|it| it.role_name))
    }
}

/// Inputs of which only the name and the path are told yet.
fn empty(name: String, path: String) -> Inputs {
    Inputs {
        name,
        name_prefix: None,
        path,
        assume_role_policy: Policy(Json(serde_json::Value::Null)),
        description: None,
        max_session_duration: 3600,
        permissions_boundary: None,
        inline_policies: None,
        managed_policy_arns: None,
        force_detach_policies: false,
        tags: Tags::default(),
    }
}

pub(super) async fn live(cx: &Cx, name: &str) -> Result<Option<sdk::Role>> {
    let reply = absent(cx.aws.iam().get_role().role_name(name).send().await, MISSING)?;
    Ok(reply.and_then(|it| it.role))
}

async fn inline_names(cx: &Cx, role: &str) -> Result<Vec<String>> {
    let mut all = Vec::new();
    let mut pages = cx.aws.iam().list_role_policies().role_name(role).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = seen(page, MISSING, "the role")?;
        all.extend(page.policy_names);
    }
    Ok(all)
}

async fn inline_policies(cx: &Cx, role: &str) -> Result<Set<InlinePolicy>> {
    let mut all = Vec::new();
    for name in inline_names(cx, role).await? {
        if let Some(policy) = inline_policy::role::live(cx, role, &name).await? {
            all.push(InlinePolicy { name, policy });
        }
    }
    Ok(Set(all))
}

fn from_listings(role: sdk::Role, detail: sdk::RoleDetail) -> Result<Outputs> {
    let trust = detail.assume_role_policy_document.as_deref();
    let inline = |it: sdk::PolicyDetail| {
        let policy = document(it.policy_document.as_deref().unwrap_or_default())?;
        Ok(InlinePolicy { name: it.policy_name.unwrap_or_default(), policy })
    };
    let inline = detail.role_policy_list.unwrap_or_default().into_iter().map(inline);
    let managed = detail.attached_managed_policies.unwrap_or_default().into_iter();
    let inputs = Inputs {
        assume_role_policy: document(trust.ok_or(Error::missing("trust policy"))?)?,
        description: role.description.filter(|it| !it.is_empty()),
        max_session_duration: role.max_session_duration.unwrap_or(3600),
        permissions_boundary: detail
            .permissions_boundary
            .and_then(|it| it.permissions_boundary_arn),
        inline_policies: Some(Set(inline.collect::<Result<_>>()?)),
        managed_policy_arns: Some(Set(managed.filter_map(|it| it.policy_arn).collect())),
        tags: Tags::live(pairs(detail.tags.as_deref())),
        ..empty(role.role_name, role.path)
    };
    let create_date = date(&role.create_date)?;
    Ok(Outputs { inputs, arn: role.arn, create_date, unique_id: role.role_id })
}

/// Brings both kinds of policies from `old` to what `new` says, if anything.
async fn policies(
    cx: &Cx,
    role: &str,
    (inline, managed): (Option<&Set<InlinePolicy>>, Option<&Set<String>>),
    new: &Inputs,
) -> Result<()> {
    let iam = cx.aws.iam();
    if let Some(wanted) = &new.inline_policies {
        let (put, gone) = wanted.since(inline.unwrap_or(&Set::default()));
        for policy in &put {
            let call = iam.put_role_policy().role_name(role).policy_name(&policy.name);
            call.policy_document(policy.policy.to_string()).send().await?;
        }
        for policy in gone.iter().filter(|it| !put.iter().any(|put| put.name == it.name)) {
            remove(cx, role, &policy.name).await?;
        }
    }
    if let Some(wanted) = &new.managed_policy_arns {
        let (attach, gone) = wanted.since(managed.unwrap_or(&Set::default()));
        // The limit of attached policies is low: make room first.
        for arn in &gone {
            detach(cx, role, arn).await?;
        }
        for arn in attach {
            iam.attach_role_policy().role_name(role).policy_arn(arn).send().await?;
        }
    }
    Ok(())
}

async fn detach(cx: &Cx, role: &str, arn: &str) -> Result<()> {
    let call = cx.aws.iam().detach_role_policy().role_name(role).policy_arn(arn);
    absent(call.send().await, MISSING)?;
    Ok(())
}

async fn remove(cx: &Cx, role: &str, policy: &str) -> Result<()> {
    let call = cx.aws.iam().delete_role_policy().role_name(role).policy_name(policy);
    absent(call.send().await, MISSING)?;
    Ok(())
}
