//! Whether two values mean the same. Wanted is what a program says; what it
//! leaves out of an object or a map is not compared.

use serde_json::Value as Json;

use crate::model::{
    Schema, Value,
    schema::{Format, Type},
};

/// Whether `live` is what `wanted` asks for.
pub fn meets(schema: &Schema, ty: &Type, wanted: &Value, live: &Value) -> bool {
    let (wanted, live) = (wanted.bare(), live.bare());
    if matches!(wanted, Value::Unknown(_)) || matches!(live, Value::Unknown(_)) {
        return false;
    }
    if is_nothing(wanted) && is_nothing(live) {
        return true;
    }
    match (ty, wanted, live) {
        (_, Value::Null, _) => true,
        (Type::String { format, .. }, _, _) => same_text(*format, wanted, live),
        (Type::List(item), Value::List(wanted), Value::List(live)) => {
            wanted.len() == live.len()
                && wanted.iter().zip(live).all(|(wanted, live)| meets(schema, item, wanted, live))
        }
        (Type::Set(item), Value::List(wanted), Value::List(live)) => {
            wanted.len() == live.len() && matching(schema, item, wanted, live).0.is_empty()
        }
        (Type::Map(item), Value::Map(wanted), Value::Map(live)) => {
            wanted.iter().all(|(key, wanted)| {
                meets(schema, item, wanted, live.get(key).unwrap_or(&Value::Null))
            })
        }
        (Type::Object(name), Value::Map(wanted), live) => {
            let object = schema.types.get(name);
            let live = live.as_map();
            wanted.iter().all(|(key, wanted)| {
                let property = object.and_then(|it| it.properties.get(key));
                let live = live.and_then(|it| it.get(key)).unwrap_or(&Value::Null);
                match property {
                    Some(it) if it.write_only => true,
                    Some(it) => meets(schema, &it.ty, wanted, live),
                    None => plain(wanted) == plain(live),
                }
            })
        }
        (_, Value::Asset(wanted), Value::Asset(live)) => wanted.is_same(live),
        _ => plain(wanted) == plain(live),
    }
}

/// Pairs the items of two sets. Answers the indices of those without a
/// partner: wanted ones, live ones.
pub fn matching(
    schema: &Schema,
    ty: &Type,
    wanted: &[Value],
    live: &[Value],
) -> (Vec<usize>, Vec<usize>) {
    let mut free: Vec<usize> = (0..live.len()).collect();
    let mut missing = Vec::new();
    for (at, item) in wanted.iter().enumerate() {
        match free.iter().position(|live_at| meets(schema, ty, item, &live[*live_at])) {
            Some(place) => drop(free.remove(place)),
            None => missing.push(at),
        }
    }
    (missing, free)
}

/// Absent, null, empty, false and zero: many services answer nothing for
/// what was set to nothing.
pub fn is_nothing(value: &Value) -> bool {
    match value.bare() {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.values().all(is_nothing),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

fn same_text(format: Option<Format>, wanted: &Value, live: &Value) -> bool {
    let (Some(wanted), Some(live)) = (text(wanted), text(live)) else {
        return plain(wanted) == plain(live);
    };
    match format {
        _ if wanted == live => true,
        None => false,
        Some(Format::Json) => same_json(&wanted, &live, plain_json),
        Some(Format::Policy) => same_json(&wanted, &live, policy),
        Some(Format::CaseInsensitive) => wanted.eq_ignore_ascii_case(&live),
        Some(Format::Cidr) => cidr(&wanted).is_some_and(|it| Some(it) == cidr(&live)),
        Some(Format::VersionPrefix) => {
            live.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('.'))
        }
        Some(Format::IdOrArn) => {
            let ends = |long: &str, short: &str| {
                long.strip_suffix(short).is_some_and(|it| it.ends_with('/') || it.ends_with(':'))
            };
            ends(&wanted, &live) || ends(&live, &wanted)
        }
    }
}

/// A leaf as text; documents given as objects become JSON text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(match crate::model::value::whole(number) {
            Some(whole) => whole.to_string(),
            None => number.to_string(),
        }),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Map(_) | Value::List(_) if value.is_known() => Some(value.reveal().to_string()),
        _ => None,
    }
}

fn same_json(wanted: &str, live: &str, canonical: fn(Json) -> Json) -> bool {
    let parse = |text| serde_json::from_str(text).ok().map(canonical);
    parse(wanted).is_some_and(|it: Json| Some(it) == parse(live))
}

fn plain_json(json: Json) -> Json {
    json
}

