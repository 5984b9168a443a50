mod examples;
mod markup;

use serde_json::{Map, Value, json};

use super::{
    chart::{Axis, Curve, Form, Frame, nice},
    html,
    html::Html,
    words::{instant, lasted, short, tick},
};
use examples::{canary, refused, rolled_back};
use markup::check;

fn page(events: &[Value]) -> String {
    let page = html(events);
    check(&page);
    page
}

#[track_caller]
fn says(page: &str, all: &[&str]) {
    for one in all {
        assert!(page.contains(one), "the page does not say {one:?}");
    }
}

#[test]
fn a_canary() {
    let page = page(&canary());
    says(
        &page,
        &[
            "<title>Done – shift web</title>",
            "orderinfra shift <bdi>web</bdi>: <bdi>blue</bdi> → <bdi>green</bdi>",
            "<header class=\"outcome good\">",
            "✓</span>Done</h1>",
            "<strong><bdi>green</bdi>\u{a0}100\u{a0}%</strong> when the shift ended.",
            "2026-11-30 01:02:03 to 01:49:03 UTC, 47\u{a0}min, exit code 0 (done, or nothing to do)",
            "<dd>5\u{a0}% for 10\u{a0}min, 25\u{a0}% for 10\u{a0}min, 50\u{a0}% for 5\u{a0}min, 100\u{a0}%</dd>",
            "<td class=\"strong\">25\u{a0}% to green, verified on 3\u{a0}routes, 240\u{a0}ms apart</td>",
            "Paused: the step asks for an approval (answers: continue, rollback)",
            "Continued by maria@build-7",
            "<title id=\"weights-title\">Traffic to green</title>",
            "verified weight: 0\u{a0}% to 100\u{a0}%.",
            "ModifyRule</b><details><summary>params</summary><pre>{\n  \"ListenerArn\":",
            "Throttling: Rate exceeded",
            "green-5xx: never in ALARM.",
        ],
    );
    // A reason of its own is not the pause's, which was answered.
    assert!(!page.contains("<p class=\"reason\">"));
}

#[test]
fn a_rollback() {
    let page = page(&rolled_back());
    says(
        &page,
        &[
            "<header class=\"outcome bad\">",
            "↩</span>Rolled back</h1>",
            "<p class=\"reason\">green fails 2.4 % of its requests, blue 0.21 % (p = 0.0003, z = 5.1)</p>",
            "<bdi>blue</bdi>\u{a0}100\u{a0}%",
            "exit code 4 (rolled back and verified)",
            "<dt>Traffic restored in</dt><dd>1.73\u{a0}s</dd>",
            "Rollback verified after 1.73\u{a0}s",
            "green healthy: 10 to 12.",
            "10 of 12, Target.Timeout ×2",
            "×10 until 01:14:58",
            "green-5xx: in ALARM from 01:24:05.",
            "<line class=\"gate\"",
            "<line class=\"back\"",
            "<rect class=\"alarm\" x=\"",
            ">blue: 0.13\u{a0}% to 0.3\u{a0}%. green: 0\u{a0}% to 2.97\u{a0}%.</desc>",
        ],
    );
}

#[test]
fn a_refusal() {
    let page = page(&refused());
    says(
        &page,
        &[
            "Refused: no traffic was moved</h1>",
            "2 of 20 checks failed: PF04, PF10",
            "<b>Fix:</b> --allow-alarm green-5xx, if it is known",
            "No call was made and no weight was verified: no traffic was moved.",
            "No metric was recorded.",
            "No call that changes something was made.",
        ],
    );
    let fail = page.find("<code>PF10</code>");
    assert!(fail.is_some() && fail < page.find("<code>PF01</code>"), "what failed comes first");
}

#[test]
fn a_run_that_was_killed() {
    let mut events = canary();
    let moved =
        events.iter().position(|it| it["type"] == "op.intended" && it["step"] == 1).unwrap();
    events.truncate(moved + 1);
    says(
        &page(&events),
        &[
            "Cut off: no end was recorded",
            "the run was killed",
            "<bdi>green</bdi>\u{a0}5\u{a0}%</strong> when it was last verified, at 2026-11-30 01:04:58 UTC",
            "1 without an answer.",
            "<span class=\"badge warn\">no answer</span>",
        ],
    );
}

