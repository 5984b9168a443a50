//! Lists and mappings.

use std::collections::BTreeMap;

use serde_json::{Map as JsonMap, Value as Json, json};

use super::{Answer, Args, Row, Takes::*, number, whole};

/// Nobody wants a longer list of numbers.
const RANGE_MAX: usize = 1024;

pub(super) const ROWS: &[Row] = &[
    ("std:index:alltrue", &[("input", List)], |it| Ok(it.list("input")?.iter().all(truth).into())),
    ("std:index:anytrue", &[("input", List)], |it| Ok(it.list("input")?.iter().any(truth).into())),
    ("std:index:chunklist", &[("input", List), ("size", Number)], |it| {
        let list = it.list("input")?;
        let size = usize::try_from(it.whole("size")?);
        let size = size.map_err(|_| "`size` must not be negative")?;
        Ok(match size {
            0 => json!([list]),
            size => list.chunks(size).map(|it| json!(it)).collect(),
        })
    }),
    ("std:index:coalesce", &[("input", List)], |it| {
        let found = it.list("input")?.iter().find(|it| !it.is_null() && **it != json!(""));
        Ok(found.ok_or("all of them are null or empty")?.clone())
    }),
    ("std:index:coalescelist", &[("input", Lists)], |it| {
        let found = it.lists("input")?.into_iter().find(|it| !it.is_empty());
        Ok(json!(found.ok_or("all of them are empty")?))
    }),
    ("std:index:compact", &[("input", List)], |it| {
        let kept = it.list("input")?.iter().filter(|it| !it.is_null() && **it != json!(""));
        Ok(kept.cloned().collect())
    }),
    ("std:index:concat", &[("input", Lists)], |it| {
        Ok(it.lists("input")?.into_iter().flatten().cloned().collect())
    }),
    ("std:index:contains", &[("element", Any), ("input", List)], |it| {
        Ok(it.list("input")?.contains(it.any("element")).into())
    }),
    ("std:index:distinct", &[("input", List)], |it| Ok(distinct(it.list("input")?))),
    ("std:index:element", &[("index", Number), ("input", List)], |it| {
        let (list, index) = (it.list("input")?, it.whole("index")?);
        let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
        if count == 0 || index < 0 {
            return Err("the list must not be empty, nor the index negative".to_owned());
        }
        // Past the end it begins anew.
        Ok(list[usize::try_from(index % count).unwrap_or_default()].clone())
    }),
    ("std:index:flatten", &[("input", List)], |it| {
        fn flat(list: &[Json], all: &mut Vec<Json>) {
            for it in list {
                match it {
                    Json::Array(inner) => flat(inner, all),
                    other => all.push(other.clone()),
                }
            }
        }
        let mut all = Vec::new();
        flat(it.list("input")?, &mut all);
        Ok(all.into())
    }),
    ("std:index:keys", &[("input", Map)], |it| {
        let mut keys: Vec<&String> = it.map("input")?.keys().collect();
        keys.sort();
        Ok(json!(keys))
    }),
    ("std:index:length", &[("input", Any)], |it| {
        use unicode_segmentation::UnicodeSegmentation as _;
        match it.any("input") {
            Json::String(text) => Ok(text.graphemes(true).count().into()),
            Json::Array(list) => Ok(list.len().into()),
            Json::Object(map) => Ok(map.len().into()),
            _ => Err("`input` must be a list, a mapping or a string".to_owned()),
        }
    }),
    ("std:index:lookup", &[("default?", Any), ("key", Text), ("map", Map)], |it| {
        let key = it.text("key")?;
        match (it.map("map")?.get(key), it.any("default")) {
            (Some(found), _) => Ok(found.clone()),
            (None, Json::Null) => Err(format!("there is no key {key:?}, and no default")),
            (None, default) => Ok(default.clone()),
        }
    }),
    ("std:index:map", &[("args", List)], |it| {
        let (pairs, rest) = it.list("args")?.as_chunks::<2>();
        let entries =
            pairs.iter().map(|[key, value]| Some((key.as_str()?.to_owned(), value.clone())));
        match entries.collect::<Option<JsonMap<_, _>>>() {
            Some(map) if rest.is_empty() => Ok(map.into()),
            _ => Err("`args` must be keys and values in turn, each key a string".to_owned()),
        }
    }),
    ("std:index:matchkeys", &[("searchList", Texts), ("values", Texts)], |it| {
        let (wanted, values) = (it.texts("searchList")?, it.texts("values")?);
        Ok(json!(values.into_iter().filter(|it| wanted.contains(it)).collect::<Vec<_>>()))
    }),
    ("std:index:merge", &[("input", Maps)], |it| {
        let mut all = JsonMap::new();
        for map in it.list("input")? {
            all.extend(map.as_object().ok_or("`input` must be a list of mappings")?.clone());
        }
        Ok(all.into())
    }),
    ("std:index:range", &[("limit", Number), ("start?", Number), ("step?", Number)], range),
    ("std:index:reverse", &[("input", List)], |it| {
        Ok(it.list("input")?.iter().rev().cloned().collect())
    }),
    ("std:index:setintersection", &[("input", Lists)], |it| {
        let lists = it.lists("input")?;
        let Some((first, rest)) = lists.split_first() else { return Ok(json!([])) };
        let common = first.iter().filter(|it| rest.iter().all(|list| list.contains(it)));
        Ok(distinct(&common.cloned().collect::<Vec<_>>()))
    }),
    ("std:index:slice", &[("from?", Number), ("list", List), ("to?", Number)], |it| {
        let list = it.list("list")?;
        let at = |name: &str, default: usize| match it.any(name) {
            Json::Null => Ok(default),
            given => whole(given).and_then(|it| usize::try_from(it).ok()).ok_or(()),
        };
        match (at("from", 0), at("to", list.len())) {
            (Ok(from), Ok(to)) if from <= to && to <= list.len() => Ok(json!(list[from..to])),
            _ => Err(format!("`from` and `to` must be within the list's {} elements", list.len())),
        }
    }),
    ("std:index:sort", &[("input", Texts)], |it| {
        let mut texts = it.texts("input")?;
        texts.sort_unstable();
        Ok(json!(texts))
    }),
    ("std:index:tolist", &[("input", List)], |it| Ok(json!(it.list("input")?))),
    ("std:index:toset", &[("input", List)], |it| Ok(distinct(it.list("input")?))),
    ("std:index:transpose", &[("input", MapOfTexts)], |it| {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut entries: Vec<(&String, &Json)> = it.map("input")?.iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        for (key, values) in entries {
            for value in values.as_array().into_iter().flatten().filter_map(Json::as_str) {
                all.entry(value.to_owned()).or_default().push(key.clone());
            }
        }
        Ok(json!(all))
    }),
    ("std:index:values", &[("input", Map)], |it| {
        let mut entries: Vec<(&String, &Json)> = it.map("input")?.iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        Ok(entries.into_iter().map(|(_, value)| value.clone()).collect())
    }),
    ("std:index:zipmap", &[("keys", Texts), ("values", List)], |it| {
        let (keys, values) = (it.texts("keys")?, it.list("values")?);
        if keys.len() != values.len() {
            return Err(format!("{} keys for {} values", keys.len(), values.len()));
        }
        Ok(keys.into_iter().zip(values).map(|(key, it)| (key.to_owned(), it.clone())).collect())
    }),
];

fn truth(value: &Json) -> bool {
    *value == json!(true) || *value == json!("true")
}

fn distinct(list: &[Json]) -> Json {
    let mut all: Vec<&Json> = Vec::new();
    for it in list {
        if !all.contains(&it) {
            all.push(it);
        }
    }
    json!(all)
}

/// Up to the limit, which is not in it.
fn range(args: &Args) -> Answer {
    let given = |name: &str| args.any(name).as_f64();
    let (limit, start) = (args.number("limit")?, given("start").unwrap_or(0.0));
    let step = given("step").unwrap_or(if limit < start { -1.0 } else { 1.0 });
    if step == 0.0 || (step > 0.0) != (limit >= start) {
        return Err("`step` does not lead from `start` to `limit`".to_owned());
    }
    let mut all = Vec::new();
    let mut at = start;
    while (step > 0.0 && at < limit) || (step < 0.0 && at > limit) {
        if all.len() == RANGE_MAX {
            return Err(format!("it would have more than {RANGE_MAX} numbers"));
        }
        all.push(number(at)?);
        at += step;
    }
    Ok(all.into())
}
