//! What a shift tells: as lines for a person, with one live line under them;
//! as one JSON object a line for programs; and into a file.

use std::{
    cell::{Cell, RefCell},
    fs::File,
    io::Write as _,
    path::Path,
    time::Duration,
};

use serde_json::{Value as Json, json};

use super::{Failure, Result};
use crate::{
    cli::ui::{BOLD, CYAN, DIM, GREEN, RED, Ui, YELLOW},
    rollout::{
        actions,
        strategy::{percent, spelled},
    },
    shift::{
        Outcome,
        plan::{Plan, Planned},
        preflight::{Check, Finding},
        stamp,
    },
    store::ShiftRow,
};

pub(super) struct Story<'a> {
    ui: &'a Ui,
    file: Option<RefCell<File>>,
    /// The two colours, from and to.
    names: [String; 2],
    steps: usize,
    drawn: Cell<bool>,
    live: RefCell<Live>,
}

/// What the live line knows.
#[derive(Default)]
struct Live {
    weight: f64,
    health: String,
    metrics: String,
    alarms: String,
    share: String,
}

impl<'a> Story<'a> {
    pub(super) fn new(ui: &'a Ui, file: Option<&Path>, plan: &Plan) -> Result<Self> {
        let open = |path: &Path| {
            let mut options = File::options();
            let file = options.create(true).append(true).open(path);
            file.map_err(|error| Failure::general(format!("{}: {error}", path.display())))
        };
        Ok(Self {
            ui,
            file: file.map(open).transpose()?.map(RefCell::new),
            names: [plan.from().name.clone(), plan.to().name.clone()],
            steps: plan.steps().len(),
            drawn: Cell::new(false),
            live: RefCell::default(),
        })
    }

    pub(super) fn tell(&self, event: &Json) {
        if let Some(file) = &self.file {
            // A full disk does not stop a shift; the state has the event too.
            drop(writeln!(file.borrow_mut(), "{event}"));
        }
        if self.ui.json {
            self.ui.document(&event.to_string());
            return;
        }
        self.learn(event);
        let line = self.line(event);
        if self.drawn.replace(false) {
            self.ui.raw(&self.ui.trust("\r\u{1b}[2K"));
        }
        if let Some(line) = line {
            line.split('\n').for_each(|it| self.ui.say(it));
        }
        if self.ui.live && event["type"] != "shift.finished" {
            self.ui.raw(&self.status(event));
            self.drawn.set(true);
        }
    }

    fn learn(&self, event: &Json) {
        let mut live = self.live.borrow_mut();
        match event["type"].as_str().unwrap_or_default() {
            "weights.verified" => live.weight = event["weight"].as_f64().unwrap_or(0.0),
            "obs.health" => {
                let of =
                    |name: &String| format!("{}/{}", event[name]["healthy"], event[name]["total"]);
                live.health = format!(
                    "{} {} {} {}",
                    self.names[1],
                    of(&self.names[1]),
                    self.names[0],
                    of(&self.names[0])
                );
            }
            "obs.metric" => live.metrics = text(event, "text").to_owned(),
            "obs.share" => {
                live.share = format!("share {:.1} %", event["share"].as_f64().unwrap_or(0.0));
            }
            "obs.alarm" => {
                let all = event["alarms"].as_array().map_or(0, Vec::len);
                let quiet = event["alarms"].as_array().into_iter().flatten();
                let quiet = quiet.filter(|it| it["state"] != "ALARM").count();
                live.alarms = format!("alarms OK {quiet}/{all}");
            }
            _ => {}
        }
    }

    /// The one line that is drawn again.
    fn status(&self, event: &Json) -> String {
        let live = self.live.borrow();
        let phase = text(event, "phase");
        let step = event["step"].as_u64().unwrap_or(0) + 1;
        let mut parts = vec![format!("{} % {phase} (step {step} of {})", live.weight, self.steps)];
        for part in [&live.health, &live.alarms, &live.share, &live.metrics] {
            if !part.is_empty() {
                parts.push(part.clone());
            }
        }
        let line: String = parts.join("   ").chars().take(console_width()).collect();
        self.ui.paint(CYAN, &line)
    }

