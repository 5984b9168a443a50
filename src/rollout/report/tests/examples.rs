//! Events of whole shifts, as a run writes them.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

/// A run that only talks.
struct Run {
    events: Vec<Value>,
    /// Milliseconds since 1970.
    now: i64,
    phase: &'static str,
    step: Option<usize>,
    op: u64,
    seed: u64,
    /// Minutes of the step: what `obs.metric` repeats.
    minutes: Vec<Value>,
    /// Percent of green's requests that fail, and its p99.
    green: (f64, f64),
    healthy: u64,
    alarm: &'static str,
}

const ROUTES: [(&str, &str); 3] =
    [("httpListener", "default"), ("httpsListener", "default"), ("apiRule", "rule")];
const STEPS: [(f64, i64); 4] = [(5.0, 600_000), (25.0, 600_000), (50.0, 300_000), (100.0, 0)];

fn arn(route: &str) -> String {
    format!(
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/web/50dc6c495c0c9188/{route}"
    )
}

impl Run {
    fn new() -> Self {
        Self {
            events: Vec::new(),
            // 2026-11-30T01:02:03.456Z
            now: 1_796_000_523_456,
            phase: "PREFLIGHT",
            step: None,
            op: 0,
            seed: 7,
            minutes: Vec::new(),
            green: (0.2, 0.41),
            healthy: 12,
            alarm: "OK",
        }
    }

    fn say(&mut self, kind: &str, mut event: Value) {
        let at = OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(self.now);
        let (date, time) = (at.date(), at.time());
        let ts = format!(
            "{date}T{:02}:{:02}:{:02}.{:03}Z",
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond()
        );
        let all = json!({
            "schema": "orderinfra.shift/1", "seq": self.events.len() + 1, "ts": ts,
            "shiftId": "01JDWXYZ3F8M2Q7K5T9V6B4N1C", "rollout": "web", "type": kind, "phase": self.phase, "step": self.step,
        });
        if let (Some(event), Value::Object(all)) = (event.as_object_mut(), all) {
            let own = std::mem::replace(event, all);
            event.extend(own);
        }
        self.events.push(event);
    }

    fn wait(&mut self, ms: i64) {
        self.now += ms;
    }

