//! A shift in a cloud in memory that does everything a cloud and people do to
//! it: whatever happens, and wherever its process dies, no weight rises on a
//! colour that was seen to be unwell, nothing is written without a row before
//! it, and what the journal says of a closed shift is so.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tokio::sync::{
    Notify,
    mpsc::{UnboundedSender, unbounded_channel},
};

use super::{
    Driver, Ended, First, Outcome, Surroundings,
    plan::Plan,
    preflight::{self, Wanted},
};
use crate::{
    model::{Map, Value},
    provider::{Error, Kind, Pace, Result},
    rollout::{
        actions,
        cloud::{
            self, Alarm, Answer, Cloud, Group, LiveRoute, LoadBalancer, Look, Request, RouteKind,
            Scaling, Service, Target, Write,
        },
        guard::Condition,
        judge::Minute,
        spec::Spec,
    },
    store::{Fence, Keyring, NewLock, NewShift, Owner, Stack, Store},
};

const BLUE: &str = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/blue/1";
const GREEN: &str = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/green/2";
const BALANCER: &str = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/a/1";
const ROUTES: [&str; 3] = [
    "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/a/1/1",
    "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/a/1/2",
    "arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/a/1/1/9",
];
/// Targets of each colour, all of which are needed.
const TARGETS: usize = 2;

/// What happens to a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Unwell(usize),
    Well(usize),
    Alarm(bool),
    /// Somebody writes other weights, or another target group.
    Weights(usize),
    Structure(usize),
    /// The next change is refused before, or loses its answer before or after
    /// it was acted on.
    Throttled,
    LostBefore,
    LostAfter,
    Refused,
    /// Reads of routes tell what was before, for a while.
    Stale(u32),
    /// No read is answered any more.
    Blind,
    /// Somebody else asks for something.
    Asks(&'static str),
    Interrupt,
    /// The process dies.
    Dies,
}

/// When it happens: at which call of the shift.
type Script = Vec<(usize, Event)>;

#[derive(Default)]
struct Sky {
    routes: Vec<Vec<Json>>,
    before: Vec<Vec<Json>>,
    stale: u32,
    blind: bool,
    well: [bool; 2],
    /// As the shift was last told.
    told: [bool; 2],
    alarm: bool,
    faults: Vec<Event>,
    tags: BTreeMap<String, String>,
    /// By listener.
    rules: BTreeMap<String, cloud::Rule>,
    calls: usize,
    wrong: Vec<String>,
}

struct Fake {
    sky: RefCell<Sky>,
    script: RefCell<Script>,
    store: RefCell<Store>,
    shift: RefCell<String>,
    interrupt: RefCell<Option<UnboundedSender<()>>>,
    dead: Cell<bool>,
    died: Notify,
}

fn forward(blue: u32, green: u32) -> Vec<Json> {
    vec![json!({ "Type": "forward", "Order": 1, "ForwardConfig": { "TargetGroups": [
        { "TargetGroupArn": BLUE, "Weight": blue },
        { "TargetGroupArn": GREEN, "Weight": green } ] } })]
}

fn place(arn: &str) -> usize {
    ROUTES.iter().position(|it| *it == arn).unwrap_or(0)
}

impl Fake {
    /// A call is made: what is due happens before it.
    async fn call(&self) {
        let due: Vec<Event> = {
            let mut sky = self.sky.borrow_mut();
            sky.calls += 1;
            let now = sky.calls;
            let mut script = self.script.borrow_mut();
            let due = script.iter().filter(|(at, _)| *at <= now).map(|(_, it)| *it).collect();
            script.retain(|(at, _)| *at > now);
            due
        };
        for event in due {
            self.happen(event);
        }
        if self.dead.get() {
            // Nothing comes back to a process that is gone.
            std::future::pending::<()>().await;
        }
    }

