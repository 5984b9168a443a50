//! `aws:cloudwatch/logResourcePolicy:LogResourcePolicy`. The id is the
//! policy's name, or the ARN of the log group that it belongs to.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::{PolicyScope, ResourcePolicy as Live};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MISSING;
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct LogResourcePolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    policy_document: Policy,
    /// For a policy of the account, of which a region has ten at most.
    #[schemars(extend("replace" = true))]
    policy_name: Option<String>,
    /// For a policy of one log group.
    #[schemars(extend("replace" = true))]
    resource_arn: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    policy_scope: Option<String>,
    #[schemars(extend("volatile" = true))]
    revision_id: Option<String>,
}

impl Resource for LogResourcePolicy {
    const TYPE: &'static str = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy";
    const KEY: &'static [&'static str] = &["policyName", "resourceArn"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.policy_name.is_some() == new.resource_arn.is_some() {
            return Err(Error::invalid("policyName", "or `resourceArn` is needed, not both"));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let id = text("policyName").or_else(|| text("resourceArn"));
        id.map(|it| Map::from([("id".to_owned(), Value::string(it))])).unwrap_or_default()
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("log-policy:{}", id(inputs)))
    }

    /// Putting overwrites: look first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if live(cx, id(new)).await?.is_some() {
            return Err(Error::not_ours("a log resource policy of this name"));
        }
        put(cx, id(new), &new.policy_document, None).await?;
        Ok(id(new).to_owned())
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, id).await?.map(|_| ())) };
        cx.wait("the logs to show the policy", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        live(cx, id).await?.map(outputs).transpose()
    }

    /// One call lists all that belong to no log group.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let of_account = match ids.iter().any(|it| !is_arn(it)) {
            true => listed(cx, None).await?,
            false => Vec::new(),
        };
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let named = |it: &&Live| it.policy_name.as_ref() == Some(id);
            let live = match is_arn(id) {
                true => live(cx, id).await?,
                false => of_account.iter().find(named).cloned(),
            };
            all.push(live.map(outputs).transpose()?);
        }
        Ok(all)
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        let live = live(cx, id).await?;
        put(cx, id, &new.policy_document, live.and_then(|it| it.revision_id)).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(live) = live(cx, id).await? else { return Ok(()) };
        let call = cx.aws.logs().delete_resource_policy();
        let call = match is_arn(id) {
            true => call.resource_arn(id).set_expected_revision_id(live.revision_id),
            false => call.policy_name(id),
        };
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// Policies bear no tags; the same document under the same name is what
    /// this operation would make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(live) = live(cx, id(inputs)).await? else { return Ok(None) };
        let ours = document(&live)? == inputs.policy_document;
        Ok(ours.then(|| id(inputs).to_owned()))
    }
}

fn id(inputs: &Inputs) -> &str {
    let id = inputs.policy_name.as_deref().or(inputs.resource_arn.as_deref());
    id.unwrap_or_default()
}

fn is_arn(id: &str) -> bool {
    id.starts_with("arn:")
}

fn document(live: &Live) -> Result<Policy> {
    Policy::parse(live.policy_document.as_deref().ok_or(Error::missing("policyDocument"))?)
}

/// A group's policy is changed only by who knows its last revision.
async fn put(cx: &Cx, id: &str, policy: &Policy, revision: Option<String>) -> Result<()> {
    let call = cx.aws.logs().put_resource_policy().policy_document(policy.to_string());
    let call = match is_arn(id) {
        true => call.resource_arn(id).set_expected_revision_id(revision),
        false => call.policy_name(id),
    };
    call.send().await?;
    Ok(())
}

async fn live(cx: &Cx, id: &str) -> Result<Option<Live>> {
    let of_group = is_arn(id).then_some(id);
    let mut all = listed(cx, of_group).await?.into_iter();
    Ok(all.find(|it| of_group.is_some() || it.policy_name.as_deref() == Some(id)))
}

/// Those of the account, or that of one log group.
async fn listed(cx: &Cx, group: Option<&str>) -> Result<Vec<Live>> {
    let mut all = Vec::new();
    let mut next = None;
    loop {
        let call = cx.aws.logs().describe_resource_policies().set_next_token(next);
        let call = match group {
            Some(arn) => call.resource_arn(arn).policy_scope(PolicyScope::Resource),
            None => call,
        };
        let Some(page) = absent(call.send().await, MISSING)? else { return Ok(all) };
        all.extend(page.resource_policies.unwrap_or_default());
        next = page.next_token;
        if next.is_none() {
            return Ok(all);
        }
    }
}

fn outputs(live: Live) -> Result<Outputs> {
    let inputs = Inputs {
        policy_document: document(&live)?,
        policy_name: live.policy_name,
        resource_arn: live.resource_arn,
    };
    let policy_scope = live.policy_scope.map(|it| it.as_str().to_owned());
    Ok(Outputs { inputs, policy_scope, revision_id: live.revision_id })
}