    /// From 0 to 1.
    fn noise(&mut self) -> f64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 40) as f64 / f64::from(1 << 24)
    }

    fn plan(&mut self) {
        let steps: Vec<_> =
            STEPS.iter().map(|it| json!({ "weight": it.0, "bakeMs": it.1 })).collect();
        let routes: Vec<_> = ROUTES
            .iter()
            .map(|(name, kind)| {
                let urn = format!("urn:pulumi:prod::shop::aws:lb/listener:Listener::{name}");
                json!({ "name": name, "urn": urn, "arn": arn(name), "kind": kind, "loadBalancer": "app/web/50dc6c495c0c9188" })
            })
            .collect();
        self.say("shift.planned", json!({
            "from": "blue", "to": "green", "steps": steps, "finalBakeMs": 900_000, "routes": routes,
            "planHash": "9f31c2d4a7", "takesMs": { "least": 2_400_000, "most": 4_500_000 }, "deadManMs": 180_000, "stack": "shop/prod",
        }));
    }

    fn checks(&mut self, odd: &[(&str, &str, &str, Option<&str>)]) {
        const TEXTS: [&str; 20] = [
            "both target groups are on load balancer app/web",
            "3 routes forward to both target groups",
            "all routes agree: blue is live",
            "blue 12 of 12 healthy, green 12 of 12 healthy",
            "green has targets in all 3 zones",
            "green runs as many tasks as blue: 12",
            "both services are steady, no other controller",
            "every task runs the revision of the state",
            "no foreign target in either group",
            "2 alarms exist, neither fires",
            "no route is sticky",
            "no slow start",
            "deregistration delay 300 s",
            "the groups fail open below 1 healthy target",
            "rewriting each route as it is was allowed",
            "no zonal shift is active",
            "no other shift holds the target groups",
            "no operation of an earlier run is open",
            "50 requests/s: a rate of 2 % is seen within 3 min",
            "credentials last 8 h",
        ];
        for (index, found) in TEXTS.iter().enumerate() {
            let id = format!("PF{:02}", index + 1);
            let odd = odd.iter().find(|it| it.0 == id);
            let (outcome, found, fix) = odd.map_or(("ok", *found, None), |it| (it.1, it.2, it.3));
            self.wait(180);
            self.say("check", json!({ "id": id, "outcome": outcome, "text": found, "fix": fix }));
        }
        for (route, _) in ROUTES {
            let weights = json!({ "blue": 100, "green": 0 });
            self.say(
                "route.preimage",
                json!({ "route": route, "arn": arn(route), "weights": weights, "sticky": null }),
            );
        }
    }

    fn op(&mut self, api: &str, route: &str, weight: f64, throttled: bool) {
        self.op += 1;
        let group = |name: &str, weight: f64| {
            let arn = format!(
                "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/{name}/6d0ecf831eec9f09"
            );
            json!({ "TargetGroupArn": arn, "Weight": weight })
        };
        let forward =
            json!({ "TargetGroups": [group("blue", 100.0 - weight), group("green", weight)] });
        let params = json!({ "ListenerArn": arn(route), "DefaultActions": [{ "Type": "forward", "ForwardConfig": forward }] });
        let told = |attempt: u64, op: u64, id: Option<String>, error: Option<&str>| json!({ "op": op, "api": api, "params": params, "route": route, "requestId": id, "attempt": attempt, "error": error });
        self.say("op.intended", told(1, self.op, None, None));
        let mut id = || format!("{:08x}-4f0e-11ef-9cd2-0242ac120002", (self.noise() * 4e9) as u64);
        let (first, second) = (id(), id());
        if throttled {
            self.wait(90);
            self.say(
                "op.failed",
                told(1, self.op, Some(second), Some("Throttling: Rate exceeded")),
            );
            self.wait(700);
        }
        self.wait(110);
        self.say("op.confirmed", told(1 + u64::from(throttled), self.op, Some(first), None));
    }

    fn move_to(&mut self, weight: f64, throttled: bool) {
        for (index, (route, kind)) in ROUTES.into_iter().enumerate() {
            let api = if kind == "rule" { "ModifyRule" } else { "ModifyListener" };
            self.op(api, route, weight, throttled && index == 1);
        }
        self.wait(400);
        let weights = json!({ "blue": 100.0 - weight, "green": weight });
        let routes: Vec<_> =
            ROUTES.iter().map(|it| json!({ "route": it.0, "weights": weights })).collect();
        self.say("weights.verified", json!({ "weight": weight, "routes": routes, "skewMs": 240 }));
    }

    fn look(&mut self) {
        let reasons = if self.healthy < 12 {
            json!({ "Target.Timeout": 12 - self.healthy })
        } else {
            json!({})
        };
        self.say(
            "obs.health",
            json!({
                "blue": { "healthy": 12, "total": 12, "reasons": {} },
                "green": { "healthy": self.healthy, "total": 12, "reasons": reasons },
            }),
        );
        let since = "2026-11-29T08:00:00Z";
        self.say("obs.alarm", json!({ "alarms": [
            { "name": "green-5xx", "state": self.alarm, "since": since }, { "name": "checkout-slo", "state": "OK", "since": since },
        ] }));
    }

    /// A minute of traffic, and what is thought of it.
    fn minute(&mut self, weight: f64, verdict: &str, text: &str) {
        let side = |share: f64, rate: f64, p99: f64, own: &mut Self| {
            let requests = (3000.0 * share * (0.9 + 0.2 * own.noise())).round();
            let errors = (requests * rate / 100.0 * (0.6 + 0.8 * own.noise())).round();
            let p99 = (requests > 0.0).then_some(p99 * (0.93 + 0.14 * own.noise()));
            json!({ "requests": requests, "errors": errors, "p90": p99.map(|it| it * 0.6), "p99": p99 })
        };
        let (blue, green) = (
            side(1.0 - weight / 100.0, 0.21, 0.398, self),
            side(weight / 100.0, self.green.0, self.green.1, self),
        );
        self.minutes
            .push(json!({ "at": self.now / 60_000 * 60 - 60, "blue": blue, "green": green }));
        let figures = json!({ "blueRate": 0.0021, "greenRate": self.green.0 / 100.0, "p": 0.62, "z": 0.4, "burstiness": 1.3 });
        let minutes = self.minutes.clone();
        self.say(
            "obs.metric",
            json!({ "minutes": minutes, "verdict": verdict, "text": text, "figures": figures }),
        );
        let share = weight + (self.noise() - 0.5) * 1.6;
        self.say(
            "obs.share",
            json!({ "at": self.now / 1000, "weight": weight, "share": share.clamp(0.0, 100.0) }),
        );
    }

    /// Ten minutes are forty looks.
    fn bake(&mut self, weight: f64, minutes: usize) {
        for minute in 0..minutes {
            for _ in 0..4 {
                self.wait(15_000);
                self.look();
            }
            if minute > 0 {
                self.minute(weight, "pass", "green fails no more than blue");
            }
            self.say(
                "gate.passed",
                json!({ "gate": "health", "text": "12 of 12 healthy, 12 wanted" }),
            );
            self.say(
                "deadman.renewed",
                json!({ "route": "httpListener", "fires": (self.now / 1000) + 180 }),
            );
        }
        self.say(
            "gate.passed",
            json!({ "gate": "bake", "text": format!("{minutes} min without a finding") }),
        );
    }

    fn prepare(&mut self) {
        self.plan();
        self.checks(&[(
            "PF11",
            "warn",
            "route httpsListener is sticky for 1 h: users of green stay there after a rollback",
            Some("declare stickiness: break, or accept it"),
        )]);
        self.phase = "ARMED";
        for (route, _) in ROUTES {
            self.wait(200);
            self.say("deadman.armed", json!({ "route": route, "fires": "2026-11-30T01:10:00Z" }));
        }
        self.phase = "SCALING";
        self.op("UpdateService", "greenService", 0.0, false);
        self.wait(150_000);
        self.say("gate.passed", json!({ "gate": "capacity", "text": "green 12 tasks, blue 12" }));
        self.phase = "TESTING";
        self.wait(20_000);
        self.say(
            "gate.passed",
            json!({ "gate": "probe", "text": "20 of 20 probes via X-Canary, p95 212 ms" }),
        );
    }

    fn apply(&mut self, index: usize) {
        (self.phase, self.step) = ("APPLYING", Some(index));
        self.minutes.clear();
        self.wait(300);
        self.move_to(STEPS[index].0, index == 1);
        self.phase = "BAKING";
    }

    fn finish(mut self, outcome: &str, code: u64, reason: Option<&str>, green: f64) -> Vec<Value> {
        self.step = None;
        let weights = json!({ "blue": 100.0 - green, "green": green });
        let routes: Vec<_> =
            ROUTES.iter().map(|it| json!({ "route": it.0, "weights": weights })).collect();
        self.wait(800);
        let end = json!({ "traffic": weights, "routes": routes });
        self.say(
            "shift.finished",
            json!({ "outcome": outcome, "exitCode": code, "reason": reason, "final": end }),
        );
        self.events
    }
}

