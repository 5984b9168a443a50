//! AWS Certificate Manager.

mod certificate;
mod certificate_validation;
mod get_certificate;

use std::collections::BTreeMap;

use aws_sdk_acm::{error::BuildError, types::Tag};

use crate::{
    aws::error::seen,
    provider::{AnyFunction, AnyResource, Cx, Error, Kind, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<certificate::Certificate>(),
        resource::<certificate_validation::CertificateValidation>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_certificate::GetCertificate>()]
}

const MISSING: &[&str] = &["ResourceNotFoundException"];

/// With our own tags, which prove who made it.
async fn tags_raw(cx: &Cx, arn: &str) -> Result<Vec<(String, String)>> {
    let reply = cx.aws.acm().list_tags_for_certificate().certificate_arn(arn).send().await;
    let tags = seen(reply, MISSING, "the certificate")?.tags.unwrap_or_default();
    Ok(tags.into_iter().map(|it| (it.key, it.value.unwrap_or_default())).collect())
}

fn sdk_tags(tags: BTreeMap<String, String>) -> Result<Vec<Tag>> {
    let tag = |(key, value)| built(Tag::builder().key(key).value(value).build());
    tags.into_iter().map(tag).collect()
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let call = cx.aws.acm().add_tags_to_certificate().certificate_arn(arn);
        call.set_tags(Some(sdk_tags(set)?)).send().await?;
    }
    if !removed.is_empty() {
        // With a value, only a tag of that value would go.
        let keys = removed.into_iter().map(|key| built(Tag::builder().key(key).build()));
        let keys = keys.collect::<Result<Vec<_>>>()?;
        let call = cx.aws.acm().remove_tags_from_certificate().certificate_arn(arn);
        call.set_tags(Some(keys)).send().await?;
    }
    Ok(())
}

/// A part of a request; it fails only when a required field was left out.
fn built<T>(part: std::result::Result<T, BuildError>) -> Result<T> {
    part.map_err(|error| Error::new(Kind::Broken, "", error.to_string()))
}
