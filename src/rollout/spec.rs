//! What a program says of a rollout, under `rollouts:`.

mod part;
mod section;

pub use section::is_address;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

pub use super::read::Wrong;
use super::{
    read::{Found, words},
    strategy::{Strategy, maybe_spans, spans},
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
    /// A shift whose traffic has not all moved after this goes back.
    #[serde(default, with = "maybe_spans")]
    pub timeout: Option<Duration>,
    /// Who is told what a person must know.
    #[serde(default)]
    pub notify: Vec<Notify>,
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
    /// On the test route, or a whole address.
    pub path: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
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

/// Where the events go that a person must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notify {
    /// Gets each as a POST of JSON.
    Url(String),
    /// An SNS topic.
    Topic(Part),
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

const MINUTE: Duration = Duration::from_secs(60);
const MAX_BLIND: Duration = Duration::from_secs(90);
const RETAIN: Duration = Duration::from_secs(24 * 60 * 60);
const TARGETS_MAX: u32 = 1000;

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
    "timeout",
    "notify",
    "protectLive",
    "retain",
];
pub const COLORS: &[&str] = &["blue", "green"];
pub const COLOR: &[&str] = &["targetGroup", "service"];
pub const TEST: &[&str] = &["route", "listener", "header", "priority", "probes"];
pub const PROBE: &[&str] = &["http", "exec", "lambda"];
pub const HTTP: &[&str] = &["path", "headers", "status", "count", "within", "maxMs"];
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
            timeout: None,
            notify: Vec::new(),
            protect_live: false,
            retain: RETAIN,
        }
    }

    /// Reads a section of which everything is known.
    pub fn read(name: &str, value: &Value) -> Result<Self, Vec<Wrong>> {
        let found = Found::default();
        let spec = section::spec(name, value, &found);
        let mut wrong = found.wrong.into_inner();
        if let Some(unknown) = value.first_unknown().filter(|_| found.unknown.get()) {
            let message = format!("waits for `{}`, which is not known", unknown.from);
            wrong.push(Wrong { path: format!("rollouts.{name}"), message, key: false });
        }
        spec.filter(|_| wrong.is_empty()).ok_or(wrong)
    }

    /// The headers of test requests, and the priority of the rule for them.
    pub fn test_header(&self) -> Option<(&BTreeMap<String, String>, u32)> {
        match self.test.as_ref()?.route.as_ref()? {
            TestRoute::Header { header, priority } => Some((header, *priority)),
            TestRoute::Route(_) | TestRoute::Listener(_) => None,
        }
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
        let topics = self.notify.iter_mut().filter_map(|it| match it {
            Notify::Topic(it) => Some(it),
            Notify::Url(_) => None,
        });
        let named = colors.flatten().chain(route).chain(routes).chain(&mut self.alarms);
        named.chain(functions).chain(topics)
    }

    /// What is wrong already, whatever the unknown parts turn out to be.
    pub fn check(name: &str, value: &Value) -> Vec<Wrong> {
        let found = Found::default();
        section::spec(name, value, &found);
        found.wrong.into_inner()
    }
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

#[cfg(test)]
mod tests;
