//! Where keys come from: a file of the user's own, or a passphrase.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Error, crypt::Key};

/// What unlocks the keys of stacks.
#[derive(Clone, Default)]
pub struct Keyring {
    /// `~/.config/orderinfra/key`
    pub key_file: PathBuf,
    pub passphrase: Option<Zeroizing<String>>,
}

pub(super) const KEY_FILE: &str = "keyfile";
pub(super) const PASSPHRASE: &str = "passphrase";

/// What a stack is to be locked with from now on.
pub enum NewLock {
    KeyFile,
    Passphrase(Zeroizing<String>),
}

impl Keyring {
    /// The kind, the salt and the master key of a new lock.
    pub(super) fn master_for(
        &self,
        lock: &NewLock,
    ) -> Result<(&'static str, Option<String>, Key), Error> {
        let passphrase = match lock {
            NewLock::KeyFile => None,
            NewLock::Passphrase(text) => Some(text.clone()),
        };
        let keyring = Self { passphrase, ..self.clone() };
        let (kind, salt) = keyring.kind_for_new()?;
        let master = keyring.master(kind, salt.as_deref())?;
        Ok((kind, salt, master))
    }

    /// What a new stack is locked with: a passphrase where the user has set
    /// one, else the key file. The second is the salt.
    pub(super) fn kind_for_new(&self) -> Result<(&'static str, Option<String>), Error> {
        if self.passphrase.is_none() {
            return Ok((KEY_FILE, None));
        }
        let mut salt = [0_u8; 16];
        getrandom::fill(&mut salt).map_err(|it| Error::Key(it.to_string()))?;
        Ok((PASSPHRASE, Some(BASE64.encode(salt))))
    }

    pub(super) fn master(&self, kind: &str, salt: Option<&str>) -> Result<Key, Error> {
        match kind {
            KEY_FILE => self.file_key(),
            PASSPHRASE => {
                let Some(passphrase) = &self.passphrase else {
                    return Err(Error::Key(
                        "this stack is locked with a passphrase; set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"
                            .to_owned(),
                    ));
                };
                let salt = BASE64
                    .decode(salt.unwrap_or_default())
                    .map_err(|_| Error::Key("the stack's salt is damaged".to_owned()))?;
                let mut key = Zeroizing::new([0_u8; 32]);
                pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), &salt, 1_000_000, &mut key[..]);
                Ok(key)
            }
            other => Err(Error::Key(format!(
                "the stack is locked with `{other}`, which this version does not know"
            ))),
        }
    }

    /// The key of the user's own file, made at first use.
    pub fn file_key(&self) -> Result<Key, Error> {
        let path = &self.key_file;
        let wrong = |why: String| Error::Key(format!("the key file {}: {why}", path.display()));
        match fs::read_to_string(path).map(Zeroizing::new) {
            Ok(text) => {
                let bytes =
                    Zeroizing::new(BASE64.decode(text.trim()).map_err(|it| wrong(it.to_string()))?);
                let key = <[u8; 32]>::try_from(&bytes[..]);
                key.map(Zeroizing::new).map_err(|_| wrong("is not 32 bytes long".to_owned()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut key = Zeroizing::new([0_u8; 32]);
                getrandom::fill(&mut key[..]).map_err(|it| wrong(it.to_string()))?;
                let text = Zeroizing::new(BASE64.encode(&key[..]));
                write_new(path, &text).map_err(|it| wrong(it.to_string()))?;
                // Another process may have been first: its key counts.
                self.file_key()
            }
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

/// Whole or not at all, readable by its owner only, never over an old one.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".key-{}", std::process::id()));
    let mut file = private().create(true).truncate(true).open(&draft)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Options for a file that only its owner may read.
pub(super) fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
