//! `aws:cloudfront/originAccessControl:OriginAccessControl`. The id is
//! CloudFront's, `E…`.

use aws_sdk_cloudfront::{
    operation::get_origin_access_control::GetOriginAccessControlOutput, types as sdk,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{MISSING, every, holders, shown};
use crate::{
    aws::{
        error::absent,
        twin::{Twin as _, Word, covers, twin},
    },
    provider::*,
};

pub(super) struct OriginAccessControl;

twin! {
    Inputs = sdk::OriginAccessControlConfig {
        description: Option<String> => description, set_description;
        #[schemars(extend("autoname" = 64))]
        name: String => name, set_name;
        origin_access_control_origin_type: Word<sdk::OriginAccessControlOriginTypes>
            => origin_access_control_origin_type, set_origin_access_control_origin_type;
        signing_behavior: Word<sdk::OriginAccessControlSigningBehaviors>
            => signing_behavior, set_signing_behavior;
        signing_protocol: Word<sdk::OriginAccessControlSigningProtocols>
            => signing_protocol, set_signing_protocol;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    etag: Option<String>,
}

impl Resource for OriginAccessControl {
    const TYPE: &'static str = "aws:cloudfront/originAccessControl:OriginAccessControl";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.cloudfront().create_origin_access_control();
        let reply = call.origin_access_control_config(new.to_sdk()?).send().await?;
        Ok(reply.origin_access_control.ok_or(Error::missing("OriginAccessControl"))?.id)
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        shown(cx, || live(cx, id)).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        let config = live.origin_access_control.and_then(|it| it.origin_access_control_config);
        let config = config.ok_or(Error::missing("OriginAccessControlConfig"))?;
        Ok(Some(Outputs {
            inputs: Inputs::from_sdk(&config)?,
            arn: cx.place.global_arn("cloudfront", &format!("origin-access-control/{id}")),
            etag: live.e_tag,
        }))
    }

    /// The call replaces everything.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = live(cx, id).await?.ok_or(Error::unseen("the origin access control"))?;
        let config = live.origin_access_control.and_then(|it| it.origin_access_control_config);
        let mut wanted = new.to_sdk()?;
        if old.description.is_none() && new.description.is_none() {
            wanted.description = config.and_then(|it| it.description);
        }
        let call = cx.aws.cloudfront().update_origin_access_control().id(id);
        let call = call.set_if_match(live.e_tag);
        call.origin_access_control_config(wanted).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(live) = live(cx, id).await? else { return Ok(()) };
        let call = cx.aws.cloudfront().delete_origin_access_control().id(id);
        absent(call.set_if_match(live.e_tag).send().await, MISSING).map(drop)
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        holders::of_origin_access_control(cx, id).await
    }

    /// It bears neither tags nor a reference, but its name is the account's
    /// only one: what is all as wanted was made by this operation.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let call = || cx.aws.cloudfront().list_origin_access_controls();
        let all = every!(call(), origin_access_control_list);
        let Some(it) = all.into_iter().find(|it| it.name == inputs.name) else { return Ok(None) };
        let live = Self::read(cx, &it.id).await?;
        let ours = live.map(|it| covers(&it, inputs)).transpose()?;
        Ok((ours == Some(true)).then_some(it.id))
    }
}

async fn live(cx: &Cx, id: &str) -> Result<Option<GetOriginAccessControlOutput>> {
    absent(cx.aws.cloudfront().get_origin_access_control().id(id).send().await, MISSING)
}
