//! The phases of a shift, in their order, and every way in which it ends.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use serde_json::{Value as Json, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    plan::{LEASE, Plan, Settled, leaseholder},
    watch::Watch,
};
use crate::{
    provider::{self, Pace},
    rollout::{
        actions,
        cloud::{Cloud, LiveRoute},
        spec::{OnInterrupt, Stickiness},
        strategy::{Step, Then, percent, spelled},
    },
    store::{self, Fence, Progress, Store},
};

/// How far a shift is, in the order in which it gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Preflight,
    Arming,
    Scaling,
    Testing,
    Applying,
    Verifying,
    Baking,
    Pausing,
    FinalBake,
    Finishing,
    RollingBack,
    Aborting,
}

impl Phase {
    const ALL: [(Self, &'static str); 12] = [
        (Self::Preflight, "preflight"),
        (Self::Arming, "arming"),
        (Self::Scaling, "scaling"),
        (Self::Testing, "testing"),
        (Self::Applying, "applying"),
        (Self::Verifying, "verifying"),
        (Self::Baking, "baking"),
        (Self::Pausing, "pausing"),
        (Self::FinalBake, "final-bake"),
        (Self::Finishing, "finishing"),
        (Self::RollingBack, "rolling-back"),
        (Self::Aborting, "aborting"),
    ];

    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(it, _)| *it == self).map_or("", |(_, word)| word)
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, it)| *it == word).map(|(phase, _)| *phase)
    }
}

/// How a shift ended, or why its driver left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Noop,
    Refused,
    Aborted,
    RolledBack,
    Locked,
    Paused,
    Conflict,
    Blocked,
    Interrupted,
    Failed,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Noop => "noop",
            Self::Refused => "refused",
            Self::Aborted => "aborted",
            Self::RolledBack => "rolled-back",
            Self::Locked => "locked",
            Self::Paused => "paused",
            Self::Conflict => "conflict",
            Self::Blocked => "blocked",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }

    /// One for each, so that CI knows where the traffic is.
    pub fn code(self) -> u8 {
        match self {
            Self::Done | Self::Noop => 0,
            Self::Failed => 1,
            Self::Refused | Self::Aborted => 3,
            Self::RolledBack => 4,
            Self::Locked => 5,
            Self::Paused => 6,
            Self::Conflict => 7,
            Self::Blocked => 8,
            Self::Interrupted => 130,
        }
    }
}

/// What a driver has to say at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub outcome: Outcome,
    pub reason: Option<String>,
}

/// Why the way forward, or back, is left.
#[derive(Debug)]
pub(super) enum Stop {
    /// What must be so is not; it was told check by check.
    Refused(String),
    Back(String),
    Hold(Hold),
    /// Nobody knows a good way: a person is needed.
    Blocked(String),
    /// The dead-man's switch has brought the traffic back already.
    Restored,
    Interrupted,
    Store(store::Error),
}

impl Stop {
    /// Somebody has to decide, for as long as that takes.
    pub(super) fn hold(why: Why, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Hold(Hold { why, reason, timeout: None, then: Then::Rollback })
    }

    pub(super) fn credentials(error: &provider::Error) -> Self {
        let reason = format!("AWS does not accept the credentials: {}", error.message);
        Self::hold(Why::Credentials, reason)
    }
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Somebody has to decide.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    pub(super) why: Why,
    pub(super) reason: String,
    pub(super) timeout: Option<Duration>,
    pub(super) then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// The program says so.
    Manual,
    /// A person asked for it, and will ask for something else.
    Asked,
    Inconclusive,
    NoGoodSide,
    SourceLost,
    Share,
    Conflict,
    Credentials,
}

/// What a new shift tells first.
pub struct First {
    /// Of the event `shift.planned`.
    pub planned: Json,
    /// Of the events `check`.
    pub checks: Vec<Json>,
    /// The checks that keep it from being done.
    pub refused: Option<String>,
}

