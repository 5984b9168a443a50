//! What a program uploads, as a resource file gets it.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use tokio::sync::Semaphore;

use super::{Cx, Error, Kind, Result};
use crate::model::{Value, value};

/// Where the bytes of assets come from.
#[derive(Clone)]
pub struct Assets(Arc<Read>);

type Read = dyn Fn(&value::Asset) -> std::result::Result<Vec<u8>, String> + Send + Sync;

/// How many are packed at a time: each is whole in memory, and takes a core.
static PACKING: Semaphore = Semaphore::const_new(4);

impl Assets {
    pub fn new(
        read: impl Fn(&value::Asset) -> std::result::Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(read))
    }

    /// The asset with the hash of what is in it now.
    pub async fn hashed(&self, asset: value::Asset) -> std::result::Result<value::Asset, String> {
        let asset = value::Asset { hash: String::new(), ..asset };
        self.aside(move |read| Ok(asset.clone().hashed(&read(&asset)?))).await
    }

    /// Reads, packs and hashes on a thread for what takes long: the loop goes
    /// on with other steps.
    #[expect(clippy::disallowed_methods, reason = "the loop awaits it here")]
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Read) -> std::result::Result<T, String> + Send + 'static,
    ) -> std::result::Result<T, String> {
        let read = Arc::clone(&self.0);
        let turn = PACKING.acquire().await.map_err(|it| it.to_string())?;
        let work = move || {
            let done = work(&*read);
            // Here, for it goes on when nobody waits for it any more.
            drop(turn);
            done
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|broken| Err(broken.to_string()))
    }
}

/// Where there are no files.
impl Default for Assets {
    fn default() -> Self {
        Self::new(|_| Err("there are no files here".to_owned()))
    }
}

/// A file or a text to upload; an archive will do as well.
#[derive(Clone, Debug)]
pub struct Asset(value::Asset);

/// Files to upload as one zip file.
#[derive(Clone, Debug, PartialEq)]
pub struct Archive(Asset);

impl Asset {
    /// SHA-256 of the bytes, in hex digits.
    pub fn hash(&self) -> &str {
        &self.0.hash
    }

    /// What AWS holds, by the SHA-256 that it tells in base64.
    pub fn live(base64: &str) -> Result<Self> {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let broken = |_| Error::new(Kind::Broken, "", format!("`{base64}` is no hash"));
        let hash = BASE64_STANDARD.decode(base64).map_err(broken)?;
        let hash: String = hash.iter().map(|it| format!("{it:02x}")).collect();
        Ok(Self(value::Asset::uploaded(hash)))
    }

    /// The bytes, which are those that were planned with.
    pub async fn bytes(&self, cx: &Cx, property: &str) -> Result<Vec<u8>> {
        let asset = self.0.clone();
        let bytes = cx.assets.aside(move |read| read(&asset)).await;
        bytes.map_err(|why| Error::invalid(property, why))
    }
}

impl PartialEq for Asset {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }
}

impl Archive {
    /// What AWS holds, by the SHA-256 that it tells in base64.
    pub fn live(base64: &str) -> Result<Self> {
        Asset::live(base64).map(Self)
    }

    pub fn hash(&self) -> &str {
        self.0.hash()
    }

    pub async fn bytes(&self, cx: &Cx, property: &str) -> Result<Vec<u8>> {
        self.0.bytes(cx, property).await
    }
}

impl Serialize for Asset {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        Value::Asset(self.0.clone()).to_state().serialize(to)
    }
}

impl Serialize for Archive {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Asset {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        match Value::from_json(&serde_json::Value::deserialize(from)?) {
            Value::Asset(it) => Ok(Self(it)),
            _ => Err(D::Error::custom("expected an asset or an archive")),
        }
    }
}

impl<'de> Deserialize<'de> for Archive {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let asset = Asset::deserialize(from)?;
        match asset.0.is_archive() {
            true => Ok(Self(asset)),
            false => Err(D::Error::custom("expected an archive")),
        }
    }
}

impl JsonSchema for Asset {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Asset".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "asset" })
    }
}

impl JsonSchema for Archive {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Archive".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "archive" })
    }
}
