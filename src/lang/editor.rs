//! A JSON schema of programs, for editors: what may be written, with its
//! description, as far as a schema can say it. Pure.

mod rollouts;

use serde_json::{Map as JsonMap, Value as Json, json};

use super::{Catalog, providers};
use crate::model::schema::{Format, Object, Property, Schema, Type};

/// What a resource's `options` may say.
const OPTIONS: &[(&str, &str)] = &[
    ("additionalSecretOutputs", "Outputs that are secret beside those that always are"),
    ("aliases", "Former names of the resource: it is renamed instead of replaced"),
    ("customTimeouts", "How long to wait: `{ create, update, delete, read }`, such as `30m`"),
    ("deleteBeforeReplace", "Delete the old one before the new one is made"),
    ("deletedWith", "A resource whose deletion deletes this one too"),
    ("dependsOn", "Resources that must be there first"),
    ("envVarMappings", "Of a provider: variables that it reads by other names"),
    ("forEach", "One copy for each element of a list or mapping (orderinfra only)"),
    ("hideDiffs", "Properties whose changes are not shown"),
    ("ignoreChanges", "Properties whose changes are left alone"),
    ("import", "The id of something in AWS to take over"),
    ("parent", "The resource that this one is a part of"),
    ("pluginDownloadURL", "Where Pulumi finds the provider; not used here"),
    ("protect", "Refuse to delete or replace it"),
    ("provider", "The provider that makes it"),
    ("providers", "Providers for the parts of a component"),
    ("replaceOnChanges", "Properties whose change replaces it"),
    ("replaceWith", "Resources whose replacement replaces this one too"),
    ("replacementTrigger", "A value whose change replaces it"),
    ("retainOnDelete", "Leave it in AWS when it is deleted here"),
    ("unless", "Leave it out if this is true (orderinfra only)"),
    ("version", "The version of the provider"),
    ("when", "Leave it out unless this is true (orderinfra only)"),
];

/// Builtin functions, with what they take.
const FUNCTIONS: &[(&str, &str)] = &[
    ("fn::assetArchive", "An archive of assets by path"),
    ("fn::fileArchive", "A folder or archive file as an archive"),
    ("fn::fileAsset", "A file as an asset"),
    ("fn::filebase64", "A file's bytes in base64"),
    ("fn::filebase64sha256", "The SHA-256 of a file in base64"),
    ("fn::fromBase64", "Text out of base64"),
    ("fn::invoke", "A provider's function: `{ function, arguments, options, return }`"),
    ("fn::join", "`[delimiter, list]`: one text out of many"),
    ("fn::length", "How many elements a list, mapping or text has"),
    ("fn::pulumiResourceName", "A resource's logical name"),
    ("fn::pulumiResourceType", "A resource's type"),
    ("fn::readFile", "A file's text"),
    ("fn::remoteArchive", "An archive at a URL"),
    ("fn::remoteAsset", "An asset at a URL"),
    ("fn::secret", "Marks a value as secret"),
    ("fn::select", "`[index, list]`: one element"),
    ("fn::sha1", "The SHA-1 of a text in hexadecimal"),
    ("fn::singleOrNone", "The only element of a list, or null"),
    ("fn::split", "`[delimiter, text]`: many texts out of one"),
    ("fn::stackReference", "`[stack, output]`: deprecated, use `pulumi:pulumi:StackReference`"),
    ("fn::stringAsset", "A text as an asset"),
    ("fn::toBase64", "A text in base64"),
    ("fn::toJSON", "A value as JSON text"),
    ("fn::unsecret", "A secret value in clear"),
];