/// What a driver lives in.
pub struct Surroundings<'a> {
    /// Milliseconds since 1970.
    pub clock: &'a dyn Fn() -> i64,
    pub pace: Pace,
    /// Every event, after it is in the state.
    pub tell: &'a dyn Fn(&Json),
    /// Nobody can be asked: in CI a shift does not wait for a person for ever.
    pub alone: bool,
    /// Traffic goes back even to a side that is not well.
    pub force: bool,
    /// A program's commands may be run.
    pub commands: bool,
}

pub struct Driver<'a, C> {
    pub(super) cloud: &'a C,
    pub(super) store: RefCell<Store>,
    pub(super) fence: Fence,
    pub(super) plan: Plan,
    pub(super) around: Surroundings<'a>,
    pub(super) stops: RefCell<UnboundedReceiver<()>>,
    pub(super) at: RefCell<At>,
    /// Of each route: its actions as they were last seen or written.
    pub(super) known: RefCell<Vec<Vec<Json>>>,
    /// What a person has seen and does not want to be stopped by again.
    pub(super) waived: RefCell<Vec<Why>>,
    pub(super) interrupts: Cell<u32>,
    /// What is at hand only once capacity was looked at.
    pub(super) settled: RefCell<Option<Settled>>,
    /// When the dead-man's switch would act, in milliseconds since 1970.
    pub(super) dead_man: Cell<Option<i64>>,
    /// When the shift began.
    pub(super) began: Cell<i64>,
    /// When its last driver was last heard of, while that matters.
    pub(super) left_at: Cell<Option<i64>>,
    first: RefCell<Option<First>>,
    /// A person wants a shift that was left to go on.
    pub(super) answered: Cell<bool>,
    /// A person wants its traffic back.
    pub(super) wants_back: Cell<bool>,
    /// The conflict that was told last: the same again is no news.
    pub(super) conflict: RefCell<Json>,
}

#[derive(Clone, Debug)]
pub(super) struct At {
    pub(super) phase: Phase,
    pub(super) step: usize,
    pub(super) verified: Option<u32>,
    pub(super) bake_started: Option<i64>,
}

/// How often a driver looks what it is asked for.
const TICK: Duration = Duration::from_secs(1);
/// How long two machines may take to see each other's tags.
const SPREADS: Duration = Duration::from_secs(2);
/// How long a route may take to show what was written.
pub(super) const SHOWN: Duration = Duration::from_secs(30);

impl<'a, C: Cloud> Driver<'a, C> {
    pub fn new(
        cloud: &'a C,
        store: Store,
        fence: Fence,
        plan: Plan,
        around: Surroundings<'a>,
        stops: UnboundedReceiver<()>,
    ) -> Self {
        let known = plan.routes.iter().map(|it| it.before.clone()).collect();
        let began = (around.clock)();
        Self {
            cloud,
            store: RefCell::new(store),
            fence,
            plan,
            around,
            stops: RefCell::new(stops),
            at: RefCell::new(At {
                phase: Phase::Preflight,
                step: 0,
                verified: None,
                bake_started: None,
            }),
            known: RefCell::new(known),
            waived: RefCell::default(),
            interrupts: Cell::new(0),
            settled: RefCell::default(),
            dead_man: Cell::new(None),
            began: Cell::new(began),
            left_at: Cell::new(None),
            first: RefCell::default(),
            answered: Cell::new(false),
            wants_back: Cell::new(false),
            conflict: RefCell::default(),
        }
    }

    /// Of a new shift.
    #[must_use]
    pub fn telling(self, first: First) -> Self {
        *self.first.borrow_mut() = Some(first);
        self
    }

    /// To the end, or to where only a person can go on.
    pub async fn run(&self) -> Ended {
        let ended = self.all_the_way().await;
        self.finished(&ended);
        ended
    }

