//! `secure:` values of stack files: a passphrase in Pulumi's own format, or
//! the key file.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use zeroize::Zeroizing;

use super::{Runtime, session};
use crate::{
    lang::{
        config::{StackFile, edit},
        secure::Cipher,
    },
    store::Keyring,
};

/// What `secretsprovider` says of a stack file that the key file unlocks.
pub(super) const KEY_FILE: &str = "orderinfra";

/// Opens `secure:` values of one stack file; the key is fetched at the first.
pub(super) fn decrypter(
    file: &StackFile,
    runtime: &Runtime,
) -> impl Fn(&str) -> Result<String, String> + use<> {
    let keyring = session::keyring(runtime).map_err(|it| it.message);
    let file = file.clone();
    let cipher = std::cell::OnceCell::new();
    move |text| {
        let cipher = cipher.get_or_init(|| open(&file, keyring.as_ref().map_err(Clone::clone)?));
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
        Some(other) => Err(format!(
            "the deployment is encrypted by the secrets provider `{}`; export it with `pulumi stack export --show-secrets`",
            other.escape_debug()
        )),
        None => Err("the deployment does not say how its secrets are encrypted".to_owned()),
    }
}

/// Top-level entries of a stack file: name and value.
type Entries = Vec<(&'static str, String)>;

/// A cipher for a stack file that has none yet, and the top-level entries
/// (name, value) that let it be found again.
pub(super) fn begin(file: &StackFile, keyring: &Keyring) -> Result<(Cipher, Entries), String> {
    if file.encryption_salt.is_some() || file.encrypted_key.is_some() {
        return Ok((open(file, keyring)?, Vec::new()));
    }
    if let Some(passphrase) = &keyring.passphrase {
        let mut failed = None;
        let (cipher, salt) = Cipher::new_passphrase(passphrase, &mut |bytes| {
            failed = getrandom::fill(bytes).err();
        });
        return match failed {
            Some(error) => Err(format!("no randomness: {error}")),
            None => Ok((cipher, vec![("encryptionsalt", salt)])),
        };
    }
    let mut key = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut key[..]).map_err(|it| format!("no randomness: {it}"))?;
    let master = keyring.file_key().map_err(|it| it.to_string())?;
    let sealed =
        Cipher::from_key(*master).encrypt(&Zeroizing::new(BASE64.encode(&key[..])), nonce()?);
    let entries = vec![("secretsprovider", KEY_FILE.to_owned()), ("encryptedkey", sealed)];
    Ok((Cipher::from_key(*key), entries))
}

/// A stack file whose secrets are encrypted anew, with another cipher.
pub(super) fn encrypt_anew(
    text: &str,
    file: &StackFile,
    keyring: &Keyring,
    new: &Keyring,
) -> Result<String, String> {
    let old = open(file, keyring)?;
    let (cipher, entries) = begin(&StackFile::default(), new)?;
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
