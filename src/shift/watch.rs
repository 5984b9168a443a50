//! The guards of a shift: looks that are due, and what follows from them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value as Json, json};

use super::{
    driver::{Driver, Phase, Stop, Why, millis},
    plan::Settled,
};
use crate::{
    provider::{Error, Kind},
    rollout::{
        cloud::{Alarm, Cloud, Look, Target},
        guard::{self, Condition},
        judge::{self, Baseline, Minute, Names, Rules, Verdict, Window},
        spec::{Compare, OnInconclusive, OnSourceLoss},
    },
};

const HEALTH: Duration = Duration::from_secs(5);
const ALARMS: Duration = Duration::from_secs(10);
/// What the burstiness of errors is learned from.
const HISTORY: i64 = 60;
/// CI ends a job that says nothing for long.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// A clock that jumped so far was asleep in between.
const JUMP: Duration = Duration::from_secs(30);

/// What one bake, or one pause, has seen so far.
pub(super) struct Watch {
    /// Of the step: earlier minutes say nothing about it.
    since: i64,
    /// Whether the metrics have a say.
    judged: bool,
    due: [i64; 3],
    /// Since when something cannot be seen.
    blind: BTreeMap<&'static str, i64>,
    alarms: BTreeMap<String, Alarm>,
    verdict: Option<(Verdict, String)>,
    before: Option<Baseline>,
    last: i64,
    pub(super) asked: RefCell<Option<String>>,
    said_health: RefCell<String>,
    /// When something was last told to whoever waits for a line.
    heard: i64,
}

impl Watch {
    pub(super) fn of_bake<C: Cloud>(driver: &Driver<'_, C>, since: i64, bake: Duration) -> Self {
        Self { since, judged: driver.plan.judged(bake), ..Self::of_pause(driver) }
    }

    pub(super) fn of_pause<C: Cloud>(driver: &Driver<'_, C>) -> Self {
        let now = driver.now();
        Self {
            since: now,
            judged: false,
            due: [now; 3],
            blind: BTreeMap::new(),
            alarms: BTreeMap::new(),
            verdict: None,
            before: None,
            last: now,
            asked: RefCell::default(),
            said_health: RefCell::default(),
            heard: now,
        }
    }

    /// Why a bake that is long enough does not end yet.
    pub(super) fn undecided(&self) -> Option<String> {
        match &self.verdict {
            _ if !self.judged => None,
            Some((Verdict::Pass, _)) => None,
            Some((_, words)) => Some(words.clone()),
            None => Some("the metrics were not seen yet".to_owned()),
        }
    }

    pub(super) fn words(&self) -> String {
        match &self.verdict {
            Some((_, words)) => words.clone(),
            None => "health and alarms are well".to_owned(),
        }
    }

    /// Sees again, or since when it does not.
    fn seen<T>(
        &mut self,
        what: &'static str,
        now: i64,
        most: Duration,
        result: Result<T, Error>,
    ) -> Result<Option<T>, Stop> {
        let error = match result {
            Ok(value) => {
                self.blind.remove(what);
                return Ok(Some(value));
            }
            Err(error) => error,
        };
        if error.kind == Kind::Credentials {
            return Err(Stop::credentials(&error));
        }
        let since = *self.blind.entry(what).or_insert(now);
        match now - since > millis(most) {
            true => Err(Stop::Back(format!("{what} cannot be seen: {error}"))),
            false => Ok(None),
        }
    }
}