    /// A read is one that may not be answered.
    async fn look(&self) -> Result<()> {
        self.call().await;
        match self.sky.borrow().blind {
            true => Err(Error::new(Kind::NotSent, "", "connection refused")),
            false => Ok(()),
        }
    }

    fn happen(&self, event: Event) {
        let mut sky = self.sky.borrow_mut();
        match event {
            Event::Unwell(side) => sky.well[side] = false,
            Event::Well(side) => {
                sky.blind = false;
                sky.well[side] = true;
            }
            Event::Alarm(rings) => sky.alarm = rings,
            Event::Weights(route) => sky.routes[route] = forward(61, 39),
            Event::Structure(route) => {
                sky.routes[route] =
                    vec![json!({ "Type": "fixed-response", "Order": 1, "FixedResponseConfig": {
                        "StatusCode": "503" } })];
            }
            Event::Throttled | Event::LostBefore | Event::LostAfter | Event::Refused => {
                sky.faults.push(event);
            }
            Event::Stale(reads) => sky.stale = reads,
            Event::Blind => sky.blind = true,
            Event::Asks(what) => {
                drop(sky);
                let asked = self.store.borrow().ask_shift(&self.shift.borrow(), what);
                asked.expect("it can be asked");
            }
            Event::Interrupt => {
                if let Some(sender) = &*self.interrupt.borrow() {
                    // A driver that has ended need not be stopped.
                    let _ = sender.send(());
                }
            }
            Event::Dies => {
                self.dead.set(true);
                self.died.notify_one();
            }
        }
    }

    fn conditions(&self, side: usize) -> Vec<Target> {
        let state = if self.sky.borrow().well[side] { "healthy" } else { "unhealthy" };
        let one = |at: usize| Target {
            id: format!("10.0.{side}.{at}"),
            zone: Some("us-east-1a".to_owned()),
            state: state.to_owned(),
            ..Target::default()
        };
        (0..TARGETS).map(one).collect()
    }

    /// A weight must not rise on a side that the shift knows to be unwell.
    fn check(&self, write: &Write) {
        let (Write::ModifyListener { listener_arn: arn, default_actions: actions }
        | Write::ModifyRule { rule_arn: arn, actions }) = write
        else {
            return;
        };
        let mut sky = self.sky.borrow_mut();
        let share = |actions: &[Json]| {
            actions::forward(actions, [BLUE, GREEN]).and_then(|it| it.permille())
        };
        let now = share(&sky.routes[place(arn)]);
        let (Some(now), Some(then)) = (now, share(actions)) else { return };
        let rises = [then < now, then > now];
        let told = sky.told;
        for (side, (rises, well)) in rises.into_iter().zip(told).enumerate() {
            if rises && !well {
                sky.wrong.push(format!("weight rises on side {side}, which is unwell: {write:?}"));
            }
        }
    }

    /// Nothing is sent that the journal does not have.
    fn check_row(&self, write: &Write) {
        let ops = self.store.borrow().shift_ops(&self.shift.borrow()).expect("the journal");
        let body = serde_json::to_value(write).expect("it is JSON");
        let intended =
            ops.iter().any(|it| it.op.write == body && it.state == crate::store::OpState::Intended);
        if !intended {
            self.sky.borrow_mut().wrong.push(format!("no row before {write:?}"));
        }
    }

    fn act(&self, write: &Write) {
        let mut sky = self.sky.borrow_mut();
        match write {
            Write::ModifyListener { listener_arn: arn, default_actions: actions }
            | Write::ModifyRule { rule_arn: arn, actions } => {
                let place = place(arn);
                sky.before[place] = sky.routes[place].clone();
                sky.routes[place].clone_from(actions);
            }
            Write::CreateRule { listener_arn, tags, .. } => {
                let rule = cloud::Rule { arn: format!("{listener_arn}/rule"), tags: tags.clone() };
                sky.rules.insert(listener_arn.clone(), rule);
            }
            Write::DeleteRule { rule_arn } => sky.rules.retain(|_, it| it.arn != *rule_arn),
            Write::AddTags { tags, .. } => sky.tags.extend(tags.clone()),
            Write::RemoveTags { tag_keys, .. } => sky.tags.retain(|key, _| !tag_keys.contains(key)),
            _ => {}
        }
    }
}