#[test]
fn a_run_that_went_on_after_its_end() {
    let mut events = canary();
    let end = events.last().cloned().unwrap();
    events.insert(200, end);
    events.truncate(210);
    for event in &mut events {
        event.as_object_mut().unwrap().shift_remove("seq");
    }
    says(&page(&events), &["Cut off: no end was recorded"]);
}

#[test]
fn events_that_are_not_whole() {
    let mut events = canary();
    events.remove(3);
    events[10]["schema"] = json!("orderinfra.shift/2");
    events[10]["type"] = json!("obs.weather");
    events[11]["ts"] = json!("yesterday");
    events[12]["shiftId"] = json!("another");
    events.swap(20, 30);
    says(
        &page(&events),
        &[
            "The events are of schema orderinfra.shift/2",
            "Of no known type, and in the log alone: 1\u{a0}event.",
            "Without a readable time, and in no picture: 1\u{a0}event.",
            "Of another shift: 1\u{a0}event.",
            "Missing, by their numbers: 1\u{a0}event.",
            "✓</span>Done</h1>",
        ],
    );
}

#[test]
fn a_rollback_is_back_at_the_weights_before() {
    let mut events = rolled_back();
    let started = events.iter().position(|it| it["type"] == "rollback.started").unwrap();
    let verified = events.iter().position(|it| it["type"] == "rollback.verified").unwrap();
    events.truncate(verified + 1);
    events.drain(started + 1..verified);
    // From 5 to 25 % and down to nothing; 130 is the ground.
    let page = page(&events);
    let path = page
        .split("<path class=\"curve b full\" d=\"M0,130")
        .nth(1)
        .and_then(|it| it.split('"').next());
    let path = path.unwrap();
    assert!(path.contains("V123.5") && path.contains("V97.5") && path.ends_with("V130"), "{path}");
}

#[test]
fn events_without_phases() {
    let mut events = rolled_back();
    events.iter_mut().for_each(|it| it["phase"] = json!(null));
    says(
        &page(&events),
        &[
            ">5\u{a0}% baking</text>",
            ">01:02:03 preflight, 4.2\u{a0}s</title>",
            ">rolling back</text>",
        ],
    );
}

#[test]
fn calls_and_their_answers() {
    let op = |kind: &str, op: u64, attempt: u64, second: u64| {
        json!({
            "type": kind, "op": op, "attempt": attempt, "ts": format!("2026-11-30T01:00:0{second}Z"),
            "api": "ModifyRule", "route": "apiRule", "params": if kind == "op.intended" { json!({ "a": op }) } else { json!(null) },
        })
    };
    let page = page(&[
        op("op.intended", 1, 1, 0),
        op("op.intended", 2, 1, 1),
        op("op.confirmed", 1, 1, 3),
        op("op.failed", 2, 1, 4),
        op("op.confirmed", 2, 2, 5),
        op("op.intended", 3, 1, 6),
    ]);
    says(
        &page,
        &["<p>4\u{a0}calls; 1 failed, 1 without an answer.</p>", "<td class=\"num\">3\u{a0}s</td>"],
    );
    // Params are where the intent was; the second attempt is of the same.
    for (params, times) in
        [("{\n  \"a\": 1\n}", 1), ("{\n  \"a\": 2\n}", 2), ("{\n  \"a\": 3\n}", 1)]
    {
        assert_eq!(page.matches(params).count(), times, "{params}");
    }
    says(&page, &["No weight was verified: whether the calls below moved traffic is not known."]);
}

#[test]
fn weights_before_are_the_first_ones() {
    let mut events = canary();
    let again = events.iter().position(|it| it["type"] == "weights.verified").unwrap();
    // A run that went on reads the routes anew.
    events[again + 1] = json!({ "type": "route.preimage", "seq": again + 2, "route": "apiRule", "weights": { "blue": 95, "green": 5 } });
    let page = page(&events);
    let row = page.split("<b>apiRule</b>").nth(1).and_then(|it| it.split("</tr>").next()).unwrap();
    says(row, &[">blue 100 · green 0<", ">blue 0 · green 100<"]);
}

