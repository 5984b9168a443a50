//! How traffic rises: spans of time, percentages, and the steps of a strategy,
//! as flags and programs write them.
//!
//! ```text
//! all-at-once
//! canary:10/5m          10 %, five minutes, then all
//! linear:10/1m          10 % more every minute
//! 5/10m,25/10m,50,100   steps of one's own
//! ```

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use super::read::{Node, words};

/// All of the traffic.
pub const WHOLE: u32 = 1000;
/// More steps than this are a mistake: each is a write to every route.
const STEPS_MAX: usize = 100;
const SECOND: u64 = 1000;
const LONGEST: u64 = 366 * 24 * 60 * 60 * SECOND;
/// In milliseconds, the longest first.
const UNITS: [(&str, u64); 5] = [
    ("d", 24 * 60 * 60 * SECOND),
    ("h", 60 * 60 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", 1),
];

/// By which steps traffic moves. The percentages rise strictly, and the last
/// is 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strategy {
    pub steps: Vec<Step>,
}

/// How much of the traffic the destination gets, and what is waited for then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// From 1, which is 0.1 %, to 1000.
    pub permille: u32,
    #[serde(with = "spans")]
    pub bake: Duration,
    /// Somebody decides, after the bake.
    pub pause: Option<Pause>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// Without it, it waits for as long as it takes.
    #[serde(with = "maybe_spans")]
    pub timeout: Option<Duration>,
    /// What follows when nobody has decided by then.
    pub then: Then,
}

// What a pause becomes when its time is over.
words! {
    Then { Rollback, Continue }
}

impl Step {
    fn new(permille: u32, bake: Duration) -> Self {
        Self { permille, bake, pause: None }
    }

    /// `5/10m`; `default` is the bake of a step below 100 that says none.
    fn parse(text: &str, default: Duration) -> Result<Self, String> {
        let (weight, bake) = match text.split_once('/') {
            Some((weight, bake)) => (weight, Some(duration(bake.trim())?)),
            None => (text, None),
        };
        let permille = permille(weight)?;
        let default = if permille < WHOLE { default } else { Duration::ZERO };
        Ok(Self::new(permille, bake.unwrap_or(default)))
    }
}

impl Strategy {
    pub fn all_at_once() -> Self {
        Self { steps: vec![Step::new(WHOLE, Duration::ZERO)] }
    }

    /// Some of it first, then all.
    pub fn canary(permille: u32, bake: Duration) -> Result<Self, String> {
        part(permille)?;
        Self::of(vec![Step::new(permille, bake)])
    }

    /// The same amount more each time.
    pub fn linear(permille: u32, every: Duration) -> Result<Self, String> {
        part(permille)?;
        let steps = (1..=WHOLE / permille).map(|it| Step::new(it * permille, every));
        Self::of(steps.filter(|it| it.permille < WHOLE).collect())
    }

    /// `5/10m,25,100`; `bake` is for the steps below 100 that say none. What
    /// follows 100 is the final bake's.
    pub fn from_steps(text: &str, bake: Duration) -> Result<Self, String> {
        let step = |it: &str| Step::parse(it.trim(), bake);
        Self::of(text.split(',').map(step).collect::<Result<_, _>>()?)
    }

    /// A last step to 100 is added where there is none: a shift that stops
    /// half-way would not be one.
    pub fn of(mut steps: Vec<Step>) -> Result<Self, String> {
        if steps.is_empty() {
            return Err("there are no steps; `all-at-once` is one to 100 %".to_owned());
        }
        for pair in steps.windows(2) {
            let (before, after) = (pair[0].permille, pair[1].permille);
            if after <= before {
                return Err(format!(
                    "steps must rise, and {} comes after {}",
                    percent(after),
                    percent(before)
                ));
            }
        }
        if steps.last().is_some_and(|it| it.permille < WHOLE) {
            steps.push(Step::new(WHOLE, Duration::ZERO));
        }
        if steps.len() > STEPS_MAX {
            return Err(format!(
                "these are {} steps, and at most {STEPS_MAX} are possible",
                steps.len()
            ));
        }
        Ok(Self { steps })
    }

