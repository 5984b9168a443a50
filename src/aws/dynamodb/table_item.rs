//! `aws:dynamodb/tableItem:TableItem`. The id is `table,hash` or
//! `table,hash,range`: the key's values.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Document, json};

use super::{MISSING, described};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct TableItem;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    hash_key: String,
    /// DynamoDB's own JSON: `{"name": {"S": "x"}}`.
    item: Json,
    #[schemars(extend("replace" = true))]
    range_key: Option<String>,
    #[schemars(extend("replace" = true))]
    table_name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    hash_key_value: String,
    range_key_value: Option<String>,
}

type Attributes = HashMap<String, AttributeValue>;

impl Resource for TableItem {
    const TYPE: &'static str = "aws:dynamodb/tableItem:TableItem";
    /// Its key is within `item`.
    const KEY: &'static [&'static str] = &["tableName"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        attributes(&new.item)?;
        let hash = key_text(new, &new.hash_key)?;
        if let Some(range) = &new.range_key {
            key_text(new, range)?;
            if hash.contains(',') {
                let rule =
                    "has a comma in its hash key, which separates it from the range key in the id";
                return Err(Error::invalid("item", rule));
            }
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let known = |name: &str| inputs.get(name).is_none_or(Value::is_known);
        if !["hashKey", "item", "rangeKey", "tableName"].into_iter().all(known) {
            return Map::new();
        }
        let Ok(inputs) = serde_json::from_value::<Inputs>(without_region(inputs)) else {
            return Map::new();
        };
        id(&inputs).map(|id| ("id".to_owned(), Value::String(id))).into_iter().collect()
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("dynamodb-item:{}", id(inputs).ok()?))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let canonical = |it: &Value| Some(sorted(Json::parse(it.as_str()?).ok()?.0));
        path == "item" && canonical(wanted).is_some_and(|it| Some(it) == canonical(live))
    }

    /// An item of this key that is there is somebody else's, and stays.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.dynamodb().put_item().table_name(&new.table_name);
        let reply = call
            .set_item(Some(attributes(&new.item)?))
            .condition_expression("attribute_not_exists(#hash)")
            .expression_attribute_names("#hash", &new.hash_key)
            .send()
            .await
            .map_err(Error::from);
        match reply {
            Err(error) if error.is(&["ConditionalCheckFailedException"]) => {
                Err(Error::not_ours("an item of this key"))
            }
            reply => reply.map(drop).and_then(|()| id(new)),
        }
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some((table, keys)) = id.split_once(',') else { return Ok(None) };
        let Some(live) = described(cx, table).await? else { return Ok(None) };
        let kinds = live.attribute_definitions.unwrap_or_default();
        let names = live.key_schema.unwrap_or_default();
        let (hash, range) = match &names[..] {
            [_, _] => keys.split_once(',').map_or((keys, None), |(hash, it)| (hash, Some(it))),
            _ => (keys, None),
        };
        let mut key = Attributes::new();
        for (name, text) in names.iter().zip([Some(hash), range]) {
            let kind = kinds.iter().find(|it| it.attribute_name == name.attribute_name);
            let (Some(kind), Some(text)) = (kind, text) else { return Ok(None) };
            let kind = kind.attribute_type.as_str();
            let value = value(&json!({ kind: text })).ok_or_else(|| {
                Error::invalid("import", format!("`{text}` is no key of `{table}`"))
            })?;
            key.insert(name.attribute_name.clone(), value);
        }
        let call = cx.aws.dynamodb().get_item().table_name(table).consistent_read(true);
        let reply = absent(call.set_key(Some(key)).send().await, MISSING)?;
        let Some(item) = reply.and_then(|it| it.item) else { return Ok(None) };
        let item = item.iter().map(|(name, it)| Ok((name.clone(), document(it)?)));
        let inputs = Inputs {
            hash_key: names.first().map(|it| it.attribute_name.clone()).unwrap_or_default(),
            item: Json(Document::Object(item.collect::<Result<_>>()?)),
            range_key: names.get(1).map(|it| it.attribute_name.clone()),
            table_name: table.to_owned(),
        };
        let (hash_key_value, range_key_value) = (hash.to_owned(), range.map(str::to_owned));
        Ok(Some(Outputs { inputs, hash_key_value, range_key_value }))
    }

    /// Attributes one by one: what others write beside them meanwhile stays. An
    /// item with another key is another item.
    async fn update(cx: &Cx, _: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (before, after) = (attributes(&old.item)?, attributes(&new.item)?);
        if key(old, &before) != key(new, &after) {
            let call = cx.aws.dynamodb().put_item().table_name(&new.table_name);
            call.set_item(Some(after)).send().await?;
            let call = cx.aws.dynamodb().delete_item().table_name(&old.table_name);
            call.set_key(Some(key(old, &before))).send().await?;
            return Ok(());
        }
        let is_key = |name: &String| *name == new.hash_key || Some(name) == new.range_key.as_ref();
        let (mut set, mut removed) = (Vec::new(), Vec::new());
        let mut call = cx.aws.dynamodb().update_item().table_name(&new.table_name);
        let changed = after.iter().filter(|(name, it)| before.get(*name) != Some(it));
        for (at, (name, it)) in changed.filter(|(name, _)| !is_key(name)).enumerate() {
            set.push(format!("#s{at} = :s{at}"));
            call = call
                .expression_attribute_names(format!("#s{at}"), name)
                .expression_attribute_values(format!(":s{at}"), it.clone());
        }
        for (at, name) in before.keys().filter(|it| !after.contains_key(*it)).enumerate() {
            removed.push(format!("#r{at}"));
            call = call.expression_attribute_names(format!("#r{at}"), name);
        }
        let clause = |word: &str, all: &[String]| match all {
            [] => String::new(),
            all => format!("{word} {} ", all.join(", ")),
        };
        let expression = clause("SET", &set) + &clause("REMOVE", &removed);
        if !expression.is_empty() {
            call.set_key(Some(key(new, &after)))
                .update_expression(expression.trim_end())
                .send()
                .await?;
        }
        Ok(())
    }

    async fn renamed(_: &Cx, _: &str, new: &Inputs) -> Result<String> {
        id(new)
    }

    async fn delete(cx: &Cx, _: &str, last: &Inputs) -> Result<()> {
        let call = cx.aws.dynamodb().delete_item().table_name(&last.table_name);
        let key = key(last, &attributes(&last.item)?);
        absent(call.set_key(Some(key)).send().await, MISSING)?;
        Ok(())
    }

    /// An item that was there would have been refused: it is ours if it is
    /// what we put.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id(inputs)?;
        let live = Self::read(cx, &id).await?;
        let same = |it: &Outputs| sorted(it.inputs.item.0.clone()) == sorted(inputs.item.0.clone());
        Ok(live.filter(same).map(|_| id))
    }
}

