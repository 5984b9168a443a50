//! Property paths as users write them: `tags.Name`, `rules[0].cidr`,
//! `tags["a.b"]`, with `*` for any part.

use crate::model::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Key(String),
    Index(usize),
    Any,
}

/// Reads a path; an odd one is taken as far as it can be read.
pub fn parse(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[\"") {
            let (key, after) = after.split_once("\"]").unwrap_or((after, ""));
            parts.push(Part::Key(key.to_owned()));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']').unwrap_or((after, ""));
            parts.push(match index.parse() {
                Ok(index) => Part::Index(index),
                Err(_) => Part::Any,
            });
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            parts.push(if key == "*" { Part::Any } else { Part::Key(key.to_owned()) });
            rest = after;
        }
    }
    parts
}

/// A path with one more key.
pub fn key(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && !key.contains(['.', '[', ']', '"']);
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[\"{key}\"]"),
    }
}

pub fn index(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// Whether `pattern` names `path` or something that holds it.
pub fn covers(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (parse(pattern), parse(path));
    pattern.len() <= path.len()
        && pattern.iter().zip(&path).all(|(want, part)| *want == Part::Any || want == part)
}

/// What is at a path that names one thing.
pub fn get<'a>(value: &'a Value, path: &[Part]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, part| match part {
        Part::Key(key) => value.get(key),
        Part::Index(at) => value.as_list()?.get(*at),
        Part::Any => None,
    })
}

/// Makes `value` at `pattern` what it is in `from`: set, replaced or removed.
pub fn copy(value: &mut Value, from: Option<&Value>, pattern: &[Part]) {
    let Some((first, rest)) = pattern.split_first() else {
        *value = from.cloned().unwrap_or_default();
        return;
    };
    if let Value::Secret(secret) = value {
        return copy(&mut secret.0, from, pattern);
    }
    let from = from.map(Value::bare);
    match (first, value) {
        (Part::Key(key), Value::Map(map)) => {
            let old = from.and_then(|it| it.as_map()?.get(key));
            if rest.is_empty() && old.is_none() {
                map.remove(key);
            } else if old.is_some() || map.contains_key(key) {
                copy(map.entry(key.clone()).or_default(), old, rest);
            }
        }
        (Part::Index(at), Value::List(list)) => {
            let old = from.and_then(|it| it.as_list()?.get(*at));
            if let Some(item) = list.get_mut(*at) {
                copy(item, old, rest);
            }
        }
        (Part::Any, Value::List(list)) => {
            for (at, item) in list.iter_mut().enumerate() {
                copy(item, from.and_then(|it| it.as_list()?.get(at)), rest);
            }
        }
        (Part::Any, Value::Map(map)) => {
            let old = from.and_then(Value::as_map);
            if let (true, Some(old)) = (rest.is_empty(), old) {
                map.clone_from(old);
                return;
            }
            for (key, item) in map {
                copy(item, old.and_then(|it| it.get(key)), rest);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_they_hold() {
        assert!(covers("tags", "tags.Name"));
        assert!(covers("tags.Name", "tags.Name"));
        assert!(!covers("tags.Name", "tags"));
        assert!(covers("rules[*].cidr", "rules[3].cidr"));
        assert!(covers("*", "anything[0]"));
        assert!(covers("tags[\"a.b\"]", "tags[\"a.b\"]"));
        assert!(!covers("tag", "tags"));
    }

    #[test]
    fn copy_sets_replaces_and_removes() {
        let from = Value::from_json(&serde_json::json!({"tags": {"a": "1"}, "n": 1}));
        let mut value =
            Value::from_json(&serde_json::json!({"tags": {"a": "2", "b": "3"}, "m": 1}));
        for path in ["tags.a", "tags.b", "m", "n", "absent.deep"] {
            copy(&mut value, Some(&from), &parse(path));
        }
        assert_eq!(value, from);
    }
}
