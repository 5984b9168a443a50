//! The way back: every route to the weights that it had, by a minimal change
//! of what it is now, and never onto a side that is not well.

use serde_json::json;

use super::driver::{Driver, Phase, Stop, Why};
use crate::rollout::{actions, cloud::Cloud};

impl<C: Cloud> Driver<'_, C> {
    pub(super) async fn back(&self, reason: &str) -> Result<(), Stop> {
        let started = self.now();
        if self.phase() != Phase::RollingBack {
            self.enter(Phase::RollingBack)?;
            self.say("rollback.started", json!({ "reason": reason }));
        }
        self.settle().await?;
        if !self.around.force && !self.source_is_well().await? {
            return Err(Stop::hold(
                Why::NoGoodSide,
                format!(
                    "{reason}; but {} is not well either, and the traffic stays where it is",
                    self.plan.from().name
                ),
            ));
        }
        let mut planned = Vec::new();
        for place in 0..self.plan.routes.len() {
            let live = self.readable(place).await?;
            let known = self.known.borrow()[place].clone();
            if let Some(write) = self.plan.back(place, &live, &known) {
                planned.push((place, write));
            }
        }
        let ops = self.intend_all(&planned)?;
        let mut refused = None;
        for ((place, planned), op) in planned.iter().zip(ops) {
            // One route that cannot be written does not keep the others.
            match self.carry_out(op, &planned.write, Some(*place)).await {
                Ok(()) => {}
                Err(Stop::Back(why)) => refused = Some(why),
                Err(other) => return Err(other),
            }
        }
        if let Some(why) = refused {
            return Err(Stop::Blocked(format!("the way back is blocked: {why}")));
        }
        let share = self.plan.start_permille();
        // After an interrupt there is no time to look.
        if self.interrupts.get() == 0 {
            match self.verify(share, 0).await {
                Ok(()) => {}
                Err(Stop::Back(why)) => {
                    return Err(Stop::Blocked(format!("the way back cannot be proved: {why}")));
                }
                Err(other) => return Err(other),
            }
        }
        self.at.borrow_mut().verified = Some(share);
        self.say("rollback.verified", json!({ "restoreMs": self.now() - started }));
        self.let_go(true).await.map_err(|stop| match stop {
            Stop::Back(why) => Stop::Blocked(format!(
                "the traffic is back, but what the shift held is not let go: {why}"
            )),
            other => other,
        })?;
        self.last_hooks("onRollback", &self.plan.spec.hooks.on_rollback).await
    }

    /// A route on the way back: whatever else somebody has changed in it, the
    /// two weights can be changed as long as they are there.
    async fn readable(&self, place: usize) -> Result<crate::rollout::cloud::LiveRoute, Stop> {
        let route = &self.plan.routes[place];
        let live = self.read(place).await?;
        let live = live.filter(|it| actions::forward(&it.actions, self.plan.pair()).is_some());
        live.ok_or_else(|| {
            Stop::Blocked(format!(
                "`{}` does not forward to the two target groups any more",
                route.name
            ))
        })
    }
}
