//! The tables, as an ordered list of changes. Never edit or remove an entry:
//! state files in the field have it behind them.

use rusqlite::{Connection, TransactionBehavior};

use super::{Error, open};

const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE stacks (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    created TEXT NOT NULL,
    partition TEXT,
    account TEXT,
    region TEXT,
    -- What unlocks `sealed_key`: `keyfile` or `passphrase`.
    key_kind TEXT NOT NULL,
    key_salt TEXT,
    sealed_key TEXT NOT NULL,
    UNIQUE (project, name)
) STRICT;
CREATE TABLE selected (
    project TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    outcome TEXT
) STRICT;
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE,
    run INTEGER NOT NULL,
    op TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('begun', 'named', 'ended')),
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX journal_by_op ON journal (stack, op, kind);
-- The journal's fold, written in the same transaction as its rows.
CREATE TABLE resources (
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE,
    op TEXT NOT NULL,
    place INTEGER NOT NULL,
    urn TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (stack, op)
) STRICT;
CREATE TABLE outputs (
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL CHECK (json_valid(value)),
    PRIMARY KEY (stack, name)
) STRICT;
-- How long steps took, so that the longest chain starts first.
CREATE TABLE costs (
    token TEXT NOT NULL,
    action TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    PRIMARY KEY (token, action)
) STRICT;
CREATE TABLE shifts (
    id INTEGER PRIMARY KEY,
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE,
    started TEXT NOT NULL,
    ended TEXT,
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE TABLE governed (
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE,
    urn TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (stack, urn)
) STRICT;
",
    "
-- `ORDI`: says whose file this is.
PRAGMA application_id = 1330791497;
CREATE INDEX journal_by_run ON journal (run);
-- The audit: every call to AWS, without what was said in it.
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    at TEXT NOT NULL,
    service TEXT NOT NULL,
    operation TEXT NOT NULL,
    region TEXT NOT NULL,
    request_id TEXT,
    millis INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    -- Empty when it went well.
    error TEXT
) STRICT;
CREATE INDEX calls_by_run ON calls (run);
",
    "
-- A stack file that is still to be written, after its secrets were encrypted
-- anew together with the state's.
ALTER TABLE stacks ADD COLUMN unwritten TEXT;
",
    "
-- Seconds since 1970: recovery waits for what may not show yet, not longer.
ALTER TABLE journal ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
",
    "
-- Shifts of traffic. Times are milliseconds since 1970.
CREATE TABLE shift (
    id TEXT PRIMARY KEY,
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE,
    rollout TEXT NOT NULL,
    src TEXT NOT NULL,
    dst TEXT NOT NULL,
    -- Never changed after the shift has begun.
    plan TEXT NOT NULL CHECK (json_valid(plan)),
    plan_sha TEXT NOT NULL,
    phase TEXT NOT NULL,
    step INTEGER NOT NULL,
    -- Of a thousand, last seen on all routes.
    verified_permille INTEGER,
    bake_started INTEGER,
    -- What another process asks for: pause, continue, rollback, abort.
    request TEXT,
    -- Who drives it, as JSON. Each driver has a fence higher than the last.
    owner TEXT NOT NULL CHECK (json_valid(owner)),
    fence INTEGER NOT NULL,
    heartbeat INTEGER NOT NULL,
    outcome TEXT,
    reason TEXT,
    created INTEGER NOT NULL,
    finished INTEGER
) STRICT;
CREATE UNIQUE INDEX one_open_shift ON shift (stack, rollout) WHERE finished IS NULL;
-- What each route was before, and what it was last made.
CREATE TABLE shift_route (
    shift TEXT NOT NULL REFERENCES shift (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    before TEXT NOT NULL CHECK (json_valid(before)),
    known TEXT NOT NULL CHECK (json_valid(known)),
    PRIMARY KEY (shift, place)
) STRICT;
-- Every change in AWS: a row before it, which is closed after it.
CREATE TABLE shift_op (
    id INTEGER PRIMARY KEY,
    shift TEXT NOT NULL REFERENCES shift (id) ON DELETE CASCADE,
    fence INTEGER NOT NULL,
    phase TEXT NOT NULL,
    step INTEGER NOT NULL,
    route INTEGER,
    write TEXT NOT NULL CHECK (json_valid(write)),
    state TEXT NOT NULL CHECK (state IN ('intended', 'confirmed', 'failed', 'superseded')),
    attempts INTEGER NOT NULL DEFAULT 0,
    request_id TEXT,
    intended INTEGER NOT NULL,
    ended INTEGER,
    error TEXT
) STRICT;
CREATE INDEX shift_op_by_shift ON shift_op (shift, state);
-- What is told of a shift, as it is told.
CREATE TABLE shift_event (
    shift TEXT NOT NULL REFERENCES shift (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (shift, seq)
) STRICT;
-- Shifts of the first kind went all at once: each is a finished one of these,
-- so that it can be looked up and taken back.
INSERT INTO shift (id, stack, rollout, src, dst, plan, plan_sha, phase, step, owner, fence,
                   heartbeat, outcome, created, finished)
SELECT 'S' || id, stack, 'default',
       CASE json_extract(body, '$.to') WHEN 'green' THEN 'blue' ELSE 'green' END,
       json_extract(body, '$.to'), body, '', 'done', 0, '{}', 0,
       0, iif(ended IS NULL, 'cut off', 'done'),
       unixepoch(started) * 1000, coalesce(unixepoch(ended), unixepoch(started)) * 1000
FROM shifts;
DROP TABLE shifts;
",
    "
-- The other half of the journal's fold: what began and has not ended. A journal
-- of years is not searched for it.
CREATE TABLE open_steps (
    stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE,
    op TEXT NOT NULL,
    PRIMARY KEY (stack, op)
) STRICT;
INSERT INTO open_steps SELECT stack, op FROM journal GROUP BY stack, op HAVING max(kind = 'ended') = 0;
",
];

/// `ORDI`, in the header of every state file.
const APPLICATION: i64 = 0x4F52_4449;

/// The file's version, if it is a state file or has nothing in it yet.
pub(super) fn recognise(connection: &Connection) -> Result<usize, Error> {
    open::at_once(connection, || version(connection))
}

fn version(connection: &Connection) -> Result<usize, Error> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let ours = number("SELECT count(*) FROM sqlite_schema WHERE name IN ('stacks', 'journal')")?;
    // The first version did not sign its files.
    let signed = application == APPLICATION || (application == 0 && version == 1);
    let fresh = application == 0 && version == 0 && tables == 0;
    let known = fresh || (signed && ours == 2);
    if !known {
        return Err(Error::Foreign("it is the SQLite database of another program".to_owned()));
    }
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > MIGRATIONS.len() {
        return Err(Error::TooNew { file: version, own: MIGRATIONS.len() });
    }
    Ok(version)
}

/// For a file that cannot be brought up to date: it must be so already.
pub(super) fn current(version: usize) -> Result<(), Error> {
    match version == MIGRATIONS.len() {
        true => Ok(()),
        false => Err(Error::TooOld { file: version, own: MIGRATIONS.len() }),
    }
}

/// Brings a state file up to this program's tables.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    // Readers of a file that is up to date wait for no writer.
    if recognise(connection)? == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = recognise(&transaction)?;
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()?;
    Ok(())
}