    async fn all_the_way(&self) -> Ended {
        let mut back: Option<String> = None;
        if self.phase() == Phase::RollingBack {
            back = Some(self.reason_of_way_back());
        } else if self.wants_back.take() {
            match self.turn_back("a person asked for it".to_owned()) {
                Ok(reason) => back = reason,
                Err(error) => return self.broken(&error),
            }
        }
        loop {
            let went = match &back {
                _ if self.phase() == Phase::Aborting => self.abort().await,
                None => self.forward().await,
                Some(reason) => self.back(reason).await,
            };
            let (stop, held) = match went {
                Ok(()) => {
                    let outcome = match (&back, self.phase()) {
                        (None, phase) if phase != Phase::Aborting => Outcome::Done,
                        _ if self.interrupts.get() > 0 => Outcome::Interrupted,
                        (_, Phase::Aborting) => Outcome::Aborted,
                        _ => Outcome::RolledBack,
                    };
                    let reason = back.or_else(|| self.reason());
                    return self.close(outcome, reason);
                }
                Err(Stop::Hold(hold)) => match self.hold(&hold).await {
                    Ok(true) => continue,
                    Ok(false) => (Stop::Back(hold.reason), true),
                    Err(stop) => (stop, true),
                },
                Err(stop) => (stop, false),
            };
            match stop {
                Stop::Refused(reason) if self.phase() == Phase::Preflight => {
                    return self.close(Outcome::Refused, Some(reason));
                }
                // A way back that fails is not begun again, but by a person
                // who was asked.
                Stop::Refused(reason) | Stop::Back(reason) if self.on_way_back() && !held => {
                    return self.leave(Outcome::Blocked, reason);
                }
                Stop::Refused(reason) | Stop::Back(reason) => match self.turn_back(reason) {
                    Ok(reason) => back = reason,
                    Err(error) => return self.broken(&error),
                },
                // Nobody can be asked.
                Stop::Hold(hold) => {
                    let outcome = match hold.why {
                        Why::Conflict => Outcome::Conflict,
                        _ => Outcome::Paused,
                    };
                    return self.leave(outcome, hold.reason);
                }
                Stop::Blocked(reason) => return self.leave(Outcome::Blocked, reason),
                Stop::Restored => match self.switched_back().await {
                    Ok(reason) => back = Some(reason),
                    Err(ended) => return ended,
                },
                Stop::Interrupted => match self.interrupted() {
                    Ok(reason) => back = Some(reason),
                    Err(ended) => return ended,
                },
                Stop::Store(error) => return self.broken(&error),
            }
        }
    }

    /// Where traffic has moved there is a way back to go, and this is why.
    /// Where none has, the shift is given up.
    fn turn_back(&self, reason: String) -> Result<Option<String>, store::Error> {
        if self.moved() {
            return Ok(Some(reason));
        }
        self.enter(Phase::Aborting)?;
        self.say("gate.failed", json!({ "gate": "abort", "text": reason }));
        Ok(None)
    }

    /// Whether there is a way back to go, and why; else how it ends here.
    fn interrupted(&self) -> Result<String, Ended> {
        let hold = self.plan.spec.on_interrupt == OnInterrupt::Hold;
        let whole = self.at.borrow().phase >= Phase::FinalBake;
        if self.interrupts.get() > 1 || hold || (whole && self.phase() < Phase::RollingBack) {
            let reason = "interrupted; the shift is open, and its traffic stays where it is";
            return Err(self.leave(Outcome::Interrupted, reason.to_owned()));
        }
        if !self.moved() {
            return match self.enter(Phase::Aborting) {
                Ok(()) => Ok("interrupted".to_owned()),
                Err(error) => Err(self.broken(&error)),
            };
        }
        Ok("interrupted".to_owned())
    }

    /// The scheduler has restored one route at least. The others follow, and
    /// what the shift holds is let go.
    async fn switched_back(&self) -> Result<String, Ended> {
        match self.adopt().await {
            Ok(()) => Ok(RESTORED.to_owned()),
            Err(Stop::Store(error)) => Err(self.broken(&error)),
            Err(_) => Err(self.leave(Outcome::Blocked, RESTORED.to_owned())),
        }
    }

