//! Shifts of traffic: each a row that says how far it is, a row for every
//! change before and after it is made, and what was told of it.
//!
//! Whoever drives a shift holds its fence. Who takes a shift over raises it,
//! and from then on nothing that the one before writes gets in.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Error, Owner, Result, Stack, Store};

/// A shift as its row says.
#[derive(Clone, Debug, PartialEq)]
pub struct ShiftRow {
    pub id: String,
    pub rollout: String,
    pub from: String,
    pub to: String,
    pub plan: Json,
    pub plan_sha: String,
    pub phase: String,
    pub step: i64,
    pub verified_permille: Option<u32>,
    /// Milliseconds since 1970, here and below.
    pub bake_started: Option<i64>,
    pub request: Option<String>,
    pub owner: Option<Owner>,
    pub fence: i64,
    pub heartbeat: i64,
    pub outcome: Option<String>,
    pub reason: Option<String>,
    pub created: i64,
    pub finished: Option<i64>,
}

const COLUMNS: &str = "id, rollout, src, dst, plan, plan_sha, phase, step, verified_permille,
    bake_started, request, owner, fence, heartbeat, outcome, reason, created, finished";

impl ShiftRow {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let json = |at: usize| {
            let text: String = row.get(at)?;
            Ok::<_, rusqlite::Error>(serde_json::from_str(&text).unwrap_or_default())
        };
        Ok(Self {
            id: row.get(0)?,
            rollout: row.get(1)?,
            from: row.get(2)?,
            to: row.get(3)?,
            plan: json(4)?,
            plan_sha: row.get(5)?,
            phase: row.get(6)?,
            step: row.get(7)?,
            verified_permille: row.get(8)?,
            bake_started: row.get(9)?,
            request: row.get(10)?,
            owner: serde_json::from_value(json(11)?).ok(),
            fence: row.get(12)?,
            heartbeat: row.get(13)?,
            outcome: row.get(14)?,
            reason: row.get(15)?,
            created: row.get(16)?,
            finished: row.get(17)?,
        })
    }
}

/// A shift that begins.
pub struct NewShift<'a> {
    pub id: &'a str,
    pub rollout: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    pub plan: &'a Json,
    pub plan_sha: &'a str,
    pub owner: &'a Owner,
    /// Of each route, in their order: its actions.
    pub routes: &'a [Json],
}

/// One who drives a shift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub shift: String,
    pub number: i64,
}

/// A change that is going to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewOp {
    pub phase: String,
    pub step: i64,
    pub route: Option<usize>,
    pub write: Json,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OpRow {
    pub id: i64,
    pub op: NewOp,
    pub state: OpState,
    pub attempts: u32,
    pub request_id: Option<String>,
    pub intended: i64,
    pub ended: Option<i64>,
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpState {
    Intended,
    Confirmed,
    Failed,
    /// It was never known whether it was made, and does not matter any more.
    Superseded,
}

impl OpState {
    fn word(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Confirmed => "confirmed",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "intended" => Self::Intended,
            "confirmed" => Self::Confirmed,
            "failed" => Self::Failed,
            _ => Self::Superseded,
        }
    }
}

/// How far a shift is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    pub phase: &'a str,
    pub step: i64,
    pub verified_permille: Option<u32>,
    pub bake_started: Option<i64>,
}

