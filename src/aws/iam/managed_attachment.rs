//! `aws:iam/groupPolicyAttachment:GroupPolicyAttachment`,
//! `aws:iam/rolePolicyAttachment:RolePolicyAttachment` and
//! `aws:iam/userPolicyAttachment:UserPolicyAttachment`. The id is
//! `holder/policyArn`.

use std::collections::HashMap;

use futures_util::FutureExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, all};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

/// All are the same but for whom the policy is attached to, and what IAM
/// calls that.
macro_rules! attachment {
    (
        $kind:ident, $token:literal, $holder:ident, $of:ident,
        $list:ident, $attach:ident, $detach:ident
    ) => {
        pub(super) mod $holder {
            use super::*;

            pub(in super::super) struct $kind;

            #[derive(Deserialize, Serialize, JsonSchema)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub(in super::super) struct Inputs {
                #[schemars(extend("replace" = true))]
                $holder: String,
                #[schemars(extend("replace" = true))]
                policy_arn: String,
            }

            #[derive(Serialize, JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub(in super::super) struct Outputs {
                #[serde(flatten)]
                inputs: Inputs,
            }

            impl Resource for $kind {
                const TYPE: &'static str = $token;
                const KEY: &'static [&'static str] = &[stringify!($holder), "policyArn"];
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
                    match (text(stringify!($holder)), text("policyArn")) {
                        (Some(holder), Some(arn)) => {
                            Map::from([("id".to_owned(), Value::string(format!("{holder}/{arn}")))])
                        }
                        _ => Map::new(),
                    }
                }

                fn serial(inputs: &Inputs) -> Option<String> {
                    Some(format!(concat!("iam-", stringify!($holder), ":{}"), inputs.$holder))
                }

                async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
                    let call = cx.aws.iam().$attach().$of(&new.$holder);
                    call.policy_arn(&new.policy_arn).send().await?;
                    Ok(format!("{}/{}", new.$holder, new.policy_arn))
                }

                async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
                    let visible = || async { Ok(Self::read(cx, id).await?.map(drop)) };
                    cx.wait("IAM to show the attachment", SETTLES, visible).await
                }

                async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
                    Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
                }

                /// One listing per holder, however many attachments it has.
                async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
                    let ids: Vec<(&str, &str)> =
                        ids.iter().map(|id| parts(id)).collect::<Result<_>>()?;
                    let mut holders: Vec<&str> = ids.iter().map(|(holder, _)| *holder).collect();
                    holders.sort_unstable();
                    holders.dedup();
                    let of = |holder| async move { Result::Ok((holder, live(cx, holder).await?)) };
                    let lists = all(holders.into_iter().map(|it| of(it).boxed()).collect()).await?;
                    let lists: HashMap<&str, Vec<String>> = lists.into_iter().collect();
                    let one = |(holder, arn): (&str, &str)| {
                        let ($holder, policy_arn) = (holder.to_owned(), arn.to_owned());
                        let there = lists.get(holder)?.contains(&policy_arn);
                        there.then_some(Outputs { inputs: Inputs { $holder, policy_arn } })
                    };
                    Ok(ids.into_iter().map(one).collect())
                }

                /// Every property makes a new one.
                async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
                    Ok(())
                }

                async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
                    let (holder, arn) = parts(id)?;
                    let call = cx.aws.iam().$detach().$of(holder).policy_arn(arn);
                    absent(call.send().await, MISSING)?;
                    Ok(())
                }

                async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
                    let id = format!("{}/{}", inputs.$holder, inputs.policy_arn);
                    Ok(Self::read(cx, &id).await?.map(|_| id))
                }
            }

            /// The ARNs of what is attached; nothing without the holder.
            pub(in super::super) async fn live(cx: &Cx, holder: &str) -> Result<Vec<String>> {
                let mut all = Vec::new();
                let mut pages = cx.aws.iam().$list().$of(holder).into_paginator().send();
                while let Some(page) = pages.next().await {
                    let Some(page) = absent(page, MISSING)? else { return Ok(Vec::new()) };
                    let arns = page.attached_policies.unwrap_or_default().into_iter();
                    all.extend(arns.filter_map(|it| it.policy_arn));
                }
                Ok(all)
            }
        }
    };
}

attachment!(
    GroupPolicyAttachment,
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    group,
    group_name,
    list_attached_group_policies,
    attach_group_policy,
    detach_group_policy
);

attachment!(
    RolePolicyAttachment,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    role,
    role_name,
    list_attached_role_policies,
    attach_role_policy,
    detach_role_policy
);

attachment!(
    UserPolicyAttachment,
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    user,
    user_name,
    list_attached_user_policies,
    attach_user_policy,
    detach_user_policy
);

fn parts(id: &str) -> Result<(&str, &str)> {
    let wrong = || Error::invalid("id", format!("`{id}` is not `holder/policyArn`"));
    id.split_once('/').ok_or_else(wrong)
}
