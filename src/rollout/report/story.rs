//! What happened, in sentences.

use serde_json::Value;

use super::{
    curves::weight,
    html::{Html, table},
    read::{Event, Shift, list, moment, number, text, word},
    tables::time,
    words::{clock, count, lasted, percent},
};

/// What happened, without what only repeats.
pub(super) fn story(h: &mut Html, shift: &Shift<'_>) {
    let mut rows: Vec<_> =
        shift.events.iter().filter_map(|it| told(shift, it).map(|told| (it, told))).collect();
    rows.dedup_by(|a, b| a.1 == b.1);
    if rows.is_empty() {
        h.raw("<p>Nothing that this version knows.</p>");
        return;
    }
    let start = shift.span.map(|it| it.0);
    table(
        h,
        "What happened",
        &["Time (UTC)", "After", "Step", "What"],
        &rows,
        |h, (event, (class, what))| {
            time(h, shift, event.at);
            let after = event.at.zip(start).map(|(at, start)| after(at - start));
            h.tag("td", "num", after.unwrap_or_default());
            h.tag("td", "num", shift.ordinal(event.step));
            h.el("td", &[("class", class)], |h| {
                h.text(what);
                let diff = list(event.json, "diff");
                if !diff.is_empty() {
                    let lines: Vec<_> = diff
                        .iter()
                        .map(|it| it.as_str().map_or(it.to_string(), str::to_owned))
                        .collect();
                    h.tag("pre", "", lines.join("\n"));
                }
            });
        },
    );
}

/// `22:02`, `1:22:02`
fn after(seconds: f64) -> String {
    let seconds = seconds as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A style and a sentence.
fn told(shift: &Shift<'_>, event: &Event<'_>) -> Option<(&'static str, String)> {
    let json = event.json;
    let part = |key| text(json, key);
    let but = |before: &str, key| part(key).map_or_else(String::new, |it| format!("{before}{it}"));
    let or = |key| part(key).unwrap_or("?".into());
    let on = || but(" on ", "route");
    Some(match event.kind {
        "shift.planned" => {
            let (steps, routes) = (list(json, "steps").len(), list(json, "routes").len());
            ("", format!("Planned: {} on {}", count(steps, "step"), count(routes, "route")))
        }
        "check" => match word(json, "outcome") {
            "fail" => ("bad", format!("Check {} failed{}", or("id"), but(": ", "text"))),
            _ => return None,
        },
        "op.failed" => (
            "bad",
            format!(
                "{} failed{}{}{}",
                or("api"),
                on(),
                but(", attempt ", "attempt"),
                but(": ", "error")
            ),
        ),
        "weights.verified" => {
            let weight = weight(shift, json).map_or_else(|| "weights".to_owned(), percent);
            let routes = count(list(json, "routes").len(), "route");
            let skew = number(json, "skewMs")
                .map_or_else(String::new, |it| format!(", {} apart", lasted(it)));
            ("strong", format!("{weight} to {}, verified on {routes}{skew}", shift.target.name))
        }
        // Those that pass once; the others pass at every look.
        "gate.passed" => match word(json, "gate") {
            gate @ ("bake" | "hook" | "probe" | "capacity") => {
                ("", format!("Gate {gate} passed{}", but(": ", "text")))
            }
            _ => return None,
        },
        "gate.failed" => ("bad", format!("Gate {} failed{}", or("gate"), but(": ", "text"))),
        "gate.inconclusive" => {
            ("warn", format!("Gate {} is inconclusive{}", or("gate"), but(": ", "text")))
        }
        "paused" => {
            let answers: Vec<_> = list(json, "answers").iter().filter_map(Value::as_str).collect();
            let answers = if answers.is_empty() {
                String::new()
            } else {
                format!(" (answers: {})", answers.join(", "))
            };
            ("warn", format!("Paused{}{answers}", but(": ", "reason")))
        }
        "continued" => ("", format!("Continued{}", but(" by ", "by"))),
        "conflict" => ("bad", format!("Conflict{}{}", on(), but(": ", "kind"))),
        "rollback.started" => ("bad", format!("Rollback started{}", but(": ", "reason"))),
        "rollback.verified" => {
            let took = number(json, "restoreMs")
                .map_or_else(String::new, |it| format!(" after {}", lasted(it)));
            ("strong", format!("Rollback verified{took}"))
        }
        "deadman.armed" => {
            let fires = moment(json, "fires")
                .map_or_else(String::new, |it| format!(", fires at {}", clock(it)));
            ("", format!("Dead-man switch armed{}{fires}", on()))
        }
        "deadman.deleted" => ("", format!("Dead-man switch deleted{}", on())),
        "shift.finished" => ("strong", format!("Ended: {}{}", or("outcome"), but(": ", "reason"))),
        _ => return None,
    })
}
