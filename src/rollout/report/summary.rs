//! How it ended, and what it was: the first thing that anyone asks.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    chart::Percent,
    curves::weight,
    html::{Attrs, Html},
    read::{Event, Shift, entries, list, number, text, word},
    words::{exit, lasted, percent, short, stamp},
};

/// A style, a sign and words.
pub(super) struct Outcome {
    class: &'static str,
    sign: &'static str,
    pub(super) words: String,
}

pub(super) fn outcome(shift: &Shift<'_>) -> Outcome {
    let of = |class, sign, words: &str| Outcome { class, sign, words: words.to_owned() };
    let Some(end) = shift.finished else {
        return of("warn", "?", "Cut off: no end was recorded");
    };
    match word(end, "outcome") {
        "done" => of("good", "✓", "Done"),
        "noop" => of("good", "✓", "Nothing to do"),
        "refused" => of("warn", "!", "Refused: no traffic was moved"),
        "aborted" => of("warn", "!", "Aborted before traffic moved"),
        "rolled-back" => of("bad", "↩", "Rolled back"),
        "paused" => of("warn", "‖", "Paused: a decision is needed"),
        "conflict" => of("bad", "≠", "Conflict: somebody else changed a route"),
        "blocked" => of("bad", "✕", "Blocked: the rollback was not done, or not verified"),
        "interrupted" => of("warn", "!", "Interrupted"),
        "" => of("warn", "?", "Ended, but no outcome was recorded"),
        other => of("warn", "?", &format!("Ended as “{other}”, which this version does not know")),
    }
}

pub(super) fn summary(h: &mut Html, shift: &Shift<'_>) {
    let outcome = outcome(shift);
    let class = format!("outcome {}", outcome.class);
    h.el("header", &[("class", &class)], |h| {
        h.el("p", &[("class", &"what")], |h| {
            h.raw("orderinfra shift ");
            h.name(of_any(shift, "rollout").unwrap_or_default());
            h.raw(": ");
            from_to(h, shift);
        });
        h.el("h1", &[], |h| {
            h.el("span", &[("class", &"sign"), ("aria-hidden", &"true")], |h| h.raw(outcome.sign));
            h.text(&outcome.words);
        });
        h.tag("p", "when", when(shift));
        if let Some(reason) = reason(shift) {
            h.tag("p", "reason", reason);
        }
        traffic(h, shift);
    });
    h.raw("\n");
    facts(h, shift);
    if !shift.notes.is_empty() || shift.finished.is_none() {
        h.el("aside", &[("class", &"notes"), ("aria-label", &"About these events")], |h| {
            h.el("ul", &[], |h| {
                if shift.finished.is_none() {
                    h.raw("<li>The events end without <code>shift.finished</code>: the run was killed, goes on, or lost its last lines. Ask <code>orderinfra shift --status</code> where the traffic is.</li>");
                }
                shift.notes.iter().for_each(|it| h.tag("li", "", it));
            });
        });
    }
}

fn from_to(h: &mut Html, shift: &Shift<'_>) {
    let named = |key| shift.planned.and_then(|it| text(it, key));
    match (named("from"), named("to")) {
        (Some(from), Some(to)) => {
            h.name(from);
            h.raw(" → ");
            h.name(to);
        }
        _ => h.raw("from and to were not recorded"),
    }
}

/// From when to when, how long, and what the caller was told.
fn when(shift: &Shift<'_>) -> String {
    let mut said = Vec::new();
    if let Some((start, end)) = shift.span {
        let last = if shift.finished.is_some() { "" } else { "last event at " };
        said.push(format!("{} to {last}{} UTC", stamp(start), shift.time(end)));
        said.push(lasted(1000.0 * (end - start)));
    }
    if let Some(code) = shift.finished.and_then(|it| number(it, "exitCode")) {
        said.push(format!("exit code {code} ({})", exit(code)));
    }
    said.join(", ")
}

/// Why it ended so; a run that was cut off says it before its end.
fn reason(shift: &Shift<'_>) -> Option<String> {
    let told = match shift.finished {
        Some(end) => text(end, "reason"),
        None => {
            let turns =
                |it: &&Event<'_>| ["rollback.started", "paused", "continued"].contains(&it.kind);
            shift.events.iter().rev().find(turns).and_then(|it| text(it.json, "reason"))
        }
    };
    told.map(Cow::into_owned)
}

/// A value of the first event that has it.
fn of_any(shift: &Shift<'_>, key: &str) -> Option<String> {
    shift.events.iter().find_map(|it| text(it.json, key)).map(Cow::into_owned)
}

