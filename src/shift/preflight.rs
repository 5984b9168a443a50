//! What must be so before traffic moves. Everything is read first; then the
//! plan and the checks are made from it, without a further call.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::plan::{self, Colour, LEASE, Plan, Route, Service, leaseholder, listeners_of};
use crate::{
    model::Urn,
    provider::Result,
    rollout::{
        actions::{self, Forward},
        cloud::{
            self, Alarm, Cloud, Group, LiveRoute, LoadBalancer, Look, RouteKind, Scaling, Target,
        },
        guard::Condition,
        judge::{self, Baseline, Minute, Names, Rules},
        spec::{Compare, Part, PreScale, Spec, Stickiness},
    },
};

/// Groups that one action may have.
const GROUPS_MAX: usize = 5;
const HOUR: i64 = 3600;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    Ok,
    Warn,
    Fail,
    Skipped,
}

/// One of the checks, by an id that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub id: &'static str,
    pub outcome: Finding,
    pub text: String,
    /// What to do.
    pub fix: Option<String>,
}

/// What is to be shifted, as a program or a state says it.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub stack: String,
    pub spec: Spec,
    /// `blue` or `green`; `None` is the one that has less traffic.
    pub to: Option<String>,
    /// Names of routes by their ARNs.
    pub names: BTreeMap<String, String>,
    pub protected: Vec<Urn>,
    pub allowed_alarms: Vec<String>,
    pub skip_checks: BTreeSet<String>,
    pub skip_probes: bool,
    pub takes_back: Option<String>,
    /// Of routes whose stickiness an earlier shift has left off.
    pub sticky: BTreeMap<String, u32>,
    /// Steps of the stack that an earlier run has left open.
    pub pending: usize,
    /// Shifts of this state, by which a lease is known to be stale.
    pub known_shifts: BTreeSet<String>,
    /// Seconds since 1970.
    pub now: i64,
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    pub routes: Vec<(RouteKind, String, Option<LiveRoute>)>,
    /// Of `blue` and `green`, here and below.
    pub groups: [Option<Group>; 2],
    pub targets: [Vec<Target>; 2],
    pub services: [Option<cloud::Service>; 2],
    pub scaling: [Option<Scaling>; 2],
    pub tags: [BTreeMap<String, String>; 2],
    pub balancer: Option<LoadBalancer>,
    pub alarms: Vec<Alarm>,
    pub history: [Vec<Minute>; 2],
    /// Why there is none.
    pub no_history: Option<String>,
    pub credentials_until: Option<i64>,
    /// Listeners whose place for a test rule is taken, and the rules there.
    pub taken: Vec<(String, cloud::Rule)>,
}

