//! `aws:ecr/getRepository:getRepository`. The id is the repository's name.

use aws_sdk_ecr::types::ImageDetail;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_REPOSITORY, repository::tags};
use crate::{
    aws::{check_tags, error::absent},
    provider::*,
};

pub(super) struct GetRepository;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: String,
    registry_id: Option<String>,
    /// Only a repository with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    encryption_configurations: Vec<Encryption>,
    image_scanning_configurations: Vec<Scanning>,
    image_tag_mutability: String,
    image_tag_mutability_exclusion_filters: Vec<ExclusionFilter>,
    /// Of the image that was pushed last.
    most_recent_image_tags: Vec<String>,
    name: String,
    registry_id: String,
    repository_url: String,
    tags: Tags,
    region: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Encryption {
    encryption_type: String,
    kms_key: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Scanning {
    scan_on_push: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ExclusionFilter {
    filter: String,
    filter_type: String,
}

impl Function for GetRepository {
    const TOKEN: &'static str = "aws:ecr/getRepository:getRepository";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let call = cx.aws.ecr().describe_repositories().repository_names(&args.name);
        let reply = call.set_registry_id(args.registry_id.clone()).send().await;
        let found = absent(reply, NO_REPOSITORY)?.and_then(|it| it.repositories);
        let none = || Error::invalid("name", format!("there is no repository `{}`", args.name));
        let live = found.unwrap_or_default().pop().ok_or_else(none)?;
        let arn = live.repository_arn.ok_or(Error::missing("repositoryArn"))?;
        let tags = Tags::live(tags(cx, &arn).await?);
        check_tags(args.tags.as_ref(), &tags)?;
        let encryption = live.encryption_configuration.into_iter();
        let encryption = encryption.map(|it| Encryption {
            encryption_type: it.encryption_type.as_str().to_owned(),
            kms_key: it.kms_key,
        });
        let scanning = live.image_scanning_configuration.into_iter();
        let filters = live.image_tag_mutability_exclusion_filters.unwrap_or_default().into_iter();
        let filters = filters.map(|it| ExclusionFilter {
            filter: it.filter,
            filter_type: it.filter_type.as_str().to_owned(),
        });
        Ok(Output {
            id: args.name.clone(),
            arn,
            encryption_configurations: encryption.collect(),
            image_scanning_configurations: scanning
                .map(|it| Scanning { scan_on_push: it.scan_on_push })
                .collect(),
            image_tag_mutability: live
                .image_tag_mutability
                .map(|it| it.as_str().to_owned())
                .unwrap_or_default(),
            image_tag_mutability_exclusion_filters: filters.collect(),
            most_recent_image_tags: newest_tags(cx, args).await?,
            name: args.name.clone(),
            registry_id: live.registry_id.unwrap_or_default(),
            repository_url: live.repository_uri.unwrap_or_default(),
            tags,
            region: cx.place.region.clone(),
        })
    }
}

async fn newest_tags(cx: &Cx, args: &Args) -> Result<Vec<String>> {
    let call = cx.aws.ecr().describe_images().repository_name(&args.name);
    let pages = call.set_registry_id(args.registry_id.clone()).into_paginator();
    let images: Vec<ImageDetail> = pages.items().send().try_collect().await?;
    let newest = images.into_iter().max_by_key(|it| it.image_pushed_at.map(|it| it.as_nanos()));
    Ok(newest.and_then(|it| it.image_tags).unwrap_or_default())
}
