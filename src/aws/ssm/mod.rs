//! AWS Systems Manager.

mod get_parameter;
mod get_parameters_by_path;
mod parameter;

use aws_sdk_ssm::types::{ResourceTypeForTagging as Taggable, Tag};

use crate::{
    aws::error::seen,
    provider::{AnyFunction, AnyResource, Cx, Error, Kind, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<parameter::Parameter>()]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_parameter::GetParameter>(),
        function::<get_parameters_by_path::GetParametersByPath>(),
    ]
}

const MISSING: &[&str] = &["ParameterNotFound", "InvalidResourceId"];

/// With our own tags.
async fn tags(cx: &Cx, name: &str) -> Result<Vec<(String, String)>> {
    let call = cx.aws.ssm().list_tags_for_resource().resource_type(Taggable::Parameter);
    let reply = seen(call.resource_id(name).send().await, MISSING, "the parameter")?;
    let tags = reply.tag_list.unwrap_or_default();
    Ok(tags.into_iter().map(|it| (it.key, it.value)).collect())
}

fn tag_list(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>> {
    let broken = |error: aws_smithy_types::error::operation::BuildError| {
        Error::new(Kind::Broken, "", error.to_string())
    };
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().map_err(broken);
    tags.into_iter().map(tag).collect()
}

async fn retag(cx: &Cx, name: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        add_tags(cx, name, set).await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.ssm().remove_tags_from_resource().resource_type(Taggable::Parameter);
        call.resource_id(name).set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

async fn add_tags(
    cx: &Cx,
    name: &str,
    tags: impl IntoIterator<Item = (String, String)>,
) -> Result<()> {
    let call = cx.aws.ssm().add_tags_to_resource().resource_type(Taggable::Parameter);
    call.resource_id(name).set_tags(Some(tag_list(tags)?)).send().await?;
    Ok(())
}
