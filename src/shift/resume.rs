//! What a driver that died has left: its open intentions are settled by
//! looking, and the gap in which nobody watched is judged before anything else
//! is done.

use super::{
    driver::{At, Driver, Phase, Stop, Why},
    write::written,
};
use crate::{
    rollout::{
        actions,
        cloud::{Cloud, Write},
    },
    store::{OpState, Result, ShiftRow},
};

/// A gap this short does not undo a step that was being written.
const SHORT: i64 = 60_000;

impl<C: Cloud> Driver<'_, C> {
    /// Takes up where the row says. `back`: the way back is wanted now.
    pub fn take_up(&self, row: &ShiftRow, back: bool) -> Result<()> {
        let phase = Phase::of(&row.phase).unwrap_or(Phase::Preflight);
        self.wants_back.set(back);
        *self.at.borrow_mut() = At {
            phase,
            step: usize::try_from(row.step).unwrap_or(0),
            verified: row.verified_permille,
            bake_started: row.bake_started,
        };
        let routes = self.store.borrow().shift_routes(&row.id)?;
        *self.known.borrow_mut() = routes
            .into_iter()
            .map(|(_, known)| known.as_array().cloned().unwrap_or_default())
            .collect();
        self.left_at.set(Some(row.heartbeat));
        self.began.set(row.created);
        Ok(())
    }

    /// A person has looked, and wants it to go on.
    pub fn answered(&self) {
        self.answered.set(true);
    }

    /// What a person has decided for a shift that was left.
    async fn decided(&self) -> std::result::Result<(), Stop> {
        if !self.answered.take() {
            return Ok(());
        }
        self.say("continued", serde_json::json!({ "by": "a person" }));
        if self.phase() == Phase::Pausing {
            return self.next_step().map_err(Stop::from);
        }
        for why in [Why::Inconclusive, Why::NoGoodSide, Why::SourceLost, Why::Share] {
            self.waive(why);
        }
        self.adopt().await
    }

    /// What became of the changes that were on their way.
    pub(super) async fn settle(&self) -> std::result::Result<(), Stop> {
        if self.left_at.get().is_none() {
            return Ok(());
        }
        let ops = self.store.borrow().shift_ops(&self.fence.shift)?;
        for mut op in ops.into_iter().filter(|it| it.state == OpState::Intended) {
            let write: Option<Write> = serde_json::from_value(op.op.write.clone()).ok();
            let shown = match (&write, op.op.route) {
                (Some(write), Some(place)) => self.shows(place, write).await?,
                _ => false,
            };
            op.state = if shown { OpState::Confirmed } else { OpState::Superseded };
            let known = write.as_ref().filter(|_| shown).and_then(written).map(<[_]>::to_vec);
            let body = known.clone().map(serde_json::Value::Array);
            let of_route = op.op.route.zip(body.as_ref());
            self.store.borrow_mut().end_op(&self.fence, &op, of_route, self.now())?;
            if let (Some(place), Some(known)) = (op.op.route, known) {
                self.known.borrow_mut()[place] = known;
            }
        }
        Ok(())
    }

    /// Before a shift that was taken up goes on.
    pub(super) async fn catch_up(&self) -> std::result::Result<(), Stop> {
        self.settle().await?;
        let Some(left) = self.left_at.take() else { return Ok(()) };
        if self.phase() < Phase::Applying || self.phase() >= Phase::Finishing {
            return Ok(());
        }
        self.decided().await?;
        self.settle_capacity().await?;
        for place in 0..self.plan.routes.len() {
            self.agreed(place).await?;
        }
        let gap = self.now() - left;
        // The routes differ: onward after a short gap, else to where all of
        // them were before.
        if self.phase() == Phase::Applying && gap > SHORT {
            self.to_verified().await?;
        }
        self.gap(left, self.now()).await?;
        // What was not watched does not count.
        let watched = self.at.borrow().bake_started.filter(|it| *it < left);
        self.at.borrow_mut().bake_started = watched.map(|it| it + gap);
        Ok(())
    }

    /// Every route to the weights that all of them were last seen at.
    async fn to_verified(&self) -> std::result::Result<(), Stop> {
        let Some(verified) = self.at.borrow().verified else {
            return Err(Stop::Back(
                "the shift was left in the middle of its first step".to_owned(),
            ));
        };
        for place in 0..self.plan.routes.len() {
            let live = self.agreed(place).await?;
            let now = actions::forward(&live.actions, self.plan.pair());
            if now.and_then(|it| it.permille()) == Some(verified) {
                continue;
            }
            if let Some(write) = self.plan.to_share(place, &live, verified) {
                self.change_route(place, write).await?;
            }
        }
        self.verify(verified, 0).await
    }
}
