//! `aws:iam/getInstanceProfile:getInstanceProfile`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::date;
use crate::provider::*;

pub(super) struct GetInstanceProfile;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    create_date: String,
    name: String,
    path: String,
    role_arn: Option<String>,
    role_id: Option<String>,
    role_name: Option<String>,
}

impl Function for GetInstanceProfile {
    const TOKEN: &'static str = "aws:iam/getInstanceProfile:getInstanceProfile";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let call = cx.aws.iam().get_instance_profile().instance_profile_name(&args.name);
        let live = call.send().await?.instance_profile.ok_or(Error::missing("InstanceProfile"))?;
        // A profile holds one role at most.
        let role = live.roles.into_iter().next();
        Ok(Output {
            id: live.instance_profile_id,
            arn: live.arn,
            create_date: date(&live.create_date)?,
            name: live.instance_profile_name,
            path: live.path,
            role_arn: role.as_ref().map(|it| it.arn.clone()),
            role_id: role.as_ref().map(|it| it.role_id.clone()),
            role_name: role.map(|it| it.role_name),
        })
    }
}
