//! Checks, routes, gates and the log, in full.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use serde_json::Value;

use super::{
    html::{Half, Html, halves, table},
    read::{Event, Shift, entries, list, number, text, word},
    summary::weights,
    words::{count, lasted, stamp},
};

pub(super) fn time(h: &mut Html, shift: &Shift<'_>, at: Option<f64>) {
    h.el("td", &[], |h| match at {
        Some(at) => h.el("time", &[("datetime", &format_args!("{}Z", stamp(at)))], |h| {
            h.text(shift.time(at));
        }),
        None => h.raw("–"),
    });
}

/// An outcome in its colour; the word itself says it too.
pub(super) fn badge(h: &mut Html, outcome: &str) {
    let class = match outcome {
        "ok" | "pass" | "passed" | "confirmed" => "badge good",
        "fail" | "failed" => "badge bad",
        "skipped" => "badge",
        _ => "badge warn",
    };
    h.tag("span", class, outcome);
}

pub(super) fn checks(h: &mut Html, shift: &Shift<'_>) {
    let mut rows: Vec<_> = shift.of("check").map(|it| it.json).collect();
    if rows.is_empty() {
        h.raw("<p>No check was recorded.</p>");
        return;
    }
    // What went wrong first.
    const ORDER: [&str; 4] = ["fail", "warn", "skipped", "ok"];
    let rank = |it: &Value| ORDER.iter().position(|order| *order == word(it, "outcome"));
    rows.sort_by_key(|it| rank(it));
    h.el("p", &[], |h| {
        for (rank_of, name) in ORDER.iter().enumerate() {
            let many = rows.iter().filter(|it| rank(it) == Some(rank_of)).count();
            if many > 0 {
                badge(h, name);
                h.text(format_args!("\u{a0}{many} "));
            }
        }
    });
    table(
        h,
        "Checks of the preflight",
        &["Check", "Outcome", "What it found"],
        &rows,
        |h, json| {
            h.el("td", &[], |h| h.tag("code", "", text(json, "id").unwrap_or_default()));
            h.el("td", &[], |h| badge(h, &text(json, "outcome").unwrap_or("?".into())));
            h.el("td", &[], |h| {
                h.text(text(json, "text").unwrap_or_default());
                if let Some(fix) = text(json, "fix") {
                    h.el("p", &[("class", &"fix")], |h| {
                        h.raw("<b>Fix:</b> ");
                        h.text(fix);
                    });
                }
            });
        },
    );
}

pub(super) fn routes(h: &mut Html, shift: &Shift<'_>) {
    let (last, at) = shift.last_weights().unzip();
    // By name, in the order in which they were first told of.
    let mut names = Vec::new();
    let mut seen = HashSet::new();
    let mut by_name = |key, all: Vec<_>| -> HashMap<_, &Value> {
        let named = all.into_iter().filter_map(|it| Some((text(it, key)?, it)));
        let new = |name: &Cow<'_, str>| seen.insert(name.to_string());
        let named: Vec<_> = named.collect();
        names.extend(named.iter().map(|it| it.0.clone()).filter(new));
        // Of two the first: what was before all of it.
        named.into_iter().rev().collect()
    };
    let planned =
        by_name("name", shift.planned.into_iter().flat_map(|it| list(it, "routes")).collect());
    let before = by_name("route", shift.of("route.preimage").map(|it| it.json).collect());
    let after = by_name("route", last.into_iter().flat_map(|it| list(it, "routes")).collect());
    if names.is_empty() {
        h.raw("<p>No route was recorded.</p>");
        return;
    }
    let or_dash = |it: Option<String>| it.unwrap_or("–".to_owned());
    table(h, "Routes", &["Route", "Kind", "Before", "After", "Sticky"], &names, |h, name| {
        let (plan, before, after) = (planned.get(name), before.get(name), after.get(name));
        let of_plan = |key| text(plan?, key);
        h.el("td", &[], |h| {
            h.tag("b", "", name);
            let arn = of_plan("arn").or_else(|| text(before?, "arn"));
            for more in [arn, of_plan("loadBalancer")].into_iter().flatten() {
                h.el("div", &[], |h| h.tag("code", "dim", more));
            }
        });
        h.tag("td", "", of_plan("kind").unwrap_or("–".into()));
        h.tag("td", "num", or_dash(before.map(|it| weights(it))));
        h.tag("td", "num", or_dash(after.map(|it| weights(it))));
        let sticky =
            |it: &&Value| number(it, "sticky").map_or("no".to_owned(), |it| lasted(1000.0 * it));
        h.tag("td", "num", or_dash(before.map(sticky)));
    });
    if let Some(at) = at.flatten() {
        h.tag("p", "dim", format_args!("After: as last recorded, at {} UTC.", stamp(at)));
    }
}