fn traffic(h: &mut Html, shift: &Shift<'_>) {
    let end = shift.finished.and_then(|it| it.pointer("/final/traffic"));
    let seen = shift.of("weights.verified").last();
    let before = shift.of("route.preimage").last();
    let (shares, when) = match (end.map(shares).filter(|it| !it.is_empty()), seen, before) {
        (Some(it), ..) => (it, "when the shift ended".to_owned()),
        (None, Some(it), _) => {
            let at = it.at.map_or_else(String::new, |it| format!(", at {} UTC", stamp(it)));
            let to = weight(shift, it.json).map(|it| it.clamp(0.0, 100.0));
            let both = to.map(|to| {
                [(shift.source.name.to_string(), 100.0 - to), (shift.target.name.to_string(), to)]
            });
            (
                both.into_iter().flatten().collect(),
                format!("when it was last verified{at}; what followed is not known"),
            )
        }
        (None, None, Some(it)) => {
            let of = it.json.get("weights").map(shares).unwrap_or_default();
            (of, "before the shift; no change was verified".to_owned())
        }
        _ => Default::default(),
    };
    if shares.is_empty() {
        h.raw("<p class=\"traffic\">Where the traffic was is not in the events.</p>");
        return;
    }
    h.el("p", &[("class", &"traffic")], |h| {
        h.raw("Traffic: ");
        for (index, (name, share)) in shares.iter().take(8).enumerate() {
            h.raw(if index == 0 { "" } else { ", " });
            h.el("strong", &[], |h| {
                h.name(name);
                h.text(format_args!("\u{a0}{}", percent(*share)));
            });
        }
        h.text(format_args!(" {when}."));
    });
    h.el(
        "svg",
        &[("class", &"bar"), ("width", &"100%"), ("height", &10), ("aria-hidden", &"true")],
        |h| {
            let mut from = 0.0;
            for (name, share) in shares.iter().take(8) {
                let class = match name {
                    it if *it == *shift.source.name => shift.source.hue,
                    it if *it == *shift.target.name => shift.target.hue,
                    _ => "prepare",
                };
                let attrs: Attrs<'_> = &[
                    ("class", &class),
                    ("x", &Percent(from)),
                    ("width", &Percent(*share)),
                    ("height", &10),
                ];
                h.void("rect", attrs);
                from += share;
            }
        },
    );
}

/// Each colour's percentage.
fn shares(weights: &Value) -> Vec<(String, f64)> {
    let all = weights.as_object().into_iter().flatten();
    let numbers = all.filter_map(|(name, _)| {
        Some((name.clone(), number(weights, name).filter(|it| *it >= 0.0)?))
    });
    let mut numbers: Vec<_> = numbers.collect();
    let sum: f64 = numbers.iter().map(|it| it.1).sum();
    numbers.iter_mut().for_each(|it| it.1 *= 100.0 / sum);
    if sum > 0.0 { numbers } else { Vec::new() }
}

fn facts(h: &mut Html, shift: &Shift<'_>) {
    let plan = |key| shift.planned.and_then(|it| text(it, key)).map(Cow::into_owned);
    let planned = |key| number(shift.planned?, key);
    h.el("dl", &[("class", &"facts")], |h| {
        let mut fact = |name: &'static str, value: Option<String>| {
            if let Some(value) = value {
                h.el("div", &[], |h| {
                    h.tag("dt", "", name);
                    h.tag("dd", "", value);
                });
            }
        };
        let takes = shift.planned.and_then(|it| it.get("takesMs"));
        let takes = takes.and_then(|it| Some((number(it, "least")?, number(it, "most")?)));
        fact("Planned to take", takes.map(|it| format!("{} to {}", lasted(it.0), lasted(it.1))));
        let restored =
            shift.of("rollback.verified").last().and_then(|it| number(it.json, "restoreMs"));
        fact("Traffic restored in", restored.map(lasted));
        fact("Steps", shift.planned.map(steps).filter(|it| !it.is_empty()));
        fact("Final bake", planned("finalBakeMs").map(lasted));
        fact(
            "Dead-man switch",
            shift.planned.map(|_| planned("deadManMs").map_or("off".to_owned(), lasted)),
        );
        fact("Stack", plan("stack"));
        fact("Plan", plan("planHash"));
        fact("Shift", of_any(shift, "shiftId"));
    });
    h.raw("\n");
}

/// `5 % for 10 min, 25 % for 10 min, 100 %`
fn steps(plan: &Value) -> String {
    let step = |it: &Value| {
        let weight = number(it, "weight").map_or_else(|| "?".to_owned(), percent);
        match number(it, "bakeMs").filter(|it| *it > 0.0) {
            Some(bake) => format!("{weight} for {}", lasted(bake)),
            None => weight,
        }
    };
    list(plan, "steps").iter().map(step).collect::<Vec<_>>().join(", ")
}

/// `blue 75 · green 25`
pub(super) fn weights(json: &Value) -> String {
    let of = |weight: &Value| weight.as_f64().map_or_else(|| weight.to_string(), short);
    let all: Vec<_> =
        entries(json, "weights").map(|(name, weight)| format!("{name} {}", of(weight))).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(" · ") }
}
