//! What the events say. They come from a file that may be cut off, older or
//! newer than this program, or not ours at all: nothing here may fail.

use std::borrow::Cow;

use serde_json::Value;

use super::words::{clock, count, instant, stamp};

const SCHEMA: &str = "orderinfra.shift/1";

/// A text, or what stands in its place; null and "" are no text.
pub(super) fn text<'a>(json: &'a Value, key: &str) -> Option<Cow<'a, str>> {
    match json.get(key)? {
        Value::Null => None,
        Value::String(it) if it.is_empty() => None,
        Value::String(it) => Some(Cow::Borrowed(it)),
        other => Some(Cow::Owned(other.to_string())),
    }
}

/// The text of a word that the schema knows, or "".
pub(super) fn word<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A number that a picture can show.
pub(super) fn number(json: &Value, key: &str) -> Option<f64> {
    json.get(key)?.as_f64().filter(|it| it.abs() < 1e15)
}

pub(super) fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The entries of an object.
pub(super) fn entries<'a>(
    json: &'a Value,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    json.get(key).and_then(Value::as_object).into_iter().flatten()
}

/// A time, as a timestamp or as seconds since 1970.
pub(super) fn moment(json: &Value, key: &str) -> Option<f64> {
    match json.get(key)? {
        Value::String(it) => instant(it),
        // The year 9999.
        _ => number(json, key).filter(|it| (0.0..253_402_300_800.0).contains(it)),
    }
}

pub(super) struct Event<'a> {
    pub(super) seq: Option<u64>,
    pub(super) at: Option<f64>,
    pub(super) kind: &'a str,
    pub(super) step: Option<u64>,
    pub(super) json: &'a Value,
}

/// One of the two: its key in the events, its hue in the pictures.
pub(super) struct Colour<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) hue: &'static str,
}

pub(super) struct Shift<'a> {
    pub(super) events: Vec<Event<'a>>,
    pub(super) planned: Option<&'a Value>,
    /// The end, unless the run went on after it or was cut off before it.
    pub(super) finished: Option<&'a Value>,
    pub(super) source: Colour<'a>,
    pub(super) target: Colour<'a>,
    /// The first and the last moment.
    pub(super) span: Option<(f64, f64)>,
    /// The number of the first step: writers have counted from 0 and from 1.
    first_step: u64,
    /// What a reader has to know about the events themselves.
    pub(super) notes: Vec<String>,
}

impl<'a> Shift<'a> {
    pub(super) fn read(json: &'a [Value]) -> Self {
        let mut events: Vec<_> = json
            .iter()
            .map(|json| Event {
                seq: json.get("seq").and_then(Value::as_u64),
                at: moment(json, "ts"),
                kind: word(json, "type"),
                step: json.get("step").and_then(Value::as_u64),
                json,
            })
            .collect();
        // Without a number an event stays behind the one before it.
        let mut last = 0;
        events.sort_by_cached_key(|it| {
            last = it.seq.unwrap_or(last);
            last
        });

        let of = |kind| events.iter().find(|it| it.kind == kind).map(|it| it.json);
        let planned = of("shift.planned");
        let finished = events.last().filter(|it| it.kind == "shift.finished").map(|it| it.json);
        let (source, target) = colours(&events, planned);
        let times = || events.iter().filter_map(|it| it.at);
        let span = times().reduce(f64::min).zip(times().reduce(f64::max));
        let first_step = u64::from(!events.iter().any(|it| it.step == Some(0)));
        let notes = notes(&events);
        Self { events, planned, finished, source, target, span, first_step, notes }
    }

    pub(super) fn of(&self, kind: &'static str) -> impl Iterator<Item = &Event<'a>> {
        self.events.iter().filter(move |it| it.kind == kind)
    }

    /// What the plan says of an event's step.
    pub(super) fn planned_step(&self, step: u64) -> Option<&'a Value> {
        let index = usize::try_from(step.checked_sub(self.first_step)?).ok()?;
        list(self.planned?, "steps").get(index)
    }

    /// Steps as people count them.
    pub(super) fn ordinal(&self, step: Option<u64>) -> String {
        step.map_or_else(String::new, |it| {
            (it - self.first_step.min(it)).saturating_add(1).to_string()
        })
    }