    async fn forward(&self) -> Result<(), Stop> {
        if let Some(first) = self.first.take() {
            self.say("shift.planned", first.planned);
            first.checks.into_iter().for_each(|it| self.say("check", it));
            if let Some(reason) = first.refused {
                return Err(Stop::Refused(reason));
            }
        }
        self.catch_up().await?;
        self.all_forward()?;
        if self.phase() <= Phase::Arming {
            self.arm().await?;
        }
        if self.phase() <= Phase::Scaling {
            self.enter(Phase::Scaling)?;
            self.scale().await?;
        }
        self.settle_capacity().await?;
        if self.phase() <= Phase::Testing {
            self.enter(Phase::Testing)?;
            self.make_test_rules().await?;
            self.test().await?;
        }
        while self.phase() < Phase::FinalBake {
            let step = self.step_number();
            let Some(of) = self.plan.steps().get(step) else { break };
            self.step(of).await?;
            self.next_step()?;
        }
        if self.phase() <= Phase::FinalBake {
            let bake = self.plan.spec.final_bake;
            self.bake(bake).await?;
        }
        self.enter(Phase::Finishing)?;
        self.finish().await
    }

    /// What has no effect on traffic yet, and shows whether one may change it.
    async fn arm(&self) -> Result<(), Stop> {
        self.enter(Phase::Arming)?;
        for route in &self.plan.routes {
            let found = actions::forward(&route.before, self.plan.pair());
            let weights = found.map_or([0, 0], |it| it.weights);
            self.say(
                "route.preimage",
                json!({
                    "route": route.name,
                    "arn": route.arn,
                    "weights": self.plan.weights_json(weights),
                    "sticky": found.and_then(|it| it.sticky),
                }),
            );
        }
        self.claim().await?;
        for place in 0..self.plan.routes.len() {
            let live = self.agreed(place).await?;
            if let Some(write) = self.plan.neutral(place, &live) {
                self.change_route(place, write).await?;
            }
        }
        Ok(())
    }

    /// The tags that tell other machines, whose state is another: of two that
    /// have begun at a time, the one whose id is the smaller goes on. Nothing
    /// is certain: no write of ELBv2 depends on a condition.
    async fn claim(&self) -> Result<(), Stop> {
        let lease = || {
            let Fence { shift, number } = &self.fence;
            self.plan.lease(&format!("{shift}/{number}/{}", self.now() / 1000))
        };
        self.contested().await?;
        self.change(lease()).await?;
        self.rest(SPREADS).await;
        match self.contested().await? {
            true => self.change(lease()).await,
            false => Ok(()),
        }
    }

    /// Whether a shift of somebody else has put its tag there since the plan
    /// was made; one that goes first is left alone.
    async fn contested(&self) -> Result<bool, Stop> {
        let own = &self.fence.shift;
        let known = |it: &String| it == own || self.plan.leases_seen.contains(it);
        let others = self.leases().await?.into_iter().filter(|it| !known(it));
        match others.min() {
            Some(other) if other < *own => Err(Stop::Back(format!(
                "the shift {other} of another state file has begun before this one"
            ))),
            other => Ok(other.is_some()),
        }
    }

    /// The shifts whose tags the target groups have.
    async fn leases(&self) -> Result<Vec<String>, Stop> {
        let mut found = Vec::new();
        for colour in &self.plan.colours {
            let tags = self.asking(|| self.cloud.tags(&colour.group)).await?;
            found.extend(tags.get(LEASE).map(|it| leaseholder(it).to_owned()));
        }
        Ok(found)
    }