fn without_region(inputs: &Value) -> Document {
    let mut json = inputs.reveal();
    if let Some(map) = json.as_object_mut() {
        map.remove("region");
    }
    json
}

fn id(it: &Inputs) -> Result<String> {
    let hash = key_text(it, &it.hash_key)?;
    let range = it.range_key.as_ref().map(|range| key_text(it, range)).transpose()?;
    let parts = [Some(it.table_name.clone()), Some(hash), range];
    Ok(parts.into_iter().flatten().collect::<Vec<_>>().join(","))
}

/// A key's value as the id has it; bytes are in base64.
fn key_text(it: &Inputs, name: &str) -> Result<String> {
    let value = &it.item.0[name];
    let text = ["S", "N", "B"].into_iter().find_map(|kind| value[kind].as_str());
    let rule = || {
        Error::invalid(
            "item",
            format!("lacks `{name}`, a part of its key: a text, number or bytes"),
        )
    };
    text.map(str::to_owned).ok_or_else(rule)
}

fn key(it: &Inputs, item: &Attributes) -> Attributes {
    let names = std::iter::once(&it.hash_key).chain(&it.range_key);
    names.filter_map(|name| Some((name.clone(), item.get(name)?.clone()))).collect()
}

fn attributes(item: &Json) -> Result<Attributes> {
    let wrong = |what: &str| Error::invalid("item", what);
    let map = item.0.as_object().ok_or_else(|| wrong("is a map of attributes"))?;
    let attribute = |(name, it): (&String, &Document)| {
        let rule = format!("has `{name}`, which is no attribute such as {{\"S\": \"text\"}}");
        Ok((name.clone(), value(it).ok_or_else(|| wrong(&rule))?))
    };
    map.iter().map(attribute).collect()
}

