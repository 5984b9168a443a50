//! What a program says of a rollout, under `rollouts:`.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

pub use super::read::Wrong;
use super::{
    LISTENER, RULE,
    read::{Fields, Found, Node, words},
    strategy::{Strategy, spans},
};
use crate::model::{Urn, Value};

pub const GROUP: &str = "aws:lb/targetGroup:TargetGroup";
pub const SERVICE: &str = "aws:ecs/service:Service";

/// One rollout, whole: what is not said has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    pub name: String,
    pub colors: Colors,
    /// Listeners and rules; without them, all that forward to both groups.
    pub routes: Option<Vec<Part>>,
    pub test: Option<Test>,
    pub strategy: Strategy,
    /// How long both colours are watched once all traffic has moved.
    #[serde(with = "spans")]
    pub final_bake: Duration,
    pub alarms: Vec<Part>,
    pub analysis: Analysis,
    pub health: Health,
    pub capacity: Capacity,
    pub stickiness: Stickiness,
    pub on_interrupt: OnInterrupt,
    pub on_conflict: OnConflict,
    pub on_source_loss: OnSourceLoss,
    /// Health, alarms or metrics that cannot be read for longer than this are
    /// as good as bad ones.
    #[serde(with = "spans")]
    pub max_blind: Duration,
    pub dead_man: Option<DeadMan>,
    pub hooks: Hooks,
    /// Whether `up` refuses another task definition for the live colour.
    pub protect_live: bool,
    /// How long the old colour is kept before `--finish` is proposed.
    #[serde(with = "spans")]
    pub retain: Duration,
}

