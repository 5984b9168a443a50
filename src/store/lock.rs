//! One writer per stack, by a lock that dies with its process.

use std::{
    fs::{self, File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Error, keys::private};

/// Who holds a lock, for whoever meets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub pid: u32,
    pub user: String,
    pub host: String,
    pub command: String,
    pub since: String,
}

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    file: Arc<File>,
    /// The last owner, when it died without letting go.
    pub took_over: Option<Owner>,
}

impl Lock {
    pub(super) fn take(path: &Path, owner: &Owner) -> Result<Self, Error> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = private().create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked(owner_of(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let took_over = owner_of(&mut file);
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(serde_json::to_string(owner)?.as_bytes())?;
        file.flush()?;
        Ok(Self { file: Arc::new(file), took_over })
    }

    /// Lets go in place of a drop, for when the process ends without one.
    pub fn letting_go(&self) -> impl FnOnce() + Send + 'static {
        let file = Arc::downgrade(&self.file);
        move || {
            if let Some(file) = file.upgrade() {
                drop(file.set_len(0));
            }
        }
    }
}

impl Lock {
    /// Who holds a lock now. Takes it for an instant, shared, and leaves no mark.
    pub(super) fn holder(path: &Path) -> Option<Owner> {
        let mut file = File::open(path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => owner_of(&mut file),
            _ => None,
        }
    }
}

fn owner_of(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

impl Drop for Lock {
    /// An empty file is a lock that was let go.
    fn drop(&mut self) {
        drop(self.file.set_len(0));
    }
}