impl Store {
    /// `Error::ShiftOpen` while another of this rollout is.
    pub fn begin_shift(&mut self, stack: &Stack, new: &NewShift<'_>, now: i64) -> Result<Fence> {
        let open = self.open_shift(stack, new.rollout)?;
        if let Some(open) = open {
            return Err(Error::ShiftOpen(Box::new(open)));
        }
        let fence = Fence { shift: new.id.to_owned(), number: 1 };
        let (stack, new_row) = (stack.id, new);
        self.in_shift(|transaction| {
            transaction.execute(
                "INSERT INTO shift (id, stack, rollout, src, dst, plan, plan_sha, phase, step,
                                    owner, fence, heartbeat, created)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'preflight', 0, ?8, 1, ?9, ?9)",
                params![
                    new_row.id,
                    stack,
                    new_row.rollout,
                    new_row.from,
                    new_row.to,
                    new_row.plan.to_string(),
                    new_row.plan_sha,
                    serde_json::to_string(new_row.owner)?,
                    now
                ],
            )?;
            for (place, actions) in new_row.routes.iter().enumerate() {
                transaction.execute(
                    "INSERT INTO shift_route (shift, place, before, known) VALUES (?1, ?2, ?3, ?3)",
                    params![new_row.id, place, actions.to_string()],
                )?;
            }
            Ok(())
        })?;
        Ok(fence)
    }

    pub fn open_shift(&self, stack: &Stack, rollout: &str) -> Result<Option<ShiftRow>> {
        self.one_shift(
            "stack = ?1 AND rollout = ?2 AND finished IS NULL",
            params![stack.id, rollout],
        )
    }

    /// Of all rollouts.
    pub fn open_shifts(&self, stack: &Stack) -> Result<Vec<ShiftRow>> {
        self.shifts_where("stack = ?1 AND finished IS NULL ORDER BY created", params![stack.id])
    }

    /// Of a stack that was not read yet.
    pub fn open_shifts_of(&self, project: &str, name: &str) -> Result<Vec<ShiftRow>> {
        self.shifts_where(
            "stack = (SELECT id FROM stacks WHERE project = ?1 AND name = ?2)
             AND finished IS NULL ORDER BY created",
            params![project, name],
        )
    }

    pub fn shift(&self, stack: &Stack, id: &str) -> Result<Option<ShiftRow>> {
        self.one_shift("stack = ?1 AND id = ?2", params![stack.id, id])
    }

    /// The newest first.
    pub fn shifts(&self, stack: &Stack, rollout: Option<&str>, most: u32) -> Result<Vec<ShiftRow>> {
        self.shifts_where(
            "stack = ?1 AND (?2 IS NULL OR rollout = ?2) ORDER BY created DESC, rowid DESC LIMIT ?3",
            params![stack.id, rollout, most],
        )
    }

    fn one_shift(&self, which: &str, of: impl rusqlite::Params) -> Result<Option<ShiftRow>> {
        Ok(self.shifts_where(which, of)?.into_iter().next())
    }

    fn shifts_where(&self, which: &str, of: impl rusqlite::Params) -> Result<Vec<ShiftRow>> {
        let sql = format!("SELECT {COLUMNS} FROM shift WHERE {which}");
        let mut query = self.connection.prepare(&sql)?;
        let rows = query.query_map(of, ShiftRow::of)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Takes a shift over: whoever drove it before writes nothing any more.
    pub fn take_shift_over(&mut self, id: &str, owner: &Owner, now: i64) -> Result<Fence> {
        let owner = serde_json::to_string(owner)?;
        let number = self.in_shift(|transaction| {
            transaction.execute(
                "UPDATE shift SET fence = fence + 1, owner = ?2, heartbeat = ?3, request = NULL
                 WHERE id = ?1",
                params![id, owner, now],
            )?;
            let number = "SELECT fence FROM shift WHERE id = ?1";
            Ok(transaction.query_row(number, [id], |row| row.get(0))?)
        })?;
        Ok(Fence { shift: id.to_owned(), number })
    }

    pub fn set_progress(&mut self, fence: &Fence, at: &Progress<'_>, now: i64) -> Result<()> {
        self.fenced(fence, |transaction| {
            transaction.execute(
                "UPDATE shift SET phase = ?2, step = ?3, verified_permille = ?4,
                                  bake_started = ?5, heartbeat = ?6 WHERE id = ?1",
                params![fence.shift, at.phase, at.step, at.verified_permille, at.bake_started, now],
            )?;
            Ok(())
        })
    }

    /// Says that the shift is alive; answers what another process asks for.
    pub fn beat(&mut self, fence: &Fence, now: i64) -> Result<Option<String>> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !held(&transaction, fence)? {
            return Err(Error::Fenced);
        }
        let asked = "SELECT request FROM shift WHERE id = ?1";
        let asked = transaction.query_row(asked, [&fence.shift], |row| row.get(0))?;
        let beat = "UPDATE shift SET heartbeat = ?2, request = NULL WHERE id = ?1";
        transaction.execute(beat, params![fence.shift, now])?;
        transaction.commit()?;
        Ok(asked)
    }

    /// Asks whoever drives the shift for something.
    pub fn ask_shift(&self, id: &str, request: &str) -> Result<()> {
        let ask = "UPDATE shift SET request = ?2 WHERE id = ?1 AND finished IS NULL";
        self.connection.execute(ask, params![id, request])?;
        Ok(())
    }

    pub fn end_shift(
        &mut self,
        fence: &Fence,
        outcome: &str,
        reason: Option<&str>,
        now: i64,
    ) -> Result<()> {
        self.fenced(fence, |transaction| {
            transaction.execute(
                "UPDATE shift_op SET state = 'superseded', ended = ?2
                 WHERE shift = ?1 AND state = 'intended'",
                params![fence.shift, now],
            )?;
            transaction.execute(
                "UPDATE shift SET outcome = ?2, reason = ?3, finished = ?4, request = NULL
                 WHERE id = ?1",
                params![fence.shift, outcome, reason, now],
            )?;
            Ok(())
        })
    }

    /// Of each route: its actions before the shift, and as it was last known.
    pub fn shift_routes(&self, id: &str) -> Result<Vec<(Json, Json)>> {
        let sql = "SELECT before, known FROM shift_route WHERE shift = ?1 ORDER BY place";
        let mut query = self.connection.prepare(sql)?;
        let rows = query.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row: rusqlite::Result<(String, String)>| {
            let (before, known) = row?;
            Ok((serde_json::from_str(&before)?, serde_json::from_str(&known)?))
        })
        .collect()
    }

    pub fn set_route_known(&mut self, fence: &Fence, place: usize, known: &Json) -> Result<()> {
        self.fenced(fence, |transaction| {
            let sql = "UPDATE shift_route SET known = ?3 WHERE shift = ?1 AND place = ?2";
            transaction.execute(sql, params![fence.shift, place, known.to_string()])?;
            Ok(())
        })
    }

    /// Intentions, durable when this returns; several together or none.
    pub fn intend(&mut self, fence: &Fence, ops: &[NewOp], now: i64) -> Result<Vec<i64>> {
        self.fenced(fence, |transaction| {
            let mut ids = Vec::new();
            for op in ops {
                transaction.execute(
                    "INSERT INTO shift_op (shift, fence, phase, step, route, write, state, intended)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'intended', ?7)",
                    params![
                        fence.shift,
                        fence.number,
                        op.phase,
                        op.step,
                        op.route,
                        op.write.to_string(),
                        now
                    ],
                )?;
                ids.push(transaction.last_insert_rowid());
            }
            Ok(ids)
        })
    }

    /// What became of an intention. A route that was written is known anew.
    pub fn end_op(
        &mut self,
        fence: &Fence,
        op: &OpRow,
        known: Option<(usize, &Json)>,
        now: i64,
    ) -> Result<()> {
        self.fenced(fence, |transaction| {
            transaction.execute(
                "UPDATE shift_op SET state = ?2, attempts = ?3, request_id = ?4, error = ?5,
                                     ended = ?6 WHERE id = ?1",
                params![op.id, op.state.word(), op.attempts, op.request_id, op.error, now],
            )?;
            if let Some((place, known)) = known {
                let sql = "UPDATE shift_route SET known = ?3 WHERE shift = ?1 AND place = ?2";
                transaction.execute(sql, params![fence.shift, place, known.to_string()])?;
            }
            Ok(())
        })
    }

    /// All of a shift's, the oldest first.
    pub fn shift_ops(&self, id: &str) -> Result<Vec<OpRow>> {
        let sql = "SELECT id, phase, step, route, write, state, attempts, request_id, intended,
                          ended, error FROM shift_op WHERE shift = ?1 ORDER BY id";
        let mut query = self.connection.prepare(sql)?;
        let rows = query.query_map([id], |row| {
            let (write, state): (String, String) = (row.get(4)?, row.get(5)?);
            Ok(OpRow {
                id: row.get(0)?,
                op: NewOp {
                    phase: row.get(1)?,
                    step: row.get(2)?,
                    route: row.get(3)?,
                    write: serde_json::from_str(&write).unwrap_or_default(),
                },
                state: OpState::of(&state),
                attempts: row.get(6)?,
                request_id: row.get(7)?,
                intended: row.get(8)?,
                ended: row.get(9)?,
                error: row.get(10)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Adds an event, which gets its number; `body` is made with it.
    pub fn add_event(&mut self, fence: &Fence, body: impl FnOnce(i64) -> Json) -> Result<Json> {
        self.fenced(fence, |transaction| {
            let next = "SELECT coalesce(max(seq), 0) + 1 FROM shift_event WHERE shift = ?1";
            let seq = transaction.query_row(next, [&fence.shift], |row| row.get(0))?;
            let body = body(seq);
            transaction.execute(
                "INSERT INTO shift_event (shift, seq, body) VALUES (?1, ?2, ?3)",
                params![fence.shift, seq, body.to_string()],
            )?;
            Ok(body)
        })
    }

    pub fn shift_events(&self, id: &str, after: i64) -> Result<Vec<Json>> {
        let sql = "SELECT body FROM shift_event WHERE shift = ?1 AND seq > ?2 ORDER BY seq";
        let mut query = self.connection.prepare(sql)?;
        let rows = query.query_map(params![id, after], |row| row.get::<_, String>(0))?;
        rows.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
    }

    /// What only the one who drives the shift may do.
    fn fenced<T>(
        &mut self,
        fence: &Fence,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.in_shift(|transaction| match held(transaction, fence)? {
            true => work(transaction),
            false => Err(Error::Fenced),
        })
    }

    /// One durable write to the journal of shifts.
    fn in_shift<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let path = self.path.clone();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let written = transaction.map_err(Error::from).and_then(|transaction| {
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        });
        let done = super::at(&path, written)?;
        self.written();
        Ok(done)
    }
}

fn held(connection: &Connection, fence: &Fence) -> Result<bool> {
    let sql = "SELECT fence FROM shift WHERE id = ?1";
    let number: Option<i64> =
        connection.query_row(sql, [&fence.shift], |row| row.get(0)).optional()?;
    Ok(number == Some(fence.number))
}
