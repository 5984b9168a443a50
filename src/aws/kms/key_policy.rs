//! `aws:kms/keyPolicy:KeyPolicy`. The id is the key's id, or its ARN where the
//! program gives that.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Document, json};

use super::{MISSING, policy_of, put_policy};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct KeyPolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    key_id: String,
    policy: Policy,
    /// Takes a policy by which nobody could change it again.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    bypass_policy_lockout_safety_check: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for KeyPolicy {
    const TYPE: &'static str = "aws:kms/keyPolicy:KeyPolicy";
    const KEY: &'static [&'static str] = &["keyId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        let Some(key) = inputs.get("keyId").and_then(Value::as_str) else { return Map::new() };
        Map::from([("id".to_owned(), Value::string(key))])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("kms:{}", inputs.key_id.rsplit('/').next().unwrap_or_default()))
    }

    /// A key always has a policy, and this is it from now on.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let unsafely = new.bypass_policy_lockout_safety_check;
        put_policy(cx, &new.key_id, &new.policy, unsafely).await?;
        Ok(new.key_id.clone())
    }

    /// KMS may answer with the one before for a while.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let settled = || async {
            let live = policy_of(cx, id).await?;
            Ok(live.filter(|it| outline(it) == outline(&new.policy)).map(|_| ()))
        };
        cx.wait("KMS to show the policy", Duration::from_secs(600), settled).await
    }

    /// A key that waits for its deletion is gone.
    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let reply = absent(cx.aws.kms().describe_key().key_id(id).send().await, MISSING)?;
        let key = reply.and_then(|it| it.key_metadata);
        if key.is_none_or(|it| it.deletion_date.is_some()) {
            return Ok(None);
        }
        let Some(policy) = policy_of(cx, id).await? else { return Ok(None) };
        let key_id = id.to_owned();
        let inputs = Inputs { key_id, policy, bypass_policy_lockout_safety_check: false };
        Ok(Some(Outputs { inputs }))
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put_policy(cx, id, &new.policy, new.bypass_policy_lockout_safety_check).await
    }

    /// The key gets the policy back that AWS gives to a new one: it must have
    /// one.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        match put_policy(cx, id, &usual(&cx.place), true).await {
            Err(error) if error.is(MISSING) || waits_for_deletion(&error) => Ok(()),
            other => other,
        }
    }

    /// A key has one policy: what says the same is ours.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = policy_of(cx, &inputs.key_id).await?;
        Ok(live.filter(|it| *it == inputs.policy).map(|_| inputs.key_id.clone()))
    }
}

fn waits_for_deletion(error: &Error) -> bool {
    error.is(&["KMSInvalidStateException"]) && error.message.contains("pending deletion")
}

/// What KMS rewrites nothing of: principals may come back in another form.
fn outline(policy: &Policy) -> Vec<[Option<&Document>; 2]> {
    let statements = policy.0.0.get("Statement").and_then(Document::as_array);
    let statements = statements.map(Vec::as_slice).unwrap_or_default().iter();
    statements.map(|it| [it.get("Sid"), it.get("Effect")]).collect()
}

/// That of a new key: the account decides by its IAM policies.
fn usual(place: &Place) -> Policy {
    let root = format!("arn:{}:iam::{}:root", place.partition, place.account);
    Policy(Json(json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": root },
            "Action": "kms:*",
            "Resource": "*",
        }],
    })))
}
