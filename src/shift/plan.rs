//! What a shift will do, to the last call: made before anything is done, shown
//! by `--dry-run`, kept in the journal, and carried out as it is.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::{
    model::Urn,
    rollout::{
        actions::{self, Pair, Stick},
        cloud::{LiveRoute, RouteKind, Scaling, Suspended, Write},
        spec::{Compare, Notify, Spec, Stickiness},
        strategy::{Step, scaled},
    },
};

/// Stands for the shift's id in a plan, which is not drawn before it begins.
pub const SHIFT: &str = "{shift}";
/// Stands for the lease of a shift: its id, its driver's number, and when it
/// was taken, in seconds since 1970.
const LEASED: &str = "{shift}/{fence}/{now}";
/// Stands for a rule that is not made yet.
pub const RULE: &str = "{test rule}";
/// Stands for a time that is not known before.
const WHEN: &str = "{now + grace}";
/// The tag by which other machines see that a target group is being shifted.
pub const LEASE: &str = "orderinfra:shift";
/// What the scheduler calls when nobody renews the switch.
const MODIFY_LISTENER: &str = "arn:aws:scheduler:::aws-sdk:elasticloadbalancingv2:modifyListener";
const MODIFY_RULE: &str = "arn:aws:scheduler:::aws-sdk:elasticloadbalancingv2:modifyRule";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// `project/stack`
    pub stack: String,
    pub rollout: String,
    pub spec: Spec,
    /// Where traffic comes from, and where it goes.
    pub colours: [Colour; 2],
    pub load_balancer: String,
    pub routes: Vec<Route>,
    /// What `up` leaves alone while the shift is open.
    pub protected: Vec<Urn>,
    pub calls: Vec<Planned>,
    /// Alarms that may ring.
    pub allowed_alarms: Vec<String>,
    pub skip_probes: bool,
    /// Shifts whose leases were there when it was made, and count no more.
    #[serde(default)]
    pub leases_seen: Vec<String>,
    /// The shift that this one takes back.
    pub takes_back: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Colour {
    pub name: String,
    /// The ARN of its target group.
    pub group: String,
    pub service: Option<Service>,
}

/// The service behind a colour, as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    pub arn: String,
    pub cluster: String,
    pub name: String,
    pub desired: i32,
    /// What it is scaled to for the shift, with headroom.
    pub wanted: i32,
    /// What it keeps after it.
    pub kept: i32,
    pub scaling: Option<Scaling>,
    /// While the shift is open.
    pub held: Option<Scaling>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// In the program, or its ARN.
    pub name: String,
    pub urn: Option<Urn>,
    pub kind: RouteKind,
    pub arn: String,
    pub before: Vec<Json>,
    /// Seconds of stickiness that it has when no shift is open.
    pub sticky: Option<u32>,
}

/// A call, and when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    pub phase: String,
    /// Of the strategy, from 0.
    pub step: Option<usize>,
    pub route: Option<String>,
    #[serde(flatten)]
    pub write: Write,
}

/// How many targets each colour must keep, once it is scaled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub need: [usize; 2],
    pub zones: Vec<String>,
}

impl Plan {
    pub fn from(&self) -> &Colour {
        &self.colours[0]
    }

    pub fn to(&self) -> &Colour {
        &self.colours[1]
    }

    /// In the order of the spec, whichever way the traffic goes.
    pub fn blue(&self) -> &Colour {
        self.colours.iter().find(|it| it.name == "blue").unwrap_or(&self.colours[0])
    }

    pub fn green(&self) -> &Colour {
        self.colours.iter().find(|it| it.name == "green").unwrap_or(&self.colours[1])
    }