    /// As a program writes it: a text or a mapping.
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        if node.is_text() {
            return node.parsed(|it| it.parse());
        }
        if !node.is_map() {
            return node.instead("a text such as `canary:10/5m`, or a mapping");
        }
        let fields = node.map(STRATEGY)?;
        let shape = fields.one_of(&["steps", "canary", "linear"])?;
        let bake = fields.get("bake");
        if let Some(bake) = bake.as_ref().filter(|_| shape.key() != "steps") {
            bake.wrong("belongs to `steps`");
        }
        let made = match shape.key() {
            "canary" => {
                let fields = shape.map(CANARY)?;
                let (weight, bake) = (fields.need("weight"), fields.need("bake"));
                Self::canary(weight?.permille()?, bake?.duration()?)
            }
            "linear" => {
                let fields = shape.map(LINEAR)?;
                let (weight, every) = (fields.need("weight"), fields.need("every"));
                Self::linear(weight?.permille()?, every?.duration()?)
            }
            _ => {
                let bake = bake.map_or(Some(Duration::ZERO), |it| it.duration());
                let steps: Vec<Option<Step>> =
                    shape.list()?.iter().map(|it| Self::step(it, bake)).collect();
                Self::of(steps.into_iter().collect::<Option<_>>()?)
            }
        };
        made.map_err(|why| shape.wrong(format!("is not right: {why}"))).ok()
    }

    /// `5`, `5/10m` or a mapping.
    fn step(node: &Node<'_>, default: Option<Duration>) -> Option<Step> {
        if !node.is_map() {
            return node.parsed(|it| Step::parse(it, default.unwrap_or_default()));
        }
        let fields = node.map(STEP)?;
        let weight = fields.need("weight").and_then(|it| it.permille());
        let bake = fields.get("bake").map(|it| it.duration());
        let pause = fields.or("pause", None, Pause::read);
        let default = if weight == Some(WHOLE) { Some(Duration::ZERO) } else { default };
        Some(Step { permille: weight?, bake: bake.unwrap_or(default)?, pause: pause? })
    }
}

impl Pause {
    /// `true`, or until when.
    fn read(node: &Node<'_>) -> Option<Option<Self>> {
        if node.is_bool() {
            return node.bool().map(|it| it.then(Self::default));
        }
        let fields = node.map(PAUSE)?;
        if let (Some(then), None) = (fields.get("then"), fields.get("timeout")) {
            then.wrong("needs a `timeout` beside it: without one, somebody decides");
        }
        let timeout = fields.maybe("timeout", Node::duration);
        let then = fields.or("then", Then::default(), Node::choice);
        Some(Some(Self { timeout: timeout?, then: then? }))
    }
}

/// The keys of each mapping.
pub const STRATEGY: &[&str] = &["steps", "bake", "canary", "linear"];
pub const CANARY: &[&str] = &["weight", "bake"];
pub const LINEAR: &[&str] = &["weight", "every"];
pub const STEP: &[&str] = &["weight", "bake", "pause"];
pub const PAUSE: &[&str] = &["timeout", "then"];

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "all-at-once" {
            return Ok(Self::all_at_once());
        }
        let pair = |what: &str, rest: &str| {
            let (weight, span) = rest
                .split_once('/')
                .ok_or_else(|| format!("`{text}` says no time: it is `{what}:{rest}/5m`"))?;
            Ok::<_, String>((permille(weight)?, duration(span.trim())?))
        };
        match text.split_once(':') {
            Some(("canary", rest)) => {
                pair("canary", rest).and_then(|(it, bake)| Self::canary(it, bake))
            }
            Some(("linear", rest)) => {
                pair("linear", rest).and_then(|(it, bake)| Self::linear(it, bake))
            }
            None if text.starts_with(|it: char| it.is_ascii_digit()) => {
                Self::from_steps(text, Duration::ZERO)
            }
            _ => Err(format!(
                "`{text}` is no strategy: write all-at-once, canary:10/5m, linear:10/1m or steps such as 5/10m,25/10m,100"
            )),
        }
    }
}

/// `5 % for 10m, 25 %, 100 %`
impl fmt::Display for Strategy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(out, "{comma}{}", percent(step.permille))?;
            if !step.bake.is_zero() {
                write!(out, " for {}", spelled(step.bake))?;
            }
            if step.pause.is_some() {
                write!(out, " and a pause")?;
            }
        }
        Ok(())
    }
}

/// Some of it, and less than all.
fn part(permille: u32) -> Result<(), String> {
    match permille {
        0 => Err("0 % moves nothing".to_owned()),
        WHOLE.. => Err("100 % at first is `all-at-once`".to_owned()),
        _ => Ok(()),
    }
}

