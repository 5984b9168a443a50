//! `aws:iam/getRole:getRole`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{date, document, pairs, role::live};
use crate::provider::*;

pub(super) struct GetRole;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: String,
    /// All of which it must have.
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    assume_role_policy: Policy,
    create_date: String,
    description: Option<String>,
    max_session_duration: Option<i32>,
    name: String,
    path: String,
    permissions_boundary: Option<String>,
    role_last_useds: Vec<LastUsed>,
    tags: Tags,
    unique_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LastUsed {
    last_used_date: Option<String>,
    region: Option<String>,
}

impl Function for GetRole {
    const TOKEN: &'static str = "aws:iam/getRole:getRole";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let none = || Error::invalid("name", format!("there is no role `{}`", args.name));
        let role = live(cx, &args.name).await?.ok_or_else(none)?;
        let tags = Tags::live(pairs(role.tags.as_deref()));
        if args.tags.0.iter().any(|(key, value)| tags.0.get(key) != Some(value)) {
            return Err(Error::invalid("tags", "the role of this name has others"));
        }
        let trust = role.assume_role_policy_document.as_deref();
        let used = role.role_last_used.filter(|it| it.last_used_date.is_some());
        let used = used.map(|it| {
            Result::Ok(LastUsed {
                last_used_date: it.last_used_date.as_ref().map(date).transpose()?,
                region: it.region,
            })
        });
        Ok(Output {
            assume_role_policy: document(trust.ok_or(Error::missing("trust policy"))?)?,
            create_date: date(&role.create_date)?,
            arn: role.arn,
            description: role.description,
            id: role.role_name.clone(),
            max_session_duration: role.max_session_duration,
            name: role.role_name,
            path: role.path,
            permissions_boundary: role
                .permissions_boundary
                .and_then(|it| it.permissions_boundary_arn),
            role_last_useds: used.into_iter().collect::<Result<_>>()?,
            tags,
            unique_id: role.role_id,
        })
    }
}