    /// One step: written to all routes, seen on all routes, watched.
    async fn step(&self, step: &Step) -> Result<(), Stop> {
        let number = self.step_number();
        if self.phase() < Phase::Verifying {
            self.enter(Phase::Applying)?;
            self.heed()?;
            self.good_to_rise().await?;
            self.hold_dead_man().await?;
            let started = self.now();
            for place in 0..self.plan.routes.len() {
                self.interrupted_yet()?;
                let live = self.agreed(place).await?;
                if let Some(write) = self.plan.to_step(place, &live, number) {
                    self.change_route(place, write).await?;
                }
            }
            self.enter(Phase::Verifying)?;
            self.verify(step.permille, self.now() - started).await?;
            self.at.borrow_mut().verified = Some(step.permille);
            self.enter(Phase::Baking)?;
        }
        if self.phase() == Phase::Verifying {
            self.verify(step.permille, 0).await?;
            self.at.borrow_mut().verified = Some(step.permille);
            self.enter(Phase::Baking)?;
        }
        if self.phase() == Phase::Baking {
            self.bake(step.bake).await?;
            self.hooks("afterStep", &self.plan.spec.hooks.after_step).await?;
            if let Some(pause) = &step.pause {
                self.enter(Phase::Pausing)?;
                return Err(Stop::Hold(Hold {
                    why: Why::Manual,
                    reason: format!("the program pauses at {}", percent(step.permille)),
                    timeout: pause.timeout,
                    then: pause.then,
                }));
            }
        }
        Ok(())
    }

    /// Until every route shows what was written.
    pub(super) async fn verify(&self, permille: u32, skew: i64) -> Result<(), Stop> {
        let deadline = self.now() + millis(self.around.pace.of(SHOWN));
        loop {
            let mut shown = Vec::new();
            for (place, route) in self.plan.routes.iter().enumerate() {
                let Some(live) = self.read(place).await? else { continue };
                let known = self.known.borrow()[place].clone();
                if actions::hash(&known) == actions::hash(&live.actions) {
                    let now = actions::forward(&live.actions, self.plan.pair());
                    let weights = now.map_or([0, 0], |it| it.weights);
                    shown.push(json!({
                        "route": route.name,
                        "weights": self.plan.weights_json(weights),
                    }));
                }
            }
            if shown.len() == self.plan.routes.len() {
                self.say(
                    "weights.verified",
                    json!({ "weight": f64::from(permille) / 10.0, "routes": shown, "skewMs": skew }),
                );
                return Ok(());
            }
            if self.now() > deadline {
                // Says which, and how it differs.
                for place in 0..self.plan.routes.len() {
                    self.agreed(place).await?;
                }
                let reason = "the routes do not show the weights that were written";
                return Err(Stop::Back(reason.to_owned()));
            }
            self.nap(TICK / 2).await?;
        }
    }

    /// Watches for this long; longer where the figures say nothing yet.
    async fn bake(&self, bake: Duration) -> Result<(), Stop> {
        let started = self.at.borrow().bake_started.unwrap_or_else(|| self.now());
        self.at.borrow_mut().bake_started = Some(started);
        self.record()?;
        let mut watch = Watch::of_bake(self, started, bake);
        let most = bake.max(self.plan.spec.analysis.max_bake);
        loop {
            self.look(&mut watch).await?;
            let baked = self.now() - started;
            if baked >= millis(bake) {
                let Some(why) = watch.undecided() else { break };
                if self.waived(Why::Inconclusive) {
                    break;
                }
                if baked >= millis(most) {
                    self.inconclusive(&why)?;
                    break;
                }
            }
            self.nap(TICK).await?;
        }
        if !bake.is_zero() {
            self.say("gate.passed", json!({ "gate": "bake", "text": watch.words() }));
        }
        self.at.borrow_mut().bake_started = None;
        Ok(())
    }

    /// All traffic is where it was to go, and has been watched there.
    async fn finish(&self) -> Result<(), Stop> {
        // A later shift may stick again: with all weight on one side it does
        // no harm.
        if self.plan.spec.stickiness != Stickiness::Keep {
            for place in 0..self.plan.routes.len() {
                let live = self.agreed(place).await?;
                if let Some(write) = self.plan.restick(place, &live) {
                    self.change_route(place, write).await?;
                }
            }
        }
        self.let_go(false).await?;
        self.last_hooks("onDone", &self.plan.spec.hooks.on_done).await
    }

    /// Nothing has moved: what was prepared is undone.
    async fn abort(&self) -> Result<(), Stop> {
        self.let_go(true).await
    }

