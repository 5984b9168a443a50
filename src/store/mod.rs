//! The state: one SQLite file, several stacks. WAL and `synchronous=FULL`:
//! what is committed survives a power cut.

pub mod backup;
mod crypt;
mod history;
mod journal;
mod keys;
mod lock;
mod migrate;
mod open;
mod rotate;
mod shifts;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, params,
};
use zeroize::Zeroizing;

pub use history::{Counts, RunRecord};

pub use keys::{KeyService, Keyring, NewLock, Refusal, new_key};
pub use lock::{Lock, Owner};
pub use rotate::Unwritten;
pub use shifts::{Fence, NewOp, NewShift, OpRow, OpState, Progress, ShiftRow};

use crate::model::{Governed, Place, ResourceState, Row, Snapshot, Urn, Value};
use crypt::Crypt;
pub use crypt::Key;
use keys::Locked;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Which file it is about.
    #[error("{}: {source}", path.display())]
    At { path: PathBuf, source: Box<Self> },
    #[error("the state database: {0}")]
    Sqlite(rusqlite::Error),
    #[error("{0}")]
    Io(std::io::Error),
    #[error("the state is damaged: {0}")]
    Damaged(String),
    #[error("the state file {how}, and there are backups of one in {}", folder.display())]
    Lost { how: String, folder: PathBuf },
    #[error("this is no state file: {0}")]
    Foreign(String),
    #[error("the disk is full")]
    Full,
    #[error("the disk does not take what is written: {0}")]
    Disk(String),
    #[error("the state cannot be written: the file or its folder is read-only")]
    ReadOnly,
    #[error("the state file cannot be opened")]
    Unreachable,
    #[error("somebody else has been writing to the state for half a minute")]
    Busy,
    #[error("the state: {0}")]
    Json(#[from] serde_json::Error),
    #[error(
        "the state file was written by a newer version of orderinfra (its tables are version {file}, this program knows {own})"
    )]
    TooNew { file: usize, own: usize },
    #[error(
        "the state file is of an older version (its tables are version {file}, this program has {own}), and cannot be brought up to date because it is read-only"
    )]
    TooOld { file: usize, own: usize },
    #[error("{0}")]
    Key(String),
    /// A key service does not open a key.
    #[error("{0}")]
    KeyService(Refusal),
    #[error("another run is changing this stack{}", owner(.0.as_ref()))]
    Locked(Option<Owner>),
    #[error("a shift of `{}` is open already: {} to {}, in phase {}", .0.rollout, .0.from, .0.to, .0.phase)]
    ShiftOpen(Box<ShiftRow>),
    #[error("another process has taken this shift over")]
    Fenced,
    #[error("there is no stack `{0}`")]
    NoStack(String),
    #[error("the stack `{0}` exists already")]
    StackExists(String),
    #[error("the stack `{stack}` still has {resources} resources")]
    NotEmpty { stack: String, resources: usize },
}

impl Error {
    /// What it is, wherever it is.
    pub fn root(&self) -> &Self {
        match self {
            Self::At { source, .. } => source.root(),
            other => other,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error.to_string()),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::CannotOpen) => Self::Unreachable,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(error.to_string()),
            Some(ErrorCode::NotADatabase) => {
                Self::Foreign("it is no SQLite database, or its first page is damaged".to_owned())
            }
            _ => Self::Sqlite(error),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull => Self::Full,
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly
            }
            _ => Self::Io(error),
        }
    }
}

/// An error with the file that it is about, said once.
fn at<T>(path: &Path, result: Result<T>) -> Result<T> {
    result.map_err(|error| match error {
        Error::At { .. } | Error::Locked(_) | Error::ShiftOpen(_) | Error::Fenced => error,
        other => Error::At { path: path.to_owned(), source: Box::new(other) },
    })
}

/// An empty file that only its owner may read.
pub fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    keys::private().create(true).truncate(true).open(path)
}

fn locks_of(state: &Path) -> PathBuf {
    state.with_extension("locks")
}

fn owner(owner: Option<&Owner>) -> String {
    owner.map_or_else(String::new, |it| {
        format!(
            ": `{}` by {}@{}, process {}, since {}",
            it.command, it.user, it.host, it.pid, it.since
        )
    })
}

pub type Result<T> = std::result::Result<T, Error>;

