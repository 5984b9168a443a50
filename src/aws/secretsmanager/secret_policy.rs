//! `aws:secretsmanager/secretPolicy:SecretPolicy`. The id is the secret's ARN.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, policy_of, same_secret, serial};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct SecretPolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// ARN or name.
    #[schemars(extend("replace" = true))]
    secret_arn: String,
    policy: Policy,
    /// Has AWS refuse a policy that lets everybody in.
    #[schemars(extend("writeOnly" = true))]
    block_public_policy: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for SecretPolicy {
    const TYPE: &'static str = "aws:secretsmanager/secretPolicy:SecretPolicy";
    const KEY: &'static [&'static str] = &["secretArn"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn predict(_: &Place, inputs: &Value) -> Map {
        let arn = inputs.get("secretArn").and_then(Value::as_str);
        let arn = arn.filter(|it| it.starts_with("arn:"));
        arn.map(|it| Map::from([("id".to_owned(), Value::string(it))])).unwrap_or_default()
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.secret_arn))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        path == "secretArn" && same_secret(wanted, live)
    }

    /// Putting overwrites: look first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        match policy_of(cx, &new.secret_arn).await? {
            Some(live) if live != new.policy => Err(Error::not_ours("a policy of this secret")),
            _ => put(cx, &new.secret_arn, new).await,
        }
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(policy_of(cx, id).await?.map(|_| ())) };
        cx.wait("Secrets Manager to show the policy", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(policy) = policy_of(cx, id).await? else { return Ok(None) };
        let inputs = Inputs { secret_arn: id.to_owned(), policy, block_public_policy: None };
        Ok(Some(Outputs { inputs }))
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, id, new).await.map(drop)
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.secretsmanager().delete_resource_policy().secret_id(id).send().await;
        absent(reply, MISSING)?;
        Ok(())
    }

    /// Policies bear no tags; the same document is what this operation would
    /// make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let call = cx.aws.secretsmanager().get_resource_policy().secret_id(&inputs.secret_arn);
        let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
        let Some(text) = live.resource_policy else { return Ok(None) };
        Ok(live.arn.filter(|_| Policy::parse(&text).is_ok_and(|it| it == inputs.policy)))
    }
}

/// The secret's ARN.
async fn put(cx: &Cx, secret: &str, new: &Inputs) -> Result<String> {
    let call = cx.aws.secretsmanager().put_resource_policy().secret_id(secret);
    let call = call.resource_policy(new.policy.to_string());
    let reply = call.set_block_public_policy(new.block_public_policy).send().await?;
    reply.arn.ok_or(Error::missing("ARN"))
}