/// The two colours with their names, in the spec's order.
fn colours(spec: &Spec) -> [(&'static str, &crate::rollout::spec::Color); 2] {
    [("blue", &spec.colors.blue), ("green", &spec.colors.green)]
}

pub fn kind_of(arn: &str) -> RouteKind {
    if arn.contains(":listener-rule/") { RouteKind::Rule } else { RouteKind::Default }
}

pub async fn survey(cloud: &impl Cloud, wanted: &Wanted) -> Result<Survey> {
    let spec = &wanted.spec;
    let mut found = Survey::default();
    let groups: Vec<&str> = colours(spec).map(|(_, it)| it.target_group.id.as_str()).to_vec();
    let read = cloud.groups(&groups).await?;
    for (side, arn) in groups.iter().enumerate() {
        found.groups[side] = read.iter().find(|it| it.arn == *arn).cloned();
    }
    found.routes = routes(cloud, spec, &read).await?;
    let balancer =
        found.routes.iter().find_map(|(_, _, it)| Some(it.as_ref()?.load_balancer.clone()));
    if let Some(arn) = balancer {
        found.balancer = cloud.load_balancer(&arn).await?;
    }
    for (side, (_, color)) in colours(spec).into_iter().enumerate() {
        found.targets[side] = cloud.targets(&color.target_group.id).await?;
        found.tags[side] = cloud.tags(&color.target_group.id).await?;
        if let Some(part) = &color.service {
            let service = cloud.service(&part.id).await?;
            if let Some(service) = &service {
                found.scaling[side] = cloud.scaling(service).await?;
            }
            found.services[side] = service;
        }
    }
    let names: Vec<String> = spec.alarms.iter().map(|it| it.id.clone()).collect();
    if !names.is_empty() {
        found.alarms = cloud.alarms(&names).await?;
    }
    if judged(spec).next().is_some()
        && let Some(balancer) = &found.balancer
    {
        let until = wanted.now.div_euclid(60) * 60;
        let look = Look {
            load_balancer: &balancer.arn,
            groups: [groups[0], groups[1]],
            from: until - HOUR,
            until,
            period: 60,
        };
        // Without it nothing can be foretold, which is no reason to fail.
        match cloud.metrics(&look).await {
            Ok(history) => found.history = history,
            Err(error) => found.no_history = Some(error.to_string()),
        }
    }
    found.credentials_until = cloud.credentials_until().await?;
    if let (Some((_, priority)), false) = (spec.test_header(), wanted.skip_probes) {
        for listener in listeners_of(found.routes.iter().map(|(_, arn, _)| arn.as_str())) {
            if let Some(rule) = cloud.rule_at(&listener, priority).await? {
                found.taken.push((listener, rule));
            }
        }
    }
    Ok(found)
}

/// The routes that the program names, else all that forward to both groups.
async fn routes(
    cloud: &impl Cloud,
    spec: &Spec,
    groups: &[Group],
) -> Result<Vec<(RouteKind, String, Option<LiveRoute>)>> {
    let pair = colours(spec).map(|(_, it)| it.target_group.id.as_str());
    let balancer = groups.iter().find_map(|it| it.load_balancers.first());
    let routes: Vec<(RouteKind, String)> = match (&spec.routes, balancer) {
        (Some(parts), _) => {
            parts.iter().map(|it: &Part| (kind_of(&it.id), it.id.clone())).collect()
        }
        (None, Some(arn)) => cloud.routes_to(arn, &pair).await?,
        (None, None) => Vec::new(),
    };
    let mut found = Vec::new();
    for (kind, arn) in routes {
        let live = cloud.route(kind, &arn).await?;
        // A route to one colour only, such as a test listener, is nobody's to
        // move, unless the program names it.
        let both = |it: &LiveRoute| {
            actions::forward(&it.actions, pair).is_some_and(|it| it.present == [true, true])
        };
        if spec.routes.is_some() || live.as_ref().is_some_and(both) {
            found.push((kind, arn, live));
        }
    }
    Ok(found)
}

/// Whether blue, and whether green, has any traffic.
pub async fn live(cloud: &impl Cloud, spec: &Spec) -> Result<[bool; 2]> {
    let pair = colours(spec).map(|(_, it)| it.target_group.id.as_str());
    let groups = cloud.groups(&pair).await?;
    let mut live = [false; 2];
    for (_, _, route) in routes(cloud, spec, &groups).await? {
        let found = route.and_then(|it| actions::forward(&it.actions, pair));
        for (side, weight) in found.map_or([0; 2], |it| it.weights).into_iter().enumerate() {
            live[side] |= weight > 0;
        }
    }
    Ok(live)
}

/// Steps whose metrics have a say, and for how many minutes.
fn judged(spec: &Spec) -> impl Iterator<Item = (u32, u32)> + '_ {
    let analysis = &spec.analysis;
    let lost = analysis.settle + analysis.lag;
    spec.strategy.steps.iter().filter_map(move |step| {
        let left = step.bake.checked_sub(lost)?;
        let minutes = u32::try_from(left.as_secs() / 60).ok()?;
        let judged = analysis.compare != Compare::Off && left >= analysis.period;
        judged.then_some((step.permille, minutes.max(1)))
    })
}

/// A route that forwards to the pair, and how.
struct Bound<'a> {
    kind: RouteKind,
    arn: &'a str,
    live: &'a LiveRoute,
    forward: Forward,
}

