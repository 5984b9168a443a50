//! `aws:cloudfront/originAccessIdentity:OriginAccessIdentity`. The id is
//! CloudFront's, `E…`.

use aws_sdk_cloudfront::{
    operation::get_cloud_front_origin_access_identity::GetCloudFrontOriginAccessIdentityOutput as Live,
    types::CloudFrontOriginAccessIdentityConfig as Config,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, every, holders, shown};
use crate::{
    aws::{error::absent, twin::Built as _},
    provider::*,
};

pub(super) struct OriginAccessIdentity;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Inputs {
    comment: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    caller_reference: String,
    /// As origins name it.
    cloudfront_access_identity_path: String,
    #[schemars(extend("volatile" = true))]
    etag: Option<String>,
    /// As bucket policies name it.
    iam_arn: String,
    s3_canonical_user_id: String,
}

impl Resource for OriginAccessIdentity {
    const TYPE: &'static str = "aws:cloudfront/originAccessIdentity:OriginAccessIdentity";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let comment = new.comment.clone().unwrap_or_default();
        let config = config(cx.op.clone(), comment)?;
        let call = cx.aws.cloudfront().create_cloud_front_origin_access_identity();
        let reply = call.cloud_front_origin_access_identity_config(config).send().await?;
        let identity = reply.cloud_front_origin_access_identity;
        Ok(identity.ok_or(Error::missing("CloudFrontOriginAccessIdentity"))?.id)
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        shown(cx, || live(cx, id)).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        let it = live.cloud_front_origin_access_identity;
        let it = it.ok_or(Error::missing("CloudFrontOriginAccessIdentity"))?;
        let config = it.cloud_front_origin_access_identity_config;
        let config = config.ok_or(Error::missing("CloudFrontOriginAccessIdentityConfig"))?;
        let path = format!("origin-access-identity/cloudfront/{id}");
        let partition = &cx.place.partition;
        Ok(Some(Outputs {
            inputs: Inputs { comment: Some(config.comment).filter(|it| !it.is_empty()) },
            arn: cx.place.global_arn("cloudfront", &format!("origin-access-identity/{id}")),
            caller_reference: config.caller_reference,
            cloudfront_access_identity_path: path,
            etag: live.e_tag,
            iam_arn: format!(
                "arn:{partition}:iam::cloudfront:user/CloudFront Origin Access Identity {id}"
            ),
            s3_canonical_user_id: it.s3_canonical_user_id,
        }))
    }

    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        let live = live(cx, id).await?.ok_or(Error::unseen("the origin access identity"))?;
        let reference = reference(&live).unwrap_or_default().to_owned();
        let config = config(reference, new.comment.clone().unwrap_or_default())?;
        let call = cx.aws.cloudfront().update_cloud_front_origin_access_identity().id(id);
        let call = call.set_if_match(live.e_tag);
        call.cloud_front_origin_access_identity_config(config).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(live) = live(cx, id).await? else { return Ok(()) };
        let call = cx.aws.cloudfront().delete_cloud_front_origin_access_identity().id(id);
        absent(call.set_if_match(live.e_tag).send().await, MISSING).map(drop)
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        holders::of_origin_access_identity(cx, id).await
    }

    /// The list does not tell the reference by which it is known.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let comment = inputs.comment.as_deref().unwrap_or_default();
        let call = || cx.aws.cloudfront().list_cloud_front_origin_access_identities();
        let all = every!(call(), cloud_front_origin_access_identity_list);
        for it in all.into_iter().filter(|it| it.comment == comment) {
            let told = live(cx, &it.id).await?;
            if told.is_some_and(|it| reference(&it) == Some(cx.op.as_str())) {
                return Ok(Some(it.id));
            }
        }
        Ok(None)
    }
}

fn config(reference: String, comment: String) -> Result<Config> {
    Config::builder().caller_reference(reference).comment(comment).build().built()
}

fn reference(live: &Live) -> Option<&str> {
    let config = live.cloud_front_origin_access_identity.as_ref()?;
    let config = config.cloud_front_origin_access_identity_config.as_ref()?;
    Some(&config.caller_reference)
}

async fn live(cx: &Cx, id: &str) -> Result<Option<Live>> {
    absent(
        cx.aws.cloudfront().get_cloud_front_origin_access_identity().id(id).send().await,
        MISSING,
    )
}