/// The schema of a `Pulumi.yaml`.
pub fn schema(catalog: &dyn Catalog) -> Json {
    let mut definitions = JsonMap::new();
    let mut tokens = Vec::new();
    let mut cases = Vec::new();
    for token in catalog.resources() {
        let own = providers::schema(&token, catalog);
        let Some(schema) = own.as_ref().or_else(|| catalog.resource(&token)) else { continue };
        define(schema, &mut definitions);
        cases.push(case("type", &spellings(&token), "properties", &reference(&token)));
        tokens.push(token);
    }
    for token in [providers::STACK_REFERENCE.to_owned()] {
        if let Some(schema) = providers::schema(&token, catalog) {
            define(&schema, &mut definitions);
            cases.push(case("type", &spellings(&token), "properties", &reference(&token)));
            tokens.push(token);
        }
    }
    let mut calls: JsonMap<String, Json> = FUNCTIONS
        .iter()
        .map(|(name, doc)| ((*name).to_owned(), json!({ "description": doc })))
        .collect();
    let mut function_names = Vec::new();
    let mut function_cases = Vec::new();
    for token in catalog.functions() {
        let Some(schema) = catalog.function(&token) else { continue };
        define(schema, &mut definitions);
        for spelling in spellings(&token) {
            calls.insert(format!("fn::{spelling}"), reference(&token));
        }
        function_cases.push(case("function", &spellings(&token), "arguments", &reference(&token)));
        function_names.extend(spellings(&token));
    }
    calls.insert("fn::invoke".to_owned(), invoke(&function_names, &function_cases));
    definitions.insert(
        "expression".to_owned(),
        json!({ "anyOf": [
            { "type": "string", "pattern": "\\$\\{" },
            { "type": "object", "minProperties": 1, "maxProperties": 1, "properties": calls,
              "patternProperties": { "^fn::": {} }, "additionalProperties": false },
        ] }),
    );
    let options: JsonMap<String, Json> = OPTIONS
        .iter()
        .map(|(name, doc)| ((*name).to_owned(), json!({ "description": doc })))
        .collect();
    let names: Vec<String> = tokens.iter().flat_map(|it| spellings(it)).collect();
    definitions.insert(
        "options".to_owned(),
        json!({ "type": "object", "properties": options, "additionalProperties": false }),
    );
    definitions.insert("resource".to_owned(), resource(&names, &cases));
    definitions.extend(rollouts::definitions());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "An orderinfra (Pulumi YAML) project",
        "type": "object",
        "required": ["name", "runtime"],
        "properties": top_level(),
        "definitions": definitions,
    })
}

fn reference(token: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{}", pointer(token)) })
}

/// In a JSON pointer that stands in a URI.
fn pointer(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

/// As it is, and as programs write it.
fn spellings(token: &str) -> Vec<String> {
    let mut all = vec![token.to_owned()];
    if let [package, module, name] = token.split(':').collect::<Vec<_>>()[..] {
        match module.split('/').next().unwrap_or(module) {
            "index" => all.push(format!("{package}:{name}")),
            module => all.push(format!("{package}:{module}:{name}")),
        }
    }
    all.dedup();
    all
}

/// What follows if a key has one of some values.
fn case(key: &str, values: &[String], field: &str, shape: &Json) -> Json {
    let either = json!({ "anyOf": [shape, { "$ref": "#/definitions/expression" }] });
    json!({
        "if": { "properties": { key: { "enum": values } }, "required": [key] },
        "then": { "properties": { field: either } },
    })
}

fn invoke(names: &[String], cases: &[Json]) -> Json {
    json!({
        "description": "Asks a provider's function",
        "type": "object",
        "required": ["function"],
        "properties": {
            "function": { "enum": names },
            "arguments": {},
            "return": { "type": "string", "description": "The one field of the result that is wanted" },
            "options": { "type": "object" },
        },
        "additionalProperties": false,
        "allOf": cases,
    })
}

/// A type that is none of ours may be a component's.
fn resource(names: &[String], cases: &[Json]) -> Json {
    json!({
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": { "anyOf": [{ "enum": names }, { "type": "string" }] },
            "name": { "type": "string", "description": "The logical name, if not the key" },
            "defaultProvider": { "type": "boolean", "description": "Of a provider: everything of its package uses it" },
            "properties": {},
            "options": { "$ref": "#/definitions/options" },
            "get": {
                "description": "Read it instead of managing it",
                "type": "object",
                "required": ["id"],
                "properties": { "id": {}, "state": {} },
                "additionalProperties": false,
            },
        },
        "additionalProperties": false,
        "allOf": cases,
    })
}

