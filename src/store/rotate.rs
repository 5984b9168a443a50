//! Another key for a stack: every secret of it is encrypted anew.

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::{
    Error, NewLock, Result, Stack, Store, at, bound_to,
    crypt::Crypt,
    journal,
    keys::{Locked, new_key},
};

/// A stack's configuration file that is to be written once the state has its
/// new key. It is kept in the state until it is, so that the two change
/// together whatever happens in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwritten {
    /// What the file must be for the text to take its place: a digest.
    pub over: String,
    pub text: String,
}

impl Store {
    /// Draws a new key, locks it with `lock`, and encrypts all secrets of the
    /// stack with it, in one transaction. What the old key opened it opens no
    /// more. Says whether none of it is left in the file: what others are just
    /// reading is.
    pub fn rotate(
        &mut self,
        stack: &Stack,
        lock: &NewLock,
        unwritten: Option<&Unwritten>,
    ) -> Result<bool> {
        let Locked { kind, salt, master } = self.keyring.lock(lock)?;
        let key = new_key()?;
        let full = stack.full_name();
        let sealed = Crypt::new(&master).seal(&key[..], &bound_to(&full)).map_err(Error::Key)?;
        let crypt = Crypt::new(&key);
        let rotated = || -> Result<()> {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            encrypt_anew(&transaction, stack, &crypt)?;
            transaction.execute(
                "UPDATE stacks SET key_kind = ?2, key_salt = ?3, sealed_key = ?4, unwritten = ?5
                 WHERE id = ?1",
                params![
                    stack.id,
                    kind,
                    salt,
                    sealed,
                    unwritten.map(serde_json::to_string).transpose()?
                ],
            )?;
            // Proved before it counts.
            if self.snapshot(stack.id, &crypt, &full)? != stack.snapshot {
                return Err(Error::Damaged("secrets did not come back as they were".to_owned()));
            }
            Ok(transaction.commit()?)
        };
        at(&self.path, rotated())?;
        self.masters.borrow_mut().clear();
        self.written();
        // Free space and the log hold what was written before.
        let wiped = self.connection.execute_batch("VACUUM").and_then(|()| {
            let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
            self.connection.query_row(truncate, [], |row| row.get::<_, i64>(0))
        });
        Ok(matches!(wiped, Ok(0)))
    }

    /// The configuration file of a stack that is still to be written.
    pub fn unwritten(&self, project: &str, name: &str) -> Result<Option<Unwritten>> {
        let mut query = self
            .connection
            .prepare("SELECT unwritten FROM stacks WHERE project = ?1 AND name = ?2")?;
        let found: Option<Option<String>> =
            query.query_row([project, name], |row| row.get(0)).optional()?;
        Ok(found.flatten().map(|it| serde_json::from_str(&it)).transpose()?)
    }

    /// It is written.
    pub fn set_written(&mut self, project: &str, name: &str) -> Result<()> {
        let set = self.connection.execute(
            "UPDATE stacks SET unwritten = NULL WHERE project = ?1 AND name = ?2",
            [project, name],
        );
        at(&self.path, set.map(drop).map_err(Error::from))?;
        self.written();
        Ok(())
    }
}

fn encrypt_anew(transaction: &Transaction<'_>, stack: &Stack, crypt: &Crypt) -> Result<()> {
    let full = stack.full_name();
    let old = &stack.crypt;
    type Anew<'a> =
        dyn Fn(&str, &str, &serde_json::Value) -> std::result::Result<String, String> + 'a;
    let table = |select: &str, update: &str, anew: &Anew<'_>| -> Result<()> {
        let mut rows = transaction.prepare(select)?;
        let rows = rows.query_map([stack.id], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
            ))
        })?;
        let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        let mut update = transaction.prepare(update)?;
        for (id, name, kind, body) in rows {
            let body = serde_json::from_str(&body)?;
            let body = anew(&name, &kind, &body).map_err(Error::Damaged)?;
            update.execute(params![id, body])?;
        }
        Ok(())
    };
    table(
        "SELECT seq, op, kind, body FROM journal WHERE stack = ?1",
        "UPDATE journal SET body = ?2 WHERE seq = ?1",
        &|op, kind, body| {
            let row = journal::read_row(op, kind, body, old, &full)?;
            Ok(journal::write_row(&row, crypt, &full)?.1.to_string())
        },
    )?;
    table(
        "SELECT rowid, op, '', body FROM resources WHERE stack = ?1",
        "UPDATE resources SET body = ?2 WHERE rowid = ?1",
        &|_, _, body| {
            let state = journal::read_state(body, old, &full)?;
            Ok(journal::write_state(&state, crypt, &full)?.to_string())
        },
    )?;
    table(
        "SELECT rowid, name, '', value FROM outputs WHERE stack = ?1",
        "UPDATE outputs SET value = ?2 WHERE rowid = ?1",
        &|name, _, value| {
            let at = format!("{full}|outputs|{name}");
            Ok(crypt.seal_json(&old.open_json(value, &at)?, &at)?.to_string())
        },
    )
}
