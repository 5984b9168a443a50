//! Opening a state file: is it one, is it whole, may it be written?

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Error, Result, backup, keys, migrate};

/// Files up to this size are checked page by page and row by row whenever they
/// are opened. Of larger ones only the tables that do not grow with time are,
/// and the rest before a run changes anything (`Store::back_up`).
const CHECKED_WHOLE: u64 = 32 << 20;

/// What grows with every run. All else is read by every command.
const GROWING: &[&str] = &["runs", "journal", "calls", "shift_op", "shift_event"];

/// A connection to a state file that is whole and of this version.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// Neither the file nor its folder can be written.
    pub(super) read_only: bool,
}

/// Opens a state file, makes it if there is none, and brings it up to date.
pub(super) fn open(path: &Path) -> Result<Opened> {
    let opened = connect(path)?;
    let bytes = fs::metadata(path).map_or(0, |it| it.len());
    check(&opened.connection, bytes <= CHECKED_WHOLE)?;
    Ok(opened)
}

/// A further connection of a process that has one: the file is known to be
/// whole, and must not be touched but by SQLite, whose locks would be lost.
pub(super) fn again(path: &Path, read_only: bool) -> Result<Opened> {
    if read_only { look(path) } else { write(path) }
}

fn connect(path: &Path) -> Result<Opened> {
    match fs::metadata(path).map(|it| it.len()) {
        Ok(0) => not_lost(path, "is empty")?,
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            not_lost(path, "is missing")?;
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            // Made by us first, so that nobody else may read it from the start.
            drop(keys::private().create(true).truncate(false).open(path)?);
        }
        Err(error) => return Err(error.into()),
    }
    // Nothing of SQLite has the file open yet: see `again`.
    match keys::private().open(path) {
        Ok(file) => drop(file),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            return look(path);
        }
        Err(error) => return Err(error.into()),
    }
    match write(path) {
        // The folder cannot be written, and the write-ahead log lives there.
        Err(Error::ReadOnly | Error::Unreachable) => look(path),
        opened => opened,
    }
}

/// An empty state where there was a full one would make everything again.
fn not_lost(path: &Path, how: &str) -> Result<()> {
    match backup::list(path)?.first() {
        None => Ok(()),
        Some(_) => Err(Error::Lost { how: how.to_owned(), folder: backup::folder(path) }),
    }
}

/// A connection that reads and writes.
fn write(path: &Path) -> Result<Opened> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    // Before anything is written to what may be somebody else's file.
    migrate::recognise(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    migrate::migrate(&mut connection)?;
    Ok(Opened { connection, read_only: false })
}

/// A connection that only reads. Where not even the files that readers share
/// can be made, nobody can be writing either, and the file is taken as it is.
pub(super) fn look(path: &Path) -> Result<Opened> {
    let connection = peek(path)?;
    migrate::current(migrate::recognise(&connection)?)?;
    Ok(Opened { connection, read_only: true })
}

/// The same for a file of any version.
pub(super) fn peek(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read = |name: &str| -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(name, flags)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    };
    let plain = uri(path);
    let connection = match read(&plain) {
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
            ) && fs::metadata(beside(path, "-wal")).map_or(0, |it| it.len()) == 0 =>
        {
            read(&format!("{plain}?immutable=1"))?
        }
        connection => connection?,
    };
    connection.pragma_update(None, "trusted_schema", false)?;
    migrate::recognise(&connection)?;
    Ok(connection)
}

