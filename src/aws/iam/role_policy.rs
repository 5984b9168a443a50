//! `aws:iam/rolePolicy:RolePolicy`. The id is `role:name`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, check_name, inline};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct RolePolicy;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[schemars(extend("replace" = true))]
    role: String,
    policy: Policy,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for RolePolicy {
    const TYPE: &'static str = "aws:iam/rolePolicy:RolePolicy";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name, 128)
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let (Some(role), Some(name)) = (text("role"), text("name")) else { return Map::new() };
        Map::from([("id".to_owned(), Value::string(format!("{role}:{name}")))])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(super::serial(&inputs.role))
    }

    /// The call would overwrite: look first, so that nobody else's is lost.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        match inline(cx, &new.role, &new.name).await? {
            Some(live) if live != new.policy => {
                return Err(Error::not_ours("an inline policy of this name"));
            }
            _ => put(cx, new).await?,
        }
        Ok(format!("{}:{}", new.role, new.name))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (role, name) = parts(id)?;
        let visible = || async { Ok(inline(cx, role, name).await?.map(|_| ())) };
        cx.wait("IAM to show the policy", SETTLES, visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (role, name) = parts(id)?;
        let Some(policy) = inline(cx, role, name).await? else { return Ok(None) };
        let (role, name) = (role.to_owned(), name.to_owned());
        Ok(Some(Outputs { inputs: Inputs { name, name_prefix: None, role, policy } }))
    }

    async fn update(cx: &Cx, _: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (role, name) = parts(id)?;
        let call = cx.aws.iam().delete_role_policy().role_name(role).policy_name(name);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// Inline policies bear no tags; the same document under the same name is
    /// what this operation would make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = inline(cx, &inputs.role, &inputs.name).await?;
        let ours = live.as_ref() == Some(&inputs.policy);
        Ok(ours.then(|| format!("{}:{}", inputs.role, inputs.name)))
    }
}

fn parts(id: &str) -> Result<(&str, &str)> {
    id.split_once(':').ok_or_else(|| Error::invalid("id", format!("`{id}` is not `role:name`")))
}

async fn put(cx: &Cx, new: &Inputs) -> Result<()> {
    let call = cx.aws.iam().put_role_policy().role_name(&new.role).policy_name(&new.name);
    call.policy_document(new.policy.to_string()).send().await?;
    Ok(())
}