pub(super) fn canary() -> Vec<Value> {
    let mut run = Run::new();
    run.prepare();
    for (index, (weight, bake)) in STEPS.into_iter().enumerate() {
        run.apply(index);
        if index == 2 {
            run.phase = "PAUSED";
            run.say("paused", json!({ "reason": "the step asks for an approval", "answers": ["continue", "rollback"] }));
            for _ in 0..16 {
                run.wait(15_000);
                run.look();
            }
            run.say("continued", json!({ "by": "maria@build-7" }));
            run.phase = "BAKING";
        }
        run.bake(weight, usize::try_from(bake / 60_000).unwrap_or_default());
    }
    run.phase = "FINAL_BAKE";
    run.bake(100.0, 15);
    run.phase = "DONE";
    for (route, _) in ROUTES {
        run.say("deadman.deleted", json!({ "route": route, "fires": null }));
    }
    run.finish("done", 0, None, 100.0)
}

pub(super) fn rolled_back() -> Vec<Value> {
    let mut run = Run::new();
    run.prepare();
    run.apply(0);
    run.bake(5.0, 10);
    run.apply(1);
    run.bake(25.0, 3);
    // CloudWatch does not answer for a while, and green falls ill meanwhile.
    run.wait(240_000);
    (run.green, run.healthy) = ((2.4, 0.9), 10);
    for text in [
        "green fails 11 times as often as blue, but too few requests yet",
        "green fails 11 times as often as blue",
    ] {
        for _ in 0..4 {
            run.wait(15_000);
            run.look();
        }
        run.minute(25.0, if text.ends_with("yet") { "inconclusive" } else { "fail" }, text);
        if text.ends_with("yet") {
            run.say("gate.inconclusive", json!({ "gate": "metrics", "text": text }));
        }
    }
    run.alarm = "ALARM";
    run.wait(5000);
    run.look();
    let reason = "green fails 2.4 % of its requests, blue 0.21 % (p = 0.0003, z = 5.1)";
    run.say("gate.failed", json!({ "gate": "metrics", "text": reason }));
    run.phase = "ROLLING_BACK";
    run.say("rollback.started", json!({ "reason": reason }));
    run.move_to(0.0, false);
    run.say("rollback.verified", json!({ "restoreMs": 1730 }));
    for _ in 0..16 {
        run.wait(15_000);
        run.look();
    }
    run.phase = "ROLLED_BACK";
    run.finish("rolled-back", 4, Some(reason), 0.0)
}

pub(super) fn refused() -> Vec<Value> {
    let mut run = Run::new();
    run.plan();
    run.checks(&[
        (
            "PF04",
            "fail",
            "green has 3 of 12 targets healthy (Target.Timeout ×9), 12 are wanted",
            Some(
                "see orderinfra logs greenService; the health check asks for /healthz on port 8080",
            ),
        ),
        (
            "PF10",
            "fail",
            "alarm green-5xx is in ALARM since 00:41:10",
            Some("--allow-alarm green-5xx, if it is known"),
        ),
        ("PF14", "warn", "blue fails open below 1 healthy target", None),
        ("PF15", "skipped", "not tried: earlier checks failed", None),
    ]);
    run.phase = "REFUSED";
    run.finish("refused", 3, Some("2 of 20 checks failed: PF04, PF10"), 0.0)
}