pub struct Store {
    connection: Connection,
    path: PathBuf,
    keyring: Keyring,
    /// Master keys by kind and salt: a passphrase takes its time.
    masters: Masters,
    read_only: bool,
    /// For the tests of a full disk: how many pages the file may have.
    most_pages: Option<u32>,
    /// For the tests of recovery: the process ends after this many more
    /// journal writes.
    crash_after: Option<u64>,
}

type Masters = Rc<RefCell<BTreeMap<(String, Option<String>), Key>>>;

/// A stack in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub project: String,
    pub name: String,
    pub resources: usize,
    pub last_update: Option<String>,
}

/// An opened stack: its key, and what it owns.
pub struct Stack {
    id: i64,
    pub project: String,
    pub name: String,
    crypt: Crypt,
    pub snapshot: Snapshot,
    /// Where it was made; `None` before its first run.
    pub place: Option<Place>,
}

impl Stack {
    /// `order-api/dev`
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.project, self.name)
    }
}

impl Store {
    /// Opens a state file, or makes it. What cannot be written is opened for
    /// reading.
    pub fn open(path: &Path, keyring: Keyring, crash_after: Option<u64>) -> Result<Self> {
        let open::Opened { connection, read_only } = at(path, open::open(path))?;
        let path = path.to_owned();
        let masters = Masters::default();
        Ok(Self { connection, path, keyring, masters, read_only, most_pages: None, crash_after })
    }

    /// A second connection to the same file.
    pub fn again(&self) -> Result<Self> {
        let open::Opened { connection, read_only } =
            at(&self.path, open::again(&self.path, self.read_only))?;
        let (path, keyring) = (self.path.clone(), self.keyring.clone());
        let (most_pages, crash_after) = (self.most_pages, self.crash_after);
        let masters = self.masters.clone();
        let store = Self { connection, path, keyring, masters, read_only, most_pages, crash_after };
        store.limit_pages()?;
        Ok(store)
    }

    /// For the tests of a full disk.
    pub fn with_most_pages(mut self, pages: Option<u32>) -> Result<Self> {
        self.most_pages = pages;
        self.limit_pages()?;
        Ok(self)
    }

    fn limit_pages(&self) -> Result<()> {
        let Some(pages) = self.most_pages else { return Ok(()) };
        let limit = format!("PRAGMA max_page_count = {pages}");
        Ok(self.connection.query_row(&limit, [], |_| Ok(()))?)
    }

    /// How long to wait for another writer.
    pub fn set_patience(&self, time: std::time::Duration) -> Result<()> {
        Ok(self.connection.busy_timeout(time)?)
    }

