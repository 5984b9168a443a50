//! A section of `rollouts:` as it is written, to a `Spec`.

use std::{collections::BTreeMap, time::Duration};

use super::{
    ANALYSIS, Analysis, CAPACITY, COLOR, COLORS, Capacity, Color, Colors, DEAD_MAN, DeadMan, EXEC,
    Exec, HEALTH, HOOKS, HTTP, Health, Hooks, Http, LAMBDA, Lambda, MAX_BLIND, MINUTE, MinHealthy,
    Notify, OnConflict, OnInterrupt, OnSourceLoss, PROBE, Part, PreScale, Probe, RETAIN, ROLLOUT,
    Spec, Stickiness, TARGETS_MAX, TEST, Test, TestRoute,
    part::{ALARM, ECS_SERVICE, FUNCTION, ROLE, ROUTE, TARGET_GROUP, TEST_LISTENER, TOPIC},
};
use crate::{
    model::Value,
    rollout::{
        read::{Fields, Found, Node},
        strategy::Strategy,
    },
};

const SECOND: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(3 * 60);
const HTTP_WITHIN: Duration = Duration::from_secs(30);
/// Of a command or a function.
const HOOK_WITHIN: Duration = Duration::from_secs(5 * 60);
/// What one question to CloudWatch may name.
const ALARMS_MAX: usize = 100;
/// Of a rule.
const PRIORITY_MAX: u32 = 50_000;
/// Values that a rule can look at.
const CONDITIONS_MAX: usize = 5;
const HEADROOM_MAX: f64 = 10.0;

/// Everything is read before anything is given up: hence the two halves.
pub(super) fn spec(name: &str, value: &Value, found: &Found) -> Option<Spec> {
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
    let timeout = fields.maybe("timeout", Node::period);
    let notify = fields.or("notify", Vec::new(), |it| it.all(notify));
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
        timeout: timeout?,
        notify: notify?,
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
            if let Some(wrong) = header.as_ref().and_then(no_condition) {
                node.wrong(wrong);
            }
            fields.need("priority")?;
            Some(TestRoute::Header { header: header?, priority: priority? })
        }
    }
}

/// Why a rule cannot tell requests by these headers; and they are sent as they
/// are, so they have no wildcards.
fn no_condition(header: &BTreeMap<String, String>) -> Option<&'static str> {
    let token = |it: char| it.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(it);
    let names = || header.keys();
    let values = || header.values();
    if header.is_empty() {
        Some("is empty, and would be true of every request")
    } else if header.len() > CONDITIONS_MAX {
        Some("has more than five headers, which is as much as a rule can look at")
    } else if names().any(|it| it.is_empty() || it.len() > 40 || !it.chars().all(token)) {
        Some("has a name that is no header's: up to 40 letters, digits and dashes")
    } else if names().any(|it| it.eq_ignore_ascii_case("host")) {
        Some("cannot be `Host`: every request has one")
    } else if values().any(|it| it.is_empty() || it.len() > 128 || it.contains(['*', '?'])) {
        Some("has a value that is empty, has `*` or `?`, or is longer than 128 characters")
    } else if !values().all(|it| it.chars().all(|it| matches!(it, ' '..='~'))) {
        Some("has a value that no header can have: printable ASCII")
    } else {
        None
    }
}

/// `routed` tells whether there is somewhere to send requests to.
fn probe(node: &Node<'_>, routed: bool, place: &str) -> Option<Probe> {
    let fields = node.map(PROBE)?;
    let node = fields.one_of(PROBE)?;
    match node.key() {
        "http" => {
            let http = http(&node);
            let somewhere = http.as_ref().is_none_or(|it| routed || is_address(&it.path));
            if !somewhere {
                node.wrong(match place {
                    "`test`" => {
                        "needs a whole address, or a route, listener or header beside `probes`"
                            .to_owned()
                    }
                    _ => format!("needs a whole address: {place} have no test route"),
                });
            }
            http.map(Probe::Http)
        }
        "exec" => exec(&node).map(Probe::Exec),
        _ => lambda(&node).map(Probe::Lambda),
    }
}

fn http(node: &Node<'_>) -> Option<Http> {
    let fields = node.map(HTTP)?;
    let path = fields.need("path").and_then(|it| {
        let path = it.text()?;
        if !path.starts_with('/') && !is_address(&path) {
            it.wrong("must begin with `/`, or be a whole address");
        }
        Some(path)
    });
    let headers = fields.or("headers", BTreeMap::new(), Node::texts);
    let status = fields.or("status", 200, |it| it.whole(100..=599));
    let count = fields.or("count", 1, |it| it.whole(0..=10_000));
    let within = fields.or("within", HTTP_WITHIN, Node::period);
    let max_ms = fields.maybe("maxMs", |it| it.whole(1..=u32::MAX));
    Some(Http {
        path: path?,
        headers: headers?,
        status: status?,
        count: count?,
        within: within?,
        max_ms: max_ms?,
    })
}

/// An address of the web, or an SNS topic.
fn notify(node: &Node<'_>) -> Option<Notify> {
    let text = node.value().as_str().filter(|it| it.contains("://"));
    let Some(url) = text else { return TOPIC.read(node).map(Notify::Topic) };
    if !is_address(url) {
        node.wrong(format!("must be an SNS topic or an address of the web, not `{url}`"));
    }
    Some(Notify::Url(url.to_owned()))
}

pub fn is_address(text: &str) -> bool {
    let url = url::Url::parse(text);
    url.is_ok_and(|it| matches!(it.scheme(), "http" | "https") && it.has_host())
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