fn bound<'a>(survey: &'a Survey, pair: [&str; 2]) -> Vec<Bound<'a>> {
    let mut all = Vec::new();
    for (kind, arn, live) in &survey.routes {
        let Some(live) = live else { continue };
        if let Some(forward) = actions::forward(&live.actions, pair) {
            all.push(Bound { kind: *kind, arn, live, forward });
        }
    }
    all
}

/// The side, of blue and green, that has most of the traffic.
pub fn live_side(survey: &Survey, spec: &Spec) -> Option<usize> {
    let [blue, green] = colours(spec).map(|(_, it)| it.target_group.id.as_str());
    let routes = bound(survey, [blue, green]);
    let share = routes.first()?.forward.permille()?;
    Some(usize::from(share > 500))
}

/// Whether every route gives all to this side already.
pub fn all_there(survey: &Survey, spec: &Spec, side: usize) -> bool {
    let [blue, green] = colours(spec).map(|(_, it)| it.target_group.id.as_str());
    let routes = bound(survey, [blue, green]);
    let whole = if side == 1 { 1000 } else { 0 };
    !routes.is_empty() && routes.iter().all(|it| it.forward.permille() == Some(whole))
}

/// The plan, as far as what was read allows one.
pub fn plan(survey: &Survey, wanted: &Wanted, to: usize) -> Plan {
    let spec = &wanted.spec;
    let named = colours(spec);
    let sides = [1 - to, to];
    let running = |side: usize| survey.services[side].as_ref().map_or(0, |it| it.running);
    let colour = |side: usize| {
        let (name, color) = named[side];
        let service = survey.services[side].as_ref().map(|it| {
            let other = f64::from(running(1 - side)) * spec.capacity.headroom;
            #[expect(clippy::cast_possible_truncation, reason = "headroom is at most 10")]
            let matched = other.ceil() as i32;
            let wanted = match spec.capacity.pre_scale {
                PreScale::Off => it.desired,
                // Never fewer than run now.
                _ if side != to => it.desired,
                PreScale::Tasks(count) => i32::try_from(count).unwrap_or(i32::MAX).max(it.desired),
                PreScale::Match => matched.max(it.desired),
            };
            let scaling = survey.scaling[side].clone();
            let held = scaling.as_ref().map(|it| match spec.capacity.suspend_scale_in {
                true => plan::held(it, if side == to { wanted } else { it.min }),
                false => it.clone(),
            });
            Service {
                arn: it.arn.clone(),
                cluster: it.cluster.clone(),
                name: it.name.clone(),
                desired: it.desired,
                wanted,
                // Headroom is for the time of the shift: kept, it would grow
                // with each one.
                kept: match spec.capacity.pre_scale {
                    PreScale::Match if side == to => running(1 - side).max(it.desired),
                    _ => wanted,
                },
                scaling,
                held,
            }
        });
        Colour { name: name.to_owned(), group: color.target_group.id.clone(), service }
    };
    let colours = sides.map(colour);
    let pair = [colours[0].group.as_str(), colours[1].group.as_str()];
    let routes = bound(survey, pair);
    let routes = routes.into_iter().map(|it| Route {
        name: wanted.names.get(it.arn).cloned().unwrap_or_else(|| it.arn.to_owned()),
        urn: spec
            .routes
            .iter()
            .flatten()
            .find(|part| part.id == it.arn)
            .and_then(|part| part.urn.clone()),
        kind: it.kind,
        arn: it.arn.to_owned(),
        before: it.live.actions.clone(),
        sticky: it.forward.sticky.or_else(|| wanted.sticky.get(it.arn).copied()),
    });
    let routes = routes.collect();
    Plan {
        stack: wanted.stack.clone(),
        rollout: spec.name.clone(),
        spec: spec.clone(),
        colours,
        load_balancer: survey.balancer.as_ref().map(|it| it.arn.clone()).unwrap_or_default(),
        routes,
        protected: wanted.protected.clone(),
        calls: Vec::new(),
        allowed_alarms: wanted.allowed_alarms.clone(),
        skip_probes: wanted.skip_probes,
        leases_seen: leases_seen(survey),
        takes_back: wanted.takes_back.clone(),
    }
    .with_calls()
}

