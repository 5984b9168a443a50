//! `aws:iam/policy:Policy`. The id is the policy's ARN.

use std::collections::HashMap;

use aws_sdk_iam::types::{self as sdk, EntityType};
use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MANY, MISSING, SETTLES, all, birth_tags, check_name, check_path, document, pairs, retag, root,
};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct ManagedPolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[serde(default = "root")]
    #[schemars(extend("replace" = true))]
    path: String,
    #[schemars(extend("replace" = true))]
    description: Option<String>,
    policy: Policy,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    policy_id: String,
    #[schemars(extend("volatile" = true))]
    attachment_count: i32,
}

/// How many versions IAM keeps of one policy.
const VERSIONS: usize = 5;

/// How long a policy may be, white space apart.
const LONGEST: usize = 6144;

impl Resource for ManagedPolicy {
    const TYPE: &'static str = "aws:iam/policy:Policy";
    const HELD: bool = true;
    const REFUSED: &'static [(&'static str, &'static str)] = &[(
        "delayAfterPolicyCreationInMs",
        "a fixed pause is not needed: each step waits until IAM shows the policy",
    )];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name, 128)?;
        check_path(&new.path)?;
        let length = new.policy.to_string().chars().filter(|it| !it.is_whitespace()).count();
        if length > LONGEST {
            let rule = format!("has {length} characters; IAM takes {LONGEST} at most");
            return Err(Error::invalid("policy", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let path = inputs.get("path").map_or(Some("/"), Value::as_str);
        let name = inputs.get("name").and_then(Value::as_str);
        let (Some(path), Some(name)) = (path, name) else { return Map::new() };
        let arn = Value::String(arn(place, path, name));
        Map::from([("id".to_owned(), arn.clone()), ("arn".to_owned(), arn)])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("iam-policy:{}", inputs.name))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.iam().create_policy().policy_name(&new.name).path(&new.path);
        let call = call
            .policy_document(new.policy.to_string())
            .set_description(new.description.clone())
            .set_tags(Some(birth_tags(cx, &new.tags)?));
        let reply = call.send().await?;
        reply.policy.and_then(|it| it.arn).ok_or(Error::missing("Arn"))
    }

    async fn ready(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, arn).await?.map(|_| ())) };
        cx.wait("IAM to show the policy", SETTLES, visible).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let Some(policy) = live(cx, arn).await? else { return Ok(None) };
        let version = policy.default_version_id.as_deref().unwrap_or("v1");
        let call = cx.aws.iam().get_policy_version().policy_arn(arn).version_id(version);
        let text = call.send().await?.policy_version.and_then(|it| it.document);
        outputs(policy, &text.ok_or(Error::missing("Document"))?).map(Some)
    }

    /// Two calls per policy; of many, the documents come in one listing.
    async fn read_many(cx: &Cx, arns: &[String]) -> Result<Vec<Option<Outputs>>> {
        if arns.len() <= MANY {
            return all(arns.iter().map(|arn| Self::read(cx, arn).boxed()).collect()).await;
        }
        let filter = EntityType::LocalManagedPolicy;
        let call = cx.aws.iam().get_account_authorization_details().filter(filter);
        let mut pages = call.max_items(1000).into_paginator().send();
        let mut documents = HashMap::new();
        while let Some(page) = pages.next().await {
            for policy in page?.policies.unwrap_or_default() {
                let versions = policy.policy_version_list.unwrap_or_default();
                let version = versions.into_iter().find(|it| it.is_default_version);
                if let (Some(arn), Some(text)) = (policy.arn, version.and_then(|it| it.document)) {
                    documents.insert(arn, text);
                }
            }
        }
        let documents = &documents;
        let one = |arn| async move {
            match documents.get::<String>(arn) {
                Some(text) => live(cx, arn).await?.map(|it| outputs(it, text)).transpose(),
                None => Self::read(cx, arn).await,
            }
        };
        all(arns.iter().map(|arn| one(arn).boxed()).collect()).await
    }

    /// A new default version, and room for it by the loss of the oldest.
    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let iam = cx.aws.iam();
        if old.policy != new.policy {
            let versions = versions(cx, arn).await?;
            if versions.len() >= VERSIONS {
                let oldest = versions.iter().filter(|it| !it.is_default_version);
                if let Some(oldest) = oldest.min_by_key(|it| number(it)) {
                    drop_version(cx, arn, oldest).await?;
                }
            }
            let call = iam.create_policy_version().policy_arn(arn).set_as_default(true);
            call.policy_document(new.policy.to_string()).send().await?;
        }
        let (set, removed) = retag(&old.tags, &new.tags)?;
        if set.is_some() {
            iam.tag_policy().policy_arn(arn).set_tags(set).send().await?;
        }
        if removed.is_some() {
            iam.untag_policy().policy_arn(arn).set_tag_keys(removed).send().await?;
        }
        Ok(())
    }

    /// Whoever has it attached keeps it from being deleted.
    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        for version in versions(cx, arn).await?.iter().filter(|it| !it.is_default_version) {
            drop_version(cx, arn, version).await?;
        }
        absent(cx.aws.iam().delete_policy().policy_arn(arn).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let arn = arn(&cx.place, &inputs.path, &inputs.name);
        let policy = live(cx, &arn).await?;
        Ok(policy.filter(|it| cx.made(pairs(it.tags.as_deref()))).map(|_| arn))
    }
}

fn arn(place: &Place, path: &str, name: &str) -> String {
    place.global_arn("iam", &format!("policy{path}{name}"))
}

pub(super) async fn live(cx: &Cx, arn: &str) -> Result<Option<sdk::Policy>> {
    let reply = absent(cx.aws.iam().get_policy().policy_arn(arn).send().await, MISSING)?;
    Ok(reply.and_then(|it| it.policy))
}

fn outputs(policy: sdk::Policy, text: &str) -> Result<Outputs> {
    let inputs = Inputs {
        name: policy.policy_name.ok_or(Error::missing("PolicyName"))?,
        name_prefix: None,
        path: policy.path.unwrap_or_else(root),
        description: policy.description.filter(|it| !it.is_empty()),
        policy: document(text)?,
        tags: Tags::live(pairs(policy.tags.as_deref())),
    };
    Ok(Outputs {
        inputs,
        arn: policy.arn.ok_or(Error::missing("Arn"))?,
        policy_id: policy.policy_id.ok_or(Error::missing("PolicyId"))?,
        attachment_count: policy.attachment_count.unwrap_or_default(),
    })
}

async fn versions(cx: &Cx, arn: &str) -> Result<Vec<sdk::PolicyVersion>> {
    let reply = cx.aws.iam().list_policy_versions().policy_arn(arn).send().await;
    Ok(absent(reply, MISSING)?.and_then(|it| it.versions).unwrap_or_default())
}

/// `v12` as 12: versions count up and are never used again.
fn number(version: &sdk::PolicyVersion) -> u64 {
    let id = version.version_id.as_deref().unwrap_or_default();
    id.trim_start_matches('v').parse().unwrap_or_default()
}

async fn drop_version(cx: &Cx, arn: &str, version: &sdk::PolicyVersion) -> Result<()> {
    let call = cx.aws.iam().delete_policy_version().policy_arn(arn);
    absent(call.set_version_id(version.version_id.clone()).send().await, MISSING)?;
    Ok(())
}