fn top_level() -> Json {
    let text = |doc: &str| json!({ "type": "string", "description": doc });
    json!({
        "name": text("The project's name"),
        "runtime": { "anyOf": [{ "const": "yaml" }, { "type": "object" }] },
        "description": text("What the project is"),
        "main": text("The folder of the program"),
        "stackConfigDir": text("The folder of the stacks' files"),
        "config": { "description": "Values that stacks give, with their types and defaults" },
        "packages": {
            "description": "Folders of components (with a PulumiPlugin.yaml), by the name of their package",
            "type": "object",
        },
        "variables": { "type": "object", "description": "Values by name, for `${name}`" },
        "resources": {
            "type": "object",
            "additionalProperties": { "$ref": "#/definitions/resource" },
        },
        "outputs": { "type": "object", "description": "What the stack tells" },
        "rollouts": {
            "description": "How `shift` moves traffic from one colour to the other, by name (orderinfra only)",
            "type": "object",
            "additionalProperties": { "$ref": "#/definitions/rollout" },
        },
        "pulumi": { "type": "object", "properties": { "requiredVersion": {} } },
    })
}

/// A type's inputs, and the objects in them.
fn define(schema: &Schema, definitions: &mut JsonMap<String, Json>) {
    for (name, inner) in &schema.types {
        let shape = object(schema, inner, "");
        definitions.insert(format!("{}/{name}", schema.token), shape);
    }
    definitions.insert(schema.token.clone(), object(schema, &schema.inputs, ""));
}

fn object(schema: &Schema, object: &Object, at: &str) -> Json {
    let mut properties = JsonMap::new();
    for (name, it) in &object.properties {
        properties.insert(name.clone(), property(schema, it));
    }
    let whole = std::ptr::eq(object, &schema.inputs);
    for (path, why) in schema.refused.iter().filter(|(it, _)| whole && !it.contains('.')) {
        let text = format!("not supported: {why}");
        let shape = json!({ "not": {}, "description": text, "errorMessage": text });
        properties.entry(format!("{at}{path}")).or_insert(shape);
    }
    let required: Vec<&String> =
        object.properties.iter().filter(|(_, it)| it.required).map(|(name, _)| name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(schema: &Schema, property: &Property) -> Json {
    let mut shape = match of_type(schema, &property.ty) {
        Json::Object(map) if map.is_empty() => json!({}),
        ty => json!({ "anyOf": [ty, { "$ref": "#/definitions/expression" }, { "type": "null" }] }),
    };
    let mut doc = property.doc.clone();
    if property.replace {
        doc.push_str(if doc.is_empty() {
            "A change replaces it."
        } else {
            " A change replaces it."
        });
    }
    if !doc.is_empty() {
        shape["description"] = doc.into();
    }
    if let Some(default) = &property.default {
        shape["default"] = default.clone();
    }
    if let Some(why) = &property.deprecated {
        shape["deprecationMessage"] = why.clone().into();
    }
    shape
}

fn of_type(schema: &Schema, ty: &Type) -> Json {
    let item = |it: &Type| json!({ "anyOf": [of_type(schema, it), { "$ref": "#/definitions/expression" }] });
    match ty {
        Type::Any | Type::Asset | Type::Archive => json!({}),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Integer => json!({ "type": "integer" }),
        Type::Number => json!({ "type": "number" }),
        Type::String { allowed, .. } if !allowed.is_empty() => json!({ "enum": allowed }),
        // A document may be written as what it says.
        Type::String { format: Some(Format::Json | Format::Policy), .. } => json!({}),
        Type::String { .. } => json!({ "type": ["string", "number", "boolean"] }),
        Type::List(of) | Type::Set(of) => json!({ "type": "array", "items": item(of) }),
        Type::Map(of) => json!({ "type": "object", "additionalProperties": item(of) }),
        Type::Object(name) => reference(&format!("{}/{name}", schema.token)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{check::tests::fake, parse};

    #[test]
    fn every_option_and_function_is_described() {
        let mut options: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
        let mut known = parse::OPTIONS.to_vec();
        options.sort_unstable();
        known.sort_unstable();
        assert_eq!(options, known);
        for name in parse::builtins() {
            assert!(FUNCTIONS.iter().any(|(it, _)| *it == name), "{name} has no description");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references(json: &Json, all: &mut Vec<String>) {
            match json {
                Json::Object(map) => {
                    if let Some(Json::String(to)) = map.get("$ref") {
                        all.push(to.clone());
                    }
                    map.values().for_each(|it| references(it, all));
                }
                Json::Array(items) => items.iter().for_each(|it| references(it, all)),
                _ => {}
            }
        }
        let schema = schema(&fake());
        let mut all = Vec::new();
        references(&schema, &mut all);
        assert!(all.len() > 10);
        for to in all {
            assert!(schema.pointer(&to[1..]).is_some(), "{to}");
        }
    }
}