/// Something in AWS that a rollout names: by its ARN, or by its name where it
/// has no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    pub id: String,
    /// Of a resource of the program.
    pub urn: Option<Urn>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colors {
    pub blue: Color,
    pub green: Color,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Color {
    pub target_group: Part,
    /// The ECS service of the targets; without it nothing is scaled.
    pub service: Option<Part>,
}

/// How the destination is tried before it has traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    pub route: Option<TestRoute>,
    pub probes: Vec<Probe>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestRoute {
    /// A rule, or a listener.
    Route(Part),
    Listener(Part),
    /// A rule that is made for the time of the shift, on the routes' listeners.
    Header {
        header: BTreeMap<String, String>,
        priority: u32,
    },
}

/// A question whose answer decides, before traffic moves or between steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    Http(Http),
    Exec(Exec),
    Lambda(Lambda),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    pub path: String,
    pub status: u32,
    /// How many requests; with none it passes.
    pub count: u32,
    /// For all of them together.
    #[serde(with = "spans")]
    pub within: Duration,
    /// A slower answer is a wrong one.
    pub max_ms: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    pub command: Vec<String>,
    #[serde(with = "spans")]
    pub within: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lambda {
    pub function: Part,
    #[serde(with = "spans")]
    pub within: Duration,
}

/// How the metrics of the destination are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    pub compare: Compare,
    /// Fewer say nothing.
    pub min_requests: u32,
    /// Not said: hold where somebody watches, roll back where nobody does.
    pub on_inconclusive: Option<OnInconclusive>,
    /// A bake without a verdict is made longer, up to this.
    #[serde(with = "spans")]
    pub max_bake: Duration,
    #[serde(with = "spans")]
    pub period: Duration,
    /// How late metrics are.
    #[serde(with = "spans")]
    pub lag: Duration,
    /// What is left out after a change of weights.
    #[serde(with = "spans")]
    pub settle: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    pub min_healthy: MinHealthy,
    /// A zone in which the source has healthy targets keeps some.
    pub require_all_zones: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MinHealthy {
    /// Of the tasks that are wanted.
    Percent(u32),
    Count(u32),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    pub pre_scale: PreScale,
    /// How many times the source's tasks, with `match`.
    pub headroom: f64,
    pub suspend_scale_in: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PreScale {
    /// As many tasks as the source is seen to run.
    Match,
    Tasks(u32),
    Off,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadMan {
    /// The role by which the scheduler takes the traffic back.
    pub role_arn: String,
    #[serde(with = "spans")]
    pub grace: Duration,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hooks {
    pub before_shift: Vec<Probe>,
    pub after_step: Vec<Probe>,
    pub on_rollback: Vec<Probe>,
    pub on_done: Vec<Probe>,
}

words! {
    Compare { Auto, Off }
    OnInconclusive { Hold, Continue, Rollback }
    Stickiness { BreakAtEnd, Keep, Break }
    OnInterrupt { Rollback, Hold }
    OnConflict { Pause, Adopt, Overwrite, Rollback }
    OnSourceLoss { Hold, Advance }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const MAX_BLIND: Duration = Duration::from_secs(90);
const GRACE: Duration = Duration::from_secs(3 * 60);
const RETAIN: Duration = Duration::from_secs(24 * 60 * 60);
const HTTP_WITHIN: Duration = Duration::from_secs(30);
/// Of a command or a function.
const HOOK_WITHIN: Duration = Duration::from_secs(5 * 60);
/// What one question to CloudWatch may name.
const ALARMS_MAX: usize = 100;
/// Of a rule.
const PRIORITY_MAX: u32 = 50_000;
const TARGETS_MAX: u32 = 1000;
const HEADROOM_MAX: f64 = 10.0;

impl Default for Analysis {
    fn default() -> Self {
        Self {
            compare: Compare::Auto,
            min_requests: 100,
            on_inconclusive: None,
            max_bake: 30 * MINUTE,
            period: MINUTE,
            lag: 2 * MINUTE,
            settle: MINUTE,
        }
    }
}

impl Default for Health {
    fn default() -> Self {
        Self { min_healthy: MinHealthy::Percent(100), require_all_zones: true }
    }
}

impl Default for Capacity {
    fn default() -> Self {
        Self { pre_scale: PreScale::Match, headroom: 1.1, suspend_scale_in: true }
    }
}

/// The keys of each mapping.
pub const ROLLOUT: &[&str] = &[
    "colors",
    "routes",
    "test",
    "strategy",
    "finalBake",
    "alarms",
    "analysis",
    "health",
    "capacity",
    "stickiness",
    "onInterrupt",
    "onConflict",
    "onSourceLoss",
    "maxBlind",
    "deadMan",
    "hooks",
    "protectLive",
    "retain",
];
pub const COLORS: &[&str] = &["blue", "green"];
pub const COLOR: &[&str] = &["targetGroup", "service"];
pub const TEST: &[&str] = &["route", "listener", "header", "priority", "probes"];
pub const PROBE: &[&str] = &["http", "exec", "lambda"];
pub const HTTP: &[&str] = &["path", "status", "count", "within", "maxMs"];
pub const EXEC: &[&str] = &["command", "within"];
pub const LAMBDA: &[&str] = &["function", "within"];
pub const ANALYSIS: &[&str] =
    &["compare", "minRequests", "onInconclusive", "maxBake", "period", "lag", "settle"];
pub const HEALTH: &[&str] = &["minHealthy", "requireAllZones"];
pub const CAPACITY: &[&str] = &["preScale", "headroom", "suspendScaleIn"];
pub const DEAD_MAN: &[&str] = &["roleArn", "grace"];
pub const HOOKS: &[&str] = &["beforeShift", "afterStep", "onRollback", "onDone"];

impl Spec {
    /// With the defaults for all else.
    pub fn of(name: &str, colors: Colors) -> Self {
        Self {
            name: name.to_owned(),
            colors,
            routes: None,
            test: None,
            strategy: Strategy::all_at_once(),
            final_bake: Duration::ZERO,
            alarms: Vec::new(),
            analysis: Analysis::default(),
            health: Health::default(),
            capacity: Capacity::default(),
            stickiness: Stickiness::default(),
            on_interrupt: OnInterrupt::default(),
            on_conflict: OnConflict::default(),
            on_source_loss: OnSourceLoss::default(),
            max_blind: MAX_BLIND,
            dead_man: None,
            hooks: Hooks::default(),
            protect_live: false,
            retain: RETAIN,
        }
    }

    /// Reads a section of which everything is known.
    pub fn read(name: &str, value: &Value) -> Result<Self, Vec<Wrong>> {
        let found = Found::default();
        let spec = spec(name, value, &found);
        let mut wrong = found.wrong.into_inner();
        if let Some(unknown) = value.first_unknown().filter(|_| found.unknown.get()) {
            let message = format!("waits for `{}`, which is not known", unknown.from);
            wrong.push(Wrong { path: format!("rollouts.{name}"), message, key: false });
        }
        spec.filter(|_| wrong.is_empty()).ok_or(wrong)
    }

    /// All that it names in AWS.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        let colors = [&mut self.colors.blue, &mut self.colors.green].into_iter();
        let colors = colors.flat_map(|it| [Some(&mut it.target_group), it.service.as_mut()]);
        let (route, probes) = match &mut self.test {
            Some(Test { route, probes }) => (route.as_mut(), Some(probes)),
            None => (None, None),
        };
        let route = route.and_then(|it| match it {
            TestRoute::Route(it) | TestRoute::Listener(it) => Some(it),
            TestRoute::Header { .. } => None,
        });
        let Hooks { before_shift, after_step, on_rollback, on_done } = &mut self.hooks;
        let hooks = [before_shift, after_step, on_rollback, on_done].into_iter().chain(probes);
        let functions = hooks.flatten().filter_map(|it| match it {
            Probe::Lambda(it) => Some(&mut it.function),
            Probe::Http(_) | Probe::Exec(_) => None,
        });
        let routes = self.routes.iter_mut().flatten();
        colors.flatten().chain(route).chain(routes).chain(&mut self.alarms).chain(functions)
    }

    /// What is wrong already, whatever the unknown parts turn out to be.
    pub fn check(name: &str, value: &Value) -> Vec<Wrong> {
        let found = Found::default();
        spec(name, value, &found);
        found.wrong.into_inner()
    }
}

/// Everything is read before anything is given up: hence the two halves.
fn spec(name: &str, value: &Value, found: &Found) -> Option<Spec> {
    let fields = Node::root(format!("rollouts.{name}"), value, found).map(ROLLOUT)?;
    let colors = fields.need("colors").and_then(|it| colors(&it));
    let routes = fields.maybe("routes", routes);
    let test = fields.maybe("test", test);
    let strategy = fields.or("strategy", Strategy::all_at_once(), Strategy::read);
    let final_bake = fields.or("finalBake", Duration::ZERO, Node::duration);
    let alarms = fields.or("alarms", Vec::new(), alarms);
    let analysis = fields.or("analysis", Analysis::default(), analysis);
    let health = fields.or("health", Health::default(), health);
    let capacity = fields.or("capacity", Capacity::default(), capacity);
    let stickiness = fields.or("stickiness", Stickiness::default(), Node::choice);
    let on_interrupt = fields.or("onInterrupt", OnInterrupt::default(), Node::choice);
    let on_conflict = fields.or("onConflict", OnConflict::default(), Node::choice);
    let on_source_loss = fields.or("onSourceLoss", OnSourceLoss::default(), Node::choice);
    let max_blind = fields.or("maxBlind", MAX_BLIND, Node::period);
    let dead_man = fields.maybe("deadMan", dead_man);
    let hooks = fields.or("hooks", Hooks::default(), hooks);
    let protect_live = fields.or("protectLive", false, Node::bool);
    let retain = fields.or("retain", RETAIN, Node::duration);
    let scales = capacity.as_ref().is_some_and(|it| it.pre_scale != PreScale::Off);
    if let (Some(said), Some(colors)) = (fields.get("capacity"), &colors)
        && scales
        && colors.blue.service.is_none()
    {
        said.wrong("has nothing to scale: the colours name no `service`");
    }
    Some(Spec {
        name: name.to_owned(),
        colors: colors?,
        routes: routes?,
        test: test?,
        strategy: strategy?,
        final_bake: final_bake?,
        alarms: alarms?,
        analysis: analysis?,
        health: health?,
        capacity: capacity?,
        stickiness: stickiness?,
        on_interrupt: on_interrupt?,
        on_conflict: on_conflict?,
        on_source_loss: on_source_loss?,
        max_blind: max_blind?,
        dead_man: dead_man?,
        hooks: hooks?,
        protect_live: protect_live?,
        retain: retain?,
    })
}

fn colors(node: &Node<'_>) -> Option<Colors> {
    let fields = node.map(COLORS)?;
    let blue = fields.need("blue").and_then(|it| color(&it));
    let green_node = fields.need("green");
    let green = green_node.as_ref().and_then(color);
    let (blue, green) = (blue?, green?);
    let green_node = green_node?;
    if blue.target_group.id == green.target_group.id {
        green_node.wrong("has blue's target group: nothing would move");
    }
    match (&blue.service, &green.service) {
        (Some(one), Some(other)) if one.id == other.id => green_node.wrong("has blue's service"),
        (Some(_), None) | (None, Some(_)) => node.wrong("has a service for one colour only"),
        _ => {}
    }
    Some(Colors { blue, green })
}

fn color(node: &Node<'_>) -> Option<Color> {
    let fields = node.map(COLOR)?;
    let group = fields.need("targetGroup").and_then(|it| TARGET_GROUP.read(&it));
    let service = fields.maybe("service", |it| ECS_SERVICE.read(it));
    Some(Color { target_group: group?, service: service? })
}

fn routes(node: &Node<'_>) -> Option<Vec<Part>> {
    let routes = node.all(|it| ROUTE.read(it))?;
    if routes.is_empty() {
        node.wrong("is empty; without `routes`, all that forward to both groups are moved");
    }
    Some(routes)
}

fn test(node: &Node<'_>) -> Option<Test> {
    let fields = node.map(TEST)?;
    let priority = fields.maybe("priority", |it| it.whole(1..=PRIORITY_MAX));
    let said = ["route", "listener", "header"].iter().any(|it| fields.get(it).is_some());
    let route = match said {
        true => test_route(&fields, priority.flatten()).map(Some),
        false => Some(None),
    };
    if let Some(stray) = fields.get("priority").filter(|_| fields.get("header").is_none()) {
        stray.wrong("belongs to `header`");
    }
    let probes = fields.or("probes", Vec::new(), |it| it.all(|it| probe(it, said, "`test`")));
    if !said && fields.get("probes").is_none() {
        node.wrong("says nothing: it has a route, or probes, or both");
    }
    Some(Test { route: route?, probes: probes? })
}

fn test_route(fields: &Fields<'_>, priority: Option<u32>) -> Option<TestRoute> {
    let node = fields.one_of(&["route", "listener", "header"])?;
    match node.key() {
        "route" => ROUTE.read(&node).map(TestRoute::Route),
        "listener" => TEST_LISTENER.read(&node).map(TestRoute::Listener),
        _ => {
            let header = node.texts();
            if header.as_ref().is_some_and(BTreeMap::is_empty) {
                node.wrong("is empty, and would be true of every request");
            }
            fields.need("priority")?;
            Some(TestRoute::Header { header: header?, priority: priority? })
        }
    }
}

/// `routed` tells whether there is somewhere to send requests to.
fn probe(node: &Node<'_>, routed: bool, place: &str) -> Option<Probe> {
    let fields = node.map(PROBE)?;
    let node = fields.one_of(PROBE)?;
    match node.key() {
        "http" if !routed => {
            node.wrong(match place {
                "`test`" => "needs a route, listener or header beside `probes`".to_owned(),
                _ => format!("belongs to the probes of `test`; {place} are commands or functions"),
            });
            None
        }
        "http" => http(&node).map(Probe::Http),
        "exec" => exec(&node).map(Probe::Exec),
        _ => lambda(&node).map(Probe::Lambda),
    }
}

fn http(node: &Node<'_>) -> Option<Http> {
    let fields = node.map(HTTP)?;
    let path = fields.need("path").and_then(|it| {
        let path = it.text()?;
        if !path.starts_with('/') {
            it.wrong("must begin with `/`");
        }
        Some(path)
    });
    let status = fields.or("status", 200, |it| it.whole(100..=599));
    let count = fields.or("count", 1, |it| it.whole(0..=10_000));
    let within = fields.or("within", HTTP_WITHIN, Node::period);
    let max_ms = fields.maybe("maxMs", |it| it.whole(1..=u32::MAX));
    Some(Http { path: path?, status: status?, count: count?, within: within?, max_ms: max_ms? })
}

/// A list of arguments, or a mapping with them.
fn exec(node: &Node<'_>) -> Option<Exec> {
    let command = |node: &Node<'_>| {
        let command = node.all(|it| it.parsed(|it| Ok(it.to_owned())))?;
        if command.is_empty() {
            node.wrong("has no command");
        }
        Some(command)
    };
    if node.is_list() {
        return Some(Exec { command: command(node)?, within: HOOK_WITHIN });
    }
    if node.is_text() {
        return node.instead("a list of the command and its arguments");
    }
    let fields = node.map(EXEC)?;
    let command = fields.need("command").and_then(|it| command(&it));
    let within = fields.or("within", HOOK_WITHIN, Node::period);
    Some(Exec { command: command?, within: within? })
}

/// A function, or a mapping with it.
fn lambda(node: &Node<'_>) -> Option<Lambda> {
    if !node.is_map() {
        return Some(Lambda { function: FUNCTION.read(node)?, within: HOOK_WITHIN });
    }
    let fields = node.map(LAMBDA)?;
    let function = fields.need("function").and_then(|it| FUNCTION.read(&it));
    let within = fields.or("within", HOOK_WITHIN, Node::period);
    Some(Lambda { function: function?, within: within? })
}

fn alarms(node: &Node<'_>) -> Option<Vec<Part>> {
    let mut alarms = node.all(|it| ALARM.read(it))?;
    for alarm in &mut alarms {
        // CloudWatch is asked by names.
        if let Some((_, name)) = alarm.id.split_once(":alarm:") {
            alarm.id = name.to_owned();
        }
    }
    if alarms.len() > ALARMS_MAX {
        node.wrong(format!("has {} alarms, and at most {ALARMS_MAX} are possible", alarms.len()));
    }
    Some(alarms)
}

fn analysis(node: &Node<'_>) -> Option<Analysis> {
    let fields = node.map(ANALYSIS)?;
    let own = Analysis::default();
    let compare = fields.or("compare", own.compare, Node::choice);
    let min_requests = fields.or("minRequests", own.min_requests, |it| it.whole(1..=u32::MAX));
    let on_inconclusive = fields.maybe("onInconclusive", Node::choice);
    let max_bake = fields.or("maxBake", own.max_bake, Node::duration);
    let period = fields.or("period", own.period, |it| {
        let period = it.duration()?;
        if period < SECOND {
            it.wrong("must be at least 1s");
        }
        Some(period)
    });
    let lag = fields.or("lag", own.lag, Node::duration);
    let settle = fields.or("settle", own.settle, Node::duration);
    Some(Analysis {
        compare: compare?,
        min_requests: min_requests?,
        on_inconclusive: on_inconclusive?,
        max_bake: max_bake?,
        period: period?,
        lag: lag?,
        settle: settle?,
    })
}

fn health(node: &Node<'_>) -> Option<Health> {
    let fields = node.map(HEALTH)?;
    let own = Health::default();
    let min_healthy = fields.or("minHealthy", own.min_healthy, |it| it.parsed(at_least));
    let zones = fields.or("requireAllZones", own.require_all_zones, Node::bool);
    Some(Health { min_healthy: min_healthy?, require_all_zones: zones? })
}

/// `80%` or `3`
fn at_least(text: &str) -> Result<MinHealthy, String> {
    let how = || "write a percentage from 1% to 100% or a number of targets from 1".to_owned();
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent = percent.trim_end().parse().ok().filter(|it| (1..=100).contains(it));
            percent.map(MinHealthy::Percent).ok_or_else(how)
        }
        None => {
            let count = text.parse().ok().filter(|it| (1..=TARGETS_MAX).contains(it));
            count.map(MinHealthy::Count).ok_or_else(how)
        }
    }
}

fn capacity(node: &Node<'_>) -> Option<Capacity> {
    let fields = node.map(CAPACITY)?;
    let own = Capacity::default();
    let pre_scale = fields.or("preScale", own.pre_scale, |it| it.parsed(PreScale::parse));
    let headroom = fields.or("headroom", own.headroom, |it| {
        let headroom =
            it.parsed(|it| it.parse::<f64>().map_err(|_| "write a number".to_owned()))?;
        if !(1.0..=HEADROOM_MAX).contains(&headroom) {
            it.wrong(format!("must be from 1 to {HEADROOM_MAX} times the source's tasks"));
        }
        Some(headroom)
    });
    let suspend = fields.or("suspendScaleIn", own.suspend_scale_in, Node::bool);
    Some(Capacity { pre_scale: pre_scale?, headroom: headroom?, suspend_scale_in: suspend? })
}

impl PreScale {
    /// `match`, a number of tasks, or `off`; flags are read by it too.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "match" => Ok(Self::Match),
            "off" => Ok(Self::Off),
            number => number
                .parse()
                .ok()
                .filter(|it| (1..=TARGETS_MAX).contains(it))
                .map(Self::Tasks)
                .ok_or_else(|| "write `match`, a number of tasks from 1, or `off`".to_owned()),
        }
    }
}

