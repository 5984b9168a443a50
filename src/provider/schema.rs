//! The engine's `Schema` out of the JSON schema of the typed structs.

use std::collections::BTreeMap;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value as Json;

use crate::model::schema::{AutoName, Format, Object, Property, Schema, Type};

/// For types and functions of AWS: every one may name its region, save those
/// of IAM, which has none.
pub(super) fn of<I: JsonSchema, O: JsonSchema>(token: &str, refused: &[(&str, &str)]) -> Schema {
    let mut schema = of_local::<I, O>(token, refused);
    if token.starts_with("aws:") && !token.starts_with("aws:iam/") {
        let region =
            Property { replace: true, ..plain("The AWS region, when not the provider's.") };
        schema.inputs.properties.entry("region".to_owned()).or_insert(region.clone());
        schema.outputs.properties.entry("region".to_owned()).or_insert(region);
    }
    if let Some(tags) = schema.outputs.properties.get("tags").cloned() {
        schema.outputs.properties.entry("tagsAll".to_owned()).or_insert(tags);
    }
    schema
}

pub(super) fn of_local<I: JsonSchema, O: JsonSchema>(
    token: &str,
    refused: &[(&str, &str)],
) -> Schema {
    let mut types = BTreeMap::new();
    let inputs = root::<I>(&mut types);
    let outputs = root::<O>(&mut types);
    let refused = refused.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned()));
    Schema { token: token.to_owned(), inputs, outputs, types, refused: refused.collect() }
}

fn root<T: JsonSchema>(types: &mut BTreeMap<String, Object>) -> Object {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = generator.into_root_schema_for::<T>().to_value();
    let mut reader = Reader { defs: &schema["$defs"], types };
    reader.object(&schema)
}

fn plain(doc: &str) -> Property {
    Property {
        ty: Type::String { allowed: Vec::new(), format: None },
        required: false,
        default: None,
        replace: false,
        secret: false,
        computed: false,
        write_only: false,
        volatile: false,
        autoname: None,
        deprecated: None,
        doc: doc.to_owned(),
    }
}

struct Reader<'a> {
    defs: &'a Json,
    types: &'a mut BTreeMap<String, Object>,
}

impl Reader<'_> {
    fn object(&mut self, schema: &Json) -> Object {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        let properties = properties.map(|(name, it)| {
            let required = required.contains(&name.as_str());
            (name.clone(), self.property(it, required))
        });
        Object { properties: properties.collect() }
    }

    fn property(&mut self, schema: &Json, required: bool) -> Property {
        let flag = |name: &str| schema[name].as_bool().unwrap_or_default();
        let autoname = schema["autoname"].as_u64().map(|max| AutoName {
            max_length: usize::try_from(max).unwrap_or(usize::MAX),
            lower_case: flag("lower"),
            verbatim: flag("verbatim"),
        });
        let text = |name: &str| schema[name].as_str().map(str::to_owned);
        Property {
            ty: self.ty(schema),
            required: required && autoname.is_none(),
            default: schema.get("default").filter(|it| !it.is_null()).cloned(),
            replace: flag("replace"),
            secret: flag("secret") || schema["anyOf"][0]["secret"].as_bool().unwrap_or_default(),
            computed: flag("computed"),
            write_only: flag("writeOnly"),
            volatile: flag("volatile"),
            autoname,
            deprecated: text("deprecatedBecause"),
            doc: text("description").unwrap_or_default(),
        }
    }

    fn ty(&mut self, schema: &Json) -> Type {
        // `Option<T>` of a named type is `anyOf: [T, null]`.
        if let Some(either) = schema["anyOf"].as_array() {
            let some = either.iter().find(|it| it["type"] != "null");
            return some.map_or(Type::Any, |it| self.ty(it));
        }
        if let Some(path) = schema["$ref"].as_str() {
            return self.reference(path);
        }
        let name = match &schema["type"] {
            Json::String(name) => name.as_str(),
            Json::Array(names) => {
                names.iter().filter_map(Json::as_str).find(|it| *it != "null").unwrap_or("")
            }
            _ => "",
        };
        match name {
            "boolean" => Type::Bool,
            "integer" => Type::Integer,
            "number" => Type::Number,
            "string" if schema["format"] == "asset" => Type::Asset,
            "string" if schema["format"] == "archive" => Type::Archive,
            "string" => Type::String { allowed: allowed(schema), format: format(schema) },
            "array" if schema["uniqueItems"] == true => {
                Type::Set(Box::new(self.ty(&schema["items"])))
            }
            "array" => Type::List(Box::new(self.ty(&schema["items"]))),
            "object" => match &schema["additionalProperties"] {
                item @ Json::Object(_) => Type::Map(Box::new(self.ty(item))),
                _ => Type::Map(Box::new(Type::Any)),
            },
            _ => Type::Any,
        }
    }

    fn reference(&mut self, path: &str) -> Type {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let target = &self.defs[name.as_str()];
        let open = matches!(target["additionalProperties"], Json::Object(_) | Json::Bool(true));
        if target["type"] != "object" || open {
            return self.ty(target);
        }
        if !self.types.contains_key(&name) {
            // Entered first, so that a type inside itself ends here.
            self.types.insert(name.clone(), Object::default());
            let object = self.object(target);
            self.types.insert(name.clone(), object);
        }
        Type::Object(name)
    }
}

fn allowed(schema: &Json) -> Vec<String> {
    let list = schema["enum"].as_array().into_iter().flatten();
    list.filter_map(Json::as_str).map(str::to_owned).collect()
}

fn format(schema: &Json) -> Option<Format> {
    let all = [
        Format::Json,
        Format::Policy,
        Format::CaseInsensitive,
        Format::Cidr,
        Format::VersionPrefix,
        Format::IdOrArn,
    ];
    let name = schema["format"].as_str()?;
    all.into_iter().find(|it| super::types::format_name(*it) == name)
}