    /// What a shift holds beside the routes: the test rules, the switch, the
    /// scaling, the lease.
    pub(super) async fn let_go(&self, back: bool) -> Result<(), Stop> {
        self.drop_test_rules().await?;
        for (planned, route) in
            self.plan.disarm(&self.fence.shift).into_iter().zip(&self.plan.routes)
        {
            self.change(planned).await?;
            self.say("deadman.deleted", json!({ "route": route.name, "fires": null }));
        }
        self.dead_man.set(None);
        for write in self.plan.unscale(back) {
            self.change(write).await?;
        }
        // What somebody else has tagged stays.
        let leases = self.leases().await?;
        match leases.iter().any(|it| *it != self.fence.shift) {
            true => Ok(()),
            false => self.change(self.plan.release()).await,
        }
    }

    /// Waits for somebody. `true` goes on, `false` goes back.
    async fn hold(&self, hold: &Hold) -> Result<bool, Stop> {
        let answers = match hold.why {
            Why::NoGoodSide => json!(["continue", "rollback --force"]),
            _ => json!(["continue", "rollback"]),
        };
        self.say("paused", json!({ "reason": hold.reason, "answers": answers }));
        if self.around.alone && hold.timeout.is_none() && hold.why != Why::Asked {
            return Err(Stop::Hold(hold.clone()));
        }
        let until = hold.timeout.map(|it| self.now() + millis(it));
        let mut watch = Watch::of_pause(self);
        loop {
            match self.look(&mut watch).await {
                Ok(()) => {}
                Err(Stop::Hold(other)) if other.why == hold.why => {}
                Err(Stop::Hold(other)) => {
                    self.waive(other.why);
                    self.say("gate.inconclusive", json!({ "gate": "pause", "text": other.reason }));
                }
                Err(other) => return Err(other),
            }
            if watch.asked.take().as_deref() == Some("continue") {
                self.go_on(hold, "a person").await?;
                return Ok(true);
            }
            if until.is_some_and(|it| self.now() >= it) {
                return match hold.then {
                    Then::Continue => {
                        self.go_on(hold, "its time-out").await?;
                        Ok(true)
                    }
                    Then::Rollback => Ok(false),
                };
            }
            self.nap(TICK).await?;
        }
    }

    /// What was in the way is not any more.
    pub(super) async fn go_on(&self, hold: &Hold, by: &str) -> Result<(), Stop> {
        self.say("continued", json!({ "by": by }));
        match hold.why {
            Why::Manual if self.phase() == Phase::Pausing => self.next_step()?,
            Why::Manual | Why::Asked => {}
            Why::Conflict => {
                self.adopt().await?;
                self.all_forward()?;
            }
            other => self.waive(other),
        }
        Ok(())
    }

    /// A route that forwards to neither colour cannot be shifted, whoever has
    /// said that it may stay as it is.
    fn all_forward(&self) -> Result<(), Stop> {
        let known = self.known.borrow();
        let mut routes = self.plan.routes.iter().zip(known.iter());
        let Some((route, _)) =
            routes.find(|(_, known)| actions::forward(known, self.plan.pair()).is_none())
        else {
            return Ok(());
        };
        Err(Stop::hold(
            Why::Conflict,
            format!("`{}` does not forward to the two target groups", route.name),
        ))
    }

    // ------------------------------------------------------------- the state

    pub(super) fn phase(&self) -> Phase {
        self.at.borrow().phase
    }

    pub(super) fn step_number(&self) -> usize {
        self.at.borrow().step
    }

    /// Whether any request may have gone another way than before the shift.
    pub(super) fn moved(&self) -> bool {
        let at = self.at.borrow();
        at.phase >= Phase::Applying && at.phase != Phase::Aborting
    }

    fn on_way_back(&self) -> bool {
        self.phase() >= Phase::RollingBack
    }

    pub(super) fn enter(&self, phase: Phase) -> Result<(), store::Error> {
        self.at.borrow_mut().phase = phase;
        self.record()
    }

