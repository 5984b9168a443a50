//! AWS Cloud Map.

mod private_dns_namespace;
mod service;

use std::time::Duration;

use aws_sdk_servicediscovery::types::{
    FilterCondition, Operation, OperationStatus, ServiceFilter, ServiceFilterName, ServiceSummary,
    Tag,
};

use crate::{
    aws::{error::seen, twin::words},
    provider::{AnyFunction, AnyResource, Cx, Error, Kind, Result, Tags, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![resource::<private_dns_namespace::PrivateDnsNamespace>(), resource::<service::Service>()]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    Vec::new()
}

const NO_NAMESPACE: &[&str] = &["NamespaceNotFound"];
const NO_SERVICE: &[&str] = &["ServiceNotFound"];

/// An operation makes or changes a hosted zone: a minute, seldom more.
const LIMIT: Duration = Duration::from_secs(600);

words! { aws_sdk_servicediscovery: HealthCheckType RecordType RoutingPolicy }

/// What goes on after its call was answered.
async fn operation(cx: &Cx, id: Option<&str>) -> Result<Operation> {
    let id = id.ok_or(Error::missing("OperationId"))?;
    let reply = cx.aws.servicediscovery().get_operation().operation_id(id).send().await;
    let reply = seen(reply, &["OperationNotFound"], "the operation")?;
    let live = reply.operation.ok_or(Error::missing("Operation"))?;
    match live.status {
        Some(OperationStatus::Fail) => Err(failed(&live)),
        _ => Ok(live),
    }
}

fn failed(live: &Operation) -> Error {
    let code = live.error_code.as_deref().unwrap_or("FAIL");
    let message = live.error_message.as_deref().unwrap_or("without a reason");
    Error::failed(format!("the operation failed: {code}: {message}"))
}

/// Only the call that started it knows an operation's id: what follows on it
/// waits where it was called.
async fn done(cx: &Cx, what: &str, id: Option<&str>) -> Result<()> {
    let look = || async {
        let live = operation(cx, id).await?;
        Ok((live.status == Some(OperationStatus::Success)).then_some(()))
    };
    cx.wait(what, LIMIT, look).await
}

async fn services(cx: &Cx, namespace: &str) -> Result<Vec<ServiceSummary>> {
    let filter = ServiceFilter::builder().name(ServiceFilterName::NamespaceId);
    let filter = filter.values(namespace).condition(FilterCondition::Eq).build().map_err(broken)?;
    let pages = cx.aws.servicediscovery().list_services().filters(filter).into_paginator();
    let pages: Vec<_> = pages.send().try_collect().await?;
    Ok(pages.into_iter().flat_map(|it| it.services.unwrap_or_default()).collect())
}

fn birth_tags(cx: &Cx, tags: &Tags) -> Result<Option<Vec<Tag>>> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().map_err(broken);
    cx.birth_tags(tags).into_iter().map(tag).collect::<Result<_>>().map(Some)
}

/// The program's tags; nothing when nobody asks for them.
async fn tags(cx: &Cx, arn: &str) -> Result<Tags> {
    if !cx.asks("tags") {
        return Ok(Tags::default());
    }
    let reply = cx.aws.servicediscovery().list_tags_for_resource().resource_arn(arn).send().await;
    let reply = seen(reply, &["ResourceNotFoundException"], "what is tagged")?;
    let tags = reply.tags.unwrap_or_default();
    Ok(Tags::live(tags.into_iter().map(|it| (it.key, it.value))))
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let tag = |(key, value)| Tag::builder().key(key).value(value).build().map_err(broken);
        let tags = set.into_iter().map(tag).collect::<Result<_>>()?;
        let call = cx.aws.servicediscovery().tag_resource().resource_arn(arn);
        call.set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.servicediscovery().untag_resource().resource_arn(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// A part of a request; it fails only when a required field was left out.
fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Broken, "", error.to_string())
}
