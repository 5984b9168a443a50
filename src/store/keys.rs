//! Where keys come from: a file of the user's own, a passphrase, or a key
//! service that alone can open them.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
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
    pub service: Option<Arc<dyn KeyService>>,
}

/// A service that seals keys and is the only one to open them again: AWS KMS.
/// `url` says which of its keys, as Pulumi writes it.
pub trait KeyService: Send + Sync {
    fn seal(&self, url: &str, key: &Key) -> Result<String, Refusal>;
    fn open(&self, url: &str, sealed: &str) -> Result<Key, Refusal>;
}

/// Why a key service did not do it.
pub type Refusal = Box<dyn std::error::Error + Send + Sync>;

const KEY_FILE: &str = "keyfile";
const PASSPHRASE: &str = "passphrase";
const SERVICE: &str = "service";

/// What a stack is locked with.
#[derive(Clone)]
pub enum NewLock {
    KeyFile,
    Passphrase(Zeroizing<String>),
    /// A key of the key service.
    Service(String),
}

/// A master key, and what is kept to have it again: the kind of its lock, and
/// what that needs to know (a passphrase's salt; a service's key, and the
/// sealed master key).
pub(super) struct Locked {
    pub(super) kind: &'static str,
    pub(super) salt: Option<String>,
    pub(super) master: Key,
}

/// What a user calls the kinds of locks.
pub(super) fn kind_words(kind: &str) -> &'static str {
    match kind {
        PASSPHRASE => "passphrase",
        SERVICE => "key of the key service",
        _ => "key file",
    }
}

impl Keyring {
    /// What something new is locked with unless it says otherwise: a
    /// passphrase where the user has set one, else the key file.
    pub fn usual_lock(&self) -> NewLock {
        self.passphrase.clone().map_or(NewLock::KeyFile, NewLock::Passphrase)
    }

    pub(super) fn lock(&self, lock: &NewLock) -> Result<Locked, Error> {
        let (kind, salt, master) = match lock {
            NewLock::KeyFile => (KEY_FILE, None, self.file_key()?),
            NewLock::Passphrase(passphrase) => {
                let mut salt = [0_u8; 16];
                getrandom::fill(&mut salt).map_err(|it| Error::Key(it.to_string()))?;
                (PASSPHRASE, Some(BASE64.encode(salt)), stretched(passphrase, &salt))
            }
            NewLock::Service(url) => {
                let master = new_key()?;
                let service = self.service()?;
                let sealed = service.seal(url, &master).map_err(Error::KeyService)?;
                // Who may seal may not be allowed to open: better told now.
                if service.open(url, &sealed).map_err(Error::KeyService)? != master {
                    let message = "the key service does not give back the key that it sealed";
                    return Err(Error::Key(message.to_owned()));
                }
                (SERVICE, Some(format!("{url} {sealed}")), master)
            }
        };
        Ok(Locked { kind, salt, master })
    }

    /// The service that some keys need.
    pub fn service(&self) -> Result<&dyn KeyService, Error> {
        let missing = "this key can be opened by a key service only, and there is none here";
        self.service.as_deref().ok_or_else(|| Error::Key(missing.to_owned()))
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
                Ok(stretched(passphrase, &salt))
            }
            SERVICE => {
                let (url, sealed) = salt
                    .and_then(|it| it.rsplit_once(' '))
                    .ok_or_else(|| Error::Key("the stack's sealed key is damaged".to_owned()))?;
                self.service()?.open(url, sealed).map_err(Error::KeyService)
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
                let text = Zeroizing::new(BASE64.encode(&new_key()?[..]));
                write_new(path, &text).map_err(|it| wrong(it.to_string()))?;
                // Another process may have been first: its key counts.
                self.file_key()
            }
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

pub fn new_key() -> Result<Key, Error> {
    let mut key = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut key[..]).map_err(|it| Error::Key(it.to_string()))?;
    Ok(key)
}

fn stretched(passphrase: &str, salt: &[u8]) -> Key {
    let mut key = Zeroizing::new([0_u8; 32]);
    pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), salt, 1_000_000, &mut key[..]);
    key
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
