//! Amazon CloudWatch, with its logs, and EventBridge, which Pulumi keeps in
//! the same module.

mod dashboard;
mod event_bus;
mod event_rule;
mod event_target;
mod event_target_parts;
mod get_log_group;
mod log_group;
mod log_metric_filter;
mod log_resource_policy;
mod log_stream;
mod metric_alarm;

use aws_sdk_eventbridge::types::Tag;

use crate::{
    aws::error::seen,
    provider::{AnyFunction, AnyResource, Cx, Error, Kind, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<dashboard::Dashboard>(),
        resource::<event_bus::EventBus>(),
        resource::<event_rule::EventRule>(),
        resource::<event_target::EventTarget>(),
        resource::<log_group::LogGroup>(),
        resource::<log_metric_filter::LogMetricFilter>(),
        resource::<log_resource_policy::LogResourcePolicy>(),
        resource::<log_stream::LogStream>(),
        resource::<metric_alarm::MetricAlarm>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_log_group::GetLogGroup>()]
}

/// The same for the logs and for EventBridge.
const MISSING: &[&str] = &["ResourceNotFoundException"];

/// The bus that every account has.
const DEFAULT_BUS: &str = "default";

/// A default for serde.
fn default_bus() -> String {
    DEFAULT_BUS.to_owned()
}

/// Changes of one rule and of its targets never run at the same time.
fn rule_serial(bus: &str, rule: &str) -> String {
    format!("events:{}/{rule}", bus.rsplit('/').next().unwrap_or_default())
}

/// Letters, digits, `.`, `-` and `_`.
fn check_event_name(property: &str, name: &str, max: usize) -> Result<()> {
    let fits = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
    if name.is_empty() || name.len() > max || !name.chars().all(fits) {
        let rule = format!("has 1 to {max} letters, digits, `.`, `-` or `_`");
        return Err(Error::invalid(property, rule));
    }
    Ok(())
}

/// The request was answered and this entry of it refused.
fn refused(code: Option<String>, message: Option<String>) -> Error {
    Error::new(Kind::Service, code.unwrap_or_default(), message.unwrap_or_default())
}

fn event_tag_list(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>> {
    let one = |(key, value): (String, String)| Tag::builder().key(key).value(value).build();
    tags.into_iter().map(|it| one(it).map_err(unbuilt)).collect()
}

/// A part that lacks what AWS requires of it.
fn unbuilt(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Broken, "", error.to_string())
}

/// With our own tags, which prove who made it.
async fn event_tags(cx: &Cx, arn: &str) -> Result<Vec<(String, String)>> {
    let reply = cx.aws.events().list_tags_for_resource().resource_arn(arn).send().await;
    let tags = seen(reply, MISSING, "the tags' owner")?.tags.unwrap_or_default();
    Ok(tags.into_iter().map(|it| (it.key, it.value)).collect())
}

async fn event_retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let call = cx.aws.events().tag_resource().resource_arn(arn);
        call.set_tags(Some(event_tag_list(set)?)).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.events().untag_resource().resource_arn(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}
