//! What was done, run by run and call by call.

use rusqlite::params;

use super::{Error, Result, Stack, Store, at};
use crate::model::Call;

/// How many runs of a stack keep their calls.
const RUNS_WITH_CALLS: usize = 20;

/// A run, as the journal tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    pub id: i64,
    pub kind: String,
    pub started: String,
    /// Without it the run was cut off, or is going on.
    pub ended: Option<String>,
    pub outcome: Option<String>,
    /// How long it took, if it has ended.
    pub seconds: Option<i64>,
    pub counts: Counts,
}

/// How many steps of each kind ended well, and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub created: usize,
    pub updated: usize,
    pub deleted: usize,
    pub imported: usize,
    pub failed: usize,
    pub calls: usize,
    pub failed_calls: usize,
}

impl Store {
    /// The runs of a stack, the newest first.
    pub fn runs(&self, stack: &Stack) -> Result<Vec<RunRecord>> {
        let mut query = self.connection.prepare(
            "SELECT id, kind, started, ended, outcome,
                    unixepoch(ended) - unixepoch(started),
                    (SELECT count(*) FROM calls WHERE run = runs.id),
                    (SELECT count(*) FROM calls WHERE run = runs.id AND error IS NOT NULL)
             FROM runs WHERE stack = ?1 ORDER BY id DESC",
        )?;
        let rows = query.query_map([stack.id], |row| {
            let counts =
                Counts { calls: row.get(6)?, failed_calls: row.get(7)?, ..Counts::default() };
            Ok(RunRecord {
                id: row.get(0)?,
                kind: row.get(1)?,
                started: row.get(2)?,
                ended: row.get(3)?,
                outcome: row.get(4)?,
                seconds: row.get(5)?,
                counts,
            })
        })?;
        let mut runs = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        for run in &mut runs {
            self.count(run)?;
        }
        Ok(runs)
    }

    /// A step counts in the run that ended it.
    fn count(&self, run: &mut RunRecord) -> Result<()> {
        let mut query = self.connection.prepare_cached(
            "SELECT (SELECT begun.body ->> '$.what' FROM journal AS begun
                     WHERE begun.stack = ended.stack AND begun.op = ended.op
                       AND begun.kind = 'begun' AND begun.seq < ended.seq
                     ORDER BY begun.seq DESC LIMIT 1) AS what,
                    ended.body ->> '$.error' IS NULL AS well,
                    count(*)
             FROM journal AS ended WHERE run = ?1 AND kind = 'ended' GROUP BY what, well",
        )?;
        let rows = query.query_map([run.id], |row| {
            Ok((row.get::<_, Option<String>>(0)?, row.get::<_, bool>(1)?, row.get::<_, usize>(2)?))
        })?;
        for row in rows {
            let (what, well, count) = row?;
            let counts = &mut run.counts;
            match (what.as_deref(), well) {
                (_, false) => counts.failed += count,
                (Some("create"), _) => counts.created += count,
                (Some("delete"), _) => counts.deleted += count,
                (Some("import"), _) => counts.imported += count,
                _ => counts.updated += count,
            }
        }
        Ok(())
    }

    /// Adds to the audit of a run. Not waited for by the disk: the journal's
    /// next commit takes it along.
    pub fn record_calls(&mut self, run: i64, calls: &[Call]) -> Result<()> {
        let path = self.path.clone();
        let connection = &mut self.connection;
        let mut write = || {
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            let transaction = connection.transaction()?;
            for call in calls {
                transaction
                    .prepare_cached(
                        "INSERT INTO calls
                           (run, at, service, operation, region, request_id, millis, attempts, error)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    )?
                    .execute(params![
                        run,
                        call.at,
                        call.service,
                        call.operation,
                        call.region,
                        call.request_id,
                        call.millis,
                        call.attempts,
                        call.error
                    ])?;
            }
            transaction.commit()
        };
        let written = write();
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        at(&path, written.map_err(Error::from))
    }

    /// Keeps the calls of a stack's last runs only.
    pub fn forget_old_calls(&self, stack: &Stack) -> Result<()> {
        let forgotten = self.connection.execute(
            "DELETE FROM calls WHERE run IN
               (SELECT id FROM runs WHERE stack = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
            params![stack.id, RUNS_WITH_CALLS],
        );
        at(&self.path, forgotten.map(drop).map_err(Error::from))
    }

    /// The calls of one run, in order, or of all runs that keep theirs.
    pub fn calls(&self, stack: &Stack, run: Option<i64>) -> Result<Vec<(i64, Call)>> {
        let mut query = self.connection.prepare(
            "SELECT run, at, service, operation, region, request_id, millis, attempts, error
             FROM calls WHERE run IN (SELECT id FROM runs WHERE stack = ?1)
               AND (?2 IS NULL OR run = ?2)
             ORDER BY calls.id",
        )?;
        let rows = query.query_map(params![stack.id, run], |row| {
            let call = Call {
                at: row.get(1)?,
                service: row.get(2)?,
                operation: row.get(3)?,
                region: row.get(4)?,
                request_id: row.get(5)?,
                millis: row.get(6)?,
                attempts: row.get(7)?,
                error: row.get(8)?,
            };
            Ok((row.get(0)?, call))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
