//! `Value`: what a property holds. JSON, plus secrets, unknowns, assets and
//! references to resources.

use std::collections::BTreeMap;

use serde_json::{Number, Value as Json, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

pub type Map = BTreeMap<String, Value>;

/// What a property holds, before it is JSON for a provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Self>),
    Map(Map),
    /// Never printed, and encrypted at rest.
    Secret(Secret),
    /// Not known until something else is made.
    Unknown(Unknown),
    Asset(Asset),
    /// A whole resource, as `${bucket}` names it.
    Ref(Box<Ref>),
}

/// A value whose `Debug` keeps quiet, and which is wiped from memory when it
/// goes.
#[derive(Clone, PartialEq)]
pub struct Secret(pub Box<Value>);

impl Secret {
    /// The value itself, which nobody wipes from now on.
    pub fn into_inner(mut self) -> Value {
        std::mem::take(&mut *self.0)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        fn wipe(value: &mut Value) {
            match value {
                Value::String(text) => text.zeroize(),
                Value::Asset(it) => it.texts_mut(&mut |text| text.zeroize()),
                Value::List(list) => list.iter_mut().for_each(wipe),
                Value::Map(map) => map.values_mut().for_each(wipe),
                Value::Ref(it) => wipe(&mut it.id),
                // A secret inside wipes itself.
                _ => {}
            }
        }
        wipe(&mut self.0);
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("[secret]")
    }
}

/// Where a value that is not known yet will come from, as a user names it:
/// `vpc.id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    pub from: String,
}

/// Something to upload.
#[derive(Clone, Debug, PartialEq)]
pub struct Asset {
    pub source: Source,
    /// SHA-256 of the bytes to upload, in hex digits; empty while nobody has
    /// looked.
    pub hash: String,
}

/// Where the bytes of an asset are.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Text(String),
    File(String),
    Remote(String),
    /// A folder, or an archive as it is.
    FileArchive(String),
    RemoteArchive(String),
    Archive(BTreeMap<String, Asset>),
    /// An archive with the service, which tells no more than its hash.
    Uploaded,
}

/// What an expression that names a resource evaluates to.
#[derive(Clone, Debug, PartialEq)]
pub struct Ref {
    pub urn: String,
    /// `Value::Null` for a component, which has no id.
    pub id: Value,
}

/// The keys and marks of special values in a Pulumi deployment, which our
/// state uses too.
pub const SIGNATURE: &str = "4dabf18193072939515e22adb298388d";
pub const SECRET_MARK: &str = "1b47061264138c4ac30d75fd1eb44270";
const ASSET_MARK: &str = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE_MARK: &str = "0def7320c3a5731c473e5ecbe6d01bc7";
const REF_MARK: &str = "5cf8f73096256a8f31e491e813e4eb8e";
const OUTPUT_MARK: &str = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

impl Value {
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    pub fn secret(value: Self) -> Self {
        match value {
            Self::Secret(_) => value,
            other => Self::Secret(Secret(Box::new(other))),
        }
    }

    pub fn unknown(from: impl Into<String>) -> Self {
        Self::Unknown(Unknown { from: from.into() })
    }