    /// What a person wants to read of an event.
    fn line(&self, event: &Json) -> Option<String> {
        let ui = self.ui;
        let time = text(event, "ts").get(11..19).unwrap_or_default();
        let mark = |style, mark: &str, rest: String| {
            Some(format!("{} {} {rest}", ui.paint(DIM, time), ui.paint(style, mark)))
        };
        let route = || event["route"].as_str().map_or_else(String::new, |it| format!(" {it}"));
        let to = &self.names[1];
        match event["type"].as_str().unwrap_or_default() {
            "op.confirmed" => match event["api"].as_str().unwrap_or_default() {
                "ModifyListener" | "ModifyRule" if event["phase"] == "arming" => {
                    mark(DIM, "·", format!("{} may be written", route().trim()))
                }
                api => {
                    let weights = self.weights(event).unwrap_or_default();
                    mark(YELLOW, "~", format!("{api}{}{weights}", route()))
                }
            },
            "op.failed" => {
                let error = text(event, "error");
                mark(RED, "!", format!("{}{}: {error}", text(event, "api"), route()))
            }
            "weights.verified" => mark(
                GREEN,
                "✓",
                format!("{} % to {to}, seen on all routes", number(&event["weight"])),
            ),
            "obs.health" => {
                let of = |name: &String| {
                    let reasons = event[name]["reasons"].as_object().into_iter().flatten();
                    let reasons: Vec<String> =
                        reasons.map(|(why, count)| format!("{count} {why}")).collect();
                    let why = if reasons.is_empty() {
                        String::new()
                    } else {
                        format!(" ({})", reasons.join(", "))
                    };
                    format!(
                        "{name} {} of {} healthy{why}",
                        event[name]["healthy"], event[name]["total"]
                    )
                };
                mark(DIM, "·", format!("{}; {}", of(to), of(&self.names[0])))
            }
            "obs.metric" if !ui.live => mark(DIM, "·", text(event, "text").to_owned()),
            "obs.alarm" => {
                let alarms = event["alarms"].as_array().into_iter().flatten();
                let told: Vec<String> = alarms
                    .map(|it| format!("{} {}", text(it, "name"), text(it, "state")))
                    .collect();
                mark(DIM, "·", told.join(", "))
            }
            "gate.passed" => {
                mark(GREEN, "✓", format!("{}: {}", text(event, "gate"), text(event, "text")))
            }
            "gate.failed" => {
                mark(RED, "✗", format!("{}: {}", text(event, "gate"), text(event, "text")))
            }
            "gate.inconclusive" => {
                mark(YELLOW, "?", format!("{}: {}", text(event, "gate"), text(event, "text")))
            }
            "paused" => mark(
                YELLOW,
                "‖",
                format!(
                    "paused: {}\n    `orderinfra shift --continue` goes on, `orderinfra shift --rollback` goes back",
                    text(event, "reason")
                ),
            ),
            "continued" => mark(GREEN, "▶", format!("goes on, as {} says", text(event, "by"))),
            "conflict" => {
                let lines = event["diff"].as_array().into_iter().flatten();
                let lines: Vec<String> =
                    lines.filter_map(|it| it.as_str()).map(|it| format!("    {it}")).collect();
                mark(
                    RED,
                    "!",
                    format!(
                        "{} was changed by somebody else\n{}",
                        route().trim(),
                        lines.join("\n")
                    ),
                )
            }
            "rollback.started" => mark(RED, "↩", format!("going back: {}", text(event, "reason"))),
            "rollback.verified" => {
                mark(GREEN, "✓", format!("the traffic is back after {} ms", event["restoreMs"]))
            }
            "testRule.made" => mark(DIM, "·", text(event, "text").to_owned()),
            "deadman.armed" => {
                mark(DIM, "·", format!("dead-man's switch of{}: {}", route(), text(event, "fires")))
            }
            "heartbeat" => mark(DIM, "·", text(event, "text").to_owned()),
            "shift.finished" => Some(self.end(event)),
            _ => None,
        }
    }