/// The same said again and again is one row.
struct Said<'a> {
    first: &'a Event<'a>,
    last: &'a Event<'a>,
    times: usize,
}

fn grouped<'a>(events: impl Iterator<Item = &'a Event<'a>>, keys: &[&str]) -> Vec<Said<'a>> {
    let mut rows: Vec<Said<'a>> = Vec::new();
    for event in events {
        let same = |it: &&mut Said<'_>| {
            let same = |key: &&str| it.last.json.get(key) == event.json.get(key);
            it.last.kind == event.kind && it.last.step == event.step && keys.iter().all(same)
        };
        match rows.last_mut().filter(same) {
            Some(row) => (row.last, row.times) = (event, row.times + 1),
            None => rows.push(Said { first: event, last: event, times: 1 }),
        }
    }
    rows
}

fn when(h: &mut Html, shift: &Shift<'_>, said: &Said<'_>) {
    time(h, shift, said.first.at);
    let until =
        said.last.at.filter(|_| said.times > 1).map_or_else(String::new, |it| shift.time(it));
    let times =
        if said.times > 1 { format!("×{} until {until}", said.times) } else { String::new() };
    h.tag("td", "dim", times);
}

pub(super) fn gates(h: &mut Html, shift: &Shift<'_>) {
    let passed = |it: &&Event<'_>| it.kind.starts_with("gate.");
    let mut by_gate: Vec<_> = grouped(shift.events.iter().filter(passed), &["gate", "text"]);
    if by_gate.is_empty() {
        h.raw("<p>No gate was asked.</p>");
        return;
    }
    by_gate
        .sort_by(|a, b| a.first.at.unwrap_or_default().total_cmp(&b.first.at.unwrap_or_default()));
    table(
        h,
        "Gates",
        &["Time (UTC)", "Again", "Step", "Gate", "Outcome", "Sentence"],
        &by_gate,
        |h, said| {
            when(h, shift, said);
            h.tag("td", "num", shift.ordinal(said.first.step));
            h.tag("td", "", text(said.first.json, "gate").unwrap_or("?".into()));
            h.el("td", &[], |h| badge(h, said.first.kind.trim_start_matches("gate.")));
            h.tag("td", "", text(said.first.json, "text").unwrap_or_default());
        },
    );
}

pub(super) fn judgements(h: &mut Html, shift: &Shift<'_>) {
    let rows = grouped(shift.of("obs.metric"), &["verdict", "text", "figures"]);
    if rows.is_empty() {
        return;
    }
    h.raw("<h3>Judgements of metrics</h3>");
    let heads = &["Time (UTC)", "Again", "Step", "Verdict", "Sentence", "Figures"];
    table(h, "Judgements of metrics", heads, &rows, |h, said| {
        let json = said.first.json;
        when(h, shift, said);
        h.tag("td", "num", shift.ordinal(said.first.step));
        h.el("td", &[], |h| badge(h, &text(json, "verdict").unwrap_or("?".into())));
        h.tag("td", "", text(json, "text").unwrap_or_default());
        let figures: Vec<_> = entries(json, "figures")
            .filter(|it| !it.1.is_null())
            .map(|(name, value)| format!("{name}\u{a0}{value}"))
            .collect();
        h.tag("td", "dim", figures.join(", "));
    });
}

/// What the lines of the log may take together, about.
const LOG: usize = 1_600_000;
const LINES: usize = 12_000;

pub(super) fn log(h: &mut Html, shift: &Shift<'_>) {
    let longest = (LOG / shift.events.len().max(1)).max(80);
    h.el("details", &[("class", &"log")], |h| {
        h.el("summary", &[], |h| {
            h.text(format_args!("All of {}", count(shift.events.len(), "event")));
        });
        h.within(longest, |h| {
            halves(&shift.events, LINES, |it| match it {
                Half::Left(left) => {
                    h.tag(
                        "p",
                        "",
                        format_args!("… {left} events are left out to keep the page small …"),
                    );
                }
                Half::Row(event) => h.el("p", &[], |h| {
                    let seq = event.seq.map_or_else(String::new, |it| it.to_string());
                    h.text(format_args!(
                        "{seq} {} ",
                        event.at.map_or_else(String::new, |it| shift.time(it))
                    ));
                    h.tag("b", "", event.kind);
                    h.raw(" ");
                    h.text(rest(event.json));
                }),
            });
        });
    });
}

/// What the line does not say already.
fn rest(json: &Value) -> String {
    let Some(all) = json.as_object() else { return json.to_string() };
    let told = |key: &str| matches!(key, "schema" | "seq" | "ts" | "type" | "shiftId" | "rollout");
    let rest: serde_json::Map<_, _> = all
        .iter()
        .filter(|it| !told(it.0))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Value::Object(rest).to_string()
}
