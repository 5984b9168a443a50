//! Copies of the state file: taken before a run changes it, and put back.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection,
    backup::{Backup as Copying, StepResult},
};

use super::{
    Error, Listed, Lock, Owner, Result, Store, at, keys,
    open::{self, beside},
};

/// How many backups stay.
pub const KEPT: usize = 10;

/// A copy of a state file, as its name tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    pub path: PathBuf,
    /// `20261121T045855Z`
    pub taken: String,
    /// The run that it was taken for.
    pub run: u64,
    pub bytes: u64,
    /// Which one of several with the same time and run.
    number: u64,
}

/// Where the backups of a state file are.
pub fn folder(state: &Path) -> PathBuf {
    state.parent().unwrap_or(Path::new("")).join("backups")
}

fn stem(state: &Path) -> String {
    state.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// `orderinfra-20261121T045855Z-12.db`; a second one of that name has `-2`
/// after it.
fn parse(stem: &str, name: &str) -> Option<(String, u64, u64)> {
    let rest = name.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(".db")?;
    let mut parts = rest.split('-');
    let taken = parts.next()?;
    let run = parts.next()?.parse().ok()?;
    let number = parts.next().map_or(Some(1), |it| it.parse().ok())?;
    let digits = taken.len() == 16 && taken.ends_with('Z') && taken.as_bytes()[8] == b'T';
    (digits && parts.next().is_none()).then(|| (taken.to_owned(), run, number))
}

/// The backups of a state file, the newest first.
pub fn list(state: &Path) -> Result<Vec<Backup>> {
    let stem = stem(state);
    let entries = match fs::read_dir(folder(state)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return at(&folder(state), Err(error.into())),
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if let Some((taken, run, number)) = name.to_str().and_then(|it| parse(&stem, it)) {
            let bytes = entry.metadata().map_or(0, |it| it.len());
            all.push(Backup { path: entry.path(), taken, run, bytes, number });
        }
    }
    let key = |it: &Backup| (it.taken.clone(), it.run, it.number);
    all.sort_by_key(|it| std::cmp::Reverse(key(it)));
    Ok(all)
}

impl Store {
    /// Copies the state as it is now, checks the copy from end to end, and
    /// lets go of the oldest. Nobody waits for it: readers and writers go on.
    pub fn back_up(&self, now: &str) -> Result<PathBuf> {
        let path = copy(&self.connection, &self.path, now, true);
        let path = match path {
            // What the copy shows of the state is the state's.
            Err(Error::Damaged(_)) => at(&self.path, path)?,
            _ => at(&folder(&self.path), path)?,
        };
        for old in list(&self.path)?.into_iter().skip(KEPT) {
            match fs::remove_file(&old.path) {
                // Another run may be letting go of it, too.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return at(&old.path, Err(error.into()));
                }
                _ => {}
            }
        }
        Ok(path)
    }
}

/// A copy under a name of its own, whole or not at all.
fn copy(from: &Connection, state: &Path, now: &str, check: bool) -> Result<PathBuf> {
    let folder = folder(state);
    fs::create_dir_all(&folder)?;
    let stem = stem(state);
    sweep(&folder, &stem);
    let draft = folder.join(format!(".{stem}-{}.part", std::process::id()));
    let result = draft_of(from, &draft, check).and_then(|_held| {
        let run = from
            .query_row("SELECT coalesce(max(id), 0) + 1 FROM runs", [], |row| row.get(0))
            .unwrap_or(1);
        Ok(publish(&draft, &folder, &stem, now, run)?)
    });
    drop(fs::remove_file(&draft));
    drop(fs::remove_file(beside(&draft, "-journal")));
    result
}

/// The copy itself, durable; held so that no other process sweeps it away.
fn draft_of(from: &Connection, draft: &Path, check: bool) -> Result<File> {
    let held = loop {
        let held = keys::private().create(true).truncate(true).open(draft)?;
        held.lock()?;
        // Somebody may have swept it away before it was locked.
        if draft.exists() {
            break held;
        }
    };
    let mut to = Connection::open(draft)?;
    run(from, &mut to)?;
    // One plain file: it is read where no log can be made beside it.
    to.pragma_update(None, "journal_mode", "DELETE")?;
    if check {
        open::check(&to, true)?;
    }
    drop(to);
    held.sync_all()?;
    Ok(held)
}

fn run(from: &Connection, to: &mut Connection) -> Result<()> {
    let copying = Copying::new(from, to)?;
    loop {
        match copying.step(-1)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // After the time that a connection waits by itself.
            _ => return Err(Error::Busy),
        }
    }
}

