//! `aws:iam/rolePolicyAttachment:RolePolicyAttachment`. The id is
//! `role/policyArn`.

use std::collections::HashMap;

use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, all, attached};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct RolePolicyAttachment;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    role: String,
    #[schemars(extend("replace" = true))]
    policy_arn: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for RolePolicyAttachment {
    const TYPE: &'static str = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
    const KEY: &'static [&'static str] = &["role", "policyArn"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if !new.policy_arn.starts_with("arn:") {
            return Err(Error::invalid("policyArn", "is an ARN"));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let (Some(role), Some(arn)) = (text("role"), text("policyArn")) else { return Map::new() };
        Map::from([("id".to_owned(), Value::string(format!("{role}/{arn}")))])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(super::serial(&inputs.role))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.iam().attach_role_policy().role_name(&new.role);
        call.policy_arn(&new.policy_arn).send().await?;
        Ok(format!("{}/{}", new.role, new.policy_arn))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(Self::read(cx, id).await?.map(|_| ())) };
        cx.wait("IAM to show the attachment", SETTLES, visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[id.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// One listing per role, however many attachments it has.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let ids: Vec<(&str, &str)> = ids.iter().map(|id| parts(id)).collect::<Result<_>>()?;
        let mut roles: Vec<&str> = ids.iter().map(|(role, _)| *role).collect();
        roles.sort_unstable();
        roles.dedup();
        let of = |role| async move { Ok::<_, Error>((role, attached(cx, role).await?)) };
        let lists = all(roles.into_iter().map(|role| of(role).boxed()).collect()).await?;
        let lists: HashMap<&str, Option<Vec<String>>> = lists.into_iter().collect();
        let one = |(role, arn): (&str, &str)| {
            let list = lists.get(role)?.as_ref()?;
            let (role, policy_arn) = (role.to_owned(), arn.to_owned());
            list.contains(&policy_arn).then_some(Outputs { inputs: Inputs { role, policy_arn } })
        };
        Ok(ids.into_iter().map(one).collect())
    }

    /// Every property makes a new one.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (role, arn) = parts(id)?;
        let call = cx.aws.iam().detach_role_policy().role_name(role).policy_arn(arn);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = format!("{}/{}", inputs.role, inputs.policy_arn);
        Ok(Self::read(cx, &id).await?.map(|_| id))
    }
}

fn parts(id: &str) -> Result<(&str, &str)> {
    let wrong = || Error::invalid("id", format!("`{id}` is not `role/policyArn`"));
    id.split_once('/').ok_or_else(wrong)
}
