//! `secure:` values of stack files: a passphrase in Pulumi's own format, or
//! the key file.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use super::{Runtime, session};
use crate::{
    lang::{config::StackFile, secure::Cipher},
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
                .map_err(|_| "this stack file was encrypted with another key file".to_owned())?;
            let key = BASE64.decode(key).ok().and_then(|it| <[u8; 32]>::try_from(it).ok());
            key.map(Cipher::from_key).ok_or_else(|| "its `encryptedkey` is damaged".to_owned())
        }
        (Some(other), _) => Err(format!("the secrets provider `{other}` is not supported")),
        (None, _) => {
            Err("the stack file has neither `encryptionsalt` nor `encryptedkey`".to_owned())
        }
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
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key).map_err(|it| format!("no randomness: {it}"))?;
    let master = keyring.file_key().map_err(|it| it.to_string())?;
    let sealed = Cipher::from_key(*master).encrypt(&BASE64.encode(key), nonce()?);
    let entries = vec![("secretsprovider", KEY_FILE.to_owned()), ("encryptedkey", sealed)];
    Ok((Cipher::from_key(key), entries))
}

pub(super) fn nonce() -> Result<[u8; 12], String> {
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).map_err(|it| format!("no randomness: {it}"))?;
    Ok(nonce)
}
