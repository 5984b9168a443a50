//! AWS WAF. Everything has a uuid, which is not enough to find it by: ids are
//! Pulumi's import form, `uuid/name/REGIONAL`.

mod get_ip_set;
mod get_web_acl;
mod ip_set;
mod managed;
mod regex_pattern_set;
mod rule;
mod rule_group;
mod statement;
mod twin;
mod web_acl;
mod web_acl_association;
mod web_acl_logging_configuration;

use std::future::Future;

use aws_sdk_wafv2::types::{Scope, Tag};

use self::twin::Built as _;
use crate::{
    aws::error::seen,
    provider::{AnyFunction, AnyResource, Cx, Error, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<ip_set::IpSet>(),
        resource::<regex_pattern_set::RegexPatternSet>(),
        resource::<rule_group::RuleGroup>(),
        resource::<web_acl::WebAcl>(),
        resource::<web_acl_association::WebAclAssociation>(),
        resource::<web_acl_logging_configuration::WebAclLoggingConfiguration>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_ip_set::GetIpSet>(), function::<get_web_acl::GetWebAcl>()]
}

const MISSING: &[&str] = &["WAFNonexistentItemException"];

/// WAF allows one change per second: they queue for each other.
const SERIAL: &str = "wafv2";

fn id(uuid: Option<&str>, name: &str, scope: &Scope) -> Result<String> {
    let uuid = uuid.ok_or(Error::missing("Id"))?;
    Ok(format!("{uuid}/{name}/{scope}"))
}

/// The uuid, the name and the scope in an id.
fn parts(id: &str) -> Result<(&str, &str, Scope)> {
    let mut parts = id.split('/');
    let (Some(uuid), Some(name), Some(scope), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Error::invalid("id", format!("`{id}` is not `uuid/name/scope`")));
    };
    Ok((uuid, name, Scope::from(scope)))
}

/// What a list tells of one thing.
struct Listed {
    uuid: Option<String>,
    name: Option<String>,
    arn: Option<String>,
    description: Option<String>,
}

/// All pages of a list, of which AWS answers a hundred items at a time.
async fn paged<F>(ask: impl Fn(Option<String>) -> F + Sync) -> Result<Vec<Listed>>
where
    F: Future<Output = Result<(Vec<Listed>, Option<String>)>> + Send,
{
    let mut all = Vec::new();
    let mut next = None;
    loop {
        let (page, marker) = ask(next).await?;
        all.extend(page);
        next = marker;
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// What differs by the names of the calls alone: all of a scope, one as it is,
/// and the end of one.
macro_rules! calls {
    ($live:ident: $list:ident $items:ident, $get:ident, $delete:ident) => {
        pub(super) async fn listed(cx: &Cx, scope: &sdk::Scope) -> Result<Vec<super::Listed>> {
            super::paged(|next| async {
                let call = cx.aws.wafv2().$list().scope(scope.clone()).limit(100);
                let page = call.set_next_marker(next).send().await?;
                let all = page.$items.unwrap_or_default().into_iter().map(|it| super::Listed {
                    uuid: it.id,
                    name: it.name,
                    arn: it.arn,
                    description: it.description,
                });
                Ok((all.collect(), page.next_marker))
            })
            .await
        }

        async fn live(cx: &Cx, id: &str) -> Result<Option<$live>> {
            let (uuid, name, scope) = parts(id)?;
            let call = cx.aws.wafv2().$get().id(uuid).name(name).scope(scope);
            $crate::aws::error::absent(call.send().await, super::MISSING)
        }

        /// As it was looked at: whoever changed it since is not overruled.
        async fn delete(cx: &Cx, id: &str) -> Result<()> {
            let (uuid, name, scope) = parts(id)?;
            let Some(reply) = live(cx, id).await? else { return Ok(()) };
            let call = cx.aws.wafv2().$delete().id(uuid).name(name).scope(scope);
            let gone = call.set_lock_token(reply.lock_token).send().await;
            $crate::aws::error::absent(gone, super::MISSING).map(drop)
        }
    };
}
use calls;

/// The id of the one with this name, if this operation made it.
async fn made(cx: &Cx, all: Vec<Listed>, scope: &Scope, name: &str) -> Result<Option<String>> {
    for it in all.iter().filter(|it| it.name.as_deref() == Some(name)) {
        if cx.made(tags_raw(cx, it.arn.as_deref().unwrap_or_default()).await?) {
            return id(it.uuid.as_deref(), name, scope).map(Some);
        }
    }
    Ok(None)
}

/// What CloudFront uses is kept in one region only.
fn right_region(cx: &Cx, scope: &Scope) -> Result<()> {
    if *scope == Scope::Cloudfront && cx.place.region != "us-east-1" {
        let rule = "`CLOUDFRONT` is for the region us-east-1 only: set the `region` property";
        return Err(Error::invalid("scope", rule));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<()> {
    let allowed = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if name.is_empty() || name.len() > 128 || !name.chars().all(allowed) {
        return Err(Error::invalid("name", "has 1 to 128 letters, digits, `-` or `_`"));
    }
    Ok(())
}

/// An absent list, never an empty one: WAF refuses that.
fn birth_tags(cx: &Cx, tags: &Tags) -> Result<Option<Vec<Tag>>> {
    let all: Vec<Tag> = cx
        .birth_tags(tags)
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build().built())
        .collect::<Result<_>>()?;
    Ok((!all.is_empty()).then_some(all))
}

/// With our own tags, which prove who made it.
async fn tags_raw(cx: &Cx, arn: &str) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    let mut next = None;
    loop {
        let call = cx.aws.wafv2().list_tags_for_resource().resource_arn(arn).limit(100);
        let page = seen(call.set_next_marker(next).send().await, MISSING, "the tags' owner")?;
        let tags = page.tag_info_for_resource.and_then(|it| it.tag_list).unwrap_or_default();
        all.extend(tags.into_iter().map(|it| (it.key, it.value)));
        next = page.next_marker;
        if next.is_none() {
            return Ok(all);
        }
    }
}

async fn tags(cx: &Cx, arn: &str) -> Result<Tags> {
    if cx.asks("tags") { tags_raw(cx, arn).await.map(Tags::live) } else { Ok(Tags::default()) }
}

async fn retag(cx: &Cx, arn: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    if !set.is_empty() {
        let mut call = cx.aws.wafv2().tag_resource().resource_arn(arn);
        for (key, value) in set {
            call = call.tags(Tag::builder().key(key).value(value).build().built()?);
        }
        call.send().await?;
    }
    if !removed.is_empty() {
        let call = cx.aws.wafv2().untag_resource().resource_arn(arn);
        call.set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}
