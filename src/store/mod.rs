//! The state: one SQLite file, several stacks. WAL and `synchronous=FULL`:
//! what is committed survives a power cut.

mod crypt;
mod journal;
mod keys;
mod lock;
mod migrate;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use zeroize::Zeroizing;

pub use keys::Keyring;
pub use lock::{Lock, Owner};

use crate::model::{Governed, Place, ResourceState, Row, Snapshot, Value};
use crypt::{Crypt, Key};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the state database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the state: {0}")]
    Io(#[from] std::io::Error),
    #[error("the state is damaged: {0}")]
    Damaged(String),
    #[error("the state: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the state file was written by a newer version of orderinfra")]
    TooNew,
    #[error("{0}")]
    Key(String),
    #[error("another run is changing this stack{}", owner(.0.as_ref()))]
    Locked(Option<Owner>),
    #[error("there is no stack `{0}`")]
    NoStack(String),
    #[error("the stack `{0}` exists already")]
    StackExists(String),
    #[error("the stack `{stack}` still has {resources} resources")]
    NotEmpty { stack: String, resources: usize },
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
    /// For the tests of recovery: the process ends after this many more
    /// journal writes.
    crash_after: Option<u64>,
}

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
    pub fn open(path: &Path, keyring: Keyring, crash_after: Option<u64>) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Made by us first, so that nobody else may read it from the start.
        drop(keys::private().create(true).truncate(false).open(path)?);
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        migrate::migrate(&mut connection)?;
        Ok(Self { connection, path: path.to_owned(), keyring, crash_after })
    }

    /// A second connection to the same file.
    pub fn again(&self) -> Result<Self> {
        Self::open(&self.path, self.keyring.clone(), self.crash_after)
    }

    pub fn stacks(&self) -> Result<Vec<Listed>> {
        let mut query = self.connection.prepare(
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

    pub fn init(&self, project: &str, name: &str, now: &str) -> Result<()> {
        let full = format!("{project}/{name}");
        if self.id(project, name)?.is_some() {
            return Err(Error::StackExists(full));
        }
        let mut key: Key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut key[..]).map_err(|it| Error::Key(it.to_string()))?;
        let (kind, salt) = self.keyring.kind_for_new()?;
        let master = self.keyring.master(kind, salt.as_deref())?;
        let sealed = Crypt::new(&master).seal(&key[..], &bound_to(&full)).map_err(Error::Key)?;
        self.connection.execute(
            "INSERT INTO stacks (project, name, created, key_kind, key_salt, sealed_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![project, name, now, kind, salt, sealed],
        )?;
        Ok(())
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
        let folder = self.path.with_extension("locks");
        Lock::take(&folder.join(format!("{project}.{name}")), owner)
    }

    pub fn stack(&self, project: &str, name: &str) -> Result<Stack> {
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
        let master = self.keyring.master(&kind, salt.as_deref())?;
        let key = Crypt::new(&master).open(&sealed, &bound_to(&full)).map_err(|_| {
            let what = if kind == keys::PASSPHRASE { "passphrase" } else { "key file" };
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
        // Both tables as of one moment: a writer may commit in between.
        let _moment = self.connection.unchecked_transaction()?;
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
            "SELECT op, kind, body FROM journal AS row WHERE stack = ?1 AND NOT EXISTS
               (SELECT 1 FROM journal WHERE stack = ?1 AND op = row.op AND kind = 'ended')
             ORDER BY seq",
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
            "SELECT op, max(unixepoch() - at, 0) FROM journal AS row
             WHERE stack = ?1 AND kind = 'begun' AND NOT EXISTS
               (SELECT 1 FROM journal WHERE stack = ?1 AND op = row.op AND kind = 'ended')",
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
        self.connection.execute(
            "UPDATE stacks SET partition = ?2, account = ?3, region = ?4 WHERE id = ?1",
            params![stack.id, place.partition, place.account, place.region],
        )?;
        stack.place = Some(place.clone());
        Ok(())
    }

    pub fn begin_run(&self, stack: &Stack, kind: &str, now: &str) -> Result<i64> {
        self.connection.execute(
            "INSERT INTO runs (stack, kind, started) VALUES (?1, ?2, ?3)",
            params![stack.id, kind, now],
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    pub fn end_run(&self, run: i64, outcome: &str, now: &str) -> Result<()> {
        self.connection.execute(
            "UPDATE runs SET ended = ?2, outcome = ?3 WHERE id = ?1",
            params![run, now, outcome],
        )?;
        Ok(())
    }

    /// Rows and their fold, durable when this returns.
    pub fn write(&mut self, stack: &mut Stack, run: i64, rows: &[Row]) -> Result<()> {
        let full = stack.full_name();
        let mut after = stack.snapshot.clone();
        for row in rows {
            after.apply(row).map_err(Error::Damaged)?;
        }
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for row in rows {
            let (kind, body) =
                journal::write_row(row, &stack.crypt, &full).map_err(Error::Damaged)?;
            let op = match row {
                Row::Begun { op, .. } | Row::Named { op, .. } | Row::Ended { op, .. } => op,
            };
            transaction
                .prepare_cached(
                    "INSERT INTO journal (stack, run, op, kind, body, at)
                     VALUES (?1, ?2, ?3, ?4, ?5, unixepoch())",
                )?
                .execute(params![stack.id, run, op, kind, body.to_string()])?;
        }
        write_changes(&transaction, stack, &after, &full)?;
        transaction.commit()?;
        stack.snapshot = after;
        if let Some(left) = &mut self.crash_after {
            if *left == 0 {
                std::process::abort();
            }
            *left -= 1;
        }
        Ok(())
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
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM outputs WHERE stack = ?1", [stack.id])?;
        for (place, (name, value)) in outputs.iter().enumerate() {
            let at = format!("{}|outputs|{name}", stack.full_name());
            let sealed = stack.crypt.seal_json(&value.to_state(), &at).map_err(Error::Damaged)?;
            transaction.execute(
                "INSERT INTO outputs (stack, place, name, value) VALUES (?1, ?2, ?3, ?4)",
                params![stack.id, place, name, sealed.to_string()],
            )?;
        }
        transaction.commit()?;
        Ok(())
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
        for it in governed {
            self.connection.execute(
                "INSERT INTO governed (stack, urn, body) VALUES (?1, ?2, ?3)
                 ON CONFLICT (stack, urn) DO UPDATE SET body = excluded.body",
                params![stack.id, it.urn.as_str(), serde_json::to_string(it)?],
            )?;
        }
        Ok(())
    }

    /// Shifts, the newest first.
    pub fn shifts(&self, stack: &Stack) -> Result<Vec<(i64, serde_json::Value)>> {
        let mut query = self
            .connection
            .prepare("SELECT id, body FROM shifts WHERE stack = ?1 ORDER BY id DESC")?;
        let rows = query
            .query_map([stack.id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        rows.map(|row| {
            let (id, body) = row?;
            Ok((id, serde_json::from_str(&body)?))
        })
        .collect()
    }

    pub fn begin_shift(&self, stack: &Stack, body: &serde_json::Value, now: &str) -> Result<i64> {
        self.connection.execute(
            "INSERT INTO shifts (stack, started, body) VALUES (?1, ?2, ?3)",
            params![stack.id, now, body.to_string()],
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    pub fn update_shift(
        &self,
        id: i64,
        body: &serde_json::Value,
        ended: Option<&str>,
    ) -> Result<()> {
        self.connection.execute(
            "UPDATE shifts SET body = ?2, ended = ?3 WHERE id = ?1",
            params![id, body.to_string(), ended],
        )?;
        Ok(())
    }
}

fn bound_to(full: &str) -> String {
    format!("{full}|key")
}

/// Only what the rows changed is written again.
fn write_changes(
    transaction: &Transaction<'_>,
    stack: &Stack,
    after: &Snapshot,
    full: &str,
) -> Result<()> {
    let known = |op: &str| stack.snapshot.resources.iter().position(|it| it.op == op);
    for gone in stack
        .snapshot
        .resources
        .iter()
        .filter(|it| !after.resources.iter().any(|new| new.op == it.op))
    {
        transaction.execute(
            "DELETE FROM resources WHERE stack = ?1 AND op = ?2",
            params![stack.id, gone.op],
        )?;
    }
    for state in &after.resources {
        let before = known(&state.op).map(|at| &stack.snapshot.resources[at]);
        if before == Some(state) {
            continue;
        }
        put(transaction, stack, state, full)?;
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