    pub fn pair(&self) -> Pair<'_> {
        [&self.colours[0].group, &self.colours[1].group]
    }

    pub fn steps(&self) -> &[Step] {
        &self.spec.strategy.steps
    }

    /// Of all that says what will be done.
    pub fn sha(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The least and the most time that it takes, pauses for people aside.
    pub fn takes(&self) -> [Duration; 2] {
        let bakes = || self.steps().iter().map(|it| it.bake).chain([self.spec.final_bake]);
        let longest = self.spec.analysis.max_bake;
        let most = bakes().map(|it| if self.judged(it) { it.max(longest) } else { it });
        [bakes().sum(), most.sum()]
    }

    /// Whether a bake is long enough for the metrics to have a say.
    pub fn judged(&self, bake: Duration) -> bool {
        let analysis = &self.spec.analysis;
        let shortest = analysis.settle + analysis.lag + analysis.period;
        analysis.compare != Compare::Off && bake >= shortest
    }

    /// How much already went to the destination, of a thousand.
    pub fn start_permille(&self) -> u32 {
        let first = self.routes.first().and_then(|it| actions::forward(&it.before, self.pair()));
        first.and_then(|it| it.permille()).unwrap_or(0)
    }

    pub fn weights_json(&self, weights: [u32; 2]) -> Json {
        json!({ &self.colours[0].name: weights[0], &self.colours[1].name: weights[1] })
    }

    pub fn weights_text(&self, weights: [u32; 2]) -> String {
        let [from, to] = &self.colours;
        format!("{} {} / {} {}", from.name, weights[0], to.name, weights[1])
    }

    // ------------------------------------------------------------- the calls

    /// All of them, in the order in which they are made when nothing is in
    /// the way. The switch is renewed more often than this says.
    pub fn with_calls(mut self) -> Self {
        let mut calls = vec![self.lease(LEASED)];
        let mut live: Vec<LiveRoute> = self.routes.iter().map(Route::at_start).collect();
        let route = |calls: &mut Vec<Planned>, live: &mut LiveRoute, write: Option<Planned>| {
            let Some(planned) = write else { return };
            if let Write::ModifyListener { default_actions: actions, .. }
            | Write::ModifyRule { actions, .. } = &planned.write
            {
                live.actions.clone_from(actions);
            }
            calls.push(planned);
        };
        for (place, live) in live.iter_mut().enumerate() {
            route(&mut calls, live, self.neutral(place, live));
        }
        calls.extend(self.scale());
        let tests = self.test_rules(SHIFT);
        let dropped = tests.iter().map(|_| Self::drop_test_rule(RULE)).collect::<Vec<_>>();
        calls.extend(tests);
        for step in 0..self.steps().len() {
            let phase = "applying";
            let switch = if step == 0 {
                self.arm_switch(SHIFT, WHEN)
            } else {
                self.renew_switch(SHIFT, WHEN)
            };
            calls.extend(switch.into_iter().map(|it| Planned {
                phase: phase.to_owned(),
                step: Some(step),
                ..it
            }));
            for (place, live) in live.iter_mut().enumerate() {
                route(&mut calls, live, self.to_step(place, live, step));
            }
        }
        for (place, live) in live.iter_mut().enumerate() {
            route(&mut calls, live, self.restick(place, live));
        }
        calls.extend(dropped);
        calls.extend(self.disarm(SHIFT));
        calls.extend(self.unscale(false));
        calls.push(self.release());
        self.calls = calls;
        self
    }

    /// The actions that a plan's credentials need beside reading.
    pub fn permissions(&self) -> Vec<String> {
        let mut all: Vec<String> = self.calls.iter().map(|it| it.write.permission()).collect();
        if self.spec.dead_man.is_some() {
            all.push("iam:PassRole".to_owned());
        }
        if self.spec.notify.iter().any(|it| matches!(it, Notify::Topic(_))) {
            all.push("sns:Publish".to_owned());
        }
        all.sort();
        all.dedup();
        all
    }

    fn planned(phase: &str, write: Write) -> Planned {
        Planned { phase: phase.to_owned(), step: None, route: None, write }
    }

    fn on_route(
        &self,
        phase: &str,
        step: Option<usize>,
        place: usize,
        actions: Vec<Json>,
    ) -> Planned {
        let route = &self.routes[place];
        let write = match route.kind {
            RouteKind::Default => {
                Write::ModifyListener { listener_arn: route.arn.clone(), default_actions: actions }
            }
            RouteKind::Rule => Write::ModifyRule { rule_arn: route.arn.clone(), actions },
        };
        Planned { phase: phase.to_owned(), step, route: Some(route.name.clone()), write }
    }

    pub fn lease(&self, lease: &str) -> Planned {
        let resource_arns = self.colours.iter().map(|it| it.group.clone()).collect();
        let tags = BTreeMap::from([(LEASE.to_owned(), lease.to_owned())]);
        Self::planned("arming", Write::AddTags { resource_arns, tags })
    }

    pub fn release(&self) -> Planned {
        let resource_arns = self.colours.iter().map(|it| it.group.clone()).collect();
        Self::planned(
            "finishing",
            Write::RemoveTags { resource_arns, tag_keys: vec![LEASE.to_owned()] },
        )
    }

    /// A route's own actions once more: shows that they may be written, and
    /// puts the destination in where it is not. An attached group begins to be
    /// health-checked.
    pub fn neutral(&self, place: usize, live: &LiveRoute) -> Option<Planned> {
        let now = actions::forward(&live.actions, self.pair())?;
        let same = actions::patched(&live.actions, self.pair(), now.weights, Stick::Keep)?;
        Some(self.on_route("arming", None, place, same))
    }

    /// `None` where the route is there already.
    pub fn to_step(&self, place: usize, live: &LiveRoute, step: usize) -> Option<Planned> {
        let of = self.steps().get(step)?;
        let (from, to) = scaled(of.permille);
        let last = step + 1 == self.steps().len();
        let stick = match self.spec.stickiness {
            Stickiness::Break => Stick::Off,
            Stickiness::BreakAtEnd if last => Stick::Off,
            Stickiness::BreakAtEnd | Stickiness::Keep => Stick::Keep,
        };
        let stick = if self.routes[place].sticky.is_some() { stick } else { Stick::Keep };
        let now = actions::forward(&live.actions, self.pair())?;
        let same = actions::same_share(now.weights, [from, to]);
        if same && (stick == Stick::Keep || now.sticky.is_none()) {
            return None;
        }
        let wanted = actions::patched(&live.actions, self.pair(), [from, to], stick)?;
        Some(self.on_route("applying", Some(step), place, wanted))
    }

    /// To this share, whatever the steps say.
    pub fn to_share(&self, place: usize, live: &LiveRoute, permille: u32) -> Option<Planned> {
        let (from, to) = scaled(permille);
        let wanted = actions::patched(&live.actions, self.pair(), [from, to], Stick::Keep)?;
        Some(self.on_route("applying", None, place, wanted))
    }

    /// The stickiness that the route has when no shift is open.
    pub fn restick(&self, place: usize, live: &LiveRoute) -> Option<Planned> {
        let seconds = self.routes[place].sticky?;
        let now = actions::forward(&live.actions, self.pair())?;
        if self.spec.stickiness == Stickiness::Keep || now.sticky == Some(seconds) {
            return None;
        }
        let wanted = actions::patched(&live.actions, self.pair(), now.weights, Stick::On(seconds))?;
        Some(self.on_route("finishing", None, place, wanted))
    }

    /// To the weights before the shift. Clients that stick to the destination
    /// would stay there: stickiness beats weights. A read may lag: the route
    /// must have been known to be there, too, not to be written.
    pub fn back(&self, place: usize, live: &LiveRoute, known: &[Json]) -> Option<Planned> {
        let start = actions::forward(&self.routes[place].before, self.pair())?;
        let there = |actions: &[Json]| {
            actions::forward(actions, self.pair()).is_some_and(|it| {
                actions::same_share(it.weights, start.weights) && it.sticky.is_none()
            })
        };
        if there(&live.actions) && there(known) {
            return None;
        }
        let wanted = self.back_actions(place, &live.actions)?;
        Some(self.on_route("rolling-back", None, place, wanted))
    }

    fn back_actions(&self, place: usize, live: &[Json]) -> Option<Vec<Json>> {
        let start = actions::forward(&self.routes[place].before, self.pair())?;
        let stick = if self.routes[place].sticky.is_some() { Stick::Off } else { Stick::Keep };
        actions::patched(live, self.pair(), start.weights, stick)
    }

    // --------------------------------------------------------------- scaling

    pub fn scale(&self) -> Vec<Planned> {
        let mut calls = Vec::new();
        for service in self.colours.iter().filter_map(|it| it.service.as_ref()) {
            if let (Some(held), true) = (&service.held, service.held != service.scaling) {
                calls.push(Self::planned("scaling", register(held)));
            }
            if service.wanted != service.desired {
                calls.push(Self::planned("scaling", desire(service, service.wanted)));
            }
        }
        calls
    }

    /// Back to how it was scaled; on the way back, to as many tasks too.
    pub fn unscale(&self, back: bool) -> Vec<Planned> {
        let mut calls = Vec::new();
        for service in self.colours.iter().filter_map(|it| it.service.as_ref()) {
            let count = if back { service.desired } else { service.kept };
            if service.wanted != count {
                calls.push(Self::planned("finishing", desire(service, count)));
            }
            if let (Some(before), true) = (&service.scaling, service.held != service.scaling) {
                calls.push(Self::planned("finishing", register(before)));
            }
        }
        calls
    }

    // ------------------------------------------------------- the test rules

    fn header(&self) -> Option<(&BTreeMap<String, String>, u32)> {
        self.spec.test_header().filter(|_| !self.skip_probes)
    }

    /// One on each listener of the routes. Whose they are is in their tag.
    pub fn test_rules(&self, shift: &str) -> Vec<Planned> {
        let Some((header, priority)) = self.header() else { return Vec::new() };
        let listeners = listeners_of(self.routes.iter().map(|it| it.arn.as_str()));
        let is = |(name, value): (&String, &String)| {
            json!({
                "Field": "http-header",
                "HttpHeaderConfig": { "HttpHeaderName": name, "Values": [value] },
            })
        };
        let conditions: Vec<Json> = header.iter().map(is).collect();
        let actions = vec![json!({ "Type": "forward", "TargetGroupArn": self.to().group })];
        let rule = |listener_arn| Write::CreateRule {
            listener_arn,
            priority,
            conditions: conditions.clone(),
            actions: actions.clone(),
            tags: BTreeMap::from([(LEASE.to_owned(), shift.to_owned())]),
        };
        listeners.into_iter().map(|it| Self::planned("testing", rule(it))).collect()
    }

    pub fn test_headers(&self) -> BTreeMap<String, String> {
        self.header().map(|(header, _)| header.clone()).unwrap_or_default()
    }

    /// `Name: value`
    pub fn test_header_lines(&self) -> Vec<String> {
        let headers = self.test_headers().into_iter();
        headers.map(|(name, value)| format!("{name}: {value}")).collect()
    }

    pub fn drop_test_rule(rule: &str) -> Planned {
        Self::planned("finishing", Write::DeleteRule { rule_arn: rule.to_owned() })
    }

    pub fn test_words(&self, listener: &str) -> String {
        let routes = self.routes.iter().filter(|it| listener_of(&it.arn) == listener);
        let name = routes.filter(|it| it.arn == listener).map(|it| it.name.as_str()).next();
        let (header, to) = (self.test_header_lines().join(", "), &self.to().name);
        format!("requests to {} with `{header}` go to {to}", name.unwrap_or(listener))
    }

    // ------------------------------------------------- the dead-man's switch

    /// The name of a route's schedule.
    pub fn schedule(&self, shift: &str, place: usize) -> Option<String> {
        self.spec.dead_man.as_ref().map(|_| format!("orderinfra-{shift}-{place}"))
    }

    /// One schedule for each route, each of which writes what `back` would.
    pub fn arm_switch(&self, shift: &str, at: &str) -> Vec<Planned> {
        self.switch(shift, |name, role_arn, target, input| Write::CreateSchedule {
            name,
            at: at.to_owned(),
            role_arn,
            target,
            input,
        })
    }

    pub fn renew_switch(&self, shift: &str, at: &str) -> Vec<Planned> {
        self.switch(shift, |name, role_arn, target, input| Write::UpdateSchedule {
            name,
            at: at.to_owned(),
            role_arn,
            target,
            input,
        })
    }

    pub fn disarm(&self, shift: &str) -> Vec<Planned> {
        let names = (0..self.routes.len()).filter_map(|place| self.schedule(shift, place));
        names.map(|name| Self::planned("finishing", Write::DeleteSchedule { name })).collect()
    }

    fn switch(
        &self,
        shift: &str,
        write: impl Fn(String, String, String, Json) -> Write,
    ) -> Vec<Planned> {
        let Some(dead_man) = &self.spec.dead_man else { return Vec::new() };
        let mut calls = Vec::new();
        for (place, route) in self.routes.iter().enumerate() {
            let (Some(name), Some(actions)) =
                (self.schedule(shift, place), self.back_actions(place, &route.before))
            else {
                continue;
            };
            let (target, input) = match route.kind {
                RouteKind::Default => (
                    MODIFY_LISTENER,
                    json!({ "ListenerArn": route.arn, "DefaultActions": actions }),
                ),
                RouteKind::Rule => {
                    (MODIFY_RULE, json!({ "RuleArn": route.arn, "Actions": actions }))
                }
            };
            let write = write(name, dead_man.role_arn.clone(), target.to_owned(), input);
            calls.push(Planned {
                route: Some(route.name.clone()),
                ..Self::planned("applying", write)
            });
        }
        calls
    }
}