/// A connection to a state in any condition, to be overwritten.
pub(super) fn overwrite(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// `state.db-wal`
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn uri(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut text = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Several looks at one state of the file: others may be writing meanwhile.
pub(super) fn at_once<T>(connection: &Connection, look: impl FnOnce() -> Result<T>) -> Result<T> {
    if !connection.is_autocommit() {
        return look();
    }
    let _reading = connection.unchecked_transaction()?;
    look()
}

/// Pages, constraints and rows: are they what they must be?
pub(super) fn check(connection: &Connection, whole: bool) -> Result<()> {
    at_once(connection, || parts(connection, whole))
}

fn parts(connection: &Connection, whole: bool) -> Result<()> {
    let damaged = |it: rusqlite::Error| match Error::from(it) {
        Error::Sqlite(it) => Error::Damaged(it.to_string()),
        other => other,
    };
    let one = |what: &str| -> rusqlite::Result<String> {
        connection.query_row(&format!("PRAGMA quick_check{what}"), [], |row| row.get(0))
    };
    let tables: Vec<String> = match whole {
        true => vec!["(1)".to_owned()],
        false => lasting(connection).map_err(damaged)?,
    };
    for table in tables {
        let found = one(&table).map_err(damaged)?;
        if found != "ok" {
            return Err(Error::Damaged(found));
        }
    }
    if whole {
        let mut orphans = connection.prepare("PRAGMA foreign_key_check").map_err(damaged)?;
        let table: Option<String> =
            orphans.query_map([], |row| row.get(0)).map_err(damaged)?.next().transpose()?;
        if let Some(table) = table {
            return Err(Error::Damaged(format!("a row of `{table}` belongs to no stack or run")));
        }
        folds(connection).map_err(|it| match it {
            Error::Sqlite(it) => Error::Damaged(it.to_string()),
            other => other,
        })?;
    }
    Ok(())
}

/// The tables that do not grow with time.
fn lasting(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut all = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let all = all.query_map([], |row| row.get::<_, String>(0))?;
    let all = all.filter(|it| !it.as_ref().is_ok_and(|it| GROWING.contains(&&**it)));
    all.map(|it| it.map(|it| format!("('{it}')"))).collect()
}

/// The resources and the open steps are the fold of the journal: the same
/// operations with the same ids. No key is needed for that, so nothing is decrypted.
fn folds(connection: &Connection) -> Result<()> {
    type Owned = BTreeMap<(i64, String), String>;
    struct Open {
        creates: bool,
        op: String,
    }
    let mut open: BTreeMap<(i64, String), Open> = BTreeMap::new();
    let mut folded = Owned::new();
    let mut rows = connection.prepare(
        "SELECT stack, op, kind, body ->> '$.what', body ->> '$.state.op', body ->> '$.id',
                body ->> '$.live.id', body ->> '$.gone'
         FROM journal ORDER BY seq",
    )?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let stack: i64 = row.get(0)?;
        let step = (stack, row.get::<_, String>(1)?);
        let kind: String = row.get(2)?;
        match &*kind {
            "begun" => {
                let what: Option<String> = row.get(3)?;
                let op: Option<String> = row.get(4)?;
                let creates = what.as_deref() == Some("create");
                open.insert(step, Open { creates, op: op.unwrap_or_default() });
            }
            "named" => {
                let id: Option<String> = row.get(5)?;
                if let Some(open) = open.get(&step).filter(|it| it.creates) {
                    folded.insert((stack, open.op.clone()), id.unwrap_or_default());
                }
            }
            _ => {
                let Some(open) = open.remove(&step) else {
                    let why = format!("step {} ended before it began", step.1);
                    return Err(Error::Damaged(why));
                };
                let live: Option<String> = row.get(6)?;
                let gone: Option<i64> = row.get(7)?;
                if let Some(id) = live {
                    folded.insert((stack, open.op), id);
                } else if gone.is_some() {
                    folded.remove(&(stack, open.op));
                }
            }
        }
    }
    let mut kept = connection.prepare("SELECT stack, op, body ->> '$.id' FROM resources")?;
    let kept = kept.query_map([], |row| {
        let id: Option<String> = row.get(2)?;
        Ok(((row.get(0)?, row.get(1)?), id.unwrap_or_default()))
    })?;
    let kept = kept.collect::<rusqlite::Result<Owned>>()?;
    let differs = kept.iter().find(|(op, id)| folded.get(*op) != Some(id));
    let differs = differs.or_else(|| folded.iter().find(|(op, id)| kept.get(*op) != Some(id)));
    if let Some(((_, op), id)) = differs {
        return Err(Error::Damaged(format!(
            "the journal and the resources do not agree on `{id}` (operation {op})"
        )));
    }
    let mut listed = connection.prepare("SELECT stack, op FROM open_steps")?;
    let listed = listed.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let listed = listed.collect::<rusqlite::Result<BTreeSet<(i64, String)>>>()?;
    let open: BTreeSet<(i64, String)> = open.into_keys().collect();
    match listed.symmetric_difference(&open).next() {
        None => Ok(()),
        Some((_, op)) => Err(Error::Damaged(format!(
            "the journal and the open steps do not agree on operation {op}"
        ))),
    }
}
