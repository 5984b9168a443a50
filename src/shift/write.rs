//! One change in AWS: a durable row before it, another after it. What became
//! of a request whose answer was lost is found out by looking.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{
    driver::{Driver, Stop, Why},
    plan::Planned,
};
use crate::{
    provider::{Error, Kind},
    rollout::{
        actions::{self, Difference},
        cloud::{Cloud, LiveRoute, Write},
        spec::OnConflict,
    },
    store::{NewOp, OpRow, OpState},
};

/// How often a change is sent.
const ATTEMPTS: u32 = 8;
/// The longest pause between two.
const PAUSE: Duration = Duration::from_secs(5);
/// How long a read may tell what was before a write.
const STALE: Duration = Duration::from_secs(30);

/// Codes of requests that AWS has not looked at: to be sent again.
const PASSING: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "PriorRequestNotComplete",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "InternalFailure",
    "InternalError",
    "InternalServerException",
    "ServerException",
    "ConcurrentUpdateException",
    "OperationNotPermittedTemporarily",
];

impl<C: Cloud> Driver<'_, C> {
    /// A change beside the routes. All of these may be said twice.
    pub(super) async fn change(&self, planned: Planned) -> Result<(), Stop> {
        let op = self.intend(&planned, None)?;
        self.carry_out(op, &planned.write, None).await
    }

    /// A change of a route, which is known as it was written from then on.
    pub(super) async fn change_route(&self, place: usize, planned: Planned) -> Result<(), Stop> {
        let op = self.intend(&planned, Some(place))?;
        self.carry_out(op, &planned.write, Some(place)).await
    }

    fn intend(&self, planned: &Planned, route: Option<usize>) -> Result<OpRow, Stop> {
        let write = serde_json::to_value(&planned.write).unwrap_or_default();
        let op = NewOp {
            phase: self.phase().word().to_owned(),
            step: i64::try_from(self.step_number()).unwrap_or(i64::MAX),
            route,
            write,
        };
        let now = self.now();
        let ids = self.store.borrow_mut().intend(&self.fence, std::slice::from_ref(&op), now)?;
        Ok(self.intended(ids.first().copied().unwrap_or_default(), op, now))
    }

    /// The intentions for all routes, in one piece.
    pub(super) fn intend_all(&self, planned: &[(usize, Planned)]) -> Result<Vec<OpRow>, Stop> {
        let of = |(place, planned): &(usize, Planned)| NewOp {
            phase: self.phase().word().to_owned(),
            step: i64::try_from(self.step_number()).unwrap_or(i64::MAX),
            route: Some(*place),
            write: serde_json::to_value(&planned.write).unwrap_or_default(),
        };
        let ops: Vec<NewOp> = planned.iter().map(of).collect();
        let now = self.now();
        let ids = self.store.borrow_mut().intend(&self.fence, &ops, now)?;
        Ok(ids.into_iter().zip(ops).map(|(id, op)| self.intended(id, op, now)).collect())
    }

    fn intended(&self, id: i64, op: NewOp, now: i64) -> OpRow {
        let row = OpRow {
            id,
            op,
            state: OpState::Intended,
            attempts: 0,
            request_id: None,
            intended: now,
            ended: None,
            error: None,
        };
        self.say_op("op.intended", &row);
        row
    }

    fn say_op(&self, kind: &str, op: &OpRow) {
        let route = op.op.route.and_then(|it| self.plan.routes.get(it));
        self.say(
            kind,
            json!({
                "op": op.id,
                "api": op.op.write["api"],
                "params": op.op.write["params"],
                "route": route.map(|it| &it.name),
                "requestId": op.request_id,
                "attempt": op.attempts,
                "error": op.error,
            }),
        );
    }

    /// Sends an intention until it is known what became of it.
    pub(super) async fn carry_out(
        &self,
        mut op: OpRow,
        write: &Write,
        place: Option<usize>,
    ) -> Result<(), Stop> {
        loop {
            op.attempts += 1;
            let error = match self.cloud.send(write).await {
                Ok(request) => {
                    op.request_id = request;
                    return self.confirmed(op, write, place);
                }
                Err(error) => error,
            };
            op.error = Some(error.to_string());
            op.request_id.clone_from(&error.request_id);
            // Nobody knows whether it was done: a look tells.
            let lost = error.kind == Kind::Ambiguous;
            if let Some(place) = place.filter(|_| lost)
                && self.shows(place, write).await?
            {
                return self.confirmed(op, write, Some(place));
            }
            let again = lost || error.kind == Kind::NotSent || error.is(PASSING);
            if !again || op.attempts >= ATTEMPTS {
                return self.failed(op, &error);
            }
            self.say_op("op.failed", &op);
            let pause = Duration::from_millis(250) * (1 << op.attempts.min(5));
            self.rest(pause.min(PAUSE)).await;
        }
    }

    fn confirmed(&self, mut op: OpRow, write: &Write, place: Option<usize>) -> Result<(), Stop> {
        (op.state, op.error) = (OpState::Confirmed, None);
        let known = place.and_then(|place| Some((place, written(write)?)));
        let body = known.map(|(place, actions)| (place, Json::Array(actions.to_vec())));
        let body_ref = body.as_ref().map(|(place, it)| (*place, it));
        self.store.borrow_mut().end_op(&self.fence, &op, body_ref, self.now())?;
        if let Some((place, actions)) = known {
            self.known.borrow_mut()[place] = actions.to_vec();
        }
        self.say_op("op.confirmed", &op);
        Ok(())
    }

    fn failed(&self, mut op: OpRow, error: &Error) -> Result<(), Stop> {
        op.state = OpState::Failed;
        self.store.borrow_mut().end_op(&self.fence, &op, None, self.now())?;
        self.say_op("op.failed", &op);
        if error.kind == Kind::Credentials {
            return Err(Stop::credentials(error));
        }
        let api = op.op.write["api"].as_str().unwrap_or_default();
        Err(Stop::Back(format!("{api} was refused: {error}")))
    }

    /// Whether a route shows a write whose answer was lost. Reads may lag: as
    /// long as it shows what was before, it is looked at again.
    pub(super) async fn shows(&self, place: usize, write: &Write) -> Result<bool, Stop> {
        let Some(after) = written(write) else { return Ok(false) };
        for looks in 0..4 {
            if looks > 0 {
                self.rest(Duration::from_millis(500)).await;
            }
            let Some(live) = self.read(place).await? else { return Ok(false) };
            if actions::hash(after) == actions::hash(&live.actions) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A route as it is now, which is as it was last known: before every
    /// write, and again and again.
    pub(super) async fn agreed(&self, place: usize) -> Result<LiveRoute, Stop> {
        let route = &self.plan.routes[place];
        let since = self.now();
        loop {
            let live = self.read(place).await?;
            let known = self.known.borrow()[place].clone();
            let forwards =
                |it: &LiveRoute| actions::forward(&it.actions, self.plan.pair()).is_some();
            let difference = match &live {
                // However well it is known: there is nothing to shift.
                Some(live) if !forwards(live) => {
                    Difference::Gone(vec!["it forwards to neither colour".to_owned()])
                }
                Some(live) => actions::difference(&known, &live.actions, self.plan.pair()),
                None => Difference::Gone(vec![format!("{} does not exist any more", route.arn)]),
            };
            let (difference, live) = match (difference, live) {
                (Difference::None, Some(live)) => return Ok(live),
                differs => differs,
            };
            let whose = live.as_ref().map(|it| self.whose(place, &it.actions));
            match (difference, live) {
                // What was given up as lost has arrived after all.
                (_, Some(live)) if whose == Some(Whose::Lost) => {
                    self.know(place, &live)?;
                    return Ok(live);
                }
                // A read that lags shows what one of our writes has found.
                (_, Some(_)) if whose == Some(Whose::Earlier) && !self.late(since) => {}
                (difference, live) => {
                    if self.restored(place, live.as_ref()).await? {
                        return Err(Stop::Restored);
                    }
                    return self.conflict(place, &difference, live);
                }
            }
            self.rest(Duration::from_millis(500)).await;
        }
    }

    fn late(&self, since: i64) -> bool {
        self.now() - since > super::driver::millis(self.around.pace.of(STALE))
    }

    /// Who has made the route what it is.
    fn whose(&self, place: usize, live: &[Json]) -> Whose {
        let hash = actions::hash(live);
        let ops = self.store.borrow().shift_ops(&self.fence.shift).unwrap_or_default();
        let ours = ops.iter().rev().filter(|it| it.op.route == Some(place)).find(|it| {
            let write: Option<Write> = serde_json::from_value(it.op.write.clone()).ok();
            write.is_some_and(|it| written(&it).is_some_and(|it| actions::hash(it) == hash))
        });
        match ours.map(|it| it.state) {
            Some(OpState::Confirmed) => Whose::Earlier,
            Some(_) => Whose::Lost,
            None if actions::hash(&self.plan.routes[place].before) == hash => Whose::Earlier,
            None => Whose::Others,
        }
    }

    /// Whether the dead-man's switch has acted: the route is as before, and
    /// its schedule has gone.
    async fn restored(&self, place: usize, live: Option<&LiveRoute>) -> Result<bool, Stop> {
        let (Some(live), Some(name)) = (live, self.plan.schedule(&self.fence.shift, place)) else {
            return Ok(false);
        };
        let pair = self.plan.pair();
        let start = actions::forward(&self.plan.routes[place].before, pair).map(|it| it.weights);
        let now = actions::forward(&live.actions, pair).map(|it| it.weights);
        let back = start.zip(now).is_some_and(|(one, other)| actions::same_share(one, other));
        Ok(self.moved() && back && !self.asking(|| self.cloud.schedule_exists(&name)).await?)
    }

    fn conflict(
        &self,
        place: usize,
        difference: &Difference,
        live: Option<LiveRoute>,
    ) -> Result<LiveRoute, Stop> {
        // It may be the one who took this shift over.
        self.heed()?;
        let route = &self.plan.routes[place];
        let (kind, lines) = match difference {
            Difference::Weights(weights) => {
                ("weights", vec![format!("its weights are {}", self.plan.weights_text(*weights))])
            }
            Difference::Structure(lines) => ("structure", lines.clone()),
            Difference::Gone(lines) => ("gone", lines.clone()),
            Difference::None => ("none", Vec::new()),
        };
        let told = json!({ "route": route.name, "kind": kind, "diff": lines });
        if *self.conflict.borrow() != told {
            self.say("conflict", told.clone());
            *self.conflict.borrow_mut() = told;
        }
        let policy = self.plan.spec.on_conflict;
        let reason = match difference {
            // A route that is there and forwards elsewhere may come back: a page
            // for maintenance does. One that is gone does not.
            Difference::Gone(_) if live.is_none() => {
                return Err(Stop::Blocked(format!("`{}` does not exist any more", route.name)));
            }
            Difference::Weights(weights) => format!(
                "`{}` was changed by somebody else: {}",
                route.name,
                self.plan.weights_text(*weights)
            ),
            _ => format!("`{}` was changed by somebody else:\n{}", route.name, lines.join("\n")),
        };
        match (policy, difference, live) {
            (OnConflict::Adopt, Difference::Weights(_), Some(live)) => {
                self.know(place, &live)?;
                Ok(live)
            }
            (OnConflict::Overwrite, Difference::Weights(_), Some(live)) => Ok(live),
            (OnConflict::Rollback, Difference::Weights(_), Some(_)) => Err(Stop::Back(reason)),
            _ => Err(Stop::hold(Why::Conflict, reason)),
        }
    }

    fn know(&self, place: usize, live: &LiveRoute) -> Result<(), Stop> {
        let body = Json::Array(live.actions.clone());
        self.store.borrow_mut().set_route_known(&self.fence, place, &body)?;
        self.known.borrow_mut()[place].clone_from(&live.actions);
        Ok(())
    }

    /// Takes the routes as they are: a person has looked at them.
    pub(super) async fn adopt(&self) -> Result<(), Stop> {
        for place in 0..self.plan.routes.len() {
            if let Some(live) = self.read(place).await? {
                self.know(place, &live)?;
            }
        }
        Ok(())
    }
}

/// Who has made a route what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// It is as it was before, or as a write of ours has left it.
    Earlier,
    /// A write of ours of which nobody knew what became of it.
    Lost,
    Others,
}

/// The actions that a write leaves behind.
pub(super) fn written(write: &Write) -> Option<&[Json]> {
    match write {
        Write::ModifyListener { default_actions, .. } => Some(default_actions),
        Write::ModifyRule { actions, .. } => Some(actions),
        _ => None,
    }
}
