//! `aws:iam/groupPolicy:GroupPolicy`, `aws:iam/rolePolicy:RolePolicy` and
//! `aws:iam/userPolicy:UserPolicy`. The id is `holder:name`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SETTLES, check_name, document};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

/// All are the same but for who holds the policy, and what IAM calls that.
macro_rules! inline_policy {
    ($kind:ident, $token:literal, $holder:ident, $of:ident, $get:ident, $put:ident, $delete:ident) => {
        pub(super) mod $holder {
            use super::*;

            pub(in super::super) struct $kind;

            #[derive(Deserialize, Serialize, JsonSchema)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub(in super::super) struct Inputs {
                #[schemars(extend("autoname" = 128, "replace" = true))]
                name: String,
                #[schemars(extend("replace" = true, "writeOnly" = true))]
                name_prefix: Option<String>,
                #[schemars(extend("replace" = true))]
                $holder: String,
                policy: Policy,
            }

            #[derive(Serialize, JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub(in super::super) struct Outputs {
                #[serde(flatten)]
                inputs: Inputs,
            }

            impl Resource for $kind {
                const TYPE: &'static str = $token;
                type Inputs = Inputs;
                type Outputs = Outputs;

                fn check(new: &Inputs) -> Result<()> {
                    check_name(&new.name, 128)
                }

                fn predict(_: &Place, inputs: &Value) -> Map {
                    let text = |name| inputs.get(name).and_then(Value::as_str);
                    match (text(stringify!($holder)), text("name")) {
                        (Some(holder), Some(name)) => {
                            Map::from([("id".to_owned(), Value::string(id(holder, name)))])
                        }
                        _ => Map::new(),
                    }
                }

                fn serial(inputs: &Inputs) -> Option<String> {
                    Some(format!(concat!("iam-", stringify!($holder), ":{}"), inputs.$holder))
                }

                /// The call would overwrite: look first, so that nobody else's
                /// is lost.
                async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
                    match live(cx, &new.$holder, &new.name).await? {
                        Some(live) if live != new.policy => {
                            return Err(Error::not_ours("an inline policy of this name"));
                        }
                        _ => put(cx, new).await?,
                    }
                    Ok(id(&new.$holder, &new.name))
                }

                async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
                    let (holder, name) = parts(id)?;
                    let visible = || async { Ok(live(cx, holder, name).await?.map(drop)) };
                    cx.wait("IAM to show the policy", SETTLES, visible).await
                }

                async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
                    let (holder, name) = parts(id)?;
                    let Some(policy) = live(cx, holder, name).await? else { return Ok(None) };
                    let ($holder, name) = (holder.to_owned(), name.to_owned());
                    let inputs = Inputs { name, name_prefix: None, $holder, policy };
                    Ok(Some(Outputs { inputs }))
                }

                async fn update(cx: &Cx, _: &str, _: &Inputs, new: &Inputs) -> Result<()> {
                    put(cx, new).await
                }

                async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
                    let (holder, name) = parts(id)?;
                    let call = cx.aws.iam().$delete().$of(holder).policy_name(name);
                    absent(call.send().await, MISSING)?;
                    Ok(())
                }

                /// Inline policies bear no tags; the same document under the
                /// same name is what this operation would make.
                async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
                    let live = live(cx, &inputs.$holder, &inputs.name).await?;
                    let ours = live.as_ref() == Some(&inputs.policy);
                    Ok(ours.then(|| id(&inputs.$holder, &inputs.name)))
                }
            }

            pub(in super::super) async fn live(
                cx: &Cx,
                holder: &str,
                name: &str,
            ) -> Result<Option<Policy>> {
                let call = cx.aws.iam().$get().$of(holder).policy_name(name);
                let reply = absent(call.send().await, MISSING)?;
                reply.map(|it| document(&it.policy_document)).transpose()
            }

            async fn put(cx: &Cx, new: &Inputs) -> Result<()> {
                let call = cx.aws.iam().$put().$of(&new.$holder).policy_name(&new.name);
                call.policy_document(new.policy.to_string()).send().await?;
                Ok(())
            }
        }
    };
}

inline_policy!(
    GroupPolicy,
    "aws:iam/groupPolicy:GroupPolicy",
    group,
    group_name,
    get_group_policy,
    put_group_policy,
    delete_group_policy
);

inline_policy!(
    RolePolicy,
    "aws:iam/rolePolicy:RolePolicy",
    role,
    role_name,
    get_role_policy,
    put_role_policy,
    delete_role_policy
);

inline_policy!(
    UserPolicy,
    "aws:iam/userPolicy:UserPolicy",
    user,
    user_name,
    get_user_policy,
    put_user_policy,
    delete_user_policy
);

fn id(holder: &str, name: &str) -> String {
    format!("{holder}:{name}")
}

fn parts(id: &str) -> Result<(&str, &str)> {
    id.split_once(':').ok_or_else(|| Error::invalid("id", format!("`{id}` is not `holder:name`")))
}