    /// ` blue 75 / green 25` of a write.
    fn weights(&self, event: &Json) -> Option<String> {
        let list = event["params"].get("DefaultActions").or_else(|| event["params"].get("Actions"));
        let groups = list?
            .as_array()?
            .iter()
            .find_map(|it| it["ForwardConfig"]["TargetGroups"].as_array())?;
        let weights: Vec<String> = groups.iter().map(|it| it["Weight"].to_string()).collect();
        Some(format!(" {}", weights.join(" / ")))
    }

    fn end(&self, event: &Json) -> String {
        let traffic = event["final"]["traffic"].as_object().cloned().unwrap_or_default();
        let told: Vec<String> = traffic
            .iter()
            .filter(|(_, it)| it.as_f64() != Some(0.0))
            .map(|(name, it)| format!("{} % {name}", number(it)))
            .collect();
        let (style, word) = match event["outcome"].as_str().unwrap_or_default() {
            "done" => (GREEN, "done"),
            "rolled-back" => (YELLOW, "rolled back"),
            other => (RED, other),
        };
        format!("{}: {}", self.ui.paint(style, word), told.join(", "))
    }
}

fn text<'a>(event: &'a Json, name: &str) -> &'a str {
    event[name].as_str().unwrap_or_default()
}

/// Without a fraction where there is none.
fn number(value: &Json) -> String {
    value.as_f64().map_or_else(String::new, |it| it.to_string())
}

fn console_width() -> usize {
    let columns = console::Term::stderr().size().1;
    usize::from(columns).max(20) - 1
}

/// `4 steps, 40m to 75m, 3 routes`
pub(super) fn headline(plan: &Plan, sha: &str) -> Vec<String> {
    let [least, most] = plan.takes();
    let many = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    let time = match least == most {
        true => span(least),
        false => format!("{} to {}", span(least), span(most)),
    };
    let switch = plan.spec.dead_man.as_ref();
    let switch = switch.map_or_else(String::new, |it| format!(", dead-man {}", span(it.grace)));
    let mut lines = vec![format!(
        "shift {}: {} → {}   {}, {time}, {}{switch}   plan {}",
        plan.rollout,
        plan.from().name,
        plan.to().name,
        many(plan.steps().len(), "step"),
        many(plan.routes.len(), "route"),
        sha.get(..6).unwrap_or_default()
    )];
    for route in &plan.routes {
        let now = actions::forward(&route.before, plan.pair()).map_or([0, 0], |it| it.weights);
        let steps: Vec<String> = plan.steps().iter().map(|it| percent(it.permille)).collect();
        lines.push(format!(
            "  {}: {}  =>  {} to {}",
            route.name,
            plan.weights_text(now),
            steps.join(", "),
            plan.to().name
        ));
    }
    lines
}

fn span(time: Duration) -> String {
    if time.is_zero() { "at once".to_owned() } else { spelled(time) }
}

/// Those that a person must know of; the others as one line.
pub(super) fn checks(all: &[Check], ui: &Ui) -> Vec<String> {
    let fine = all.iter().filter(|it| it.outcome == Finding::Ok).count();
    let mut lines = vec![format!(
        " {} preflight: {fine} of {} checks are well",
        ui.paint(GREEN, "✓"),
        all.len()
    )];
    for it in all {
        let (style, mark) = match it.outcome {
            Finding::Ok => continue,
            Finding::Warn => (YELLOW, "!"),
            Finding::Fail => (RED, "✗"),
            Finding::Skipped => (DIM, "-"),
        };
        lines.push(format!(" {} {} {}", ui.paint(style, mark), ui.paint(BOLD, it.id), it.text));
        lines.extend(
            it.fix
                .iter()
                .filter(|_| it.outcome == Finding::Fail)
                .map(|fix| format!("        {fix}")),
        );
    }
    lines
}