fn dead_man(node: &Node<'_>) -> Option<DeadMan> {
    let fields = node.map(DEAD_MAN)?;
    let role_arn = fields.need("roleArn").and_then(|it| ROLE.read(&it)).map(|it| it.id);
    let grace = fields.or("grace", GRACE, |it| {
        let grace = it.duration()?;
        // The scheduler knows minutes, and a renewal must fit in between.
        if grace < MINUTE {
            it.wrong("must be at least 1m");
        }
        Some(grace)
    });
    Some(DeadMan { role_arn: role_arn?, grace: grace? })
}

fn hooks(node: &Node<'_>) -> Option<Hooks> {
    let fields = node.map(HOOKS)?;
    let of = |key: &str| fields.or(key, Vec::new(), |it| it.all(|it| probe(it, false, "hooks")));
    let (before_shift, after_step) = (of("beforeShift"), of("afterStep"));
    let (on_rollback, on_done) = (of("onRollback"), of("onDone"));
    Some(Hooks {
        before_shift: before_shift?,
        after_step: after_step?,
        on_rollback: on_rollback?,
        on_done: on_done?,
    })
}

/// What a part may be.
struct Kind {
    what: &'static str,
    tokens: &'static [&'static str],
    /// What is in its ARN.
    arn: &'static [&'static str],
    /// How a resource of the program is written, if its id is no ARN but one
    /// is needed.
    output: Option<&'static str>,
    named: bool,
}

