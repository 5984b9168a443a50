//! `aws:sns/topicPolicy:TopicPolicy`. The id is the topic's ARN.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{MISSING, attributes, serial, set_attribute};
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct TopicPolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    arn: String,
    policy: Policy,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    owner: String,
}

impl Resource for TopicPolicy {
    const TYPE: &'static str = "aws:sns/topicPolicy:TopicPolicy";
    const KEY: &'static [&'static str] = &["arn"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        let Some(arn) = inputs.get("arn").and_then(Value::as_str) else { return Map::new() };
        Map::from([("id".to_owned(), Value::string(arn))])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.arn))
    }

    /// A topic has one policy, and this is it from now on.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        put(cx, &new.arn, &new.policy).await?;
        Ok(new.arn.clone())
    }

    async fn ready(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let shows = || async { Ok(Self::read(cx, arn).await?.map(drop)) };
        cx.wait("SNS to show the policy", Duration::from_secs(120), shows).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let Some(live) = attributes(cx, arn).await? else { return Ok(None) };
        let Some(text) = live.get("Policy").filter(|it| !it.is_empty()) else { return Ok(None) };
        let policy = Policy::parse(text)?;
        if policy.0.0["Id"] == DEFAULT {
            return Ok(None);
        }
        let owner = live.get("Owner").cloned().ok_or(Error::missing("Owner"))?;
        Ok(Some(Outputs { inputs: Inputs { arn: arn.to_owned(), policy }, owner }))
    }

    async fn update(cx: &Cx, arn: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, arn, &new.policy).await
    }

    /// A topic cannot be without one: back to the owner's alone.
    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        match put(cx, arn, &first(arn)).await {
            Err(error) if error.is(MISSING) => Ok(()),
            reply => reply,
        }
    }

    async fn gone(cx: &Cx, arn: &str) -> Result<()> {
        let gone = || async { Ok(Self::read(cx, arn).await?.is_none().then_some(())) };
        cx.wait("the policy to be gone", Duration::from_secs(120), gone).await
    }

    /// Policies bear no tags; the same document is what this operation would
    /// make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = Self::read(cx, &inputs.arn).await?;
        let ours = live.is_some_and(|it| it.inputs.policy == inputs.policy);
        Ok(ours.then(|| inputs.arn.clone()))
    }
}

async fn put(cx: &Cx, arn: &str, policy: &Policy) -> Result<()> {
    set_attribute(cx, arn, "Policy", &policy.to_string()).await
}

/// The name of the policy that every topic is born with.
const DEFAULT: &str = "__default_policy_ID";

fn first(arn: &str) -> Policy {
    let account = arn.split(':').nth(4).unwrap_or_default();
    Policy(Json(json!({
        "Version": "2008-10-17",
        "Id": DEFAULT,
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": [
                "SNS:GetTopicAttributes",
                "SNS:SetTopicAttributes",
                "SNS:AddPermission",
                "SNS:RemovePermission",
                "SNS:DeleteTopic",
                "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic",
                "SNS:Publish",
            ],
            "Resource": arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
        }],
    })))
}
