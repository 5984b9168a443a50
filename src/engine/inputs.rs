//! A resource's inputs as its provider will get them: the program's
//! properties evaluated, in the schema's types, with default tags and chosen
//! names.

use super::name::{self, Draws, Names, Naming};
use crate::{
    model::{
        Map, Schema, Urn, Value,
        schema::{Format, Type},
        value::whole,
    },
    provider::{AnyResource, Settings},
};

/// What is the same for every resource of a run.
pub struct Shaping<'a> {
    pub draws: &'a Draws,
    pub organization: &'a str,
    pub project: &'a str,
    pub stack: &'a str,
    pub naming: &'a dyn Fn(&str) -> Naming,
    pub config: &'a dyn Fn(&str) -> Option<String>,
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

/// The variables that an AWS provider reads, and the input that each stands
/// for.
pub const VARIABLES: &[(&str, &str)] = &[
    ("AWS_REGION", "region"),
    ("AWS_DEFAULT_REGION", "region"),
    ("AWS_PROFILE", "profile"),
    ("AWS_ACCESS_KEY_ID", "accessKey"),
    ("AWS_SECRET_ACCESS_KEY", "secretKey"),
    ("AWS_SESSION_TOKEN", "token"),
];

/// A provider's properties, with what `envVarMappings` (our variable to the
/// provider's) takes from the environment. What the program says goes first.
pub fn from_environment(
    mut properties: Value,
    mappings: &Value,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Value {
    if properties.is_null() {
        properties = Map::new().into();
    }
    let Value::Map(map) = &mut properties else { return properties };
    for (ours, theirs) in mappings.as_map().into_iter().flatten() {
        let input = VARIABLES.iter().find(|(name, _)| theirs.as_str() == Some(name));
        if let (Some((_, input)), Some(text)) = (input, environment(ours)) {
            let secret = matches!(*input, "secretKey" | "token");
            let value =
                if secret { Value::secret(Value::String(text)) } else { Value::String(text) };
            map.entry((*input).to_owned()).or_insert(value);
        }
    }
    properties
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shaped {
    pub inputs: Value,
    /// Properties whose value we chose, with it.
    pub named: Vec<(String, Value)>,
    /// A chosen name would come out the same again.
    pub fixed_name: bool,
    /// Property and what is wrong with it.
    pub wrong: Vec<(String, String)>,
}

/// Where names come from.
pub enum NameFrom<'a> {
    /// Draw new ones.
    Draw,
    /// Those of the resource as it is (also in the executor: those of the plan).
    Keep(&'a [(String, Value)]),
}

pub fn shape(
    kind: &dyn AnyResource,
    urn: &Urn,
    properties: &Value,
    settings: &Settings,
    names: &NameFrom<'_>,
    shaping: &Shaping<'_>,
) -> Shaped {
    let schema = kind.schema();
    let mut shaped = Shaped::default();
    let mut map = Map::new();
    let given = match properties {
        Value::Unknown(unknown) => {
            // The whole map comes from elsewhere: every property may.
            let all = schema.inputs.properties.keys();
            all.map(|it| (it.clone(), Value::Unknown(unknown.clone()))).collect()
        }
        other => other.as_map().cloned().unwrap_or_default(),
    };
    for (name, value) in given {
        if value.is_null() {
            continue;
        }
        let Some(property) = schema.inputs.properties.get(&name) else {
            let why = schema.refused.get(&name).cloned();
            let why = why.unwrap_or_else(|| format!("does not exist on `{}`", schema.token));
            shaped.wrong.push((name, why));
            continue;
        };
        match coerce(schema, &property.ty, value) {
            Ok(value) => {
                let value = if property.secret { Value::secret(value) } else { value };
                map.insert(name, value);
            }
            Err(why) => shaped.wrong.push((name, why)),
        }
    }
    default_tags(schema, settings, &mut map);
    let inputs = Value::Map(map);
    shaped.inputs = choose_names(kind, urn, inputs, names, shaping, &mut shaped);
    shaped
}

fn default_tags(schema: &Schema, settings: &Settings, map: &mut Map) {
    let taggable =
        matches!(schema.inputs.properties.get("tags").map(|it| &it.ty), Some(Type::Map(_)));
    if !taggable || settings.default_tags.is_empty() || !schema.token.starts_with("aws:") {
        return;
    }
    let tags = map.entry("tags".to_owned()).or_insert_with(|| Map::new().into());
    if let Value::Map(tags) = tags {
        for (key, value) in &settings.default_tags {
            tags.entry(key.clone()).or_insert_with(|| Value::string(value));
        }
    }
}

fn choose_names(
    kind: &dyn AnyResource,
    urn: &Urn,
    mut inputs: Value,
    from: &NameFrom<'_>,
    shaping: &Shaping<'_>,
    shaped: &mut Shaped,
) -> Value {
    let suffix = kind.name_suffix(&inputs);
    for (property, schema) in &kind.schema().inputs.properties {
        let Some(rule) = &schema.autoname else { continue };
        if inputs.get(property).is_some() {
            continue;
        }
        let kept = match from {
            NameFrom::Keep(kept) => kept.iter().find(|(it, _)| it == property),
            NameFrom::Draw => None,
        };
        let prefix = inputs.get(&format!("{property}Prefix")).and_then(Value::as_str);
        let chosen = match (kept, prefix) {
            (Some((_, name)), _) => Ok((name.clone(), false)),
            (None, Some(prefix)) => {
                let name = name::prefixed(prefix, rule, shaping.draws, urn, suffix);
                Ok((Value::String(name), false))
            }
            (None, None) => {
                let names = Names {
                    urn,
                    organization: shaping.organization,
                    project: shaping.project,
                    stack: shaping.stack,
                    config: shaping.config,
                };
                let naming = (shaping.naming)(kind.token());
                name::choose(&naming, rule, shaping.draws, &names, suffix)
                    .map(|(name, fixed)| (Value::String(name), fixed))
            }
        };
        match chosen {
            Ok((name, fixed)) => {
                shaped.fixed_name |= fixed;
                shaped.named.push((property.clone(), name.clone()));
                if let Value::Map(map) = &mut inputs {
                    map.insert(property.clone(), name);
                }
            }
            Err(why) => shaped.wrong.push((property.clone(), why)),
        }
    }
    inputs
}

/// A value in its property's type. Config values and mixed texts make texts of
/// numbers and numbers of texts; AWS takes only the right one.
pub fn coerce(schema: &Schema, ty: &Type, value: Value) -> Result<Value, String> {
    let wrong = |value: &Value| Err(format!("expected {}, found {}", ty.word(), word(value)));
    match (ty, value) {
        (_, Value::Secret(secret)) => Ok(Value::secret(coerce(schema, ty, secret.into_inner())?)),
        (_, value @ (Value::Unknown(_) | Value::Null)) => Ok(value),
        (Type::Any, value) => Ok(lower_refs(value)),
        (Type::Asset, value @ Value::Asset(_)) => Ok(value),
        (Type::Archive, Value::Asset(it)) if it.is_archive() => Ok(Value::Asset(it)),
        (_, Value::Ref(it)) => coerce(schema, ty, lower_refs(Value::Ref(it))),
        (Type::String { .. }, value @ Value::String(_)) => Ok(value),
        (Type::String { .. }, Value::Bool(flag)) => Ok(Value::String(flag.to_string())),
        (Type::String { .. }, Value::Number(number)) => Ok(Value::String(match whole(&number) {
            Some(whole) => whole.to_string(),
            None => number.to_string(),
        })),
        (
            Type::String { format: Some(Format::Json | Format::Policy), .. },
            value @ (Value::Map(_) | Value::List(_)),
        ) => Ok(document(&lower_refs(value))),
        (Type::Bool, value @ Value::Bool(_)) => Ok(value),
        (Type::Bool, Value::String(text)) if text == "true" || text == "false" => {
            Ok(Value::Bool(text == "true"))
        }
        (Type::Integer, Value::Number(number)) => match whole(&number) {
            Some(whole) => Ok(Value::from(whole)),
            None => Err(format!("expected a whole number, found {number}")),
        },
        (Type::Integer | Type::Number, Value::String(text)) => match text.parse::<i64>() {
            Ok(whole) => Ok(Value::from(whole)),
            Err(_) => match (ty, text.parse().ok().and_then(serde_json::Number::from_f64)) {
                (Type::Number, Some(number)) => Ok(Value::Number(number)),
                _ => wrong(&Value::String(text)),
            },
        },
        (Type::Number, value @ Value::Number(_)) => Ok(value),
        (Type::List(item) | Type::Set(item), Value::List(list)) => {
            let items = list.into_iter().map(|it| coerce(schema, item, it));
            items.collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Map(item), Value::Map(map)) => {
            let entries = map.into_iter().map(|(key, it)| Ok((key, coerce(schema, item, it)?)));
            entries.collect::<Result<_, String>>().map(Value::Map)
        }
        (Type::Object(name), Value::Map(map)) => {
            let object = schema.types.get(name);
            let entry = |(key, value): (String, Value)| {
                let property = object.and_then(|it| it.properties.get(&key));
                let Some(property) = property else {
                    return Err(format!("has no property `{key}`"));
                };
                let value =
                    coerce(schema, &property.ty, value).map_err(|why| format!("`{key}`: {why}"))?;
                Ok((key, if property.secret { Value::secret(value) } else { value }))
            };
            map.into_iter()
                .filter(|(_, it)| !it.is_null())
                .map(entry)
                .collect::<Result<_, _>>()
                .map(Value::Map)
        }
        (_, value) => wrong(&value),
    }
}

/// A document given as an object: JSON text, unless a part is still awaited.
fn document(value: &Value) -> Value {
    if let Some(unknown) = value.first_unknown() {
        return Value::Unknown(unknown.clone());
    }
    let text = Value::String(value.reveal().to_string());
    if value.has_secret() { Value::secret(text) } else { text }
}

/// Resources as what a provider knows of them: their ids.
pub fn lower_refs(value: Value) -> Value {
    match value {
        Value::Ref(it) if it.id.is_null() => Value::String(it.urn),
        Value::Ref(it) => it.id,
        Value::List(list) => Value::List(list.into_iter().map(lower_refs).collect()),
        Value::Map(map) => {
            Value::Map(map.into_iter().map(|(key, it)| (key, lower_refs(it))).collect())
        }
        Value::Secret(secret) => Value::secret(lower_refs(secret.into_inner())),
        other => other,
    }
}

fn word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "an object",
        Value::Secret(_) => "a secret",
        Value::Unknown(_) => "an unknown value",
        Value::Asset(_) => "an asset",
        Value::Ref(_) => "a resource",
    }
}