const TARGET_GROUP: Kind = Kind {
    what: "a target group",
    tokens: &[GROUP],
    arn: &[":targetgroup/"],
    output: None,
    named: false,
};
const ECS_SERVICE: Kind = Kind {
    what: "an ECS service",
    tokens: &[SERVICE],
    arn: &[":service/"],
    output: None,
    named: false,
};
const ROUTE: Kind = Kind {
    what: "a listener or a rule",
    tokens: &[LISTENER, RULE],
    arn: &[":listener/", ":listener-rule/"],
    output: None,
    named: false,
};
const TEST_LISTENER: Kind = Kind {
    what: "a listener",
    tokens: &[LISTENER],
    arn: &[":listener/"],
    output: None,
    named: false,
};
const ALARM: Kind = Kind {
    what: "an alarm",
    tokens: &[
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
    ],
    arn: &[":alarm:"],
    output: None,
    named: true,
};
const FUNCTION: Kind = Kind {
    what: "a Lambda function",
    tokens: &["aws:lambda/function:Function"],
    arn: &[":function:"],
    output: None,
    named: true,
};
const ROLE: Kind = Kind {
    what: "a role",
    tokens: &["aws:iam/role:Role"],
    arn: &[":role/"],
    output: Some("${role.arn}"),
    named: false,
};

impl Kind {
    fn read(&self, node: &Node<'_>) -> Option<Part> {
        if let Value::Ref(it) = node.value() {
            let urn = Urn(it.urn.clone());
            if !self.tokens.contains(&urn.token()) {
                let (what, token) = (self.what, urn.token());
                node.wrong(format!("must be {what}, and `{}` is {token}", urn.name()));
                return None;
            }
            if let Some(output) = self.output {
                node.wrong(format!("must be the ARN: write it as `{output}`"));
                return None;
            }
            let id = match it.id.bare() {
                Value::Unknown(_) => {
                    node.unknown();
                    return None;
                }
                id => id.as_str()?.to_owned(),
            };
            return Some(Part { id, urn: Some(urn) });
        }
        let what = if self.named { "its name or its ARN" } else { "its ARN" };
        if !node.is_text() {
            return node.instead(&format!("{}: the resource, or {what}", self.what));
        }
        let id = node.text()?;
        let is_arn = id.starts_with("arn:");
        if is_arn && !self.arn.iter().any(|it| id.contains(it)) || !is_arn && !self.named {
            node.wrong(format!("must be {}, and `{id}` is not {what}", self.what));
        }
        Some(Part { id, urn: None })
    }
}

#[cfg(test)]
mod tests;