fn leases_seen(survey: &Survey) -> Vec<String> {
    let leases = survey.tags.iter().filter_map(|it| it.get(LEASE));
    let mut seen: Vec<String> = leases.map(|it| leaseholder(it).to_owned()).collect();
    seen.sort();
    seen.dedup();
    seen
}

/// All checks, in the order of their ids.
pub fn checks(survey: &Survey, wanted: &Wanted, plan: &Plan, to: usize) -> Vec<Check> {
    let all = Checks { survey, wanted, plan, to, found: Vec::new() };
    all.run()
}

struct Checks<'a> {
    survey: &'a Survey,
    wanted: &'a Wanted,
    plan: &'a Plan,
    to: usize,
    found: Vec<Check>,
}

impl Checks<'_> {
    fn run(mut self) -> Vec<Check> {
        self.binding();
        self.routes();
        self.agreement();
        self.health();
        self.zones();
        self.capacity();
        self.services();
        self.revision();
        self.targets();
        self.alarms();
        self.stickiness();
        self.slow_start();
        self.draining();
        self.fail_open();
        self.say(
            "PF15",
            Finding::Ok,
            "the routes' own actions are written once more before traffic moves",
        );
        self.zonal_shift();
        self.leases();
        self.pending();
        self.power();
        self.credentials();
        for it in &mut self.found {
            if self.wanted.skip_checks.contains(it.id) && it.outcome == Finding::Fail {
                it.outcome = Finding::Skipped;
            }
        }
        self.found
    }

    fn say(&mut self, id: &'static str, outcome: Finding, text: impl Into<String>) {
        self.found.push(Check { id, outcome, text: text.into(), fix: None });
    }

    fn fail(&mut self, id: &'static str, text: impl Into<String>, fix: impl Into<String>) {
        let fix = Some(fix.into());
        self.found.push(Check { id, outcome: Finding::Fail, text: text.into(), fix });
    }

    fn name(&self, side: usize) -> &'static str {
        if side == 0 { "blue" } else { "green" }
    }

    fn condition(&self, side: usize) -> Condition {
        Condition::of(&self.survey.targets[side])
    }

    fn attribute(&self, side: usize, name: &str) -> Option<&str> {
        self.survey.groups[side].as_ref()?.attributes.get(name).map(String::as_str)
    }

    /// PF01
    fn binding(&mut self) {
        for side in 0..2 {
            if self.survey.groups[side].is_none() {
                let arn = &colours(&self.wanted.spec)[side].1.target_group.id;
                let text = format!("the target group of {} does not exist: {arn}", self.name(side));
                return self.fail("PF01", text, "`orderinfra up` makes what the program says");
            }
        }
        let [Some(blue), Some(green)] = &self.survey.groups else { return };
        if blue.arn == green.arn {
            return self.fail(
                "PF01",
                "both colours have the same target group",
                "give each its own",
            );
        }
        if (&blue.target_type, &blue.protocol) != (&green.target_type, &green.protocol) {
            let text = format!(
                "the target groups differ: blue {} {}, green {} {}",
                blue.target_type, blue.protocol, green.target_type, green.protocol
            );
            return self.fail("PF01", text, "make them alike");
        }
        let balancers: BTreeSet<&str> = self
            .survey
            .routes
            .iter()
            .filter_map(|(_, _, it)| Some(it.as_ref()?.load_balancer.as_str()))
            .collect();
        if balancers.len() > 1 {
            let text = "the routes are of several load balancers, and a target group has one";
            return self.fail("PF01", text, "name the routes of one load balancer under `routes:`");
        }
        match &self.survey.balancer {
            Some(it) if it.kind != "application" => {
                let text = format!("{} is a load balancer of type {}", it.name, it.kind);
                self.fail("PF01", text, "weights need an application load balancer");
            }
            Some(it) => {
                let text = format!("blue and green behind {}", it.name);
                self.say("PF01", Finding::Ok, text);
            }
            None => {
                let text = "no route forwards to the two target groups";
                self.fail(
                    "PF01",
                    text,
                    "a listener or rule that can be shifted names both in `forward.targetGroups`",
                );
            }
        }
    }

    /// PF02
    fn routes(&mut self) {
        let mut fine = 0;
        let pair = self.plan.pair().map(str::to_owned);
        for (_, arn, live) in &self.survey.routes {
            let name = self.wanted.names.get(arn).unwrap_or(arn).clone();
            let Some(live) = live else {
                self.fail("PF02", format!("the route `{name}` does not exist"), "`orderinfra up`");
                return;
            };
            let Some(found) = actions::forward(&live.actions, [&pair[0], &pair[1]]) else {
                let text = format!("`{name}` has not exactly one action that forwards to a colour");
                self.fail(
                    "PF02",
                    text,
                    "leave it out of `routes:`, or let it forward to both colours",
                );
                return;
            };
            if found.others_weigh {
                let text = format!("`{name}` sends traffic to a third target group too");
                self.fail("PF02", text, "take it out of the action, or give it the weight 0");
                return;
            }
            let count = found.present.iter().filter(|it| **it).count() + found.others;
            if found.present != [true, true] && count >= GROUPS_MAX {
                let text = format!("`{name}` has {GROUPS_MAX} target groups already");
                self.fail("PF02", text, "take one out");
                return;
            }
            if found.permille().is_none() {
                let text = format!("`{name}` sends no traffic anywhere: both weights are 0");
                self.fail("PF02", text, "give one colour a weight");
                return;
            }
            fine += 1;
        }
        if let Some((listener, rule)) = self.survey.taken.first() {
            let name = self.wanted.names.get(listener).unwrap_or(listener);
            let priority = self.wanted.spec.test_header().map_or(0, |(_, priority)| priority);
            let text =
                format!("`{name}` has a rule of the priority {priority} already: {}", rule.arn);
            let fix = match rule.tags.get(LEASE).map(|it| leaseholder(it)) {
                Some(shift) if self.wanted.known_shifts.contains(shift) => {
                    format!("the shift {shift} has left it: delete the rule")
                }
                Some(shift) => format!(
                    "the shift {shift} of another state file has made it: end that, or delete the rule"
                ),
                None => "give `test.priority` a number that no rule has".to_owned(),
            };
            return self.fail("PF02", text, fix);
        }
        if fine > 0 {
            let noun = if fine == 1 { "route" } else { "routes" };
            self.say("PF02", Finding::Ok, format!("{fine} {noun} can be shifted"));
        }
    }

    /// PF03
    fn agreement(&mut self) {
        let pair = self.plan.pair().map(str::to_owned);
        let routes = bound(self.survey, [&pair[0], &pair[1]]);
        let shares: BTreeSet<Option<u32>> = routes.iter().map(|it| it.forward.permille()).collect();
        if shares.len() > 1 {
            let told: Vec<String> = routes
                .iter()
                .map(|it| {
                    let name = self.wanted.names.get(it.arn).map_or(it.arn, String::as_str);
                    format!("{name}: {}", self.plan.weights_text(it.forward.weights))
                })
                .collect();
            let text = format!("the routes do not agree: {}", told.join("; "));
            self.fail(
                "PF03",
                text,
                "bring them to the same weights first: `shift --rollback`, or by hand",
            );
        } else if !routes.is_empty() {
            let from = &self.plan.from().name;
            self.say("PF03", Finding::Ok, format!("{from} is live on all routes"));
        }
    }

    /// PF04
    fn health(&mut self) {
        let (from, to) = (1 - self.to, self.to);
        let [source, destination] = [self.condition(from), self.condition(to)];
        let grows = self.plan.to().service.as_ref().is_some_and(|it| it.wanted > it.desired);
        let unused = self.survey.targets[to].iter().all(|it| it.state == "unused");
        if source.healthy == 0 {
            let text = format!("{}: {}", self.name(from), source.words());
            return self.fail(
                "PF04",
                text,
                "there would be no way back; --skip-check PF04 shifts away from it all the same",
            );
        }
        let text = format!("{}: {}", self.name(to), destination.words());
        if destination.total == 0 && !grows {
            return self.fail("PF04", text, "it has nothing to answer with: is its service up?");
        }
        if destination.healthy == 0 && !grows && !unused {
            return self.fail("PF04", text, "look at its health check and its logs");
        }
        if destination.healthy < destination.total {
            return self.say("PF04", Finding::Warn, text);
        }
        let text = format!("{text}; {}: {}", self.name(from), source.words());
        self.say("PF04", Finding::Ok, text);
    }

    /// PF05
    fn zones(&mut self) {
        let [source, destination] = [self.condition(1 - self.to), self.condition(self.to)];
        let missing: Vec<&str> =
            source.zones.difference(&destination.zones).map(String::as_str).collect();
        if missing.is_empty() {
            return self.say("PF05", Finding::Ok, "the same zones are covered");
        }
        let text =
            format!("{} has no healthy target in {}", self.name(self.to), missing.join(", "));
        let grows = self.plan.to().service.as_ref().is_some_and(|it| it.wanted > it.desired);
        match self.wanted.spec.health.require_all_zones && !grows && destination.healthy > 0 {
            true => self.fail(
                "PF05",
                text,
                "add targets there, or say `health: { requireAllZones: false }`",
            ),
            false => self.say("PF05", Finding::Warn, text),
        }
    }

    /// PF06
    fn capacity(&mut self) {
        let [source, destination] = [self.condition(1 - self.to), self.condition(self.to)];
        let [from, to] = [self.name(1 - self.to), self.name(self.to)];
        let Some(service) = self.plan.to().service.clone() else {
            let text = format!("{to} {} targets, {from} {}", destination.total, source.total);
            return if destination.total < source.total {
                self.say("PF06", Finding::Warn, format!("{text}; it has no service to scale"));
            } else {
                self.say("PF06", Finding::Ok, text);
            };
        };
        let runs = self.survey.services[1 - self.to].as_ref().map_or(0, |it| it.running);
        let text = format!("{to} {} of {} tasks that {from} runs", service.wanted, runs);
        if service.wanted < runs {
            let fix = "`capacity: { preScale: match }`, or --skip-check PF06";
            return self.fail("PF06", text, fix);
        }
        let text = match service.wanted == service.desired {
            true => format!("{to} has {} tasks, {from} runs {runs}", service.desired),
            false => format!(
                "{to} will be scaled {} => {}, {from} runs {runs}",
                service.desired, service.wanted
            ),
        };
        self.say("PF06", Finding::Ok, text);
    }

    /// PF07
    fn services(&mut self) {
        let mut any = false;
        for side in 0..2 {
            let Some(it) = self.survey.services[side].clone() else { continue };
            any = true;
            let name = self.name(side);
            if !matches!(it.controller.as_str(), "ECS" | "") {
                let text = format!("the service of {name} is deployed by {}", it.controller);
                return self.fail(
                    "PF07",
                    text,
                    "two controllers would fight over the weights: let one of them do it",
                );
            }
            if it.strategy.as_deref().is_some_and(|it| it != "ROLLING") {
                let text = format!(
                    "the service of {name} has the deployment strategy {}",
                    it.strategy.unwrap_or_default()
                );
                return self.fail(
                    "PF07",
                    text,
                    "ECS would shift the same listener: `ROLLING`, or leave shifting to ECS",
                );
            }
            if it.status != "ACTIVE" && !it.status.is_empty() {
                let text = format!("the service of {name} is {}", it.status);
                return self.fail("PF07", text, "`orderinfra up`");
            }
            if it.deployments > 1 || it.pending > 0 || it.running != it.desired {
                let text = format!(
                    "the service of {name} is not steady: {} deployments, {} of {} tasks run, {} are pending",
                    it.deployments, it.running, it.desired, it.pending
                );
                return self.fail(
                    "PF07",
                    text,
                    "wait for it: `orderinfra redeploy` or the service's events tell why",
                );
            }
        }
        match any {
            true => self.say(
                "PF07",
                Finding::Ok,
                "the services are steady, and nobody else deploys them",
            ),
            false => self.say("PF07", Finding::Skipped, "the colours name no services"),
        }
    }

    /// PF08
    fn revision(&mut self) {
        let Some(service) = &self.survey.services[self.to] else {
            return self.say("PF08", Finding::Skipped, "the destination names no service");
        };
        let other: Vec<&str> = service
            .tasks
            .iter()
            .map(|it| it.task_definition.as_str())
            .filter(|it| *it != service.task_definition)
            .collect();
        let revision = service.task_definition.rsplit('/').next().unwrap_or_default().to_owned();
        match other.first() {
            Some(old) => {
                let text = format!("{} tasks run {old} and not {revision}", other.len());
                self.fail("PF08", text, "wait for the deployment, or `orderinfra redeploy`");
            }
            None => self.say("PF08", Finding::Ok, format!("all tasks run {revision}")),
        }
    }

    /// PF09
    fn targets(&mut self) {
        let Some(service) = &self.survey.services[self.to] else {
            return self.say("PF09", Finding::Skipped, "the destination names no service");
        };
        let own: BTreeSet<&String> = service.tasks.iter().flat_map(|it| &it.addresses).collect();
        if own.is_empty() {
            return self.say("PF09", Finding::Skipped, "no addresses of tasks are told");
        }
        let targets = self.survey.targets[self.to].iter().filter(|it| it.state != "draining");
        let foreign: Vec<&str> =
            targets.filter(|it| !own.contains(&it.id)).map(|it| it.id.as_str()).collect();
        match foreign.is_empty() {
            true => self.say("PF09", Finding::Ok, "all targets are tasks of the service"),
            false => {
                let text =
                    format!("targets that are no task of the service: {}", foreign.join(", "));
                self.say("PF09", Finding::Warn, text);
            }
        }
    }

    /// PF10
    fn alarms(&mut self) {
        let spec = &self.wanted.spec;
        if spec.alarms.is_empty() {
            return self.say(
                "PF10",
                Finding::Warn,
                "no alarm watches this shift: `alarms:`, or --alarm",
            );
        }
        for part in &spec.alarms {
            let name = &part.id;
            let Some(alarm) = self.survey.alarms.iter().find(|it| it.name == *name) else {
                let text = format!("the alarm `{name}` does not exist");
                return self.fail(
                    "PF10",
                    text,
                    "an alarm that is not there never rings: mend its name",
                );
            };
            if alarm.state == "ALARM" && !self.wanted.allowed_alarms.contains(name) {
                let text = format!("the alarm `{name}` is in ALARM already");
                let fix = format!(
                    "wait until it is OK, or --allow-alarm {name} leaves it out of this shift"
                );
                return self.fail("PF10", text, fix);
            }
        }
        let text = format!("{} alarms are there and quiet", spec.alarms.len());
        self.say("PF10", Finding::Ok, text);
    }

    /// PF11
    fn stickiness(&mut self) {
        let sticky: BTreeSet<Option<u32>> = self.plan.routes.iter().map(|it| it.sticky).collect();
        let group = |side| self.attribute(side, "stickiness.enabled") == Some("true");
        if (group(0) || group(1)) && sticky.contains(&None) {
            let text = "a target group is sticky and its routes are not: AWS refuses weights then";
            return self.fail(
                "PF11",
                text,
                "turn on `forward.stickiness` of the routes, or the groups' own off",
            );
        }
        let Some(seconds) = self.plan.routes.iter().find_map(|it| it.sticky) else {
            return self.say("PF11", Finding::Ok, "no route is sticky");
        };
        let text = format!("routes are sticky for {seconds} s: clients stay where they came to");
        let text = match self.wanted.spec.stickiness {
            Stickiness::Keep => format!("{text}, also after a rollback until it has passed"),
            Stickiness::BreakAtEnd => format!("{text}; cut with the last step and on the way back"),
            Stickiness::Break => format!("{text}; cut with the first step"),
        };
        self.say("PF11", Finding::Warn, text);
    }

    /// PF12
    fn slow_start(&mut self) {
        let seconds = self.attribute(self.to, "slow_start.duration_seconds").unwrap_or("0");
        match seconds {
            "0" => self.say("PF12", Finding::Ok, "no slow start"),
            seconds => {
                let text = format!(
                    "slow start ({seconds} s) does not apply to targets that are healthy already: let small steps warm them up"
                );
                self.say("PF12", Finding::Warn, text);
            }
        }
    }

    /// PF13
    fn draining(&mut self) {
        let seconds =
            self.attribute(1 - self.to, "deregistration_delay.timeout_seconds").unwrap_or("300");
        let text = format!(
            "connections to {} stay open after the shift; `--finish` waits {seconds} s for them",
            self.name(1 - self.to)
        );
        self.say("PF13", Finding::Ok, text);
    }

    /// PF14
    fn fail_open(&mut self) {
        let name = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count";
        let count = self.attribute(self.to, name).unwrap_or("1").to_owned();
        let text = format!(
            "below {count} healthy targets the load balancer sends to unhealthy ones; the guard is above it"
        );
        self.say("PF14", Finding::Ok, text);
    }

    /// PF16
    fn zonal_shift(&mut self) {
        let [source, destination] = [self.condition(1 - self.to), self.condition(self.to)];
        match source.overridden + destination.overridden {
            0 => self.say("PF16", Finding::Ok, "no zonal shift"),
            _ => self.fail(
                "PF16",
                "a zonal shift is keeping traffic away from some targets",
                "wait for its end, or --skip-check PF16",
            ),
        }
    }

    /// PF17
    fn leases(&mut self) {
        for side in 0..2 {
            let Some(held) = self.survey.tags[side].get(LEASE).cloned() else { continue };
            if self.wanted.known_shifts.contains(leaseholder(&held)) {
                let text =
                    format!("{} has the lease of the shift {held}, of this state", self.name(side));
                return self.say("PF17", Finding::Warn, text);
            }
            let text = format!(
                "{} is being shifted by somebody with another state file: {LEASE}={held}",
                self.name(side)
            );
            let fix = "wait for it; if nobody does any more, remove the tag, or --skip-check PF17";
            return self.fail("PF17", text, fix);
        }
        self.say("PF17", Finding::Ok, "nobody else is shifting these target groups");
    }

    /// PF18
    fn pending(&mut self) {
        match self.wanted.pending {
            0 => self.say("PF18", Finding::Ok, "no step of the stack is open"),
            count => {
                let text = format!("an earlier run has left {count} steps open");
                self.fail("PF18", text, "`orderinfra up` settles them, or `orderinfra refresh`");
            }
        }
    }

    /// PF19
    fn power(&mut self) {
        let steps: Vec<(u32, u32)> = judged(&self.wanted.spec).collect();
        if steps.is_empty() {
            return self.say("PF19", Finding::Skipped, "no step is judged by its metrics");
        }
        if let Some(why) = self.survey.no_history.clone() {
            return self.say("PF19", Finding::Warn, format!("the metrics cannot be read: {why}"));
        }
        let before = Baseline::learn(&self.survey.history[1 - self.to]);
        let rules = Rules {
            min_requests: u64::from(self.wanted.spec.analysis.min_requests),
            ..Rules::default()
        };
        let names = Names { old: &self.plan.from().name, new: &self.plan.to().name };
        let mut blind = Vec::new();
        for (permille, minutes) in steps {
            let power = judge::power(&before, permille, minutes, &rules);
            if power.smallest.is_none() {
                blind.push(power.sentence(names));
            }
        }
        match blind.first() {
            Some(text) => self.say("PF19", Finding::Warn, text.clone()),
            None => self.say("PF19", Finding::Ok, "there is enough traffic to judge each step"),
        }
    }

    /// PF20
    fn credentials(&mut self) {
        let Some(until) = self.survey.credentials_until else {
            return self.say("PF20", Finding::Ok, "the credentials do not end");
        };
        let left = until - self.wanted.now;
        let takes = i64::try_from(self.plan.takes()[0].as_secs()).unwrap_or(i64::MAX);
        let text = format!(
            "the credentials end in {} min, and the shift takes {} min at least",
            left / 60,
            takes / 60
        );
        match left < takes {
            true if self.wanted.spec.dead_man.is_none() => {
                self.fail(
                    "PF20",
                    text,
                    "renew them first, or let a dead-man's switch watch: `deadMan:`",
                );
            }
            true => self.say("PF20", Finding::Warn, text),
            false => self.say("PF20", Finding::Ok, text),
        }
    }
}
