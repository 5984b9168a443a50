//! API Gateway, HTTP and WebSocket APIs. Ids are as in `apigateway`: Pulumi's
//! import forms, `api/route`, of which programs read the thing's own part.

mod api;
mod api_mapping;
mod authorizer;
mod deployment;
mod domain_name;
mod get_api;
mod integration;
mod route;
mod stage;

use std::collections::{BTreeMap, HashMap};

use super::apigateway::{
    AccessLog, MISSING, arn, bears_mark, foretold, host, last, listed, lost_tags, marked, same_log,
    serial, split, unmarked,
};
use crate::provider::{AnyFunction, AnyResource, Cx, Result, Tags, function, resource};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<api::Api>(),
        resource::<api_mapping::ApiMapping>(),
        resource::<authorizer::Authorizer>(),
        resource::<deployment::Deployment>(),
        resource::<domain_name::DomainName>(),
        resource::<integration::Integration>(),
        resource::<route::Route>(),
        resource::<stage::Stage>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_api::GetApi>()]
}

/// Every item of a listing that comes in pages; `None` without its owner.
macro_rules! every {
    ($call:expr) => {{
        let (call, mut all, mut next) = ($call.max_results("500"), vec![], None);
        loop {
            let page = call.clone().set_next_token(next).send().await;
            let Some(page) = $crate::aws::error::absent(page, $crate::aws::apigatewayv2::MISSING)?
            else {
                break None;
            };
            all.extend(page.items.unwrap_or_default());
            next = page.next_token;
            if next.is_none() {
                break Some(all);
            }
        }
    }};
}
use every;

/// What an update is to set; `None` leaves it.
fn changed<T: PartialEq + Clone>(old: &T, new: &T) -> Option<T> {
    (old != new).then(|| new.clone())
}

/// The same for a text, which is empty when it is taken away.
fn text(old: Option<&String>, new: Option<&String>) -> Option<String> {
    (old != new).then(|| new.cloned().unwrap_or_default())
}

/// The same for a map, of which an update sets the entries that it names: an
/// empty text takes one away.
fn entries(
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> Option<HashMap<String, String>> {
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    let gone = gone.map(|key| (key.clone(), String::new()));
    (old != new).then(|| new.clone().into_iter().chain(gone).collect())
}

/// A text, unless it is empty.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|it| !it.is_empty())
}

fn birth_tags(cx: &Cx, tags: &Tags) -> HashMap<String, String> {
    cx.birth_tags(tags).into_iter().collect()
}

/// `path` is that of the tagged thing: `apis/a1b2c3`.
async fn retag(cx: &Cx, path: &str, old: &Tags, new: &Tags) -> Result<()> {
    let (set, removed) = new.since(old);
    let (client, arn) = (cx.aws.apigatewayv2(), arn(&cx.place, path));
    if !set.is_empty() {
        let tags = set.into_iter().collect();
        client.tag_resource().resource_arn(&arn).set_tags(Some(tags)).send().await?;
    }
    if !removed.is_empty() {
        client.untag_resource().resource_arn(&arn).set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_say_what_changes_and_what_goes() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let (old, new) = (map(&[("a", "1"), ("b", "1")]), map(&[("b", "2")]));
        let expected = map(&[("a", ""), ("b", "2")]).into_iter().collect();
        assert_eq!(entries(&old, &new), Some(expected));
        assert_eq!(entries(&old, &old), None);
        assert_eq!(text(Some(&"a".to_owned()), None), Some(String::new()));
        assert_eq!(text(None, None), None);
    }
}