    /// The percentage that goes to the target.
    pub(super) fn share(&self, weights: &Value) -> Option<f64> {
        let of = |colour: &Colour<'_>| number(weights, &colour.name).filter(|it| *it >= 0.0);
        let (from, to) = (of(&self.source)?, of(&self.target)?);
        (from + to > 0.0).then(|| 100.0 * to / (from + to))
    }

    /// The time of day, with its date where the shift had more than one.
    pub(super) fn time(&self, at: f64) -> String {
        let day = |at: f64| (at / 86_400.0).floor();
        let one = self.span.is_some_and(|it| day(it.0) == day(it.1));
        if one { clock(at) } else { stamp(at) }
    }

    /// Weights of routes as they were last read, and when.
    pub(super) fn last_weights(&self) -> Option<(&'a Value, Option<f64>)> {
        let end = self.finished.and_then(|it| it.get("final"));
        let end = end
            .filter(|it| !list(it, "routes").is_empty())
            .map(|it| (it, self.span.map(|it| it.1)));
        end.or_else(|| self.of("weights.verified").last().map(|it| (it.json, it.at)))
    }
}

/// Which keys the figures have, and what to call them.
fn colours<'a>(events: &[Event<'a>], planned: Option<&'a Value>) -> (Colour<'a>, Colour<'a>) {
    let named = |key| planned.and_then(|it| text(it, key));
    let (from, to) = match (named("from"), named("to")) {
        (Some(from), Some(to)) => (from, to),
        // The plan is lost: perhaps traffic moved to the one that had none.
        _ => {
            let before = events.iter().find(|it| it.kind == "route.preimage");
            let live = |key| {
                before
                    .and_then(|it| number(it.json.get("weights")?, key))
                    .is_some_and(|it| it > 0.0)
            };
            match live("green") && !live("blue") {
                true => ("green".into(), "blue".into()),
                false => ("blue".into(), "green".into()),
            }
        }
    };
    // Each in its own colour where it is named after one.
    let (source, target) = if from == "green" || to == "blue" { ("b", "a") } else { ("a", "b") };
    (Colour { name: from, hue: source }, Colour { name: to, hue: target })
}

fn notes(events: &[Event<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    let newer = events.iter().filter_map(|it| text(it.json, "schema")).find(|it| it != SCHEMA);
    if let Some(schema) = newer {
        notes.push(format!(
            "The events are of schema {schema}; this page knows {SCHEMA}. What it does not know is in the log alone."
        ));
    }
    let mut note = |many: usize, what: &str| {
        if many > 0 {
            notes.push(format!("{what}: {}.", count(many, "event")));
        }
    };
    let such = |is: &dyn Fn(&Event<'_>) -> bool| events.iter().filter(|it| is(it)).count();
    note(such(&|it| !KINDS.contains(&it.kind)), "Of no known type, and in the log alone");
    note(such(&|it| it.at.is_none()), "Without a readable time, and in no picture");

    let numbers: Vec<_> = events.iter().filter_map(|it| it.seq).collect();
    let early = numbers.first().map_or(0, |it| it.saturating_sub(1));
    let gaps = numbers.windows(2).map(|it| (it[1] - it[0]).saturating_sub(1));
    let missing = gaps.fold(early, u64::saturating_add);
    note(usize::try_from(missing).unwrap_or(usize::MAX), "Missing, by their numbers");
    let doubled = numbers.windows(2).filter(|it| it[0] == it[1]).count();
    note(doubled, "With a number that another one has");

    let first = events.iter().find_map(|it| text(it.json, "shiftId"));
    let foreign = |it: &Event<'_>| text(it.json, "shiftId").is_some_and(|it| Some(it) != first);
    note(such(&foreign), "Of another shift");
    notes
}

const KINDS: &[&str] = &[
    "shift.planned",
    "check",
    "route.preimage",
    "op.intended",
    "op.confirmed",
    "op.failed",
    "testRule.made",
    "weights.verified",
    "obs.health",
    "obs.alarm",
    "obs.metric",
    "obs.share",
    "gate.passed",
    "gate.failed",
    "gate.inconclusive",
    "paused",
    "continued",
    "conflict",
    "rollback.started",
    "rollback.verified",
    "deadman.armed",
    "deadman.renewed",
    "deadman.deleted",
    "heartbeat",
    "shift.finished",
];
