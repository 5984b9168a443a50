//! `aws:ecr/repository:Repository`. The id is the repository's name.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_ecr::types::{
    EncryptionConfiguration, ImageScanningConfiguration, ImageTagMutabilityExclusionFilter,
    Repository as Live, Tag,
};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NO_REPOSITORY;
use crate::{
    aws::error::{absent, if_seen, seen},
    model::{Map, Value},
    provider::*,
};

pub(super) struct Repository;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// A list in the Pulumi schema; ECR knows one.
    #[schemars(length(max = 1), extend("replace" = true))]
    encryption_configurations: Option<Vec<Encryption>>,
    /// Deletes the images with the repository.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_delete: bool,
    image_scanning_configuration: Option<Scanning>,
    #[serde(default = "mutable")]
    #[schemars(extend("enum" = [
        "MUTABLE",
        "IMMUTABLE",
        "IMMUTABLE_WITH_EXCLUSION",
        "MUTABLE_WITH_EXCLUSION"
    ]))]
    image_tag_mutability: String,
    image_tag_mutability_exclusion_filters: Option<Set<ExclusionFilter>>,
    #[schemars(extend("autoname" = 256, "lower" = true, "replace" = true))]
    name: String,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Encryption {
    #[serde(default = "aes256")]
    #[schemars(extend("replace" = true, "enum" = ["AES256", "KMS", "KMS_DSSE"]))]
    encryption_type: String,
    /// AWS's own key when left out.
    #[schemars(extend("replace" = true, "computed" = true))]
    kms_key: Option<IdOrArn>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Scanning {
    scan_on_push: bool,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExclusionFilter {
    filter: String,
    #[schemars(extend("enum" = ["WILDCARD"]))]
    filter_type: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    registry_id: String,
    repository_url: String,
}

impl Resource for Repository {
    const TYPE: &'static str = "aws:ecr/repository:Repository";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let part = |it: &str| {
            let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
            let joins = |it: char| matches!(it, '.' | '_' | '-');
            it.starts_with(fits) && it.ends_with(fits) && it.chars().all(|it| fits(it) || joins(it))
        };
        if !(2..=256).contains(&new.name.len()) || !new.name.split('/').all(part) {
            let rule =
                "is 2 to 256 lower-case letters and digits, with `.`, `_`, `-` and `/` between";
            return Err(Error::invalid("name", rule));
        }
        let filtered = new.image_tag_mutability.ends_with("_WITH_EXCLUSION");
        let filters = new.image_tag_mutability_exclusion_filters.as_ref();
        if filtered != filters.is_some_and(|it| !it.0.is_empty()) {
            let rule = "goes with a mutability that ends in `_WITH_EXCLUSION`, and with no other";
            return Err(Error::invalid("imageTagMutabilityExclusionFilters", rule));
        }
        let aes = |it: &Encryption| it.encryption_type == "AES256" && it.kms_key.is_some();
        if new.encryption_configurations.iter().flatten().any(aes) {
            let rule = "has a `kmsKey` only when its `encryptionType` is a KMS one";
            return Err(Error::invalid("encryptionConfigurations", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let Place { account, region, .. } = place;
        let domain = match place.partition.as_str() {
            "aws-cn" => "amazonaws.com.cn",
            _ => "amazonaws.com",
        };
        let url = format!("{account}.dkr.ecr.{region}.{domain}/{name}");
        let told = [
            ("id", name.to_owned()),
            ("arn", place.arn("ecr", &format!("repository/{name}"))),
            ("registryId", account.clone()),
            ("repositoryUrl", url),
        ];
        told.into_iter().map(|(key, value)| (key.to_owned(), Value::String(value))).collect()
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let tag = |(key, value)| built(Tag::builder().key(key).value(value).build());
        let tags = cx.birth_tags(&new.tags).into_iter().map(tag).collect::<Result<_>>()?;
        let encryption = new.encryption_configurations.iter().flatten().next().map(|it| {
            let encryption = EncryptionConfiguration::builder()
                .encryption_type(it.encryption_type.as_str().into())
                .set_kms_key(it.kms_key.as_ref().map(|it| it.0.clone()));
            built(encryption.build())
        });
        let call = cx
            .aws
            .ecr()
            .create_repository()
            .repository_name(&new.name)
            .image_tag_mutability(new.image_tag_mutability.as_str().into())
            .set_image_tag_mutability_exclusion_filters(filters(new)?)
            .set_image_scanning_configuration(
                new.image_scanning_configuration.as_ref().map(|_| scanning(new)),
            )
            .set_encryption_configuration(encryption.transpose()?)
            .set_tags(Some(tags));
        let made = call.send().await?.repository.ok_or(Error::missing("repository"))?;
        made.repository_name.ok_or(Error::missing("repositoryName"))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        match one(cx, id).await? {
            Some(live) => outputs(cx, live).await,
            None => Ok(None),
        }
    }

    /// One missing name fails the whole question; then each is asked alone.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(100) {
            let call = cx.aws.ecr().describe_repositories();
            let reply = call.set_repository_names(Some(ids.to_vec())).send().await;
            let Some(reply) = absent(reply, NO_REPOSITORY)? else {
                for id in ids {
                    found.push(Self::read(cx, id).await?);
                }
                continue;
            };
            let live = reply.repositories.unwrap_or_default();
            for id in ids {
                let it = live.iter().find(|it| it.repository_name.as_ref() == Some(id)).cloned();
                found.push(match it {
                    Some(it) => outputs(cx, it).await?,
                    None => None,
                });
            }
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.image_scanning_configuration != new.image_scanning_configuration {
            let call = cx.aws.ecr().put_image_scanning_configuration().repository_name(id);
            call.image_scanning_configuration(scanning(new)).send().await?;
        }
        let mutability = |it: &Inputs| it.image_tag_mutability.clone();
        let excluded = |it: &Inputs| it.image_tag_mutability_exclusion_filters.clone();
        if mutability(old) != mutability(new) || excluded(old) != excluded(new) {
            let call = cx.aws.ecr().put_image_tag_mutability().repository_name(id);
            call.image_tag_mutability(new.image_tag_mutability.as_str().into())
                .set_image_tag_mutability_exclusion_filters(filters(new)?)
                .send()
                .await?;
        }
        let (set, removed) = new.tags.since(&old.tags);
        if set.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let live = one(cx, id).await?.ok_or(Error::missing("repository"))?;
        let arn = live.repository_arn.ok_or(Error::missing("repositoryArn"))?;
        if !set.is_empty() {
            let tag = |(key, value)| built(Tag::builder().key(key).value(value).build());
            let tags = set.into_iter().map(tag).collect::<Result<_>>()?;
            cx.aws.ecr().tag_resource().resource_arn(&arn).set_tags(Some(tags)).send().await?;
        }
        if !removed.is_empty() {
            let call = cx.aws.ecr().untag_resource().resource_arn(&arn);
            call.set_tag_keys(Some(removed)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let call = cx.aws.ecr().delete_repository().repository_name(id);
        absent(call.force(last.force_delete).send().await, NO_REPOSITORY)?;
        Ok(())
    }

    /// With many images in it, a repository takes its time to go.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let gone = || async { Ok(one(cx, id).await?.is_none().then_some(())) };
        cx.wait("it to be gone", Duration::from_secs(20 * 60), gone).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(live) = one(cx, &inputs.name).await? else { return Ok(None) };
        let Some(arn) = live.repository_arn else { return Ok(None) };
        let tags = if_seen(tags(cx, &arn).await)?;
        Ok(tags.is_some_and(|it| cx.made(it)).then(|| inputs.name.clone()))
    }
}

fn mutable() -> String {
    "MUTABLE".to_owned()
}

fn aes256() -> String {
    "AES256".to_owned()
}

async fn one(cx: &Cx, name: &str) -> Result<Option<Live>> {
    let reply = cx.aws.ecr().describe_repositories().repository_names(name).send().await;
    Ok(absent(reply, NO_REPOSITORY)?.and_then(|it| it.repositories?.pop()))
}

/// With our own, which prove who made it.
pub(super) async fn tags(cx: &Cx, arn: &str) -> Result<BTreeMap<String, String>> {
    let reply = cx.aws.ecr().list_tags_for_resource().resource_arn(arn).send().await;
    let tags = seen(reply, NO_REPOSITORY, "the repository")?.tags.unwrap_or_default();
    Ok(tags.into_iter().map(|it| (it.key, it.value)).collect())
}

async fn outputs(cx: &Cx, live: Live) -> Result<Option<Outputs>> {
    let arn = live.repository_arn.ok_or(Error::missing("repositoryArn"))?;
    let tags = if cx.asks("tags") { tags(cx, &arn).await? } else { BTreeMap::new() };
    let encryption = live.encryption_configuration.map(|it| Encryption {
        encryption_type: it.encryption_type.as_str().to_owned(),
        kms_key: it.kms_key.map(IdOrArn),
    });
    let filter = |it: ImageTagMutabilityExclusionFilter| ExclusionFilter {
        filter: it.filter,
        filter_type: it.filter_type.as_str().to_owned(),
    };
    let filters = live.image_tag_mutability_exclusion_filters.unwrap_or_default();
    let inputs = Inputs {
        encryption_configurations: Some(encryption.into_iter().collect()),
        force_delete: false,
        image_scanning_configuration: live
            .image_scanning_configuration
            .map(|it| Scanning { scan_on_push: it.scan_on_push }),
        image_tag_mutability: live
            .image_tag_mutability
            .map_or_else(mutable, |it| it.as_str().to_owned()),
        image_tag_mutability_exclusion_filters: Some(filters.into_iter().map(filter).collect()),
        name: live.repository_name.ok_or(Error::missing("repositoryName"))?,
        tags: Tags::live(tags),
    };
    let registry_id = live.registry_id.ok_or(Error::missing("registryId"))?;
    let repository_url = live.repository_uri.ok_or(Error::missing("repositoryUri"))?;
    Ok(Some(Outputs { inputs, arn, registry_id, repository_url }))
}

fn scanning(wanted: &Inputs) -> ImageScanningConfiguration {
    let on = wanted.image_scanning_configuration.as_ref().is_some_and(|it| it.scan_on_push);
    ImageScanningConfiguration::builder().scan_on_push(on).build()
}

/// `None` for none: ECR refuses an empty list.
fn filters(wanted: &Inputs) -> Result<Option<Vec<ImageTagMutabilityExclusionFilter>>> {
    let filter = |it: &ExclusionFilter| {
        let filter = ImageTagMutabilityExclusionFilter::builder().filter(&it.filter);
        built(filter.filter_type(it.filter_type.as_str().into()).build())
    };
    let all = wanted.image_tag_mutability_exclusion_filters.iter().flat_map(|it| &it.0);
    let all: Vec<_> = all.map(filter).collect::<Result<_>>()?;
    Ok((!all.is_empty()).then_some(all))
}

/// A part of a request that lacks what the SDK demands.
fn built<T>(part: std::result::Result<T, BuildError>) -> Result<T> {
    part.map_err(|error| Error::new(Kind::Broken, "", error.to_string()))
}