/// Makes secret what must be: outputs that the schema or the program calls
/// secret, and outputs that echo a secret input.
pub fn taint(schema: &Schema, inputs: &Value, outputs: Value, additional: &[String]) -> Value {
    let Value::Map(mut map) = outputs else { return outputs };
    for (name, value) in &mut map {
        let called = schema.outputs.properties.get(name).is_some_and(|it| it.secret)
            || additional.contains(name);
        let echo =
            inputs.get(name).or_else(|| (name == "tagsAll").then(|| inputs.get("tags")).flatten());
        let taken = std::mem::take(value);
        *value = match echo {
            _ if called => Value::secret(taken),
            Some(echo) => taint_like(echo, taken),
            None => taken,
        };
    }
    Value::Map(map)
}

/// A live value is secret wherever the value that was put in is.
fn taint_like(given: &Value, live: Value) -> Value {
    match (given, live) {
        (Value::Secret(given), live) => Value::secret(taint_like(&given.0, live)),
        // The service knows no more of it than its hash.
        (Value::Asset(given), Value::Asset(live)) if given.is_same(&live) => {
            Value::Asset(given.clone())
        }
        (given, live) if !given.has_secret() => live,
        (Value::Map(given), Value::Map(live)) => {
            let entries = live.into_iter().map(|(key, live)| {
                let live = match given.get(&key) {
                    Some(given) => taint_like(given, live),
                    None => live,
                };
                (key, live)
            });
            Value::Map(entries.collect())
        }
        (Value::List(given), Value::List(live)) if given.len() == live.len() => Value::List(
            given.iter().zip(live).map(|(given, live)| taint_like(given, live)).collect(),
        ),
        (_, live) => Value::secret(live),
    }
}
