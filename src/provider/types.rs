//! The types that carry a rule with them, so that a field is one line and a
//! rule is written once: how it compares, whether it is hidden.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::model::schema::Format;

/// Tags with this beginning are ours and hidden from programs.
pub(super) const HIDDEN_TAG: &str = "orderinfra:";

/// What a resource is tagged with, without AWS's own tags and ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Tags(pub BTreeMap<String, String>);

impl Tags {
    /// From what AWS lists.
    pub fn live<K: Into<String>, V: Into<String>>(tags: impl IntoIterator<Item = (K, V)>) -> Self {
        let own = |(key, value): (K, V)| {
            let key = key.into();
            let hidden = key.starts_with(HIDDEN_TAG) || key.starts_with("aws:");
            (!hidden).then(|| (key, value.into()))
        };
        Self(tags.into_iter().filter_map(own).collect())
    }

    /// What to set and which keys to remove to come from `old` to `self`.
    pub fn since(&self, old: &Self) -> (BTreeMap<String, String>, Vec<String>) {
        let set = self.0.iter().filter(|(key, value)| old.0.get(*key) != Some(*value));
        let set = set.map(|(key, value)| (key.clone(), value.clone())).collect();
        let removed = old.0.keys().filter(|key| !self.0.contains_key(*key)).cloned().collect();
        (set, removed)
    }
}

/// A document that a program gives as JSON text or as a plain object, and
/// that AWS may hand back with other spaces and another key order. Outputs
/// say it as text, as Pulumi does.
#[derive(Clone, Debug, PartialEq)]
pub struct Json(pub serde_json::Value);

impl fmt::Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl Json {
    pub fn parse(text: &str) -> super::Result<Self> {
        let json = serde_json::from_str(text).map_err(|error| {
            super::Error::new(super::Kind::Broken, "", format!("is not JSON: {error}"))
        })?;
        Ok(Self(json))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(from)? {
            serde_json::Value::String(text) => {
                serde_json::from_str(&text).map(Self).map_err(D::Error::custom)
            }
            document => Ok(Self(document)),
        }
    }
}

impl JsonSchema for Json {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": format_name(Format::Json) })
    }
}

/// An IAM policy document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Policy(pub Json);

impl fmt::Display for Policy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl Policy {
    pub fn parse(text: &str) -> super::Result<Self> {
        Json::parse(text).map(Self)
    }
}

impl JsonSchema for Policy {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Policy".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": format_name(Format::Policy) })
    }
}

/// A list in which order means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Set<T>(pub Vec<T>);

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: JsonSchema> JsonSchema for Set<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Set_of_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "uniqueItems": true,
            "items": generator.subschema_for::<T>(),
        })
    }
}

impl<T: PartialEq + Clone> Set<T> {
    /// What to add and what to remove to come from `old` to `self`.
    pub fn since(&self, old: &Self) -> (Vec<T>, Vec<T>) {
        let add = self.0.iter().filter(|it| !old.0.contains(it)).cloned().collect();
        let remove = old.0.iter().filter(|it| !self.0.contains(it)).cloned().collect();
        (add, remove)
    }
}

impl<T, I: Into<T>> FromIterator<I> for Set<T> {
    fn from_iter<All: IntoIterator<Item = I>>(items: All) -> Self {
        Self(items.into_iter().map(Into::into).collect())
    }
}

/// A value that is encrypted at rest and never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[secret]")
    }
}

impl<T: JsonSchema> JsonSchema for Secret<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Secret_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        schema.insert("secret".to_owned(), true.into());
        schema
    }
}

/// A text with a rule of comparison that the schema carries.
trait Rule {
    const NAME: &'static str;
    const FORMAT: Format;
}

/// The one body of the text types below.
fn text_schema<T: Rule>() -> Schema {
    json_schema!({ "type": "string", "format": format_name(T::FORMAT) })
}

/// Letters' case does not matter: RDS and others lower it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CiString(pub String);
impl Rule for CiString {
    const NAME: &'static str = "CiString";
    const FORMAT: Format = Format::CaseInsensitive;
}

/// A CIDR block, whose host bits AWS clears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cidr(pub String);
impl Rule for Cidr {
    const NAME: &'static str = "Cidr";
    const FORMAT: Format = Format::Cidr;
}

/// A version of which a prefix will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub String);
impl Rule for Version {
    const NAME: &'static str = "Version";
    const FORMAT: Format = Format::VersionPrefix;
}

/// A thing named by id, ARN or alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdOrArn(pub String);
impl Rule for IdOrArn {
    const NAME: &'static str = "IdOrArn";
    const FORMAT: Format = Format::IdOrArn;
}

impl JsonSchema for CiString {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        Self::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_schema::<Self>()
    }
}
impl JsonSchema for Cidr {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        Self::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_schema::<Self>()
    }
}
impl JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        Self::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_schema::<Self>()
    }
}
impl JsonSchema for IdOrArn {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        Self::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_schema::<Self>()
    }
}

/// The lot a local resource is made from: drawn at plan time, journaled, so
/// that a repeated create makes the same thing.
#[derive(Clone)]
pub struct Lot {
    pub seed: [u8; 32],
    /// Seconds since 1970, at plan time.
    pub now: i64,
}

impl Lot {
    /// `<64 hex digits>@<seconds>`, as the journal keeps it.
    pub fn parse(text: &str) -> super::Result<Self> {
        let broken = || super::Error::new(super::Kind::Broken, "", "the drawn lot is damaged");
        let (hex, now) = text.split_once('@').ok_or_else(broken)?;
        let mut seed = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(broken());
        }
        for (byte, digits) in seed.iter_mut().zip(hex.as_bytes().chunks(2)) {
            let digits = str::from_utf8(digits).map_err(|_| broken())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| broken())?;
        }
        Ok(Self { seed, now: now.parse().map_err(|_| broken())? })
    }
}

/// A default for serde: `#[serde(default = "int::<30>")]`
pub fn int<const N: i32>() -> i32 {
    N
}

/// A default for serde: `#[serde(default = "yes")]`
pub fn yes() -> bool {
    true
}

/// How a format is written in a JSON schema.
pub(super) fn format_name(format: Format) -> &'static str {
    match format {
        Format::Json => "json",
        Format::Policy => "policy",
        Format::CaseInsensitive => "case-insensitive",
        Format::Cidr => "cidr",
        Format::VersionPrefix => "version-prefix",
        Format::IdOrArn => "id-or-arn",
    }
}