#[test]
fn the_reader_of_pages_is_strict() {
    let wrong = [
        "<p>",
        "</p>",
        "<p><b></p></b>",
        "<script></script>",
        "<p onclick=\"x\"></p>",
        "<p style=\"x\"></p>",
        "<a href=\"javascript:x\"></a>",
        "a & b",
        "a > b",
        "<p id=\"a\"></p><p id=\"a\"></p>",
        "<a href=\"#a\"></a>",
        "<style>a{b:url(c)}</style>",
        "\u{202e}",
        "<line x1=\"NaN%\"/>",
    ];
    for markup in wrong {
        let page = format!("<!doctype html>\n{markup}");
        assert!(markup::read(&page).is_err(), "{markup}");
    }
    check("<!doctype html>\n<p class=\"a\">b &amp; <b>c</b><line x1=\"1%\"/></p>");
}

#[test]
fn nothing() {
    says(&page(&[]), &["There are no events of this shift."]);
    says(&page(&[json!(null), json!([1]), json!({ "type": "heartbeat" })]), &["Event log"]);
}

#[test]
fn other_colours() {
    let mut text = json!(rolled_back()).to_string();
    text = text.replace("\"blue\"", "\"v1\"").replace("\"green\"", "\"v2\"");
    let events: Vec<Value> = serde_json::from_str(&text).unwrap();
    says(
        &page(&events),
        &[
            "<bdi>v1</bdi> → <bdi>v2</bdi>",
            "v2 healthy: 10 to 12.",
            "Traffic to v2",
            "<bdi>v1</bdi>\u{a0}100\u{a0}%",
        ],
    );
}

const HOSTILE: &str = "</title></style></script><script>alert(1)</script>\"><img src=x onerror=alert(1)>' onload='javascript:x & &lt; \u{202e}gpj\u{2066}\u{0}\u{1b}[31m\u{85}\u{200f}\u{feff}\u{fffe}\r]]><!--";

