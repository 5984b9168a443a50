//! Amazon EFS.

mod access_point;
mod file_system;
mod get_file_system;
mod mount_target;

use aws_sdk_efs::{error::BuildError, types::Tag};

use crate::{
    aws::meta::dns_suffix,
    provider::{AnyFunction, AnyResource, Cx, Error, Place, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<access_point::AccessPoint>(),
        resource::<file_system::FileSystem>(),
        resource::<mount_target::MountTarget>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_file_system::GetFileSystem>()]
}

const NO_FILE_SYSTEM: &[&str] = &["FileSystemNotFound"];

fn tag((key, value): (String, String)) -> Result<Tag> {
    let invalid = |error: BuildError| Error::invalid("tags", error.to_string());
    Tag::builder().key(key).value(value).build().map_err(invalid)
}

fn birth_tags(cx: &Cx, tags: &Tags) -> Result<Vec<Tag>> {
    cx.birth_tags(tags).into_iter().map(tag).collect()
}

fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|it| (it.key(), it.value()))
}

async fn retag(cx: &Cx, id: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let tags = set.into_iter().map(tag).collect::<Result<_>>()?;
        cx.aws.efs().tag_resource().resource_id(id).set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.efs().untag_resource().resource_id(id);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// What clients mount.
fn dns_name(place: &Place, id: &str) -> String {
    format!("{id}.efs.{}.{}", place.region, dns_suffix(&place.partition))
}

fn file_system_arn(place: &Place, id: &str) -> String {
    place.arn("elasticfilesystem", &format!("file-system/{id}"))
}