impl Route {
    fn at_start(&self) -> LiveRoute {
        LiveRoute {
            actions: self.before.clone(),
            load_balancer: String::new(),
            protocol: None,
            port: None,
        }
    }
}

/// A rule's listener is in its ARN.
pub(super) fn listener_of(arn: &str) -> String {
    match arn.split_once(":listener-rule/") {
        Some((head, rest)) => {
            let listener = rest.rsplit_once('/').map_or(rest, |(listener, _)| listener);
            format!("{head}:listener/{listener}")
        }
        None => arn.to_owned(),
    }
}

/// The listeners of routes, each once, in their order.
pub(super) fn listeners_of<'a>(routes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut listeners: Vec<String> = Vec::new();
    for listener in routes.map(listener_of) {
        if !listeners.contains(&listener) {
            listeners.push(listener);
        }
    }
    listeners
}

/// Whose a lease is.
pub fn leaseholder(lease: &str) -> &str {
    lease.split('/').next().unwrap_or_default()
}

fn desire(service: &Service, count: i32) -> Write {
    Write::UpdateService {
        cluster: service.cluster.clone(),
        service: service.name.clone(),
        desired_count: count,
    }
}

fn register(scaling: &Scaling) -> Write {
    Write::RegisterScalableTarget {
        resource_id: scaling.resource.clone(),
        min_capacity: scaling.min,
        max_capacity: scaling.max,
        suspended_state: scaling.suspended,
    }
}

/// A service's scaling while a shift is open: it grows, and does not shrink;
/// never below what the shift has put there.
pub fn held(scaling: &Scaling, wanted: i32) -> Scaling {
    Scaling {
        min: scaling.min.max(wanted).min(scaling.max.max(wanted)),
        max: scaling.max.max(wanted),
        suspended: Suspended { dynamic_scaling_in_suspended: true, ..scaling.suspended },
        ..scaling.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_its_listener() {
        let rule = "arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/a/b/c/d";
        let listener = "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/a/b/c";
        assert_eq!(listener_of(rule), listener);
        assert_eq!(listener_of(listener), listener);
    }
}