/// Every call with all that it says.
pub(super) fn calls(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    let mut phase = String::new();
    for Planned { phase: of, step, route, write } in &plan.calls {
        let title = match step {
            Some(step) => {
                let permille = plan.steps().get(*step).map_or(0, |it| it.permille);
                format!("step {}: {}", step + 1, percent(permille))
            }
            None => of.clone(),
        };
        if title != phase {
            lines.push(title.clone());
            phase = title;
        }
        let write = serde_json::to_value(write).unwrap_or_default();
        let route = route.as_ref().map_or_else(String::new, |it| format!("  # {it}"));
        lines.push(format!("  {} {}{route}", text(&write, "api"), write["params"]));
    }
    lines.push(format!("needs {}", plan.permissions().join(", ")));
    lines
}

/// Of the event `shift.planned`.
pub(super) fn planned(plan: &Plan, sha: &str) -> Json {
    let [least, most] = plan.takes().map(|it| it.as_millis());
    let steps: Vec<Json> = plan
        .steps()
        .iter()
        .map(|it| json!({ "weight": f64::from(it.permille) / 10.0, "bakeMs": it.bake.as_millis() }))
        .collect();
    let routes: Vec<Json> = plan
        .routes
        .iter()
        .map(|it| {
            json!({ "name": it.name, "urn": it.urn, "arn": it.arn, "kind": it.kind, "loadBalancer": plan.load_balancer })
        })
        .collect();
    json!({
        "stack": plan.stack,
        "from": plan.from().name,
        "to": plan.to().name,
        "steps": steps,
        "finalBakeMs": plan.spec.final_bake.as_millis(),
        "routes": routes,
        "planHash": sha,
        "takesMs": { "least": least, "most": most },
        "deadManMs": plan.spec.dead_man.as_ref().map(|it| it.grace.as_millis()),
        "takesBack": plan.takes_back,
    })
}

/// There is nothing to do, which is well: the end of a shift that never was.
pub(super) fn noop(plan: &Plan, now: i64, ui: &Ui) -> Result<()> {
    let to = &plan.to().name;
    if ui.json {
        let traffic = json!({ to: 100.0, &plan.from().name: 0.0 });
        let outcome = Outcome::Noop;
        ui.document(
            &json!({
                "schema": "orderinfra.shift/1",
                "seq": 1,
                "ts": stamp(now),
                "shiftId": null,
                "rollout": plan.rollout,
                "type": "shift.finished",
                "phase": "preflight",
                "step": 0,
                "outcome": outcome.word(),
                "exitCode": outcome.code(),
                "final": { "traffic": traffic },
            })
            .to_string(),
        );
    }
    ui.say(&format!("All traffic goes to {to} already"));
    Ok(())
}

pub(super) fn progress(row: &ShiftRow, alive: bool, events: &[Json]) -> Vec<String> {
    let share = row.verified_permille.map_or_else(
        || "no traffic moved".to_owned(),
        |it| format!("{} to {}", percent(it), row.to),
    );
    let driven = if alive { "a process is driving it" } else { "nobody is driving it" };
    let mut lines = vec![format!("  {}: {}, {share}; {driven}", row.id, row.phase)];
    let last = events.iter().rev().find(|it| {
        matches!(
            it["type"].as_str(),
            Some("paused" | "conflict" | "gate.failed" | "shift.finished")
        )
    });
    if let Some(last) = last {
        let said =
            if last["reason"].is_string() { text(last, "reason") } else { text(last, "text") };
        if !said.is_empty() {
            lines.push(format!("  {}", said.lines().next().unwrap_or_default()));
        }
    }
    if !alive {
        lines.push("  `orderinfra shift --resume` goes on with it, `orderinfra shift --rollback` brings its traffic back".to_owned());
    }
    lines
}

pub(super) fn row(it: &ShiftRow) -> String {
    let seconds = |millis: i64| {
        let time = time::OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000));
        time.map_or_else(|_| millis.to_string(), crate::cli::rfc3339)
    };
    let outcome = it.outcome.as_deref().unwrap_or("open");
    let reason = it.reason.as_deref().and_then(|it| it.lines().next()).unwrap_or_default();
    let line = format!(
        "{}  {}  {}  {} → {}  {outcome}  {reason}",
        it.id,
        seconds(it.created),
        it.rollout,
        it.from,
        it.to
    );
    line.trim_end().to_owned()
}
