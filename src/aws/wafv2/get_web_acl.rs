//! `aws:wafv2/getWebAcl:getWebAcl`: by its name, or by what it guards.

use aws_sdk_wafv2::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, right_region, twin::Word, web_acl::listed};
use crate::{aws::error::absent, provider::*};

pub(super) struct GetWebAcl;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: Option<String>,
    resource_arn: Option<String>,
    scope: Word<sdk::Scope>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    description: Option<String>,
    name: String,
    resource_arn: Option<String>,
    scope: Word<sdk::Scope>,
    region: String,
}

impl Function for GetWebAcl {
    const TOKEN: &'static str = "aws:wafv2/getWebAcl:getWebAcl";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        right_region(cx, &args.scope.0)?;
        let (id, arn, description, name) = match (&args.name, &args.resource_arn) {
            (Some(name), None) => {
                let mut all = listed(cx, &args.scope.0).await?.into_iter();
                let Some(it) = all.find(|it| it.name.as_ref() == Some(name)) else {
                    return Err(Error::invalid("name", format!("there is no web ACL `{name}`")));
                };
                (it.uuid, it.arn, it.description, it.name)
            }
            (None, Some(guarded)) if args.scope.0 == sdk::Scope::Regional => {
                let call = cx.aws.wafv2().get_web_acl_for_resource().resource_arn(guarded);
                let reply = absent(call.send().await, MISSING)?;
                let Some(it) = reply.and_then(|it| it.web_acl) else {
                    let rule = format!("no web ACL guards `{guarded}`");
                    return Err(Error::invalid("resourceArn", rule));
                };
                (Some(it.id), Some(it.arn), it.description, Some(it.name))
            }
            (None, Some(_)) => {
                let rule = "is for the scope REGIONAL: a distribution tells its `webAclId`";
                return Err(Error::invalid("resourceArn", rule));
            }
            _ => return Err(Error::invalid("name", "or `resourceArn` is needed, not both")),
        };
        Ok(Output {
            id: id.ok_or(Error::missing("Id"))?,
            arn: arn.ok_or(Error::missing("ARN"))?,
            description: description.filter(|it| !it.is_empty()),
            name: name.ok_or(Error::missing("Name"))?,
            resource_arn: args.resource_arn.clone(),
            scope: args.scope.clone(),
            region: cx.place.region.clone(),
        })
    }
}