impl Cloud for Fake {
    async fn route(&self, _: RouteKind, arn: &str) -> Result<Option<LiveRoute>> {
        self.look().await?;
        let mut sky = self.sky.borrow_mut();
        let stale = sky.stale > 0;
        sky.stale = sky.stale.saturating_sub(1);
        let from = if stale { &sky.before } else { &sky.routes };
        let actions = from[place(arn)].clone();
        let load_balancer = BALANCER.to_owned();
        Ok(Some(LiveRoute { actions, load_balancer, protocol: None, port: None }))
    }

    async fn routes_to(&self, _: &str, _: &[&str]) -> Result<Vec<(RouteKind, String)>> {
        self.look().await?;
        Ok(ROUTES.iter().map(|it| (preflight::kind_of(it), (*it).to_owned())).collect())
    }

    async fn rule_at(&self, listener: &str, _: u32) -> Result<Option<cloud::Rule>> {
        self.look().await?;
        Ok(self.sky.borrow().rules.get(listener).cloned())
    }

    async fn targets(&self, group: &str) -> Result<Vec<Target>> {
        self.look().await?;
        let side = usize::from(group == GREEN);
        let targets = self.conditions(side);
        let well = Condition::of(&targets).healthy == TARGETS;
        self.sky.borrow_mut().told[side] = well;
        Ok(targets)
    }

    async fn groups(&self, arns: &[&str]) -> Result<Vec<Group>> {
        self.look().await?;
        let of = |arn: &&str| Group {
            arn: (*arn).to_owned(),
            target_type: "ip".to_owned(),
            load_balancers: vec![BALANCER.to_owned()],
            ..Group::default()
        };
        Ok(arns.iter().map(of).collect())
    }

    async fn load_balancer(&self, arn: &str) -> Result<Option<LoadBalancer>> {
        self.look().await?;
        let kind = "application".to_owned();
        Ok(Some(LoadBalancer { arn: arn.to_owned(), kind, ..LoadBalancer::default() }))
    }

    async fn service(&self, _: &str) -> Result<Option<Service>> {
        Ok(None)
    }

    async fn scaling(&self, _: &Service) -> Result<Option<Scaling>> {
        Ok(None)
    }

    async fn alarms(&self, names: &[String]) -> Result<Vec<Alarm>> {
        self.look().await?;
        let state = if self.sky.borrow().alarm { "ALARM" } else { "OK" };
        let of =
            |name: &String| Alarm { name: name.clone(), state: state.to_owned(), changed: None };
        Ok(names.iter().map(of).collect())
    }

    async fn metrics(&self, _: &Look<'_>) -> Result<[Vec<Minute>; 2]> {
        Ok([Vec::new(), Vec::new()])
    }

    async fn tags(&self, _: &str) -> Result<BTreeMap<String, String>> {
        self.look().await?;
        Ok(self.sky.borrow().tags.clone())
    }

    async fn schedule_exists(&self, _: &str) -> Result<bool> {
        Ok(false)
    }

    async fn request(&self, _: &Request<'_>) -> std::result::Result<Answer, String> {
        Err("nobody answers".to_owned())
    }

    async fn invoke(&self, _: &str, _: &Json) -> Result<std::result::Result<Json, String>> {
        Ok(Err("there is no function".to_owned()))
    }

    async fn notify(
        &self,
        _: &crate::rollout::spec::Notify,
        _: &Json,
    ) -> std::result::Result<(), String> {
        Err("nobody listens".to_owned())
    }

    async fn credentials_until(&self) -> Result<Option<i64>> {
        Ok(None)
    }

