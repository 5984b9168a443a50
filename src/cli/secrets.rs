//! `secure:` values of stack files: a passphrase or a key of AWS KMS in
//! Pulumi's own format, or the key file.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::json;
use zeroize::Zeroizing;

use super::kms;
use crate::{
    lang::{
        config::{StackFile, edit},
        secure::Cipher,
    },
    store::{Key, Keyring, NewLock, new_key},
};

/// What `secretsprovider` says of a stack file that the key file unlocks.
const KEY_FILE: &str = "orderinfra";

/// What a deployment calls all key services.
const CLOUD: &str = "cloud";

/// Opens `secure:` values of one stack file; the key is fetched at the first.
pub(super) fn decrypter(
    file: &StackFile,
    keyring: &Keyring,
) -> impl Fn(&str) -> Result<String, String> + use<> {
    let (file, keyring) = (file.clone(), keyring.clone());
    let cipher = std::cell::OnceCell::new();
    move |text| {
        let cipher = cipher.get_or_init(|| open(&file, &keyring));
        let cipher = cipher.as_ref().map_err(Clone::clone)?;
        cipher.decrypt(text).map_err(|it| it.to_string())
    }
}

fn open(file: &StackFile, keyring: &Keyring) -> Result<Cipher, String> {
    if let Some(salt) = &file.encryption_salt {
        let passphrase = keyring.passphrase.as_ref().ok_or(
            "this stack file is encrypted with a passphrase; set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
        )?;
        return Cipher::from_passphrase(passphrase, salt).map_err(|it| it.to_string());
    }
    match (file.secrets_provider.as_deref(), &file.encrypted_key) {
        (Some(KEY_FILE), Some(sealed)) => {
            let master = keyring.file_key().map_err(|it| it.to_string())?;
            let key = Cipher::from_key(*master)
                .decrypt(sealed)
                .map(Zeroizing::new)
                .map_err(|_| "this stack file was encrypted with another key file".to_owned())?;
            let key = BASE64.decode(&*key).ok().map(Zeroizing::new);
            let key = key.and_then(|it| <[u8; 32]>::try_from(&it[..]).ok());
            key.map(Cipher::from_key).ok_or_else(|| "its `encryptedkey` is damaged".to_owned())
        }
        (Some(url), Some(sealed)) if kms::is_url(url) => {
            let service = keyring.service().map_err(|it| it.to_string())?;
            let key = service.open(url, sealed).map_err(|it| it.to_string())?;
            Ok(Cipher::from_key(*key))
        }
        (Some(other), _) => Err(format!("the secrets provider `{other}` is not supported")),
        (None, _) => Err("there is neither `encryptionsalt` nor `encryptedkey`".to_owned()),
    }
}

/// What opens the secrets of a deployment, by its `secrets_providers`.
pub(super) fn of_deployment(
    provider: &serde_json::Value,
    keyring: &Keyring,
) -> Result<Cipher, String> {
    let text = |name: &str| provider["state"][name].as_str().map(str::to_owned);
    match provider["type"].as_str() {
        Some("passphrase") if keyring.passphrase.is_none() => Err(
            "the deployment is encrypted with a passphrase; set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"
                .to_owned(),
        ),
        Some("passphrase") => {
            open(&StackFile { encryption_salt: text("salt"), ..StackFile::default() }, keyring)
        }
        Some(KEY_FILE) => {
            let secrets_provider = Some(KEY_FILE.to_owned());
            let encrypted_key = text("encryptedkey");
            open(&StackFile { secrets_provider, encrypted_key, ..StackFile::default() }, keyring)
        }
        Some(CLOUD) => {
            let (secrets_provider, encrypted_key) = (text("url"), text("encryptedkey"));
            open(&StackFile { secrets_provider, encrypted_key, ..StackFile::default() }, keyring)
        }
        Some(other) => Err(format!(
            "the deployment is encrypted by the secrets provider `{}`; export it with `pulumi stack export --show-secrets`",
            other.escape_debug()
        )),
        None => Err("the deployment does not say how its secrets are encrypted".to_owned()),
    }
}