/// `10m`, `1h30m`, `90s`, `500ms`, and `0`.
pub fn duration(text: &str) -> Result<Duration, String> {
    const HOW: &str = "write numbers with d, h, m, s or ms, such as 10m or 1h30m";
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let wrong = || format!("`{text}` is no span of time: {HOW}");
    let (mut rest, mut total, mut smaller_than) = (text, 0_u64, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|it: char| it.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters = after.len() - after.trim_start_matches(|it: char| it.is_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        if unit.is_empty() && after.is_empty() && !number.is_empty() {
            return Err(format!("`{text}` has a number without a unit: {HOW}"));
        }
        let (_, size) = UNITS.iter().find(|(it, _)| *it == unit).ok_or_else(wrong)?;
        if number.is_empty() || *size >= smaller_than {
            return Err(wrong());
        }
        let number = number.parse::<u64>().ok().and_then(|it| it.checked_mul(*size));
        let sum = number.and_then(|it| it.checked_add(total)).filter(|it| *it <= LONGEST);
        total = sum.ok_or_else(|| format!("`{text}` is longer than a year"))?;
        (rest, smaller_than) = (after, *size);
    }
    if text.is_empty() { Err(wrong()) } else { Ok(Duration::from_millis(total)) }
}

/// As `duration` reads it.
pub fn spelled(span: Duration) -> String {
    let mut rest = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let parts = UNITS.map(|(unit, size)| {
        let number = rest / size;
        rest %= size;
        if number == 0 { String::new() } else { format!("{number}{unit}") }
    });
    if span.is_zero() { "0".to_owned() } else { parts.concat() }
}

/// `5`, `5%`, `0.1`: a percentage in thousandths, from 1 to 1000.
pub fn permille(text: &str) -> Result<u32, String> {
    const HOW: &str = "a weight is a percentage from 0.1 to 100, such as 5 or 0.5%";
    let bare = text.trim().trim_end_matches('%').trim_end();
    let (whole, tenths) = bare.split_once('.').unwrap_or((bare, "0"));
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if !digits(whole) || !digits(tenths) {
        return Err(format!("`{text}` is no weight: {HOW}"));
    }
    let (tenth, finer) = tenths.split_at(1);
    if finer.bytes().any(|it| it != b'0') {
        return Err(format!("`{text}` is finer than 0.1 %: {HOW}"));
    }
    let whole = whole.parse::<u32>().ok().and_then(|it| it.checked_mul(10));
    let permille = whole.and_then(|it| it.checked_add(tenth.parse().ok()?));
    permille
        .filter(|it| (1..=WHOLE).contains(it))
        .ok_or_else(|| format!("`{text}` is out of range: {HOW}"))
}

/// `5 %`, `0.1 %`
pub fn percent(permille: u32) -> String {
    match (permille / 10, permille % 10) {
        (whole, 0) => format!("{whole} %"),
        (whole, tenth) => format!("{whole}.{tenth} %"),
    }
}

/// The weights of the old and the new target group. They are percentages where
/// these are whole, which is what people read best, and thousandths otherwise:
/// both are exact, and both fit the 999 that a weight may be.
pub fn scaled(permille: u32) -> (u32, u32) {
    let new = permille.min(WHOLE);
    match new % 10 {
        0 => ((WHOLE - new) / 10, new / 10),
        _ => (WHOLE - new, new),
    }
}

/// A span of time in JSON, as people write it.
pub(super) mod spans {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::rollout) fn serialize<S: Serializer>(
        span: &Duration,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::spelled(*span))
    }

    pub(in crate::rollout) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Duration, D::Error> {
        super::duration(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// `spans` of what may be missing.
pub(super) mod maybe_spans {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
    pub(in crate::rollout) fn serialize<S: Serializer>(
        span: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        span.map(super::spelled).serialize(to)
    }

    pub(in crate::rollout) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|it| super::duration(&it)).transpose().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            ("90s", 90_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("366d", LONGEST),
        ] {
            let span = Duration::from_millis(millis);
            assert_eq!(duration(text), Ok(span), "{text}");
            assert_eq!(duration(&spelled(span)), Ok(span), "{text}");
        }
        assert_eq!(spelled(Duration::from_secs(90)), "1m30s");
        for wrong in ["", "h", "-1m", "1w", "1é", "1.5h", "30m1h", "1m1m", "1 m", "m1", "+1m"] {
            let why = duration(wrong).expect_err(wrong);
            assert!(why.contains("is no span of time"), "{why}");
        }
        insta::assert_snapshot!(duration("5").unwrap_err(), @"`5` has a number without a unit: write numbers with d, h, m, s or ms, such as 10m or 1h30m");
        insta::assert_snapshot!(duration("1h5").unwrap_err(), @"`1h5` has a number without a unit: write numbers with d, h, m, s or ms, such as 10m or 1h30m");
        for long in ["367d", "99999999999999999999d", "18446744073709551615ms"] {
            assert!(duration(long).is_err_and(|it| it.ends_with("longer than a year")), "{long}");
        }
    }

    #[test]
    fn percentages_are_read_and_written() {
        for (text, thousandths, shown) in [
            ("0.1", 1, "0.1 %"),
            ("5", 50, "5 %"),
            ("5%", 50, "5 %"),
            ("12.5 %", 125, "12.5 %"),
            ("33.30", 333, "33.3 %"),
            ("5.0", 50, "5 %"),
            ("100", 1000, "100 %"),
        ] {
            assert_eq!(permille(text), Ok(thousandths), "{text}");
            assert_eq!(percent(thousandths), shown);
        }
        let wrong = [
            ("", "no weight"),
            ("-5", "no weight"),
            ("five", "no weight"),
            ("5.", "no weight"),
            (".5", "no weight"),
            ("1e1", "no weight"),
            ("0.05", "finer than"),
            ("0", "out of range"),
            ("100.1", "out of range"),
            ("99999999999", "out of range"),
        ];
        for (text, why) in wrong {
            assert!(permille(text).is_err_and(|it| it.contains(why)), "{text}");
        }
    }

    #[test]
    fn weights_are_exact_and_never_both_nothing() {
        let known = [(1000, (0, 100)), (250, (75, 25)), (1, (999, 1)), (125, (875, 125))];
        for (thousandths, weights) in known.into_iter().chain([(0, (100, 0))]) {
            assert_eq!(scaled(thousandths), weights);
        }
        for thousandths in 0..=WHOLE {
            let (old, new) = scaled(thousandths);
            assert!(old <= 999 && new <= 999 && old + new > 0);
            assert_eq!(new * WHOLE, thousandths * (old + new), "{thousandths}");
        }
    }

    #[test]
    fn strategies_of_flags() {
        let shown = |text: &str| match text.parse::<Strategy>() {
            Ok(it) => it.to_string(),
            Err(why) => format!("! {why}"),
        };
        let all: Vec<String> = [
            "all-at-once",
            "canary:10/5m",
            "canary:0.5%/1h",
            "linear:30/1m",
            "5/10m,25,50/0, 100",
            "5/10m,25",
            "50,100/2m",
            "canary:10",
            "canary:100/5m",
            "canary:10/5",
            "linear:0.5/1m",
            "5,5",
            "50,25,100",
            "5,,100",
            "rolling",
            "",
        ]
        .map(shown)
        .to_vec();
        insta::assert_snapshot!(all.join("\n"), @r"
        100 %
        10 % for 5m, 100 %
        0.5 % for 1h, 100 %
        30 % for 1m, 60 % for 1m, 90 % for 1m, 100 %
        5 % for 10m, 25 %, 50 %, 100 %
        5 % for 10m, 25 %, 100 %
        50 %, 100 % for 2m
        ! `canary:10` says no time: it is `canary:10/5m`
        ! 100 % at first is `all-at-once`
        ! `5` has a number without a unit: write numbers with d, h, m, s or ms, such as 10m or 1h30m
        ! these are 200 steps, and at most 100 are possible
        ! steps must rise, and 5 % comes after 5 %
        ! steps must rise, and 25 % comes after 50 %
        ! `` is no weight: a weight is a percentage from 0.1 to 100, such as 5 or 0.5%
        ! `rolling` is no strategy: write all-at-once, canary:10/5m, linear:10/1m or steps such as 5/10m,25/10m,100
        ! `` is no strategy: write all-at-once, canary:10/5m, linear:10/1m or steps such as 5/10m,25/10m,100
        ");
    }

    #[test]
    fn the_bake_of_a_flag_is_for_steps_that_say_none() {
        let bake = Duration::from_secs(60);
        let made = Strategy::from_steps("5/10m,25,100", bake).map(|it| it.to_string());
        assert_eq!(made.as_deref(), Ok("5 % for 10m, 25 % for 1m, 100 %"));
        assert!(Strategy::linear(0, bake).is_err() && Strategy::canary(0, bake).is_err());
    }

    #[test]
    fn a_plan_keeps_a_strategy() {
        let mut strategy: Strategy = "5/10m,25,100".parse().unwrap();
        let timeout = Some(Duration::from_secs(3600));
        strategy.steps[1].pause = Some(Pause { timeout, then: Then::Continue });
        let json = serde_json::to_value(&strategy).unwrap();
        insta::assert_snapshot!(json["steps"][1], @r#"{"permille":250,"bake":"0","pause":{"timeout":"1h","then":"continue"}}"#);
        assert_eq!(serde_json::from_value::<Strategy>(json).unwrap(), strategy);
    }
}
