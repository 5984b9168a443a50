//! `aws:wafv2/webAclAssociation:WebAclAssociation`. The id is
//! `aclArn,resourceArn`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, SERIAL};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct WebAclAssociation;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    web_acl_arn: String,
    #[schemars(extend("replace" = true))]
    resource_arn: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for WebAclAssociation {
    const TYPE: &'static str = "aws:wafv2/webAclAssociation:WebAclAssociation";
    const KEY: &'static [&'static str] = &["resourceArn"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.resource_arn.contains(":cloudfront:") {
            let rule = "is no CloudFront distribution: that takes the ACL as its `webAclId`";
            return Err(Error::invalid("resourceArn", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let (Some(acl), Some(resource)) = (text("webAclArn"), text("resourceArn")) else {
            return Map::new();
        };
        Map::from([("id".to_owned(), Value::string(format!("{acl},{resource}")))])
    }

    fn serial(_: &Inputs) -> Option<String> {
        Some(SERIAL.to_owned())
    }

    /// Replaces whichever ACL the resource has: it has one at most.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.wafv2().associate_web_acl().web_acl_arn(&new.web_acl_arn);
        call.resource_arn(&new.resource_arn).send().await?;
        Ok(format!("{},{}", new.web_acl_arn, new.resource_arn))
    }

    /// With another ACL on the resource this association is gone.
    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (acl, resource) = parts(id)?;
        if current(cx, resource).await?.as_deref() != Some(acl) {
            return Ok(None);
        }
        let inputs = Inputs { web_acl_arn: acl.to_owned(), resource_arn: resource.to_owned() };
        Ok(Some(Outputs { inputs }))
    }

    /// Every property makes a new one.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    /// After a replacement the resource has its next ACL already, which must
    /// stay.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (acl, resource) = parts(id)?;
        if current(cx, resource).await?.as_deref() == Some(acl) {
            let call = cx.aws.wafv2().disassociate_web_acl().resource_arn(resource);
            absent(call.send().await, MISSING)?;
        }
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Inputs { web_acl_arn: acl, resource_arn: resource } = inputs;
        let ours = current(cx, resource).await?.as_ref() == Some(acl);
        Ok(ours.then(|| format!("{acl},{resource}")))
    }
}

fn parts(id: &str) -> Result<(&str, &str)> {
    let wrong = || Error::invalid("id", format!("`{id}` is not `aclArn,resourceArn`"));
    id.split_once(',').ok_or_else(wrong)
}

/// The ARN of the ACL that a resource has.
async fn current(cx: &Cx, resource: &str) -> Result<Option<String>> {
    let call = cx.aws.wafv2().get_web_acl_for_resource().resource_arn(resource);
    let reply = absent(call.send().await, MISSING)?;
    Ok(reply.and_then(|it| it.web_acl).map(|it| it.arn))
}