/// Under the first free name; never over another backup.
fn publish(draft: &Path, folder: &Path, stem: &str, now: &str, run: u64) -> io::Result<PathBuf> {
    let taken: String = now.chars().filter(|it| !matches!(it, '-' | ':')).collect();
    let mut number = 1;
    loop {
        let name = match number {
            1 => format!("{stem}-{taken}-{run}.db"),
            _ => format!("{stem}-{taken}-{run}-{number}.db"),
        };
        let path = folder.join(name);
        match fs::hard_link(draft, &path) {
            Ok(()) => {
                File::open(folder)?.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            // A file system without hard links.
            Err(_) if !path.exists() => {
                fs::rename(draft, &path)?;
                File::open(folder)?.sync_all()?;
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Takes away what a process that died has left half copied.
fn sweep(folder: &Path, stem: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(&format!(".{stem}-")) || !name.ends_with(".part") {
            continue;
        }
        let dead = File::open(entry.path()).is_ok_and(|it| it.try_lock().is_ok());
        if dead {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// What is in a copy, if it is whole.
pub fn inspect(copy: &Path) -> Result<Vec<Listed>> {
    let look = || {
        if !copy.is_file() {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        let connection = open::peek(copy)?;
        open::check(&connection, true)?;
        super::stacks_of(&connection)
    };
    at(copy, look())
}

/// Every stack of a state file is kept from changing: those named, and those
/// that were ever locked.
pub fn lock_all(state: &Path, stacks: &[Listed], owner: &Owner) -> Result<Vec<Lock>> {
    let folder = super::locks_of(state);
    let mut names: Vec<String> =
        stacks.iter().map(|it| format!("{}.{}", it.project, it.name)).collect();
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        names.extend(entry.file_name().into_string());
    }
    names.sort();
    names.dedup();
    names.iter().map(|it| Lock::take(&folder.join(it), owner)).collect()
}

/// The stacks of a state file that may be in any condition.
pub fn stacks_if_readable(state: &Path) -> Vec<Listed> {
    open::peek(state).and_then(|it| super::stacks_of(&it)).unwrap_or_default()
}

/// Puts a copy in the place of a state file, under the locks of `lock_all`.
/// Says where what was there is now.
///
/// A state that SQLite can still write is overwritten in one transaction, so
/// that readers see the one or the other. One that it cannot is set aside
/// whole, with its log, before the copy takes its name.
pub fn restore(state: &Path, from: &Path, now: &str) -> Result<Option<PathBuf>> {
    let put = || {
        let source = open::peek(from)?;
        if fs::metadata(state).map_or(0, |it| it.len()) == 0 {
            replace(state, &source)?;
            return Ok(None);
        }
        if let Ok(mut live) = open::overwrite(state)
            && let Ok(kept) = copy(&live, state, now, false)
        {
            match run(&source, &mut live) {
                Ok(()) => return Ok(Some(kept)),
                Err(Error::Damaged(_) | Error::Foreign(_)) => {}
                Err(other) => return Err(other),
            }
        }
        let kept = set_aside(state, now)?;
        replace(state, &source)?;
        Ok(Some(kept))
    };
    at(state, put())
}

/// Copies a file that is no longer a database, and its log.
fn set_aside(state: &Path, now: &str) -> Result<PathBuf> {
    let folder = folder(state);
    fs::create_dir_all(&folder)?;
    let taken: String = now.chars().filter(|it| !matches!(it, '-' | ':')).collect();
    let free = (1..).map(|it| folder.join(format!("{}-{taken}-{it}.damaged", stem(state))));
    let aside = free.into_iter().find(|it| !it.exists()).expect("numbers do not end");
    for suffix in ["", "-wal"] {
        let (from, to) = (beside(state, suffix), beside(&aside, suffix));
        if from.exists() {
            let mut to = keys::private().create_new(true).open(to)?;
            io::copy(&mut File::open(from)?, &mut to)?;
            to.sync_all()?;
        }
    }
    File::open(&folder)?.sync_all()?;
    Ok(aside)
}

/// The log goes before the file that it belongs to: it must never meet another.
fn replace(state: &Path, source: &Connection) -> Result<()> {
    let folder = state.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    let draft = beside(state, &format!(".{}.part", std::process::id()));
    let held = draft_of(source, &draft, true)?;
    for suffix in ["-wal", "-shm"] {
        match fs::remove_file(beside(state, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    fs::rename(&draft, state)?;
    File::open(folder)?.sync_all()?;
    drop(held);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn names_of_backups() {
        let of = |name| parse("orderinfra", name);
        let taken = || "20261121T045855Z".to_owned();
        assert_eq!(of("orderinfra-20261121T045855Z-12.db"), Some((taken(), 12, 1)));
        assert_eq!(of("orderinfra-20261121T045855Z-12-3.db"), Some((taken(), 12, 3)));
        for other in [
            "orderinfra-20261121T045855Z-12.db-wal",
            "orderinfra-20261121T045855Z.db",
            "orderinfra-20261121T045855Z-1-2-3.db",
            "orderinfra-yesterday-1.db",
            "other-20261121T045855Z-12.db",
            "orderinfra-20261121T045855Z-1.damaged",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
