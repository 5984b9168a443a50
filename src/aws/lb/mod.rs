//! Elastic Load Balancing: Application, Network and Gateway load balancers.

mod action;
mod get_hosted_zone_id;
mod get_listener;
mod get_load_balancer;
mod get_target_group;
mod listener;
mod listener_certificate;
mod listener_rule;
mod load_balancer;
mod target_group;
mod target_group_attachment;

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
};

use aws_sdk_elasticloadbalancingv2::types::{Tag, TagDescription};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    aws::check_tags,
    provider::{AnyFunction, AnyResource, Cx, Error, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<listener::Listener>(),
        resource::<listener_certificate::ListenerCertificate>(),
        resource::<listener_rule::ListenerRule>(),
        resource::<load_balancer::LoadBalancer>(),
        resource::<target_group::TargetGroup>(),
        resource::<target_group_attachment::TargetGroupAttachment>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![
        function::<get_hosted_zone_id::GetHostedZoneId>(),
        function::<get_listener::GetListener>(),
        function::<get_load_balancer::GetLoadBalancer>(),
        function::<get_target_group::GetTargetGroup>(),
    ]
}

/// A listener whose load balancer is gone answers with the latter's code.
pub(super) const MISSING: &[&str] =
    &["LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound", "RuleNotFound"];

/// How many ARNs one describing call takes.
const BATCH: usize = 20;

/// Attributes by key. All values are text.
type Attributes = BTreeMap<&'static str, String>;

/// One missing ARN fails a whole call: a batch that holds one is asked for
/// again, ARN by ARN.
pub(super) async fn batched<T, F>(
    arns: &[String],
    ask: impl Fn(Vec<String>) -> F + Sync,
) -> Result<Vec<T>>
where
    F: Future<Output = Result<Option<Vec<T>>>> + Send,
{
    let mut found = Vec::new();
    for batch in arns.chunks(BATCH) {
        match ask(batch.to_vec()).await? {
            Some(all) => found.extend(all),
            None if batch.len() == 1 => {}
            None => {
                for arn in batch {
                    found.extend(ask(vec![arn.clone()]).await?.unwrap_or_default());
                }
            }
        }
    }
    Ok(found)
}

/// All tags, ours included, by ARN.
pub(super) async fn tags_raw(
    cx: &Cx,
    arns: &[String],
) -> Result<HashMap<String, Vec<(String, String)>>> {
    let mut all = HashMap::new();
    for batch in arns.chunks(BATCH) {
        let call = cx.aws.lb().describe_tags().set_resource_arns(Some(batch.to_vec()));
        let found = call.send().await?.tag_descriptions.unwrap_or_default();
        all.extend(found.into_iter().filter_map(|it: TagDescription| {
            let tags = it.tags.unwrap_or_default().into_iter();
            let tags = tags.filter_map(|it| Some((it.key?, it.value.unwrap_or_default())));
            Some((it.resource_arn?, tags.collect()))
        }));
    }
    Ok(all)
}

/// Whether the operation made the one with this ARN.
async fn made(cx: &Cx, arn: &str) -> Result<bool> {
    let tags = tags_raw(cx, &[arn.to_owned()]).await?;
    Ok(tags.into_values().any(|tags| cx.made(tags)))
}

/// What describes one load balancer, or one target group.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    arn: Option<String>,
    name: Option<String>,
    /// Only one with these tags, among others, is an answer.
    tags: Option<Tags>,
}

impl Wanted {
    /// The ARN of the one that is described.
    async fn arn<'a, N, A>(
        &'a self,
        cx: &Cx,
        what: &str,
        named: impl FnOnce(&'a str) -> N + Send,
        all: A,
    ) -> Result<String>
    where
        N: Future<Output = Result<Option<String>>> + Send,
        A: Future<Output = Result<Vec<String>>> + Send,
    {
        let mut arns = match (&self.arn, &self.name) {
            (Some(arn), None) => vec![arn.clone()],
            (None, Some(name)) => named(name).await?.into_iter().collect(),
            (None, None) if self.tags.is_some() => all.await?,
            _ => return Err(Error::invalid("name", "or `arn` is needed, not both")),
        };
        if let Some(wanted) = &self.tags {
            let tags = tags_raw(cx, &arns).await?;
            let live = |arn: &String| Tags::live(tags.get(arn).cloned().unwrap_or_default());
            arns.retain(|arn| check_tags(Some(wanted), &live(arn)).is_ok());
        }
        match (arns.pop(), arns.is_empty()) {
            (Some(arn), true) => Ok(arn),
            (Some(_), false) => {
                Err(Error::invalid("tags", format!("several {what}s match, and one is asked for")))
            }
            (None, _) => Err(Error::invalid("name", format!("no {what} matches"))),
        }
    }
}

/// The program's tags, by ARN; nothing when nobody asks for them.
async fn tags(cx: &Cx, arns: &[String]) -> Result<HashMap<String, Tags>> {
    if arns.is_empty() || !cx.asks("tags") {
        return Ok(HashMap::new());
    }
    let all = tags_raw(cx, arns).await?;
    Ok(all.into_iter().map(|(arn, tags)| (arn, Tags::live(tags))).collect())
}

fn birth_tags(cx: &Cx, tags: &Tags) -> Option<Vec<Tag>> {
    Some(sdk_tags(cx.birth_tags(tags)))
}

pub(super) fn sdk_tags(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let call = cx.aws.lb().add_tags().resource_arns(arn);
        call.set_tags(Some(sdk_tags(set))).send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.lb().remove_tags().resource_arns(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// What to set to come from `old` to `new`: what a program no longer says goes
/// back to the default, if there is one that fits every kind.
fn changed(
    old: &Attributes,
    new: &Attributes,
    defaults: &[(&'static str, &'static str)],
) -> Attributes {
    let dropped = defaults.iter().filter(|(key, _)| old.contains_key(key));
    let mut all: Attributes = dropped.map(|(key, value)| (*key, (*value).to_owned())).collect();
    all.extend(new.iter().map(|(key, value)| (*key, value.clone())));
    all.retain(|key, value| old.get(key) != Some(value));
    all
}

/// What CloudWatch names it by: `app/web/50dc6c495c0c9188`.
pub(super) fn suffix(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or_default().trim_start_matches("loadbalancer/").to_owned()
}

/// The rule for the names of load balancers and target groups.
fn plain_name(name: &str) -> bool {
    let plain = name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    plain && (1..=32).contains(&name.len()) && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_longer_said_goes_back_to_its_default() {
        let old = Attributes::from([("idle", "90".to_owned()), ("type", "a".to_owned())]);
        let new = Attributes::from([("http2", "true".to_owned())]);
        let changed = changed(&old, &new, &[("idle", "60"), ("http2", "false")]);
        let wanted = [("http2", "true".to_owned()), ("idle", "60".to_owned())];
        assert_eq!(changed, Attributes::from(wanted));
    }

    #[test]
    fn cloudwatch_names_things_by_the_end_of_their_arn() {
        let arn = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/50dc";
        assert_eq!(suffix(arn), "app/web/50dc");
        let arn = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/50dc";
        assert_eq!(suffix(arn), "targetgroup/web/50dc");
    }
}