    pub(super) fn next_step(&self) -> Result<(), store::Error> {
        let next = self.step_number() + 1;
        match next < self.plan.steps().len() {
            true => self.enter_step(next),
            false => self.enter(Phase::FinalBake),
        }
    }

    fn enter_step(&self, step: usize) -> Result<(), store::Error> {
        {
            let mut at = self.at.borrow_mut();
            at.step = step;
            at.phase = Phase::Applying;
            at.bake_started = None;
        }
        self.record()
    }

    fn record(&self) -> Result<(), store::Error> {
        let at = self.at.borrow().clone();
        let progress = Progress {
            phase: at.phase.word(),
            step: i64::try_from(at.step).unwrap_or(i64::MAX),
            verified_permille: at.verified,
            bake_started: at.bake_started,
        };
        self.store.borrow_mut().set_progress(&self.fence, &progress, self.now())
    }

    pub(super) fn waive(&self, why: Why) {
        self.waived.borrow_mut().push(why);
    }

    pub(super) fn waived(&self, why: Why) -> bool {
        self.waived.borrow().contains(&why)
    }

    /// As the driver that began it has told it.
    fn reason_of_way_back(&self) -> String {
        let events = self.store.borrow().shift_events(&self.fence.shift, 0).unwrap_or_default();
        let began = events.iter().rev().find(|it| it["type"] == "rollback.started");
        let reason = began.and_then(|it| it["reason"].as_str());
        reason.unwrap_or("the way back that had begun").to_owned()
    }

    fn reason(&self) -> Option<String> {
        let events = self.store.borrow().shift_events(&self.fence.shift, 0).ok()?;
        let failed = events.iter().rev().find(|it| it["type"] == "gate.failed")?;
        failed["text"].as_str().map(str::to_owned)
    }

    // ------------------------------------------------------------------ time

    pub(super) fn now(&self) -> i64 {
        (self.around.clock)()
    }

    /// Waits, unless somebody interrupts.
    pub(super) async fn nap(&self, time: Duration) -> Result<(), Stop> {
        self.interrupted_yet()?;
        self.in_time()?;
        self.rest(time).await;
        self.interrupted_yet()
    }

    /// Whether there is time left. Once all traffic has moved, none is needed:
    /// what is well is not taken back because it was slow.
    fn in_time(&self) -> Result<(), Stop> {
        match self.plan.spec.timeout {
            Some(limit)
                if self.phase() < Phase::FinalBake
                    && self.now() - self.began.get() >= millis(limit) =>
            {
                Err(Stop::Back(format!("it took longer than {}", spelled(limit))))
            }
            _ => Ok(()),
        }
    }