    /// The value without its secret wrapper; only the outermost is removed.
    pub fn bare(&self) -> &Self {
        match self {
            Self::Secret(secret) => secret.0.bare(),
            other => other,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.bare(), Self::Null)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self.bare() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.bare() {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self.bare() {
            Self::Number(number) => whole(number),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self.bare() {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Self]> {
        match self.bare() {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// A top-level property of a map; `None` when absent or null.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key).filter(|it| !it.is_null())
    }

    /// The first unknown inside, by which a user is told what is awaited.
    pub fn first_unknown(&self) -> Option<&Unknown> {
        match self {
            Self::Unknown(unknown) => Some(unknown),
            Self::Secret(secret) => secret.0.first_unknown(),
            Self::List(list) => list.iter().find_map(Self::first_unknown),
            Self::Map(map) => map.values().find_map(Self::first_unknown),
            Self::Ref(it) => it.id.first_unknown(),
            _ => None,
        }
    }

    pub fn is_known(&self) -> bool {
        self.first_unknown().is_none()
    }

    pub fn has_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::List(list) => list.iter().any(Self::has_secret),
            Self::Map(map) => map.values().any(Self::has_secret),
            Self::Ref(it) => it.id.has_secret(),
            _ => false,
        }
    }

    /// Plain JSON for a provider: secrets in clear, references as ids, assets
    /// in their marked form. Nothing inside may be unknown.
    pub fn reveal(&self) -> Json {
        match self {
            Self::Secret(secret) => secret.0.reveal(),
            Self::List(list) => list.iter().map(Self::reveal).collect(),
            Self::Map(map) => {
                Json::Object(map.iter().map(|(key, value)| (key.clone(), value.reveal())).collect())
            }
            Self::Ref(it) if it.id.is_null() => Json::String(it.urn.clone()),
            Self::Ref(it) => it.id.reveal(),
            Self::Unknown(it) => unreachable!("`{}` was revealed before it was known", it.from),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Asset(_) => {
                self.to_state()
            }
        }
    }

    /// JSON as the state keeps it, with secrets still in clear under their
    /// mark: `store::crypt` encrypts each before it is written.
    pub fn to_state(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Number(number) => Json::Number(number.clone()),
            Self::String(text) => Json::String(text.clone()),
            Self::List(list) => list.iter().map(Self::to_state).collect(),
            Self::Map(map) => Json::Object(
                map.iter().map(|(key, value)| (key.clone(), value.to_state())).collect(),
            ),
            Self::Secret(it) => json!({ SIGNATURE: SECRET_MARK, "plaintext": it.0.to_state() }),
            Self::Unknown(it) => json!({ SIGNATURE: OUTPUT_MARK, "from": it.from }),
            Self::Asset(it) => it.to_state(),
            Self::Ref(it) => {
                json!({ SIGNATURE: REF_MARK, "urn": it.urn, "id": it.id.to_state() })
            }
        }
    }

    /// The reverse of `to_state`, and of plain JSON.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => Self::Number(number.clone()),
            Json::String(text) => Self::String(text.clone()),
            Json::Array(list) => Self::List(list.iter().map(Self::from_json).collect()),
            Json::Object(map) => match map.get(SIGNATURE).and_then(Json::as_str) {
                Some(SECRET_MARK) if map.contains_key("plaintext") => {
                    Self::secret(Self::from_json(&map["plaintext"]))
                }
                Some(OUTPUT_MARK) => Self::unknown(text_of(map.get("from"))),
                Some(REF_MARK) => Self::Ref(Box::new(Ref {
                    urn: text_of(map.get("urn")),
                    id: map.get("id").map_or(Self::Null, Self::from_json),
                })),
                Some(ASSET_MARK | ARCHIVE_MARK) => {
                    Asset::from_state(map).map_or(Self::Null, Self::Asset)
                }
                _ => Self::Map(
                    map.iter().map(|(key, value)| (key.clone(), Self::from_json(value))).collect(),
                ),
            },
        }
    }

    /// JSON to print: secrets and unknowns as words.
    pub fn to_display(&self) -> Json {
        match self {
            Self::Secret(_) => Json::String("[secret]".to_owned()),
            Self::Unknown(_) => Json::String("[unknown]".to_owned()),
            Self::List(list) => list.iter().map(Self::to_display).collect(),
            Self::Map(map) => Json::Object(
                map.iter().map(|(key, value)| (key.clone(), value.to_display())).collect(),
            ),
            Self::Ref(it) => it.id.to_display(),
            other => other.to_state(),
        }
    }

    /// Every secret text inside, to scrub from messages that others write.
    pub fn secret_texts(&self, into: &mut Vec<String>) {
        match self {
            Self::Secret(secret) => secret.0.leaf_texts(into),
            Self::List(list) => list.iter().for_each(|it| it.secret_texts(into)),
            Self::Map(map) => map.values().for_each(|it| it.secret_texts(into)),
            _ => {}
        }
    }

    /// A text from elsewhere without the secrets of this value in it. Very
    /// short ones are left: they would take any text apart.
    pub fn scrub(&self, text: String) -> String {
        const SHORTEST: usize = 4;
        let mut secrets = Vec::new();
        self.secret_texts(&mut secrets);
        // As a JSON document would show it, too.
        let quoted = |it: &String| serde_json::to_string(it).unwrap_or_default();
        let quoted: Vec<String> =
            secrets.iter().map(|it| quoted(it).trim_matches('"').to_owned()).collect();
        secrets.extend(quoted);
        secrets.retain(|it| it.chars().count() >= SHORTEST);
        secrets.sort_by_key(|it| std::cmp::Reverse(it.len()));
        secrets.iter().fold(text, |text, secret| text.replace(secret, "[secret]"))
    }

    fn leaf_texts(&self, into: &mut Vec<String>) {
        match self {
            Self::String(text) => into.push(text.clone()),
            Self::Number(number) => into.push(number.to_string()),
            Self::Secret(secret) => secret.0.leaf_texts(into),
            Self::List(list) => list.iter().for_each(|it| it.leaf_texts(into)),
            Self::Map(map) => map.values().for_each(|it| it.leaf_texts(into)),
            Self::Asset(it) => it.clone().texts_mut(&mut |text| into.push(std::mem::take(text))),
            _ => {}
        }
    }
}

