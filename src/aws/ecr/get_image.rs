//! `aws:ecr/getImage:getImage`. The id is the image's digest.

use aws_sdk_ecr::types::{ImageDetail, ImageIdentifier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

pub(super) struct GetImage;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    image_digest: Option<String>,
    image_tag: Option<String>,
    /// The image that was pushed last.
    #[serde(default)]
    most_recent: bool,
    registry_id: Option<String>,
    repository_name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    image_digest: String,
    /// Seconds since 1970.
    image_pushed_at: i64,
    image_size_in_bytes: i64,
    image_tag: Option<String>,
    image_tags: Vec<String>,
    /// With the digest: it names this image and no later one.
    image_uri: String,
    most_recent: bool,
    registry_id: String,
    repository_name: String,
    region: String,
}

impl Function for GetImage {
    const TOKEN: &'static str = "aws:ecr/getImage:getImage";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let named = args.image_digest.is_some() || args.image_tag.is_some();
        if named == args.most_recent {
            let rule = "or one of `imageTag` and `imageDigest` is needed, not both";
            return Err(Error::invalid("mostRecent", rule));
        }
        let wanted = ImageIdentifier::builder()
            .set_image_digest(args.image_digest.clone())
            .set_image_tag(args.image_tag.clone())
            .build();
        let mut found = images(cx, args, named.then(|| vec![wanted])).await?;
        found.sort_by_key(|it| it.image_pushed_at.map(|it| it.as_nanos()));
        let none = || {
            let rule = format!("the repository `{}` has no such image", args.repository_name);
            Error::invalid("repositoryName", rule)
        };
        let live = found.pop().ok_or_else(none)?;
        let uri = repository_uri(cx, args).await?;
        let digest = live.image_digest.ok_or(Error::missing("imageDigest"))?;
        Ok(Output {
            id: digest.clone(),
            image_uri: format!("{uri}@{digest}"),
            image_digest: digest,
            image_pushed_at: live.image_pushed_at.map(|it| it.secs()).unwrap_or_default(),
            image_size_in_bytes: live.image_size_in_bytes.unwrap_or_default(),
            image_tag: args.image_tag.clone(),
            image_tags: live.image_tags.unwrap_or_default(),
            most_recent: args.most_recent,
            registry_id: live.registry_id.unwrap_or_default(),
            repository_name: args.repository_name.clone(),
            region: cx.place.region.clone(),
        })
    }
}

async fn images(
    cx: &Cx,
    args: &Args,
    ids: Option<Vec<ImageIdentifier>>,
) -> Result<Vec<ImageDetail>> {
    let call = cx.aws.ecr().describe_images().repository_name(&args.repository_name);
    let call = call.set_registry_id(args.registry_id.clone()).set_image_ids(ids);
    Ok(call.into_paginator().items().send().try_collect().await?)
}

async fn repository_uri(cx: &Cx, args: &Args) -> Result<String> {
    let call = cx.aws.ecr().describe_repositories().repository_names(&args.repository_name);
    let reply = call.set_registry_id(args.registry_id.clone()).send().await?;
    let repository = reply.repositories.unwrap_or_default().pop();
    repository.and_then(|it| it.repository_uri).ok_or(Error::missing("repositoryUri"))
}