    /// Does something that an interrupt cuts short, and a person who wants the
    /// traffic back. A pause comes after it.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Stop> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                () = self.rest(TICK) => {}
            }
            self.interrupted_yet()?;
            match self.heed() {
                Err(Stop::Hold(_)) => self.store.borrow().ask_shift(&self.fence.shift, "pause")?,
                heard => drop(heard?),
            }
        }
    }

    /// A pause that an interrupt does not cut short: a change must be known.
    #[expect(clippy::disallowed_methods, reason = "here is where a shift waits")]
    pub(super) async fn rest(&self, time: Duration) {
        tokio::time::sleep(self.around.pace.of(time)).await;
    }

    /// A second interrupt is heard on the way back too; the first is what has
    /// sent it there.
    pub(super) fn interrupted_yet(&self) -> Result<(), Stop> {
        let before = self.interrupts.get();
        while self.stops.borrow_mut().try_recv().is_ok() {
            self.interrupts.set(self.interrupts.get() + 1);
        }
        match self.interrupts.get() > before {
            true => Err(Stop::Interrupted),
            false => Ok(()),
        }
    }

    // ------------------------------------------------------------- the story

    /// Tells an event. That it cannot be written stops nothing: what must be
    /// durable is, elsewhere.
    pub(super) fn say(&self, kind: &str, more: Json) {
        let now = self.now();
        let (phase, step) = (self.phase().word(), self.step_number());
        let body = |seq: i64| {
            let mut event = json!({
                "schema": "orderinfra.shift/1",
                "seq": seq,
                "ts": stamp(now),
                "shiftId": self.fence.shift,
                "rollout": self.plan.rollout,
                "type": kind,
                "phase": phase,
                "step": step,
            });
            if let (Some(event), Json::Object(more)) = (event.as_object_mut(), more.clone()) {
                event.extend(more);
            }
            event
        };
        let told = self.store.borrow_mut().add_event(&self.fence, body);
        (self.around.tell)(&told.unwrap_or_else(|_| body(0)));
    }

    /// The last event: where the traffic is.
    fn finished(&self, ended: &Ended) {
        let known = self.known.borrow();
        let weights = known
            .iter()
            .map(|it| actions::forward(it, self.plan.pair()).map_or([0, 0], |it| it.weights));
        let weights: Vec<[u32; 2]> = weights.collect();
        let share = weights.first().and_then(|it| actions::permille(*it)).unwrap_or(0);
        let routes: Vec<Json> = self
            .plan
            .routes
            .iter()
            .zip(&weights)
            .map(|(it, weights)| {
                json!({ "route": it.name, "weights": self.plan.weights_json(*weights) })
            })
            .collect();
        let mut traffic = serde_json::Map::new();
        let to = f64::from(share) / 10.0;
        traffic.insert(self.plan.from().name.clone(), json!(100.0 - to));
        traffic.insert(self.plan.to().name.clone(), json!(to));
        drop(known);
        self.say(
            "shift.finished",
            json!({
                "outcome": ended.outcome.word(),
                "exitCode": ended.outcome.code(),
                "reason": ended.reason,
                "final": { "traffic": traffic, "routes": routes },
            }),
        );
    }

    /// The journal is closed: the shift is over.
    fn close(&self, outcome: Outcome, reason: Option<String>) -> Ended {
        let word = if outcome == Outcome::Interrupted { "rolled-back" } else { outcome.word() };
        let ended =
            self.store.borrow_mut().end_shift(&self.fence, word, reason.as_deref(), self.now());
        match ended {
            Ok(()) => Ended { outcome, reason },
            Err(error) => self.broken(&error),
        }
    }

    /// The journal stays open: somebody has to go on.
    fn leave(&self, outcome: Outcome, reason: String) -> Ended {
        Ended { outcome, reason: Some(reason) }
    }

    fn broken(&self, error: &store::Error) -> Ended {
        let outcome = match error.root() {
            store::Error::Fenced => Outcome::Locked,
            _ => Outcome::Failed,
        };
        Ended { outcome, reason: Some(error.to_string()) }
    }

    // ----------------------------------------------------------------- reads

    pub(super) async fn read(&self, place: usize) -> Result<Option<LiveRoute>, Stop> {
        let route = &self.plan.routes[place];
        self.asking(|| self.cloud.route(route.kind, &route.arn)).await
    }

    /// A read that must succeed, for as long as a shift may be blind.
    pub(super) async fn asking<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Stop>
    where
        F: Future<Output = provider::Result<T>>,
    {
        let limit = self.now() + millis(self.plan.spec.max_blind);
        loop {
            let error = match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.kind == provider::Kind::Credentials {
                return Err(Stop::credentials(&error));
            }
            if self.now() > limit {
                return Err(Stop::Back(format!("AWS cannot be seen: {error}")));
            }
            self.nap(TICK).await?;
        }
    }
}

const RESTORED: &str = "the dead-man's switch has restored the routes";

pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// RFC 3339 with milliseconds, in UTC.
pub fn stamp(millis: i64) -> String {
    use time::OffsetDateTime;
    let nanos = i128::from(millis) * 1_000_000;
    let Ok(time) = OffsetDateTime::from_unix_timestamp_nanos(nanos) else {
        return millis.to_string();
    };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    )
}