/// A number as an integer, if it has no fraction and fits.
pub fn whole(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        let fits = float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
        fits.then_some(float as i64)
    })
}

fn text_of(json: Option<&Json>) -> String {
    json.and_then(Json::as_str).unwrap_or_default().to_owned()
}

impl Asset {
    /// The same, by the bytes that are in it.
    pub fn hashed(self, bytes: &[u8]) -> Self {
        let hash = Sha256::digest(bytes).iter().map(|it| format!("{it:02x}")).collect();
        Self { hash, ..self }
    }

    /// From somewhere, not looked at yet.
    pub fn new(source: Source) -> Self {
        Self { source, hash: String::new() }
    }

    /// What a service holds.
    pub fn uploaded(hash: impl Into<String>) -> Self {
        Self { source: Source::Uploaded, hash: hash.into() }
    }

    pub fn is_archive(&self) -> bool {
        use Source::{Archive, FileArchive, RemoteArchive, Uploaded};
        matches!(self.source, FileArchive(_) | RemoteArchive(_) | Archive(_) | Uploaded)
    }

    /// Whether both are the same bytes, wherever these are.
    pub fn is_same(&self, other: &Self) -> bool {
        if self.hash.is_empty() || other.hash.is_empty() {
            return self.source == other.source;
        }
        self.hash == other.hash
    }

    /// What is written out in it.
    fn texts_mut(&mut self, on: &mut dyn FnMut(&mut String)) {
        match &mut self.source {
            Source::Text(text) => on(text),
            Source::Archive(parts) => parts.values_mut().for_each(|it| it.texts_mut(on)),
            _ => {}
        }
    }

    fn to_state(&self) -> Json {
        let mark = if self.is_archive() { ARCHIVE_MARK } else { ASSET_MARK };
        let mut json = json!({ SIGNATURE: mark });
        if !self.hash.is_empty() {
            json["hash"] = self.hash.as_str().into();
        }
        match &self.source {
            Source::Text(text) => json["text"] = text.as_str().into(),
            Source::File(path) | Source::FileArchive(path) => json["path"] = path.as_str().into(),
            Source::Remote(uri) | Source::RemoteArchive(uri) => json["uri"] = uri.as_str().into(),
            Source::Archive(parts) => {
                let parts = parts.iter().map(|(path, part)| (path.clone(), part.to_state()));
                json["assets"] = Json::Object(parts.collect());
            }
            Source::Uploaded => {}
        }
        json
    }

    fn from_state(map: &serde_json::Map<String, Json>) -> Option<Self> {
        let archive = map.get(SIGNATURE)?.as_str()? == ARCHIVE_MARK;
        let text = |key: &str| map.get(key).and_then(Json::as_str).map(str::to_owned);
        let hash = text("hash").unwrap_or_default();
        if let Some(parts) = map.get("assets").and_then(Json::as_object) {
            let parts = parts.iter().filter_map(|(path, part)| {
                Some((path.clone(), Self::from_state(part.as_object()?)?))
            });
            return Some(Self { source: Source::Archive(parts.collect()), hash });
        }
        let source = match (archive, text("text"), text("path"), text("uri")) {
            (false, Some(text), _, _) => Source::Text(text),
            (false, _, Some(path), _) => Source::File(path),
            (false, _, _, Some(uri)) => Source::Remote(uri),
            (true, _, Some(path), _) => Source::FileArchive(path),
            (true, _, _, Some(uri)) => Source::RemoteArchive(uri),
            (true, _, _, None) if !hash.is_empty() => Source::Uploaded,
            _ => return None,
        };
        Some(Self { source, hash })
    }
}

/// As Pulumi shows it, `archive(file:60303ae) { ./app }`; never a text.
impl std::fmt::Display for Asset {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, at) = match &self.source {
            Source::Text(_) => ("text", None),
            Source::File(path) | Source::FileArchive(path) => ("file", Some(path)),
            Source::Remote(uri) | Source::RemoteArchive(uri) => ("uri", Some(uri)),
            Source::Archive(_) => ("assets", None),
            Source::Uploaded => ("uploaded", None),
        };
        let word = if self.is_archive() { "archive" } else { "asset" };
        let hash = self.hash.get(..7).unwrap_or(&self.hash);
        write!(out, "{word}({kind}:{hash})")?;
        at.map_or(Ok(()), |at| write!(out, " {{ {at} }}"))
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_let_out_whole() {
        let inside = Value::from_json(&json!({ "a": ["b"], "c": 1 }));
        let Value::Secret(secret) = Value::secret(inside.clone()) else {
            unreachable!("it was made one")
        };
        assert_eq!(secret.into_inner(), inside);
    }
}
