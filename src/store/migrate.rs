//! The tables, as an ordered list of changes. Never edit or remove an entry:
//! state files in the field have it behind them.

use rusqlite::{Connection, TransactionBehavior};

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
-- Seconds since 1970: recovery waits for what may not show yet, not longer.
ALTER TABLE journal ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
",
];

/// Brings a state file up to this program's tables.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), super::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: usize = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > MIGRATIONS.len() {
        return Err(super::Error::TooNew);
    }
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()?;
    Ok(())
}