/// `{"S": "x"}` as the SDK has it.
fn value(json: &Document) -> Option<AttributeValue> {
    let map = json.as_object().filter(|it| it.len() == 1)?;
    let (kind, it) = map.iter().next()?;
    let text = |it: &Document| it.as_str().map(str::to_owned);
    let bytes = |it: &Document| BASE64.decode(it.as_str()?).ok().map(Blob::new);
    let texts = |it: &Document| it.as_array()?.iter().map(text).collect::<Option<Vec<_>>>();
    Some(match kind.as_str() {
        "S" => AttributeValue::S(text(it)?),
        "N" => AttributeValue::N(text(it)?),
        "B" => AttributeValue::B(bytes(it)?),
        "BOOL" => AttributeValue::Bool(it.as_bool()?),
        "NULL" => AttributeValue::Null(it.as_bool()?),
        "SS" => AttributeValue::Ss(texts(it)?),
        "NS" => AttributeValue::Ns(texts(it)?),
        "BS" => AttributeValue::Bs(it.as_array()?.iter().map(bytes).collect::<Option<_>>()?),
        "L" => AttributeValue::L(it.as_array()?.iter().map(value).collect::<Option<_>>()?),
        "M" => {
            let entries = it.as_object()?.iter().map(|(key, it)| Some((key.clone(), value(it)?)));
            AttributeValue::M(entries.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn document(value: &AttributeValue) -> Result<Document> {
    let bytes = |it: &Blob| BASE64.encode(it.as_ref());
    Ok(match value {
        AttributeValue::S(it) => json!({ "S": it }),
        AttributeValue::N(it) => json!({ "N": it }),
        AttributeValue::B(it) => json!({ "B": bytes(it) }),
        AttributeValue::Bool(it) => json!({ "BOOL": it }),
        AttributeValue::Null(it) => json!({ "NULL": it }),
        AttributeValue::Ss(it) => json!({ "SS": it }),
        AttributeValue::Ns(it) => json!({ "NS": it }),
        AttributeValue::Bs(it) => json!({ "BS": it.iter().map(bytes).collect::<Vec<_>>() }),
        AttributeValue::L(it) => {
            json!({ "L": it.iter().map(document).collect::<Result<Vec<_>>>()? })
        }
        AttributeValue::M(it) => {
            let entries = it.iter().map(|(key, it)| Ok((key.clone(), document(it)?)));
            json!({ "M": entries.collect::<Result<serde_json::Map<_, _>>>()? })
        }
        _ => {
            return Err(Error::new(
                Kind::Broken,
                "",
                "an attribute is of a kind that is not known",
            ));
        }
    })
}

/// Sets are told in any order.
fn sorted(item: Document) -> Document {
    match item {
        Document::Object(map) => {
            let entries = map.into_iter().map(|(key, it)| match (key.as_str(), it) {
                ("SS" | "NS" | "BS", Document::Array(mut all)) => {
                    all.sort_by_key(ToString::to_string);
                    (key, Document::Array(all))
                }
                (_, it) => (key, sorted(it)),
            });
            Document::Object(entries.collect())
        }
        Document::Array(all) => all.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> Inputs {
        Inputs {
            hash_key: "id".to_owned(),
            item: Json::parse(text).unwrap(),
            range_key: None,
            table_name: "t".to_owned(),
        }
    }

    #[test]
    fn every_kind_of_attribute_comes_back_as_it_was() {
        let text = r#"{"id":{"S":"a"},"n":{"N":"1"},"b":{"B":"AAE="},"t":{"BOOL":true},"z":{"NULL":true},
            "ss":{"SS":["a"]},"ns":{"NS":["1"]},"bs":{"BS":["AA=="]},"l":{"L":[{"S":"x"}]},"m":{"M":{"k":{"N":"2"}}}}"#;
        let it = item(text);
        for (name, value) in attributes(&it.item).unwrap() {
            assert_eq!(document(&value).unwrap(), it.item.0[&name], "{name}");
        }
        assert_eq!(id(&it).unwrap(), "t,a");
    }

    #[test]
    fn what_is_no_item_is_told() {
        for text in [r#"{"id":"a"}"#, r#"{"id":{"X":"a"}}"#, r#"{"other":{"S":"a"}}"#, "[]"] {
            assert!(TableItem::check(&item(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn sets_have_no_order() {
        let text = |it: &str| Value::string(it);
        let (one, other) = (text(r#"{"a":{"SS":["x","y"]}}"#), text(r#"{"a":{"SS":["y","x"]}}"#));
        assert!(TableItem::same("item", &one, &other));
        let list = text(r#"{"a":{"L":[{"S":"x"},{"S":"y"}]}}"#);
        let turned = text(r#"{"a":{"L":[{"S":"y"},{"S":"x"}]}}"#);
        assert!(!TableItem::same("item", &list, &turned));
    }
}