/// `change` of every text, keys too.
fn each(json: &Value, change: &impl Fn(&str, &str) -> String) -> Value {
    fn within(json: &Value, key: &str, change: &impl Fn(&str, &str) -> String) -> Value {
        match json {
            Value::String(it) => Value::String(change(key, it)),
            Value::Array(all) => all.iter().map(|it| within(it, key, change)).collect(),
            Value::Object(all) => all
                .iter()
                .map(|(key, it)| (change("", key), within(it, key, change)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }
    within(json, "", change)
}

#[test]
fn hostile_texts() {
    // Nowhere, in values that the schema leaves to others, everywhere, in keys.
    let values = |key: &str, it: &str| match key {
        "" | "ts" | "type" | "outcome" | "gate" | "schema" => it.to_owned(),
        _ => format!("{it}{HOSTILE}"),
    };
    let all = |key: &str, it: &str| if key.is_empty() { it.to_owned() } else { HOSTILE.to_owned() };
    let colours =
        |_: &str, it: &str| if it == "green" { HOSTILE.to_owned() } else { it.to_owned() };
    let keys =
        |key: &str, it: &str| if key.is_empty() { format!("{it}{HOSTILE}") } else { it.to_owned() };
    for events in [canary(), rolled_back(), refused()] {
        for changed in [
            each(&json!(events), &values),
            each(&json!(events), &all),
            each(&json!(events), &colours),
            each(&json!(events), &keys),
        ] {
            // `check` knows which tags, attributes and characters there may be.
            let page = page(changed.as_array().unwrap());
            says(&page, &["&lt;/script&gt;", "onerror=alert(1)&gt;", "⟨U+202E⟩gpj⟨U+2066⟩"]);
        }
    }
}

#[test]
fn ten_thousand_events() {
    let rolled = rolled_back();
    let looks: Vec<_> = rolled
        .iter()
        .filter(|it| it["type"] == "obs.health" || it["type"] == "obs.alarm")
        .collect();
    let mut long: Vec<Value> = rolled[..rolled.len() - 1].to_vec();
    for index in 0..10_000_usize {
        let mut event = looks[index % looks.len()].clone();
        event["seq"] = json!(rolled.len() + index);
        let at = 1_796_002_087 + 5 * index as i64;
        event["ts"] = json!(super::words::stamp(at as f64));
        event["green"]["healthy"] = json!(if index == 5000 { 1 } else { 10 + index % 3 });
        long.push(event);
    }
    let page = page(&long);
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    says(&page, &["Thinned: of ", "green healthy: 1 to 12."]);

    // All of them as large as can be, and nothing but what escaping makes longer.
    let kinds = [
        "op.intended",
        "op.confirmed",
        "gate.failed",
        "conflict",
        "check",
        "paused",
        "obs.metric",
        "route.preimage",
    ];
    let wide = "\u{202e}&".repeat(20);
    let events: Vec<_> = (0..10_000)
        .map(|index| {
            let text = format!("{index}{wide}");
            json!({
                "type": kinds[index % kinds.len()], "seq": index + 1, "ts": "2026-11-30T01:02:03Z", "phase": text, "op": index, "api": text,
                "params": { "a": text }, "text": text, "gate": text, "route": text, "reason": text, "error": text, "requestId": text,
                "id": text, "fix": text, "outcome": text, "verdict": text, "diff": [text], "kind": text, "weights": { "a": text },
            })
        })
        .collect();
    let page = self::page(&events);
    assert!(page.len() < 8_000_000, "{} bytes", page.len());
    says(&page, &["characters)", "rows are left out"]);
}

#[test]
fn long_params_are_cut() {
    let mut events = canary();
    let op = events.iter().position(|it| it["type"] == "op.confirmed").unwrap();
    events[op]["params"] = json!({ "Text": "x".repeat(50_000) });
    says(&page(&events), &["… (cut; 50016 characters)"]);
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn json(&mut self, depth: usize) -> Value {
        const NUMBERS: [f64; 10] =
            [0.0, -1.0, 1e308, -1e308, 5e-324, 0.1, 1e15, 253_402_300_799.0, 1e18, 130.0];
        const TEXTS: [&str; 8] = [
            "",
            "blue",
            "green",
            HOSTILE,
            "2026-11-30T01:02:03Z",
            "-9999-99-99T99:99:99+99:99",
            "ALARM",
            "é",
        ];
        match self.below(if depth > 3 { 6 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(NUMBERS[self.below(NUMBERS.len())]),
            3 => json!([u64::MAX, 0, 1, 4, 1_796_000_523][self.below(5)]),
            4 => json!(i64::MIN),
            5 => json!(TEXTS[self.below(TEXTS.len())]),
            6 => (0..self.below(4)).map(|_| self.json(depth + 1)).collect(),
            _ => {
                const KEYS: [&str; 6] = ["blue", "green", "at", "weight", "minutes", "routes"];
                (0..self.below(4))
                    .map(|_| (KEYS[self.below(6)].to_owned(), self.json(depth + 1)))
                    .collect::<Map<_, _>>()
                    .into()
            }
        }
    }

    /// Another value somewhere within.
    fn spoil(&mut self, json: &mut Value) {
        let len =
            json.as_array().map(Vec::len).or_else(|| json.as_object().map(Map::len)).unwrap_or(0);
        if len == 0 || self.below(3) == 0 {
            *json = self.json(0);
            return;
        }
        let index = self.below(len);
        match json {
            Value::Array(all) => self.spoil(&mut all[index]),
            Value::Object(all) => {
                all.values_mut().nth(index).into_iter().for_each(|it| self.spoil(it));
            }
            _ => {}
        }
    }
}

#[test]
fn spoilt_events() {
    let mut dice = Dice(42);
    let good = [canary(), rolled_back(), refused()];
    for round in 0..150 {
        let mut events = good[round % 3].clone();
        events.truncate(1 + dice.below(events.len()));
        for _ in 0..dice.below(120) {
            let index = dice.below(events.len());
            // Fields of an event, so that most events stay ones of a known type.
            if let Some(fields) = events[index].as_object_mut() {
                let field = dice.below(fields.len().max(1));
                fields.values_mut().nth(field).into_iter().for_each(|it| dice.spoil(it));
            }
        }
        let (a, b) = (dice.below(events.len()), dice.below(events.len()));
        events.swap(a, b);
        page(&events);
    }
    for _ in 0..200 {
        let events: Vec<_> = (0..dice.below(30)).map(|_| dice.json(0)).collect();
        page(&events);
    }
}

fn curve(points: &[(f64, Option<f64>)], form: Form) -> Curve {
    Curve { name: "it".into(), class: "curve".into(), points: points.to_vec(), gap: 90.0, form }
}

/// The markup of one curve from 0 to 1000 s; values up to 10.
fn drawn(curve: Curve) -> String {
    let axis = Axis::new((0.0, 1000.0));
    let mut h = Html::new();
    let frame = Frame { axis: &axis, marks: &[] };
    h.el("div", &[], |h| frame.curves(h, "it", "It", &[curve], 10.0, short));
    let page = h.finish();
    check(&page);
    page
}

#[test]
fn gaps_stay_gaps() {
    let points = [
        (0.0, Some(0.0)),
        (60.0, Some(10.0)),
        (120.0, None),
        (180.0, Some(5.0)),
        (240.0, Some(5.0)),
        (400.0, Some(2.0)),
    ];
    let line = drawn(curve(&points, Form::Line));
    // The last one stands alone: a dot.
    says(&line, &["d=\"M0,130L60,0M180,65L240,65\"", "cx=\"40%\" cy=\"104\""]);
    says(&drawn(curve(&points, Form::Stairs)), &["d=\"M0,130H60V0M180,65H240V65\""]);
}

#[test]
fn thin_curves_keep_their_peaks() {
    let mut points: Vec<_> = (0..9000).map(|it| (f64::from(it) / 9.0, Some(1.0))).collect();
    points[4321].1 = Some(10.0);
    let line = drawn(curve(&points, Form::Line));
    says(&line, &["L480.1,0L", "Thinned: of 9000 samples"]);
    assert!(line.len() < 40_000, "{} bytes", line.len());
}

#[test]
fn ticks() {
    let steps = [
        (100.0, 20.0),
        (12.0, 5.0),
        (1.0, 0.2),
        (0.37, 0.1),
        (3.0, 1.0),
        (5.0, 1.0),
        (1e14, 2e13),
        (0.0, 1e-9),
    ];
    for (highest, step) in steps {
        let near: f64 = nice(highest, 5.0) / step;
        assert!((near - 1.0).abs() < 1e-6, "{highest}: {}", nice(highest, 5.0));
    }
    let noon = instant("2026-11-30T12:00:00Z").unwrap();
    assert_eq!(tick(noon, 600.0), "12:00");
    assert_eq!(tick(noon + 12.0 * 3600.0, 600.0), "1 Dec");
    assert_eq!(tick(noon + 15.0, 15.0), "12:00:15");
}

#[test]
fn times_and_figures() {
    assert_eq!(instant("1970-01-01T00:00:01.5Z"), Some(1.5));
    assert_eq!(instant("1970-01-01T01:00:01+01:00"), Some(1.0));
    assert_eq!(instant("1969-12-31 19:00:00-05:00"), Some(0.0));
    for wrong in [
        "",
        "T",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01",
        "é-01-01T00:00:00Z",
        "2026-01-01T00:00:00+",
    ] {
        assert_eq!(instant(wrong), None, "{wrong}");
    }
    let lasts = [
        (0.0, "0 ms"),
        (999.0, "999 ms"),
        (3210.0, "3.21 s"),
        (59_600.0, "1 min"),
        (250_000.0, "4 min 10 s"),
        (4_320_000.0, "1 h 12 min"),
        (-5.0, "-5 ms"),
    ];
    for (ms, words) in lasts {
        assert_eq!(lasted(ms).replace('\u{a0}', " "), words);
    }
    for (value, words) in [
        (0.0, "0"),
        (0.00021, "0.00021"),
        (0.18, "0.18"),
        (24.64, "24.6"),
        (412.3, "412"),
        (100.0, "100"),
        (5.0, "5"),
    ] {
        assert_eq!(short(value), words);
    }
}
