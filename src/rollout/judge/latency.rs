//! The slow minutes of the new side.

use serde::{Deserialize, Serialize};

use super::{
    Names, Rules,
    minutes::{Pair, Reading},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// The last ones in which both sides had enough requests.
    pub minutes: u32,
    pub slow: u32,
    /// Medians over the minutes, in seconds.
    pub old: Percentiles,
    pub new: Percentiles,
    pub worse: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    pub p90: f64,
    pub p99: f64,
}

impl Latency {
    pub(super) fn of(minutes: &[Pair], rules: &Rules) -> Option<Self> {
        let of = |it: &Reading| {
            let percentiles = Percentiles { p90: it.p90?, p99: it.p99? };
            (it.requests >= rules.latency_min_requests).then_some(percentiles)
        };
        let comparable = minutes.iter().rev().filter_map(|it| Some((of(&it.old)?, of(&it.new)?)));
        let (old, new): (Vec<_>, Vec<_>) = comparable.take(rules.latency_window as usize).unzip();
        let slow = old.iter().zip(&new).filter(|(old, new)| {
            new.p90 > rules.latency_ratio * old.p90 && new.p99 > rules.latency_ratio * old.p99
        });
        let slow = slow.count() as u32;
        Some(Self {
            minutes: old.len() as u32,
            slow,
            old: median(&old)?,
            new: median(&new)?,
            worse: slow >= rules.latency_minutes.max(1),
        })
    }

    pub(super) fn sentence(&self, names: Names<'_>) -> String {
        let [new, old] = [names.new, names.old];
        let ms = |seconds: f64| format!("{:.0} ms", seconds * 1000.0);
        let percentiles = format!(
            "p99 {new} {}, {old} {}; p90 {new} {}, {old} {}",
            ms(self.new.p99),
            ms(self.old.p99),
            ms(self.new.p90),
            ms(self.old.p90)
        );
        match (self.slow, self.minutes) {
            (0, _) => percentiles,
            (slow, minutes) => {
                format!("{percentiles}; {new} was slower in {slow} of the last {minutes} min")
            }
        }
    }
}

/// Each percentile by itself.
fn median(all: &[Percentiles]) -> Option<Percentiles> {
    let of = |pick: fn(&Percentiles) -> f64| {
        let mut values: Vec<f64> = all.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Some(Percentiles { p90: of(|it| it.p90)?, p99: of(|it| it.p99)? })
}
