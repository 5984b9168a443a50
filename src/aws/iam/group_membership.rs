//! `aws:iam/groupMembership:GroupMembership`: all the users of a group. The id
//! is `group/name`.

use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, all, group::members};
use crate::{aws::error::absent, provider::*};

pub(super) struct GroupMembership;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    group: String,
    /// Only Pulumi's: IAM does not know it.
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    /// Others are removed from the group.
    users: Set<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for GroupMembership {
    const TYPE: &'static str = "aws:iam/groupMembership:GroupMembership";
    const KEY: &'static [&'static str] = &["group"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.users.0.is_empty() {
            return Err(Error::invalid("users", "names one user at least"));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("iam-group:{}", inputs.group))
    }

    /// A membership is nothing but the users, who come after it.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let there = members(cx, &new.group).await?;
        there.ok_or_else(|| Error::unseen("the group"))?;
        Ok(format!("{}/{}", new.group, new.name))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        align(cx, id, new).await
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let visible = || async {
            let live = Self::read(cx, id).await?.map(|it| it.inputs.users);
            Ok(live.filter(|it| new.users.0.iter().all(|user| it.0.contains(user))).map(drop))
        };
        cx.wait("IAM to show the users", SETTLES, visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (group, name) = parts(id)?;
        let users = members(cx, group).await?.unwrap_or_default();
        let (group, name) = (group.to_owned(), name.to_owned());
        let there = !users.is_empty();
        Ok(there.then_some(Outputs { inputs: Inputs { group, name, users: Set(users) } }))
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        all(ids.iter().map(|id| Self::read(cx, id).boxed()).collect()).await
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        align(cx, id, new).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let (group, _) = parts(id)?;
        for user in &last.users.0 {
            remove(cx, group, user).await?;
        }
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let there = members(cx, &inputs.group).await?.is_some();
        Ok(there.then(|| format!("{}/{}", inputs.group, inputs.name)))
    }
}

fn parts(id: &str) -> Result<(&str, &str)> {
    id.split_once('/').ok_or_else(|| Error::invalid("id", format!("`{id}` is not `group/name`")))
}

async fn align(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    let (group, _) = parts(id)?;
    let live = members(cx, group).await?.ok_or_else(|| Error::unseen("the group"))?;
    let (add, gone) = new.users.since(&Set(live));
    for user in add {
        let call = cx.aws.iam().add_user_to_group().group_name(group).user_name(user);
        call.send().await?;
    }
    for user in gone {
        remove(cx, group, &user).await?;
    }
    Ok(())
}

async fn remove(cx: &Cx, group: &str, user: &str) -> Result<()> {
    let call = cx.aws.iam().remove_user_from_group().group_name(group).user_name(user);
    absent(call.send().await, MISSING)?;
    Ok(())
}