    async fn send(&self, write: &Write) -> Result<Option<String>> {
        self.call().await;
        self.check_row(write);
        self.check(write);
        let fault = self.sky.borrow_mut().faults.pop();
        match fault {
            Some(Event::Throttled) => {
                return Err(Error::new(Kind::Service, "Throttling", "rate exceeded"));
            }
            Some(Event::Refused) => {
                return Err(Error::new(Kind::Service, "AccessDenied", "not allowed"));
            }
            Some(Event::LostBefore) => return Err(Error::new(Kind::Ambiguous, "", "reset")),
            Some(Event::LostAfter) => {
                self.act(write);
                return Err(Error::new(Kind::Ambiguous, "", "reset"));
            }
            _ => self.act(write),
        }
        // It may die with the answer on its way.
        self.call().await;
        Ok(Some("request".to_owned()))
    }
}

struct Scene {
    fake: Fake,
    stack: Stack,
    plan: Plan,
    _folder: tempfile::TempDir,
}

fn spec() -> Spec {
    let group = |arn: &str| Value::Map(Map::from([("targetGroup".to_owned(), Value::string(arn))]));
    let colours = Map::from([("blue".to_owned(), group(BLUE)), ("green".to_owned(), group(GREEN))]);
    let value = Value::from_json(&json!({
        "strategy": { "steps": [
            { "weight": 10, "bake": "4ms" },
            { "weight": 50, "bake": "4ms" },
            { "weight": 100 } ] },
        "finalBake": "4ms",
        "test": { "header": { "X-Canary": "1" }, "priority": 5 },
        "alarms": ["errors"],
        "maxBlind": "50ms",
        "analysis": { "compare": "off" },
    }));
    let Value::Map(mut map) = value else { unreachable!("an object is a map") };
    map.insert("colors".to_owned(), Value::Map(colours));
    Spec::read("web", &Value::Map(map)).expect("the section is well")
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let keyring = Keyring { key_file: folder.path().join("key"), ..Keyring::default() };
        let store = Store::open(&folder.path().join("state.db"), keyring, None).expect("a state");
        store.init("p", "s", &NewLock::KeyFile, "now").expect("a stack");
        let stack = store.stack("p", "s").expect("the stack");
        let sky = Sky {
            routes: vec![forward(100, 0); ROUTES.len()],
            before: vec![forward(100, 0); ROUTES.len()],
            well: [true; 2],
            told: [true; 2],
            ..Sky::default()
        };
        let fake = Fake {
            sky: RefCell::new(sky),
            script: RefCell::default(),
            store: RefCell::new(store),
            shift: RefCell::new("s1".to_owned()),
            interrupt: RefCell::default(),
            dead: Cell::new(false),
            died: Notify::new(),
        };
        let wanted = Wanted {
            stack: "p/s".to_owned(),
            spec: spec(),
            to: Some("green".to_owned()),
            names: BTreeMap::new(),
            protected: Vec::new(),
            allowed_alarms: Vec::new(),
            skip_checks: std::collections::BTreeSet::new(),
            skip_probes: false,
            takes_back: None,
            sticky: BTreeMap::new(),
            pending: 0,
            known_shifts: std::collections::BTreeSet::new(),
            now: 0,
        };
        let survey = runtime().block_on(preflight::survey(&fake, &wanted)).expect("it can be seen");
        let plan = preflight::plan(&survey, &wanted, 1);
        let checks = preflight::checks(&survey, &wanted, &plan, 1);
        let failed: Vec<_> =
            checks.iter().filter(|it| it.outcome == preflight::Finding::Fail).collect();
        assert!(failed.is_empty(), "{failed:?}");
        fake.sky.borrow_mut().calls = 0;
        Self { fake, stack, plan, _folder: folder }
    }

    fn store(&self) -> Store {
        self.fake.store.borrow().again().expect("another connection")
    }

    fn begin(&self) -> Fence {
        let body = serde_json::to_value(&self.plan).expect("it is JSON");
        let routes: Vec<Json> =
            self.plan.routes.iter().map(|it| Json::Array(it.before.clone())).collect();
        let new = NewShift {
            id: "s1",
            rollout: "web",
            from: "blue",
            to: "green",
            plan: &body,
            plan_sha: "",
            owner: &owner(),
            routes: &routes,
        };
        self.store().begin_shift(&self.stack, &new, now()).expect("it begins")
    }

    /// One process: `None` when it died. `back`: it takes the shift up, and
    /// goes on or back.
    fn process(&self, back: Option<bool>, force: bool) -> Option<Ended> {
        self.fake.dead.set(false);
        let mut store = self.store();
        let fence = match back {
            None => self.begin(),
            Some(_) => store.take_shift_over("s1", &owner(), now()).expect("it is taken over"),
        };
        let (stop, stops) = unbounded_channel();
        *self.fake.interrupt.borrow_mut() = Some(stop);
        let clock = now;
        let around = Surroundings {
            clock: &clock,
            pace: Pace::hurried(2000),
            tell: &|_| {},
            alone: true,
            force,
            commands: false,
        };
        let mut driver = Driver::new(&self.fake, store, fence, self.plan.clone(), around, stops);
        match back {
            None => {
                let planned = json!({});
                driver = driver.telling(First { planned, checks: Vec::new(), refused: None });
            }
            Some(back) => {
                let row = self.row();
                driver.take_up(&row, back).expect("it is taken up");
            }
        }
        runtime().block_on(async {
            tokio::select! {
                ended = driver.run() => Some(ended),
                () = self.fake.died.notified() => None,
            }
        })
    }

    fn row(&self) -> crate::store::ShiftRow {
        self.store().shift(&self.stack, "s1").expect("the state").expect("the shift")
    }

    fn shares(&self) -> Vec<Option<u32>> {
        let sky = self.fake.sky.borrow();
        let of = |it: &Vec<Json>| actions::forward(it, [BLUE, GREEN]).and_then(|it| it.permille());
        sky.routes.iter().map(of).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the test has no other clock")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(0))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn owner() -> Owner {
    Owner {
        pid: 1,
        user: "u".to_owned(),
        host: "h".to_owned(),
        command: "orderinfra shift".to_owned(),
        since: "now".to_owned(),
    }
}