impl<C: Cloud> Driver<'_, C> {
    /// One tick: what another process asks for, and each guard that is due.
    pub(super) async fn look(&self, watch: &mut Watch) -> Result<(), Stop> {
        self.interrupted_yet()?;
        let now = self.now();
        if now - watch.last > millis(JUMP) {
            self.gap(watch.last, now).await?;
        }
        watch.last = now;
        if let Some(asked) = self.heed()? {
            *watch.asked.borrow_mut() = Some(asked);
        }
        if now - watch.heard > millis(HEARTBEAT) {
            watch.heard = now;
            let minutes = (now - watch.since) / 60_000;
            let text = format!("{} for {minutes} min; {}", self.phase().word(), watch.words());
            self.say("heartbeat", json!({ "text": text }));
        }
        self.keep_dead_man().await?;
        if now >= watch.due[0] {
            watch.due[0] = now + millis(self.around.pace.of(HEALTH));
            for place in 0..self.plan.routes.len() {
                self.agreed(place).await?;
            }
            self.look_at_health(watch).await?;
        }
        if now >= watch.due[1] && !self.plan.spec.alarms.is_empty() {
            watch.due[1] = now + millis(self.around.pace.of(ALARMS));
            self.look_at_alarms(watch).await?;
        }
        if now >= watch.due[2] && watch.judged {
            watch.due[2] = now + millis(self.plan.spec.analysis.period);
            self.look_at_metrics(watch).await?;
        }
        Ok(())
    }

    /// Says that the shift is alive, and does what another process asks for.
    pub(super) fn heed(&self) -> Result<Option<String>, Stop> {
        let asked = self.store.borrow_mut().beat(&self.fence, self.now())?;
        match asked.as_deref() {
            Some("rollback" | "abort") => Err(Stop::Back("a person asked for it".to_owned())),
            Some("pause") if self.phase() != Phase::Pausing => {
                Err(Stop::hold(Why::Asked, "a person asked for a pause"))
            }
            _ => Ok(asked),
        }
    }

    // ---------------------------------------------------------------- health

    async fn look_at_health(&self, watch: &mut Watch) -> Result<(), Stop> {
        let most = self.plan.spec.max_blind;
        let mut found = Vec::new();
        for colour in &self.plan.colours {
            let targets = self.cloud.targets(&colour.group).await;
            let targets = watch.seen("the health of the targets", self.now(), most, targets)?;
            let Some(targets) = targets else { return Ok(()) };
            found.push(Condition::of(&targets));
        }
        let told: serde_json::Map<String, Json> = self
            .plan
            .colours
            .iter()
            .zip(&found)
            .map(|(colour, it)| {
                let body =
                    json!({ "healthy": it.healthy, "total": it.total, "reasons": it.reasons });
                (colour.name.clone(), body)
            })
            .collect();
        let told = Json::Object(told);
        // The same again is no news.
        let text = told.to_string();
        if *watch.said_health.borrow() != text {
            self.say("obs.health", told);
            *watch.said_health.borrow_mut() = text;
        }
        self.weigh(&found[0], &found[1])
    }

    fn settled(&self) -> Settled {
        self.settled.borrow().clone().unwrap_or_else(|| Settled { need: [1, 1], zones: Vec::new() })
    }

    fn weigh(&self, source: &Condition, destination: &Condition) -> Result<(), Stop> {
        let settled = self.settled();
        let [from, to] = [self.plan.from(), self.plan.to()];
        let source = source.lacks(settled.need[0], &[]);
        if let Some(lacks) = destination.lacks(settled.need[1], &settled.zones) {
            let reason = format!("{}: {lacks}", to.name);
            self.say("gate.failed", json!({ "gate": "health", "text": reason }));
            return match source {
                None => Err(Stop::Back(reason)),
                Some(_) if self.waived(Why::NoGoodSide) => Ok(()),
                Some(other) => Err(Stop::hold(
                    Why::NoGoodSide,
                    format!("no colour is well: {reason}; {}: {other}", from.name),
                )),
            };
        }
        let Some(lacks) = source else { return Ok(()) };
        let advance = self.plan.spec.on_source_loss == OnSourceLoss::Advance;
        if advance || self.waived(Why::SourceLost) {
            return Ok(());
        }
        Err(Stop::hold(
            Why::SourceLost,
            format!("{}: {lacks}; there would be no way back", from.name),
        ))
    }

    /// Weight never rises on a colour that is not well.
    pub(super) async fn good_to_rise(&self) -> Result<(), Stop> {
        let [source, destination] = self.conditions().await?;
        self.weigh(&source, &destination)
    }

    pub(super) async fn source_is_well(&self) -> Result<bool, Stop> {
        let [source, _] = self.conditions().await?;
        Ok(source.lacks(self.settled().need[0], &[]).is_none())
    }

    pub(super) async fn conditions(&self) -> Result<[Condition; 2], Stop> {
        let [from, to] = self.plan.pair();
        let source = self.asking(|| self.cloud.targets(from)).await?;
        let destination = self.asking(|| self.cloud.targets(to)).await?;
        Ok([Condition::of(&source), Condition::of(&destination)])
    }

    /// Scales, and waits until the destination has what it needs.
    pub(super) async fn scale(&self) -> Result<(), Stop> {
        let calls = self.plan.scale();
        let any = !calls.is_empty();
        for planned in calls {
            self.change(planned).await?;
        }
        self.settle_capacity().await?;
        let need = self.settled().need[1];
        let limit = self.now() + millis(self.around.pace.of(Duration::from_secs(600)));
        loop {
            let [_, destination] = self.conditions().await?;
            let lacks = destination.lacks(need, &[]);
            let Some(lacks) = lacks else {
                if any {
                    let text = format!("{}: {}", self.plan.to().name, destination.words());
                    self.say("gate.passed", json!({ "gate": "capacity", "text": text }));
                }
                return Ok(());
            };
            if self.now() > limit {
                return Err(Stop::Back(format!("{}: {lacks}", self.plan.to().name)));
            }
            self.nap(HEALTH).await?;
        }
    }

    /// What each colour needs from here on: of what is wanted, not of what
    /// scaling may want later.
    pub(super) async fn settle_capacity(&self) -> Result<(), Stop> {
        if self.settled.borrow().is_some() {
            return Ok(());
        }
        let pair = self.plan.pair();
        let groups = self.asking(|| self.cloud.groups(&pair)).await?;
        let mut settled = Settled::default();
        for (side, colour) in self.plan.colours.iter().enumerate() {
            let targets = self.asking(|| self.cloud.targets(&colour.group)).await?;
            let condition = Condition::of(&targets);
            let wanted = match &colour.service {
                Some(service) => usize::try_from(service.wanted).unwrap_or(0),
                None => condition.total,
            };
            let group = groups.iter().find(|it| it.arn == colour.group);
            settled.need[side] = guard::need(self.plan.spec.health.min_healthy, wanted, group);
            if side == 0 && self.plan.spec.health.require_all_zones {
                settled.zones = zones(&targets);
            }
        }
        *self.settled.borrow_mut() = Some(settled);
        Ok(())
    }

    // ---------------------------------------------------------------- alarms

    pub(super) fn alarm_names(&self) -> Vec<String> {
        self.plan.spec.alarms.iter().map(|it| it.id.clone()).collect()
    }

    async fn look_at_alarms(&self, watch: &mut Watch) -> Result<(), Stop> {
        let names = self.alarm_names();
        let alarms = self.cloud.alarms(&names).await;
        let most = self.plan.spec.max_blind;
        let Some(alarms) = watch.seen("the alarms", self.now(), most, alarms)? else {
            return Ok(());
        };
        let news = alarms.iter().any(|it| watch.alarms.get(&it.name) != Some(it));
        if news {
            self.say_alarms(&alarms);
        }
        let bad = self.alarming(&alarms, |it| {
            // It may have rung between two looks.
            let before = watch.alarms.get(&it.name);
            it.changed.is_some_and(|at| at > watch.since)
                && before.is_some_and(|before| before.changed != it.changed)
        });
        watch.alarms = alarms.into_iter().map(|it| (it.name.clone(), it)).collect();
        match bad {
            Some(reason) => {
                self.say("gate.failed", json!({ "gate": "alarms", "text": reason }));
                Err(Stop::Back(reason))
            }
            None => Ok(()),
        }
    }

    fn say_alarms(&self, alarms: &[Alarm]) {
        let told: Vec<Json> = alarms
            .iter()
            .map(|it| {
                let since = it.changed.map(super::driver::stamp);
                json!({ "name": it.name, "state": it.state, "since": since })
            })
            .collect();
        self.say("obs.alarm", json!({ "alarms": told }));
    }

    /// The first that rings, or has rung, or is not there.
    fn alarming(&self, alarms: &[Alarm], flapped: impl Fn(&Alarm) -> bool) -> Option<String> {
        let allowed = &self.plan.allowed_alarms;
        for name in self.alarm_names().iter().filter(|it| !allowed.contains(it)) {
            let Some(alarm) = alarms.iter().find(|it| it.name == *name) else {
                return Some(format!("the alarm `{name}` does not exist any more"));
            };
            if alarm.state == "ALARM" {
                return Some(format!("the alarm `{name}` is in ALARM"));
            }
            if alarm.state == "OK" && flapped(alarm) {
                return Some(format!("the alarm `{name}` rang between two looks"));
            }
        }
        None
    }

    // --------------------------------------------------------------- metrics

    /// What happened while nobody looked, before anything else is done.
    pub(super) async fn gap(&self, from: i64, until: i64) -> Result<(), Stop> {
        let seconds = (until - from) / 1000;
        self.say("heartbeat", json!({ "text": format!("nobody looked for {seconds} s") }));
        let names = self.alarm_names();
        if !names.is_empty() {
            let alarms = self.asking(|| self.cloud.alarms(&names)).await?;
            self.say_alarms(&alarms);
            let rang = |it: &Alarm| it.changed.is_some_and(|at| at > from);
            if let Some(reason) = self.alarming(&alarms, rang) {
                self.say("gate.failed", json!({ "gate": "alarms", "text": reason }));
                return Err(Stop::Back(reason));
            }
        }
        if self.plan.spec.analysis.compare == Compare::Off {
            return Ok(());
        }
        let period = self.period();
        let window = self.window(ceil(from / 1000, period), self.settled_until(period)).await?;
        let before = self.baseline().await?;
        let judged = judge::judge(&window, &before, &self.rules());
        self.say_judged(&window, &judged);
        match judged.verdict {
            Verdict::Fail(_) => Err(Stop::Back(judged.sentence(self.names()))),
            _ => Ok(()),
        }
    }

    async fn look_at_metrics(&self, watch: &mut Watch) -> Result<(), Stop> {
        let analysis = &self.plan.spec.analysis;
        let period = self.period();
        let from = ceil((watch.since + millis(analysis.settle)) / 1000, period);
        let until = self.settled_until(period);
        if until <= from {
            return Ok(());
        }
        if watch.before.is_none() {
            watch.before = Some(self.baseline().await?);
        }
        let window = self.window_once(from, until).await;
        let most = self.plan.spec.max_blind;
        let Some(window) = watch.seen("the metrics", self.now(), most, window)? else {
            return Ok(());
        };
        let none = Baseline::learn(&[]);
        let before = watch.before.as_ref().unwrap_or(&none);
        let judged = judge::judge(&window, before, &self.rules());
        let words = judged.sentence(self.names());
        self.say_judged(&window, &judged);
        watch.verdict = Some((judged.verdict, words.clone()));
        if let Verdict::Fail(_) = judged.verdict {
            self.say("gate.failed", json!({ "gate": "metrics", "text": words }));
            return Err(Stop::Back(words));
        }
        self.look_at_share(&window)
    }

    fn look_at_share(&self, window: &Window) -> Result<(), Stop> {
        let Some(step) = self.plan.steps().get(self.step_number()) else { return Ok(()) };
        let Some(share) = judge::share(step.permille, window) else { return Ok(()) };
        let at = window.new.last().map(|it| it.at);
        let weight = f64::from(step.permille) / 10.0;
        self.say("obs.share", json!({ "at": at, "weight": weight, "share": share.seen * 100.0 }));
        if !share.off || self.waived(Why::Share) {
            return Ok(());
        }
        Err(Stop::hold(Why::Share, share.sentence(self.names())))
    }

    /// A bake is over, and the figures say nothing.
    pub(super) fn inconclusive(&self, why: &str) -> Result<(), Stop> {
        self.say("gate.inconclusive", json!({ "gate": "metrics", "text": why }));
        let policy = match self.plan.spec.analysis.on_inconclusive {
            Some(policy) => policy,
            None if self.around.alone => OnInconclusive::Rollback,
            None => OnInconclusive::Hold,
        };
        match policy {
            OnInconclusive::Continue => Ok(()),
            OnInconclusive::Rollback => Err(Stop::Back(format!("nothing is known: {why}"))),
            OnInconclusive::Hold => Err(Stop::hold(Why::Inconclusive, why)),
        }
    }

    fn names(&self) -> Names<'_> {
        Names { old: &self.plan.from().name, new: &self.plan.to().name }
    }

    pub(super) fn rules(&self) -> Rules {
        let analysis = &self.plan.spec.analysis;
        let period = analysis.period.as_secs().max(1);
        let bakes = self.plan.steps().iter().map(|it| it.bake).chain([self.plan.spec.final_bake]);
        let longest = bakes.max().unwrap_or_default().max(analysis.max_bake);
        let looks = longest.as_secs() / period;
        Rules {
            min_requests: u64::from(analysis.min_requests),
            looks: u32::try_from(looks).unwrap_or(u32::MAX).max(1),
            ..Rules::default()
        }
    }

    fn period(&self) -> i64 {
        i64::try_from(self.plan.spec.analysis.period.as_secs()).unwrap_or(60).max(1)
    }

    /// Until when all metrics have come in.
    fn settled_until(&self, period: i64) -> i64 {
        let now = (self.now() - millis(self.plan.spec.analysis.lag)) / 1000;
        now - now.rem_euclid(period)
    }

    async fn window_once(&self, from: i64, until: i64) -> Result<Window, Error> {
        let (pair, period) = (self.plan.pair(), self.period());
        if until <= from {
            return Ok(Window { old: Vec::new(), new: Vec::new() });
        }
        let load_balancer = self.plan.load_balancer.as_str();
        let look = Look { load_balancer, groups: pair, from, until, period };
        let [old, new] = self.cloud.metrics(&look).await?;
        let whole = |told: Vec<Minute>| filled(told, from, until, period);
        Ok(Window { old: whole(old), new: whole(new) })
    }

    async fn window(&self, from: i64, until: i64) -> Result<Window, Stop> {
        self.asking(|| self.window_once(from, until)).await
    }

    /// How errors came before the shift began.
    pub(super) async fn baseline(&self) -> Result<Baseline, Stop> {
        let period = self.period();
        let until = (self.began.get() / 1000).div_euclid(period) * period;
        let window = self.window(until - HISTORY * period, until).await?;
        Ok(Baseline::learn(&window.old))
    }

    fn say_judged(&self, window: &Window, judged: &judge::Judgement) {
        let [from, to] = [&self.plan.from().name, &self.plan.to().name];
        let figures = |it: &Minute| json!({ "requests": it.requests, "errors": it.errors, "p90": it.p90, "p99": it.p99 });
        let minutes: Vec<Json> = window
            .new
            .iter()
            .zip(&window.old)
            .map(|(new, old)| json!({ "at": new.at, to: figures(new), from: figures(old) }))
            .collect();
        let verdict = match judged.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail(_) => "fail",
            Verdict::Inconclusive(_) => "inconclusive",
            Verdict::NoTraffic => "no-traffic",
            Verdict::Blind => "blind",
        };
        self.say(
            "obs.metric",
            json!({
                "minutes": minutes,
                "verdict": verdict,
                "text": judged.sentence(self.names()),
                "figures": {
                    format!("{from}Rate"): judged.errors.old.rate(),
                    format!("{to}Rate"): judged.errors.new.rate(),
                    "p": judged.errors.p,
                    "burstiness": judged.errors.burstiness,
                },
            }),
        );
    }

    // ------------------------------------------------- the dead-man's switch

    fn switch_at(&self) -> Option<(i64, String)> {
        let dead_man = self.plan.spec.dead_man.as_ref()?;
        let at = self.now() + millis(dead_man.grace);
        // The scheduler knows seconds.
        let text = super::driver::stamp(at);
        let text = text.split('.').next().unwrap_or_default();
        Some((at, text.to_owned()))
    }

    /// Before each move: armed for the first, renewed for the others.
    pub(super) async fn hold_dead_man(&self) -> Result<(), Stop> {
        let Some((at, text)) = self.switch_at() else { return Ok(()) };
        let (first, shift) = (self.step_number() == 0, &self.fence.shift);
        let calls = match first {
            true => self.plan.arm_switch(shift, &text),
            false => self.plan.renew_switch(shift, &text),
        };
        let kind = if first { "deadman.armed" } else { "deadman.renewed" };
        self.set_switch(calls, at, kind).await
    }

    async fn set_switch(
        &self,
        calls: Vec<super::plan::Planned>,
        at: i64,
        kind: &str,
    ) -> Result<(), Stop> {
        for planned in calls {
            let route = planned.route.clone();
            self.change(planned).await?;
            self.say(kind, json!({ "route": route, "fires": super::driver::stamp(at) }));
        }
        self.dead_man.set(Some(at));
        Ok(())
    }

    /// While traffic is on its way the switch is kept from acting.
    async fn keep_dead_man(&self) -> Result<(), Stop> {
        let Some(grace) = self.plan.spec.dead_man.as_ref().map(|it| millis(it.grace)) else {
            return Ok(());
        };
        let moving = self.phase() >= Phase::Applying && self.phase() < Phase::Finishing;
        let left = self.dead_man.get().map_or(0, |it| it - self.now());
        if !moving || left > grace / 2 {
            return Ok(());
        }
        let Some((at, text)) = self.switch_at() else { return Ok(()) };
        let calls = self.plan.renew_switch(&self.fence.shift, &text);
        self.set_switch(calls, at, "deadman.renewed").await
    }
}

/// Zones in which there are healthy targets.
fn zones(targets: &[Target]) -> Vec<String> {
    let healthy = targets.iter().filter(|it| it.state == "healthy");
    let zones: BTreeSet<String> = healthy.filter_map(|it| it.zone.clone()).collect();
    zones.into_iter().collect()
}

/// Every period that was asked for, also where nothing happened.
fn filled(told: Vec<Minute>, from: i64, until: i64, period: i64) -> Vec<Minute> {
    let mut told: BTreeMap<i64, Minute> = told.into_iter().map(|it| (it.at, it)).collect();
    let mut all = Vec::new();
    let mut at = from;
    while at < until {
        all.push(told.remove(&at).unwrap_or(Minute {
            at,
            requests: None,
            errors: None,
            p90: None,
            p99: None,
        }));
        at += period;
    }
    all
}

fn ceil(at: i64, period: i64) -> i64 {
    at + (-at).rem_euclid(period)
}
