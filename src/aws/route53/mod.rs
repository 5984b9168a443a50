//! Amazon Route 53.

mod get_records;
mod get_zone;
mod health_check;
mod record;
mod record_parts;
mod zone;

use std::collections::HashMap;

use aws_sdk_route53::types::{Tag, TagResourceType};

use crate::{
    aws::error::absent,
    provider::{AnyFunction, AnyResource, Cx, Error, Kind, Result, Tags, function, resource},
};

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        resource::<health_check::HealthCheck>(),
        resource::<record::Record>(),
        resource::<zone::Zone>(),
    ]
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    vec![function::<get_records::GetRecords>(), function::<get_zone::GetZone>()]
}

const MISSING: &[&str] = &["NoSuchHostedZone", "NoSuchHealthCheck"];

/// One change of a zone at a time: Route 53 answers others with
/// `PriorRequestNotComplete`.
fn serial(zone: &str) -> String {
    format!("route53:{zone}")
}

/// A name as Route 53 has it, but without the dot at its end: lower case, and
/// with its escapes for `*` and other characters undone.
fn plain_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 4).and_then(|it| u8::from_str_radix(it, 8).ok());
        match code.filter(u8::is_ascii) {
            Some(code) => {
                plain.push(char::from(code));
                rest = &rest[at + 4..];
            }
            None => {
                plain.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    plain.push_str(rest);
    plain.trim_end_matches('.').to_lowercase()
}

/// How many things one call tells the tags of.
const TAGGED: usize = 10;

/// All tags, ours included, by id; of what is there.
async fn tags_raw(
    cx: &Cx,
    kind: TagResourceType,
    ids: &[String],
) -> Result<HashMap<String, Vec<(String, String)>>> {
    let mut all = HashMap::new();
    for ids in ids.chunks(TAGGED) {
        let call = cx.aws.route53().list_tags_for_resources().resource_type(kind.clone());
        let reply = absent(call.set_resource_ids(Some(ids.to_vec())).send().await, MISSING)?;
        for set in reply.map(|it| it.resource_tag_sets).unwrap_or_default() {
            let tags = set.tags.unwrap_or_default().into_iter();
            let tags = tags.filter_map(|it| Some((it.key?, it.value.unwrap_or_default())));
            all.insert(set.resource_id.unwrap_or_default(), tags.collect());
        }
    }
    Ok(all)
}

/// The program's tags, by id; nothing when nobody asks for them.
async fn tags(cx: &Cx, kind: TagResourceType, ids: &[String]) -> Result<HashMap<String, Tags>> {
    if !cx.asks("tags") {
        return Ok(HashMap::new());
    }
    let all = tags_raw(cx, kind, ids).await?;
    Ok(all.into_iter().map(|(id, tags)| (id, Tags::live(tags))).collect())
}

async fn tag(
    cx: &Cx,
    kind: TagResourceType,
    id: &str,
    set: impl IntoIterator<Item = (String, String)>,
    removed: Vec<String>,
) -> Result<()> {
    let set: Vec<Tag> =
        set.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    if set.is_empty() && removed.is_empty() {
        return Ok(());
    }
    let call = cx.aws.route53().change_tags_for_resource().resource_type(kind).resource_id(id);
    call.set_add_tags((!set.is_empty()).then_some(set))
        .set_remove_tag_keys((!removed.is_empty()).then_some(removed))
        .send()
        .await?;
    Ok(())
}

/// A part of a request; it fails only when a required field was left out.
fn built<T, E: std::fmt::Display>(part: std::result::Result<T, E>) -> Result<T> {
    part.map_err(|error| Error::new(Kind::Broken, "", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_with_escapes() {
        assert_eq!(plain_name("\\052.Example.com."), "*.example.com");
        assert_eq!(plain_name("a\\b.example.com"), "a\\b.example.com");
        assert_eq!(plain_name("a\\"), "a\\");
    }
}