fn whole(scene: &Scene) {
    assert_eq!(scene.shares(), [Some(1000); 3]);
}

/// Nothing of it is left but the weights.
fn let_go(scene: &Scene, what: &str) {
    let sky = scene.fake.sky.borrow();
    assert_eq!((sky.tags.len(), sky.rules.len()), (0, 0), "{what}");
}

fn at_start(scene: &Scene) {
    assert_eq!(scene.shares(), [Some(0); 3]);
}

#[test]
fn an_undisturbed_shift_ends_whole_and_lets_go() {
    let scene = Scene::new();
    let ended = scene.process(None, false).unwrap();
    assert_eq!(ended, Ended { outcome: Outcome::Done, reason: None });
    whole(&scene);
    let_go(&scene, "undisturbed");
    let row = scene.row();
    assert_eq!((row.outcome.as_deref(), row.finished.is_some()), (Some("done"), true));
    // What was sent is what was planned.
    let ops = scene.store().shift_ops("s1").unwrap();
    let mut sent: Vec<Json> = ops.iter().map(|it| it.op.write.clone()).collect();
    let lease = sent[0]["params"]["Tags"][super::plan::LEASE].take();
    assert!(lease.as_str().unwrap().starts_with("s1/1/"), "{lease}");
    sent[0]["params"]["Tags"][super::plan::LEASE] = json!("s1/{fence}/{now}");
    for it in sent.iter_mut().filter(|it| it["api"] == "DeleteRule") {
        it["params"]["RuleArn"] = json!(super::plan::RULE);
    }
    let planned: Vec<Json> = scene
        .plan
        .calls
        .iter()
        .map(|it| {
            let text = serde_json::to_string(&it.write).unwrap().replace(super::plan::SHIFT, "s1");
            serde_json::from_str(&text).unwrap()
        })
        .collect();
    assert_eq!(sent, planned);
}

