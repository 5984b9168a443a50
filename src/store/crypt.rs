//! Secrets at rest: XChaCha20-Poly1305, bound to stack, resource and path, so
//! that a ciphertext copied elsewhere is refused.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use crate::model::value::{SECRET_MARK, SIGNATURE};

/// A 32-byte key that is wiped when it goes.
pub type Key = Zeroizing<[u8; 32]>;

pub(super) struct Crypt {
    cipher: XChaCha20Poly1305,
}

impl Crypt {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(key.into()) }
    }

    /// The text `nonce || ciphertext` in Base64.
    pub(super) fn seal(&self, plain: &[u8], bound_to: &str) -> Result<String, String> {
        let mut nonce = [0_u8; 24];
        getrandom::fill(&mut nonce).map_err(|it| format!("no randomness: {it}"))?;
        let payload = Payload { msg: plain, aad: bound_to.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| "a secret could not be encrypted".to_owned())?;
        Ok(BASE64.encode([&nonce[..], &sealed[..]].concat()))
    }

    pub(super) fn open(&self, text: &str, bound_to: &str) -> Result<Zeroizing<Vec<u8>>, String> {
        let broken = || {
            format!(
                "a secret at `{bound_to}` cannot be decrypted: it was written with another key, or moved"
            )
        };
        let bytes = BASE64.decode(text).map_err(|_| broken())?;
        let (nonce, sealed) = bytes.split_at_checked(24).ok_or_else(broken)?;
        let nonce = <[u8; 24]>::try_from(nonce).map_err(|_| broken())?;
        let payload = Payload { msg: sealed, aad: bound_to.as_bytes() };
        let plain = self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| broken())?;
        Ok(Zeroizing::new(plain))
    }

    /// State JSON with every secret encrypted.
    pub(super) fn seal_json(&self, json: &Json, at: &str) -> Result<Json, String> {
        match json {
            Json::Object(map) if map.get(SIGNATURE).is_some_and(|it| it == SECRET_MARK) => {
                let Some(plain) = map.get("plaintext") else { return Ok(json.clone()) };
                let plain = Zeroizing::new(plain.to_string());
                let sealed = self.seal(plain.as_bytes(), at)?;
                Ok(json!({ SIGNATURE: SECRET_MARK, "ciphertext": sealed }))
            }
            Json::Object(map) => {
                let entries = map.iter().map(|(key, value)| {
                    Ok((key.clone(), self.seal_json(value, &format!("{at}/{key}"))?))
                });
                entries.collect::<Result<_, String>>().map(Json::Object)
            }
            Json::Array(list) => {
                let items = list.iter().enumerate();
                let items = items.map(|(place, it)| self.seal_json(it, &format!("{at}/{place}")));
                items.collect::<Result<_, _>>().map(Json::Array)
            }
            other => Ok(other.clone()),
        }
    }

    /// The reverse of `seal_json`.
    pub(super) fn open_json(&self, json: &Json, at: &str) -> Result<Json, String> {
        match json {
            Json::Object(map) if map.get(SIGNATURE).is_some_and(|it| it == SECRET_MARK) => {
                let Some(sealed) = map.get("ciphertext").and_then(Json::as_str) else {
                    return Ok(json.clone());
                };
                let plain = self.open(sealed, at)?;
                let plain: Json = serde_json::from_slice(&plain)
                    .map_err(|_| format!("a secret at `{at}` is damaged"))?;
                Ok(json!({ SIGNATURE: SECRET_MARK, "plaintext": plain }))
            }
            Json::Object(map) => {
                let entries = map.iter().map(|(key, value)| {
                    Ok((key.clone(), self.open_json(value, &format!("{at}/{key}"))?))
                });
                entries.collect::<Result<_, String>>().map(Json::Object)
            }
            Json::Array(list) => {
                let items = list.iter().enumerate();
                let items = items.map(|(place, it)| self.open_json(it, &format!("{at}/{place}")));
                items.collect::<Result<_, _>>().map(Json::Array)
            }
            other => Ok(other.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    #[test]
    fn secrets_are_sealed_and_bound_to_their_place() {
        let crypt = Crypt::new(&[1; 32]);
        let value = Value::from_json(&json!({"open": "a", "list": [1]}));
        let Value::Map(mut map) = value else { unreachable!("it was a map") };
        map.insert("password".to_owned(), Value::secret("hunter2hunter2".into()));
        let json = Value::Map(map).to_state();
        let sealed = crypt.seal_json(&json, "stack/urn").expect("sealed");
        assert!(!sealed.to_string().contains("hunter2"));
        assert_eq!(crypt.open_json(&sealed, "stack/urn"), Ok(json));
        assert!(crypt.open_json(&sealed, "stack/other").is_err());
        assert!(Crypt::new(&[2; 32]).open_json(&sealed, "stack/urn").is_err());
    }
}