    /// Neither the file nor its folder can be written.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Where the state is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn stacks(&self) -> Result<Vec<Listed>> {
        stacks_of(&self.connection)
    }

    pub fn selected(&self, project: &str) -> Result<Option<String>> {
        let mut query = self.connection.prepare("SELECT name FROM selected WHERE project = ?1")?;
        Ok(query.query_row([project], |row| row.get(0)).optional()?)
    }

    pub fn select(&self, project: &str, name: &str) -> Result<()> {
        self.connection.execute(
            "INSERT INTO selected (project, name) VALUES (?1, ?2)
             ON CONFLICT (project) DO UPDATE SET name = excluded.name",
            [project, name],
        )?;
        Ok(())
    }

    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub fn init(&self, project: &str, name: &str, lock: &NewLock, now: &str) -> Result<()> {
        let full = format!("{project}/{name}");
        if self.id(project, name)?.is_some() {
            return Err(Error::StackExists(full));
        }
        let key = new_key()?;
        let Locked { kind, salt, master } = self.keyring.lock(lock)?;
        let sealed = Crypt::new(&master).seal(&key[..], &bound_to(&full)).map_err(Error::Key)?;
        self.connection.execute(
            "INSERT INTO stacks (project, name, created, key_kind, key_salt, sealed_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![project, name, now, kind, salt, sealed],
        )?;
        self.masters.borrow_mut().insert((kind.to_owned(), salt), master);
        Ok(())
    }

    fn master(&self, kind: &str, salt: Option<&str>) -> Result<Key> {
        let which = (kind.to_owned(), salt.map(str::to_owned));
        if let Some(known) = self.masters.borrow().get(&which) {
            return Ok(known.clone());
        }
        let master = self.keyring.master(kind, salt)?;
        self.masters.borrow_mut().insert(which, master.clone());
        Ok(master)
    }

    /// Takes the stack out of the state; what it owns must be gone.
    pub fn remove(&self, project: &str, name: &str, force: bool) -> Result<()> {
        let full = format!("{project}/{name}");
        let id = self.id(project, name)?.ok_or_else(|| Error::NoStack(full.clone()))?;
        let resources: usize = self.connection.query_row(
            "SELECT count(*) FROM resources WHERE stack = ?1",
            [id],
            |row| row.get(0),
        )?;
        if resources > 0 && !force {
            return Err(Error::NotEmpty { stack: full, resources });
        }
        self.connection.execute("DELETE FROM stacks WHERE id = ?1", [id])?;
        self.connection
            .execute("DELETE FROM selected WHERE project = ?1 AND name = ?2", [project, name])?;
        Ok(())
    }

    fn id(&self, project: &str, name: &str) -> Result<Option<i64>> {
        let mut query =
            self.connection.prepare("SELECT id FROM stacks WHERE project = ?1 AND name = ?2")?;
        Ok(query.query_row([project, name], |row| row.get(0)).optional()?)
    }

    pub fn exists(&self, project: &str, name: &str) -> Result<bool> {
        Ok(self.id(project, name)?.is_some())
    }

    /// One writer per stack; readers need no lock.
    pub fn lock(&self, project: &str, name: &str, owner: &Owner) -> Result<Lock> {
        if self.read_only {
            return at(&self.path, Err(Error::ReadOnly));
        }
        at(&self.path, Lock::take(&self.lock_path(project, name), owner))
    }

    fn lock_path(&self, project: &str, name: &str) -> PathBuf {
        locks_of(&self.path).join(format!("{project}.{name}"))
    }

    /// Who is changing the stack right now. Needs nothing but to read.
    pub fn holder(&self, project: &str, name: &str) -> Option<Owner> {
        Lock::holder(&self.lock_path(project, name))
    }

    /// A stack as it is at one moment, whoever is writing to it.
    pub fn stack(&self, project: &str, name: &str) -> Result<Stack> {
        open::at_once(&self.connection, || self.read_stack(project, name))
    }

    fn read_stack(&self, project: &str, name: &str) -> Result<Stack> {
        let full = format!("{project}/{name}");
        let id = self.id(project, name)?.ok_or_else(|| Error::NoStack(full.clone()))?;
        let (kind, salt, sealed, partition, account, region): (
            String,
            Option<String>,
            String,
            Option<String>,
            Option<String>,
            Option<String>,
        ) = self.connection.query_row(
            "SELECT key_kind, key_salt, sealed_key, partition, account, region
             FROM stacks WHERE id = ?1",
            [id],
            |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
            },
        )?;
        let master = self.master(&kind, salt.as_deref())?;
        let key = Crypt::new(&master).open(&sealed, &bound_to(&full)).map_err(|_| {
            let what = keys::kind_words(&kind);
            Error::Key(format!("the stack `{full}` was locked with another {what}"))
        })?;
        let key = <[u8; 32]>::try_from(&key[..])
            .map(Zeroizing::new)
            .map_err(|_| Error::Damaged(format!("the key of `{full}`")))?;
        let crypt = Crypt::new(&key);
        let snapshot = self.snapshot(id, &crypt, &full)?;
        let place = match (partition, account, region) {
            (Some(partition), Some(account), Some(region)) => {
                Some(Place { partition, account, region })
            }
            _ => None,
        };
        Ok(Stack { id, project: project.to_owned(), name: name.to_owned(), crypt, snapshot, place })
    }

    fn snapshot(&self, id: i64, crypt: &Crypt, full: &str) -> Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        let mut query = self
            .connection
            .prepare("SELECT body FROM resources WHERE stack = ?1 ORDER BY place")?;
        for body in query.query_map([id], |row| row.get::<_, String>(0))? {
            let body = serde_json::from_str(&body?)?;
            let state = journal::read_state(&body, crypt, full).map_err(Error::Damaged)?;
            snapshot.resources.push(state);
        }
        // What began and has not ended.
        let mut query = self.connection.prepare(
            "SELECT op, kind, body FROM open_steps JOIN journal USING (stack, op)
             WHERE stack = ?1 ORDER BY seq",
        )?;
        let rows = query.query_map([id], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        for row in rows {
            let (op, kind, body) = row?;
            let body = serde_json::from_str(&body)?;
            let row = journal::read_row(&op, &kind, &body, crypt, full).map_err(Error::Damaged)?;
            match row {
                Row::Begun { op, what, seed, state } => {
                    snapshot.open.push(crate::model::stack::OpenStep {
                        op,
                        what,
                        seed,
                        state: *state,
                    });
                }
                Row::Named { op, id } => {
                    let open = snapshot.open.iter_mut().find(|it| it.op == op);
                    open.ok_or_else(|| Error::Damaged(format!("step {op} never began")))?
                        .state
                        .id = id;
                }
                Row::Ended { .. } => {}
            }
        }
        Ok(snapshot)
    }

    /// How long ago each step began that has not ended, by its operation.
    pub fn ages(&self, stack: &Stack) -> Result<BTreeMap<String, Duration>> {
        let mut query = self.connection.prepare(
            "SELECT op, max(unixepoch() - at, 0) FROM open_steps JOIN journal USING (stack, op)
             WHERE stack = ?1 AND kind = 'begun'",
        )?;
        let rows = query
            .query_map([stack.id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?)))?;
        let ages = rows.map(|row| row.map(|(op, age)| (op, Duration::from_secs(age))));
        Ok(ages.collect::<std::result::Result<_, _>>()?)
    }

    /// Every row of a stack's journal, for the fold to be proved.
    pub fn rows(&self, stack: &Stack) -> Result<Vec<Row>> {
        let full = stack.full_name();
        let mut query = self
            .connection
            .prepare("SELECT op, kind, body FROM journal WHERE stack = ?1 ORDER BY seq")?;
        let rows = query.query_map([stack.id], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let mut all = Vec::new();
        for row in rows {
            let (op, kind, body) = row?;
            let body = serde_json::from_str(&body)?;
            let row = journal::read_row(&op, &kind, &body, &stack.crypt, &full);
            all.push(row.map_err(Error::Damaged)?);
        }
        Ok(all)
    }

    /// The stack belongs to this account and region from now on.
    pub fn settle(&self, stack: &mut Stack, place: &Place) -> Result<()> {
        at(&self.path, write_place(&self.connection, stack, place))?;
        stack.place = Some(place.clone());
        Ok(())
    }

    pub fn begin_run(&self, stack: &Stack, kind: &str, now: &str) -> Result<i64> {
        let begun = self.connection.execute(
            "INSERT INTO runs (stack, kind, started) VALUES (?1, ?2, ?3)",
            params![stack.id, kind, now],
        );
        at(&self.path, begun.map_err(Error::from))?;
        Ok(self.connection.last_insert_rowid())
    }

    pub fn end_run(&self, run: i64, outcome: &str, now: &str) -> Result<()> {
        let ended = self.connection.execute(
            "UPDATE runs SET ended = ?2, outcome = ?3 WHERE id = ?1",
            params![run, now, outcome],
        );
        at(&self.path, ended.map_err(Error::from))?;
        Ok(())
    }

    /// Rows and their fold, durable when this returns.
    pub fn write(&mut self, stack: &mut Stack, run: i64, rows: &[Row]) -> Result<()> {
        let before = stack.snapshot.part(rows);
        let after = after(&before, rows)?;
        let path = self.path.clone();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let written = transaction.map_err(Error::from).and_then(|transaction| {
            write_rows(&transaction, stack, run, rows, [&before, &after])?;
            Ok(transaction.commit()?)
        });
        at(&path, written)?;
        stack.snapshot.merge(&before, after);
        self.written();
        Ok(())
    }

    /// The same, with all else that a stack is: for an import, which happens
    /// whole or not at all.
    pub fn replace(&mut self, stack: &mut Stack, run: i64, with: &Replacement) -> Result<()> {
        let after = after(&stack.snapshot, &with.rows)?;
        let path = self.path.clone();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let written = transaction.map_err(Error::from).and_then(|transaction| {
            write_rows(&transaction, stack, run, &with.rows, [&stack.snapshot, &after])?;
            write_outputs(&transaction, stack, &with.outputs)?;
            transaction.execute("DELETE FROM governed WHERE stack = ?1", [stack.id])?;
            write_governed(&transaction, stack, &with.governed)?;
            if let Some(place) = &with.place {
                write_place(&transaction, stack, place)?;
            }
            Ok(transaction.commit()?)
        });
        at(&path, written)?;
        stack.snapshot = after;
        stack.place = with.place.clone().or_else(|| stack.place.take());
        self.written();
        Ok(())
    }

    /// Here the tests of recovery end the process.
    fn written(&mut self) {
        if let Some(left) = &mut self.crash_after {
            if *left == 0 {
                std::process::abort();
            }
            *left -= 1;
        }
    }

    /// Whether the journal has a step of this operation.
    pub fn knows(&self, stack: &Stack, op: &str) -> Result<bool> {
        let mut query = self
            .connection
            .prepare_cached("SELECT 1 FROM journal WHERE stack = ?1 AND op = ?2 LIMIT 1")?;
        Ok(query.exists(params![stack.id, op])?)
    }

    pub fn outputs(&self, stack: &Stack) -> Result<Vec<(String, Value)>> {
        let mut query = self
            .connection
            .prepare("SELECT name, value FROM outputs WHERE stack = ?1 ORDER BY place")?;
        let rows = query.query_map([stack.id], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut all = Vec::new();
        for row in rows {
            let (name, value) = row?;
            let at = format!("{}|outputs|{name}", stack.full_name());
            let json = stack.crypt.open_json(&serde_json::from_str(&value)?, &at);
            all.push((name, Value::from_json(&json.map_err(Error::Damaged)?)));
        }
        Ok(all)
    }

    pub fn set_outputs(&mut self, stack: &Stack, outputs: &[(String, Value)]) -> Result<()> {
        let path = self.path.clone();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let written = transaction.map_err(Error::from).and_then(|transaction| {
            write_outputs(&transaction, stack, outputs)?;
            Ok(transaction.commit()?)
        });
        at(&path, written)
    }

    /// How long a step of this kind took the last time.
    pub fn cost(&self, token: &str, action: &str) -> Option<u64> {
        let mut query = self
            .connection
            .prepare_cached("SELECT seconds FROM costs WHERE token = ?1 AND action = ?2")
            .ok()?;
        query.query_row([token, action], |row| row.get(0)).ok()
    }

    pub fn set_cost(&self, token: &str, action: &str, seconds: u64) -> Result<()> {
        self.connection.execute(
            "INSERT INTO costs (token, action, seconds) VALUES (?1, ?2, ?3)
             ON CONFLICT (token, action) DO UPDATE SET seconds = excluded.seconds",
            params![token, action, seconds],
        )?;
        Ok(())
    }

    pub fn governed(&self, stack: &Stack) -> Result<Vec<Governed>> {
        let mut query = self.connection.prepare("SELECT body FROM governed WHERE stack = ?1")?;
        let rows = query.query_map([stack.id], |row| row.get::<_, String>(0))?;
        rows.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
    }

    pub fn govern(&self, stack: &Stack, governed: &[Governed]) -> Result<()> {
        write_governed(&self.connection, stack, governed)
    }

    /// In place of the record of a resource that had another URN.
    pub fn govern_instead(&self, stack: &Stack, urn: &Urn, governed: &Governed) -> Result<()> {
        let transaction = self.connection.unchecked_transaction()?;
        let delete = "DELETE FROM governed WHERE stack = ?1 AND urn = ?2";
        transaction.execute(delete, params![stack.id, urn.as_str()])?;
        write_governed(&transaction, stack, std::slice::from_ref(governed))?;
        Ok(transaction.commit()?)
    }
}

fn stacks_of(connection: &Connection) -> Result<Vec<Listed>> {
    let mut query = connection.prepare(
        "SELECT project, name,
                (SELECT count(*) FROM resources WHERE stack = stacks.id),
                (SELECT max(ended) FROM runs WHERE stack = stacks.id)
         FROM stacks ORDER BY project, name",
    )?;
    let rows = query.query_map([], |row| {
        Ok(Listed {
            project: row.get(0)?,
            name: row.get(1)?,
            resources: row.get(2)?,
            last_update: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn bound_to(full: &str) -> String {
    format!("{full}|key")
}

/// All that a stack is, to take the place of what it was.
pub struct Replacement {
    /// From what is there to what is wanted.
    pub rows: Vec<Row>,
    pub outputs: Vec<(String, Value)>,
    pub governed: Vec<Governed>,
    /// Where it was made, if that is known.
    pub place: Option<Place>,
}

fn after(before: &Snapshot, rows: &[Row]) -> Result<Snapshot> {
    let mut after = before.clone();
    for row in rows {
        after.apply(row).map_err(Error::Damaged)?;
    }
    Ok(after)
}

fn write_rows(
    transaction: &Transaction<'_>,
    stack: &Stack,
    run: i64,
    rows: &[Row],
    [before, after]: [&Snapshot; 2],
) -> Result<()> {
    let full = stack.full_name();
    for row in rows {
        let (kind, body) = journal::write_row(row, &stack.crypt, &full).map_err(Error::Damaged)?;
        transaction
            .prepare_cached(
                "INSERT INTO journal (stack, run, op, kind, body, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, unixepoch())",
            )?
            .execute(params![stack.id, run, row.op(), kind, body.to_string()])?;
        let open = match row {
            Row::Begun { .. } => "INSERT INTO open_steps (stack, op) VALUES (?1, ?2)",
            Row::Named { .. } => continue,
            Row::Ended { .. } => "DELETE FROM open_steps WHERE stack = ?1 AND op = ?2",
        };
        transaction.prepare_cached(open)?.execute(params![stack.id, row.op()])?;
    }
    write_changes(transaction, stack, [before, after], &full)
}

fn write_outputs(
    transaction: &Connection,
    stack: &Stack,
    outputs: &[(String, Value)],
) -> Result<()> {
    transaction.execute("DELETE FROM outputs WHERE stack = ?1", [stack.id])?;
    for (place, (name, value)) in outputs.iter().enumerate() {
        let at = format!("{}|outputs|{name}", stack.full_name());
        let sealed = stack.crypt.seal_json(&value.to_state(), &at).map_err(Error::Damaged)?;
        transaction.execute(
            "INSERT INTO outputs (stack, place, name, value) VALUES (?1, ?2, ?3, ?4)",
            params![stack.id, place, name, sealed.to_string()],
        )?;
    }
    Ok(())
}

fn write_governed(connection: &Connection, stack: &Stack, governed: &[Governed]) -> Result<()> {
    for it in governed {
        connection.execute(
            "INSERT INTO governed (stack, urn, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (stack, urn) DO UPDATE SET body = excluded.body",
            params![stack.id, it.urn.as_str(), serde_json::to_string(it)?],
        )?;
    }
    Ok(())
}

fn write_place(connection: &Connection, stack: &Stack, place: &Place) -> Result<()> {
    connection.execute(
        "UPDATE stacks SET partition = ?2, account = ?3, region = ?4 WHERE id = ?1",
        params![stack.id, place.partition, place.account, place.region],
    )?;
    Ok(())
}

/// Only what the rows changed is written again.
fn write_changes(
    transaction: &Transaction<'_>,
    stack: &Stack,
    [before, after]: [&Snapshot; 2],
    full: &str,
) -> Result<()> {
    let known: BTreeMap<&str, &ResourceState> =
        before.resources.iter().map(|it| (&*it.op, it)).collect();
    let left: BTreeSet<&str> = after.resources.iter().map(|it| &*it.op).collect();
    for gone in known.keys().filter(|it| !left.contains(**it)) {
        transaction.execute(
            "DELETE FROM resources WHERE stack = ?1 AND op = ?2",
            params![stack.id, gone],
        )?;
    }
    for state in &after.resources {
        if known.get(&*state.op) != Some(&state) {
            put(transaction, stack, state, full)?;
        }
    }
    Ok(())
}

fn put(
    transaction: &Transaction<'_>,
    stack: &Stack,
    state: &ResourceState,
    full: &str,
) -> Result<()> {
    let body = journal::write_state(state, &stack.crypt, full).map_err(Error::Damaged)?;
    transaction
        .prepare_cached(
            "INSERT INTO resources (stack, op, place, urn, body)
             VALUES (?1, ?2, (SELECT coalesce(max(place), 0) + 1 FROM resources WHERE stack = ?1), ?3, ?4)
             ON CONFLICT (stack, op) DO UPDATE SET urn = excluded.urn, body = excluded.body",
        )?
        .execute(params![stack.id, state.op, state.urn.as_str(), body.to_string()])?;
    Ok(())
}