/// The way back has begun, and AWS cannot be seen: a person is needed, once.
#[test]
fn a_way_back_in_the_dark_is_blocked_until_somebody_takes_it_up() {
    let scene = Scene::new();
    *scene.fake.script.borrow_mut() = vec![(48, Event::Blind)];
    let ended = scene.process(None, false).unwrap();
    assert_eq!(ended.outcome, Outcome::Blocked, "{ended:?}");
    assert!(ended.reason.unwrap().contains("AWS cannot be seen"));
    let row = scene.row();
    assert_eq!((row.phase.as_str(), row.finished), ("rolling-back", None));
    let events = scene.store().shift_events("s1", 0).unwrap();
    let began = events.iter().filter(|it| it["type"] == "rollback.started");
    assert_eq!(began.count(), 1);
    scene.fake.happen(Event::Well(0));
    let ended = scene.process(Some(true), false).unwrap();
    assert_eq!(ended.outcome, Outcome::RolledBack, "{ended:?}");
    at_start(&scene);
    let_go(&scene, "taken up");
}

/// What each of these does by itself, with the exit that says so.
#[test]
fn every_disturbance_has_its_outcome() {
    use Event::*;
    // In the middle of the first bake, and of the last.
    for (events, outcome) in [
        (&[Unwell(1)][..], Outcome::RolledBack),
        (&[Alarm(true)], Outcome::RolledBack),
        (&[Asks("rollback")], Outcome::RolledBack),
        (&[Unwell(0)], Outcome::Paused),
        (&[Unwell(1), Unwell(0)], Outcome::Paused),
        (&[Weights(2)], Outcome::Conflict),
        (&[Structure(1)], Outcome::Conflict),
        (&[Interrupt], Outcome::Interrupted),
        (&[Throttled, Throttled, LostBefore, LostAfter], Outcome::Done),
        (&[Refused], Outcome::RolledBack),
        (&[Stale(3)], Outcome::Done),
    ] {
        let scene = Scene::new();
        // Past the writes of the first step.
        let script = events.iter().map(|it| (48, *it)).collect();
        *scene.fake.script.borrow_mut() = script;
        let ended = scene.process(None, false).unwrap();
        let wrong = scene.fake.sky.borrow().wrong.clone();
        assert_eq!(wrong, Vec::<String>::new(), "{events:?}");
        assert_eq!(ended.outcome, outcome, "{events:?}: {ended:?}, {:?}", scene.shares());
        let shares: Vec<u32> = scene.shares().into_iter().flatten().collect();
        match outcome {
            Outcome::Done => assert_eq!(shares, [1000; 3], "{events:?}"),
            Outcome::RolledBack | Outcome::Interrupted => assert_eq!(shares, [0; 3], "{events:?}"),
            // Where it was: on one of the steps below the last.
            _ => assert!(shares.iter().all(|it| (1..1000).contains(it)), "{events:?}: {shares:?}"),
        }
        let open = scene.row().finished.is_none();
        let left = matches!(outcome, Outcome::Paused | Outcome::Blocked | Outcome::Conflict);
        assert_eq!(open, left, "{events:?}");
    }
}

#[test]
fn what_a_person_pauses_a_person_goes_on_with() {
    for (then, outcome) in [("continue", Outcome::Done), ("rollback", Outcome::RolledBack)] {
        let scene = Scene::new();
        let script = vec![(48, Event::Asks("pause")), (86, Event::Asks(then))];
        *scene.fake.script.borrow_mut() = script;
        assert_eq!(scene.process(None, false).unwrap().outcome, outcome);
    }
}