/// A policy document with everything that means the same written one way:
/// one is a list of one, lists are sets, `*` is `{"AWS": "*"}`, an account is
/// its root, operators and actions are lower case, conditions are texts.
fn policy(json: Json) -> Json {
    let Json::Object(mut document) = json else { return json };
    let statements = match document.remove("Statement") {
        Some(Json::Array(list)) => list,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let statements = statements.into_iter().map(statement).collect();
    document.insert("Statement".to_owned(), Json::Array(statements));
    sorted(document)
}

fn statement(json: Json) -> Json {
    let Json::Object(parts) = json else { return json };
    let parts = parts.into_iter().filter(|(key, value)| !(key == "Sid" && value == ""));
    let part = |(key, value): (String, Json)| {
        let value = match key.as_str() {
            "Action" | "NotAction" => set(value, |it| it.to_lowercase()),
            "Resource" | "NotResource" => set(value, |it| it),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => condition(value),
            _ => value,
        };
        (key, value)
    };
    sorted(parts.map(part).collect())
}

fn principal(json: Json) -> Json {
    match json {
        Json::String(all) if all == "*" => principal(serde_json::json!({ "AWS": "*" })),
        Json::Object(kinds) => {
            sorted(kinds.into_iter().map(|(kind, who)| (kind, set(who, account))).collect())
        }
        other => other,
    }
}

/// An account id is the account's root.
fn account(principal: String) -> String {
    match principal.strip_prefix("arn:").and_then(|it| it.strip_suffix(":root")) {
        Some(rest) => rest.rsplit(':').next().unwrap_or_default().to_owned(),
        None => principal,
    }
}

fn condition(json: Json) -> Json {
    let Json::Object(operators) = json else { return json };
    let keys = |tests: Json| match tests {
        Json::Object(tests) => {
            let tests = tests.into_iter().map(|(key, it)| (key.to_lowercase(), set(it, |it| it)));
            sorted(tests.collect())
        }
        other => other,
    };
    sorted(operators.into_iter().map(|(name, it)| (name.to_lowercase(), keys(it))).collect())
}

/// One or many texts as a sorted list of texts.
fn set(json: Json, canonical: impl Fn(String) -> String) -> Json {
    let list = match json {
        Json::Array(list) => list,
        one => vec![one],
    };
    let text = |it: Json| match it {
        Json::String(text) => canonical(text),
        other => other.to_string(),
    };
    let mut texts: Vec<String> = list.into_iter().map(text).collect();
    texts.sort();
    texts.dedup();
    texts.into()
}

/// `serde_json::Map` keeps insertion order, which would count in no equality
/// but shows in text.
fn sorted(map: serde_json::Map<String, Json>) -> Json {
    let map: std::collections::BTreeMap<String, Json> = map.into_iter().collect();
    Json::Object(map.into_iter().collect())
}

/// Network address and prefix length, without the host bits.
fn cidr(text: &str) -> Option<(u128, u8, bool)> {
    let (address, length) = text.split_once('/')?;
    let length: u8 = length.parse().ok()?;
    match address.parse().ok()? {
        std::net::IpAddr::V4(it) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(length.into())?).unwrap_or(0);
            Some((u128::from(u32::from(it) & mask), length, false))
        }
        std::net::IpAddr::V6(it) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(length.into())?).unwrap_or(0);
            Some((u128::from(it) & mask, length, true))
        }
    }
}

/// A value to compare exactly: without secret wrappers, whole floats as
/// integers, nothing as null.
fn plain(value: &Value) -> Json {
    match value.bare() {
        value if is_nothing(value) => Json::Null,
        Value::Number(number) => match crate::model::value::whole(number) {
            Some(whole) => whole.into(),
            None => Json::Number(number.clone()),
        },
        Value::List(list) => list.iter().map(plain).collect(),
        Value::Map(map) => {
            let entries = map.iter().filter(|(_, it)| !is_nothing(it));
            Json::Object(entries.map(|(key, it)| (key.clone(), plain(it))).collect())
        }
        Value::Ref(it) => plain(&it.id),
        other => other.to_state(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_type(format: Format) -> Type {
        Type::String { allowed: Vec::new(), format: Some(format) }
    }

    fn empty() -> Schema {
        Schema {
            token: String::new(),
            inputs: crate::model::schema::Object::default(),
            outputs: crate::model::schema::Object::default(),
            types: std::collections::BTreeMap::new(),
            refused: std::collections::BTreeMap::new(),
        }
    }

    fn same(format: Format, wanted: &str, live: &str) -> bool {
        meets(&empty(), &text_type(format), &wanted.into(), &live.into())
    }

    #[test]
    fn policies_are_compared_by_meaning() {
        let wanted = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Principal":"*","Resource":["b","a"]}}"#;
        let live = r#"{"Statement":[{"Sid":"","Principal":{"AWS":["*"]},"Resource":["a","b"],"Action":["S3:getObject"],"Effect":"Allow"}],"Version":"2012-10-17"}"#;
        assert!(same(Format::Policy, wanted, live));
        assert!(!same(Format::Policy, wanted, &live.replace("Allow", "Deny")));
        assert!(!same(Format::Policy, wanted, &live.replace("\"a\",", "")));
        let root = r#"{"Statement":[{"Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]}"#;
        let account = r#"{"Statement":[{"Principal":{"AWS":["123456789012"]}}]}"#;
        assert!(same(Format::Policy, root, account));
        let number = r#"{"Statement":[{"Condition":{"Bool":{"aws:SecureTransport":false}}}]}"#;
        let text = r#"{"Statement":[{"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
        assert!(same(Format::Policy, number, text));
    }

    #[test]
    fn texts_are_compared_by_their_format() {
        assert!(same(Format::Cidr, "10.1.2.3/16", "10.1.0.0/16"));
        assert!(!same(Format::Cidr, "10.1.2.3/16", "10.2.0.0/16"));
        assert!(same(Format::Cidr, "::0/0", "::/0"));
        assert!(!same(Format::Cidr, "10.0.0.0/99", "10.0.0.0/8"));
        assert!(same(Format::VersionPrefix, "8.0", "8.0.35"));
        assert!(!same(Format::VersionPrefix, "8.0", "8.01"));
        assert!(same(Format::IdOrArn, "alias/x", "arn:aws:kms:us-east-1:1:alias/x"));
        assert!(!same(Format::IdOrArn, "x", "arn:aws:kms:us-east-1:1:alias/yx"));
        assert!(same(Format::CaseInsensitive, "Main", "main"));
        assert!(same(Format::Json, r#"{"a":1,"b":2}"#, r#"{ "b": 2, "a": 1 }"#));
    }
}
