//! What the load balancer told, made comparable: its answers are not trusted
//! to be in order, complete, or numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// One minute of one side, as the load balancer told it. What it has no point
/// for is `None`; a count is zero then, because it leaves out zeros.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Minute {
    /// When it began, in seconds since 1970.
    pub at: i64,
    pub requests: Option<f64>,
    /// 5xx of the targets, and connections that they did not take.
    pub errors: Option<f64>,
    /// In seconds.
    pub p90: Option<f64>,
    pub p99: Option<f64>,
}

/// The complete minutes of one step. Every minute that was asked for and
/// answered is in both lists, also when nothing happened in it; one whose
/// answer was lost is in neither.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Window {
    pub old: Vec<Minute>,
    pub new: Vec<Minute>,
}

/// A minute with numbers that can be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) p90: Option<f64>,
    pub(super) p99: Option<f64>,
}

impl Reading {
    fn of(minute: &Minute) -> Option<Self> {
        let seconds = |it: Option<f64>| it.filter(|it| it.is_finite() && *it > 0.0);
        Some(Self {
            requests: count(minute.requests)?,
            errors: count(minute.errors)?,
            p90: seconds(minute.p90),
            p99: seconds(minute.p99),
        })
    }

    /// Two answers for one minute. Counts grow as they come in, so the larger
    /// is the more complete.
    fn merge(self, other: Self) -> Self {
        let larger = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        Self {
            requests: self.requests.max(other.requests),
            errors: self.errors.max(other.errors),
            p90: larger(self.p90, other.p90),
            p99: larger(self.p99, other.p99),
        }
    }
}

/// No load balancer has more in a minute.
const MOST: f64 = 1e9;

fn count(told: Option<f64>) -> Option<u64> {
    let told = told.unwrap_or_default();
    (0.0..=MOST).contains(&told).then(|| told.round() as u64)
}

/// Each minute once and in order, without those that make no sense.
pub(super) fn read(told: &[Minute]) -> BTreeMap<i64, Reading> {
    let mut readings = BTreeMap::new();
    for minute in told {
        let Some(reading) = Reading::of(minute) else { continue };
        let known = readings.entry(minute.at).or_insert(reading);
        *known = known.merge(reading);
    }
    readings
}

pub(super) struct Pair {
    pub(super) old: Reading,
    pub(super) new: Reading,
}

/// The minutes that both sides were told for. An incident in a minute that is
/// known of one side alone would look like that side's fault.
pub(super) struct Paired {
    pub(super) minutes: Vec<Pair>,
    pub(super) unread: u32,
}

impl Paired {
    pub(super) fn of(window: &Window) -> Self {
        let (old, new) = (read(&window.old), read(&window.new));
        let told: BTreeSet<i64> = window.old.iter().chain(&window.new).map(|it| it.at).collect();
        let minutes: Vec<Pair> = old
            .iter()
            .filter_map(|(at, old)| Some(Pair { old: *old, new: *new.get(at)? }))
            .collect();
        let unread = u32::try_from(told.len() - minutes.len()).unwrap_or(u32::MAX);
        Self { minutes, unread }
    }
}

/// The counts of one side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    pub minutes: u32,
    pub requests: u64,
    pub errors: u64,
    /// The sum of each minute's requests squared: with bursts, variance grows
    /// with it.
    pub squares: f64,
}

impl Tally {
    pub(super) fn of<'a>(readings: impl Iterator<Item = &'a Reading>) -> Self {
        let mut all = Self::default();
        for it in readings {
            all.minutes += 1;
            all.requests += it.requests;
            all.errors += it.errors;
            all.squares += (it.requests as f64).powi(2);
        }
        // A request may end in the minute after it began, and be tried on
        // several targets.
        all.errors = all.errors.min(all.requests);
        all
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            minutes: self.minutes + other.minutes,
            requests: self.requests + other.requests,
            errors: self.errors + other.errors,
            squares: self.squares + other.squares,
        }
    }

    pub fn rate(&self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.errors as f64 / self.requests as f64 }
    }

    /// The rate that the counts make believable: none in a few is not never.
    pub(super) fn believed(&self) -> f64 {
        (self.errors as f64 + 0.5) / (self.requests as f64 + 1.0)
    }
}