#[test]
fn wherever_it_dies_it_goes_on_and_back() {
    let calls = {
        let scene = Scene::new();
        scene.process(None, false).unwrap();
        scene.fake.sky.borrow().calls
    };
    assert!(calls > 60, "{calls}");
    for at in 1..=calls {
        for back in [false, true] {
            let scene = Scene::new();
            *scene.fake.script.borrow_mut() = vec![(at, Event::Dies)];
            if scene.process(None, false).is_some() {
                continue;
            }
            let ended = scene.process(Some(back), false).unwrap();
            let wrong = scene.fake.sky.borrow().wrong.clone();
            assert_eq!(wrong, Vec::<String>::new(), "call {at}, back {back}");
            let row = scene.row();
            assert!(row.finished.is_some(), "call {at}, back {back}: {ended:?}");
            match (back, ended.outcome) {
                // It was whole already, and was let go of.
                (_, Outcome::Done) => whole(&scene),
                (true, Outcome::RolledBack | Outcome::Aborted) => at_start(&scene),
                _ => panic!("call {at}, back {back}: {ended:?}"),
            }
            let_go(&scene, &format!("call {at}, back {back}"));
            let ops = scene.store().shift_ops("s1").unwrap();
            let open = ops.iter().filter(|it| it.state == crate::store::OpState::Intended);
            assert_eq!(open.count(), 0, "call {at}, back {back}");
        }
    }
}

#[test]
fn who_was_replaced_writes_nothing() {
    let scene = Scene::new();
    let old = scene.begin();
    let mut store = scene.store();
    let new = store.take_shift_over("s1", &owner(), now()).unwrap();
    assert!(matches!(store.beat(&old, now()), Err(crate::store::Error::Fenced)));
    assert!(matches!(store.intend(&old, &[], now()), Err(crate::store::Error::Fenced)));
    store.beat(&new, now()).unwrap();
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0_usize..2).prop_map(Event::Unwell),
        (0_usize..2).prop_map(Event::Well),
        any::<bool>().prop_map(Event::Alarm),
        (0_usize..3).prop_map(Event::Weights),
        Just(Event::Throttled),
        Just(Event::LostBefore),
        Just(Event::LostAfter),
        Just(Event::Refused),
        (1_u32..6).prop_map(Event::Stale),
        prop_oneof![Just("rollback"), Just("continue")].prop_map(Event::Asks),
        Just(Event::Interrupt),
        Just(Event::Dies),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_weight_rises_on_an_unwell_colour(
        script in proptest::collection::vec((1_usize..90, events()), 0..6),
        backs in proptest::collection::vec(any::<bool>(), 8),
    ) {
        let scene = Scene::new();
        *scene.fake.script.borrow_mut() = script.clone();
        let mut ended = scene.process(None, false);
        for back in backs {
            if scene.row().finished.is_some() {
                break;
            }
            // Somebody comes back, and has made the colours well.
            scene.fake.happen(Event::Well(0));
            scene.fake.happen(Event::Well(1));
            ended = scene.process(Some(back), false);
        }
        let wrong = scene.fake.sky.borrow().wrong.clone();
        prop_assert_eq!(wrong, Vec::<String>::new());
        let row = scene.row();
        if row.finished.is_some() {
            let_go(&scene, "closed");
            match row.outcome.as_deref() {
                Some("done") => prop_assert_eq!(scene.shares(), [Some(1000); 3]),
                Some("rolled-back" | "aborted") => {
                    let edited = script.iter().any(|(_, it)| matches!(it, Event::Weights(_)));
                    prop_assert!(edited || scene.shares() == [Some(0); 3], "{:?}", scene.shares());
                }
                other => prop_assert!(false, "{:?} {:?}", other, ended),
            }
        }
    }
}