/// Top-level entries of a stack file: name and value.
type Entries = Vec<(&'static str, String)>;

/// What encrypts what is new in a stack: what its file says, else what is
/// usual here.
pub(super) fn lock_of(file: &StackFile, keyring: &Keyring) -> NewLock {
    let url = file.secrets_provider.as_ref().filter(|it| kms::is_url(it));
    url.map_or_else(|| keyring.usual_lock(), |url| NewLock::Service(url.clone()))
}

/// A cipher for a stack file that may have none yet, and the top-level entries
/// (name, value) that let it be found again.
pub(super) fn begin(file: &StackFile, keyring: &Keyring) -> Result<(Cipher, Entries), String> {
    if file.encryption_salt.is_some() || file.encrypted_key.is_some() {
        return Ok((open(file, keyring)?, Vec::new()));
    }
    new_cipher(&lock_of(file, keyring), keyring)
}

/// A new cipher, and the entries for it.
pub(super) fn new_cipher(lock: &NewLock, keyring: &Keyring) -> Result<(Cipher, Entries), String> {
    let with = |provider: &str, key: &Key, sealed| {
        let entries = vec![("secretsprovider", provider.to_owned()), ("encryptedkey", sealed)];
        (Cipher::from_key(**key), entries)
    };
    match lock {
        NewLock::Passphrase(passphrase) => {
            let mut failed = None;
            let (cipher, salt) = Cipher::new_passphrase(passphrase, &mut |bytes| {
                failed = getrandom::fill(bytes).err();
            });
            match failed {
                Some(error) => Err(format!("no randomness: {error}")),
                None => Ok((cipher, vec![("encryptionsalt", salt)])),
            }
        }
        NewLock::KeyFile => {
            let key = new_key().map_err(|it| it.to_string())?;
            let master = keyring.file_key().map_err(|it| it.to_string())?;
            let text = Zeroizing::new(BASE64.encode(&key[..]));
            let sealed = Cipher::from_key(*master).encrypt(&text, nonce()?);
            Ok(with(KEY_FILE, &key, sealed))
        }
        NewLock::Service(url) => {
            let key = new_key().map_err(|it| it.to_string())?;
            let service = keyring.service().map_err(|it| it.to_string())?;
            let sealed = service.seal(url, &key).map_err(|it| it.to_string())?;
            Ok(with(url, &key, sealed))
        }
    }
}

/// How a deployment says what encrypts it: by a stack file's entries.
pub(super) fn for_deployment(file: &StackFile, new: &Entries) -> serde_json::Value {
    let entry = |name: &str, known: &Option<String>| {
        let new = new.iter().find(|(it, _)| *it == name).map(|(_, value)| value.clone());
        new.or_else(|| known.clone())
    };
    if let Some(salt) = entry("encryptionsalt", &file.encryption_salt) {
        return json!({ "type": "passphrase", "state": { "salt": salt } });
    }
    let key = entry("encryptedkey", &file.encrypted_key);
    match entry("secretsprovider", &file.secrets_provider) {
        Some(url) if kms::is_url(&url) => {
            json!({ "type": CLOUD, "state": { "url": url, "encryptedkey": key } })
        }
        _ => json!({ "type": KEY_FILE, "state": { "encryptedkey": key } }),
    }
}

/// A stack file whose secrets are encrypted anew, with another cipher.
pub(super) fn encrypt_anew(
    text: &str,
    file: &StackFile,
    keyring: &Keyring,
    lock: &NewLock,
) -> Result<String, String> {
    let old = open(file, keyring)?;
    let (cipher, entries) = new_cipher(lock, keyring)?;
    let mut text = edit::encrypt_anew(text, &mut |sealed| {
        let plain = Zeroizing::new(old.decrypt(sealed).map_err(|it| it.to_string())?);
        Ok(cipher.encrypt(&plain, nonce()?))
    })?;
    for name in ["encryptionsalt", "encryptedkey", "secretsprovider"] {
        let new = entries.iter().find(|(it, _)| *it == name).map(|(_, value)| &**value);
        text = edit::set_top(&text, name, new)?;
    }
    Ok(text)
}

pub(super) fn nonce() -> Result<[u8; 12], String> {
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).map_err(|it| format!("no randomness: {it}"))?;
    Ok(nonce)
}
