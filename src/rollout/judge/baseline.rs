//! What was usual before the shift.

use serde::{Deserialize, Serialize};

use super::minutes::{Minute, Tally, read};

/// Learned from an hour of the side that had the traffic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    pub tally: Tally,
    /// The relative variance of the error rate from minute to minute, beyond
    /// what counting explains; `None` with too few minutes to tell.
    pub spread: Option<f64>,
}

/// Minutes with requests that it takes to tell bursts from chance.
const ENOUGH: usize = 10;

/// One outage in a quiet hour is not how errors usually come.
const MOST: f64 = 10.0;

/// Without a history: the burstiest that was simulated.
const ASSUMED: f64 = 2.0;

impl Baseline {
    /// By the method of moments, as if each minute's errors were Poisson with
    /// a rate that is itself drawn from a gamma distribution.
    pub fn learn(history: &[Minute]) -> Self {
        let readings = read(history);
        let tally = Tally::of(readings.values());
        let rate = tally.rate();
        let (mut busy, mut beyond, mut scale) = (0, 0.0, 0.0);
        for it in readings.values().filter(|it| it.requests > 0) {
            let expected = it.requests as f64 * rate;
            busy += 1;
            beyond += (it.errors as f64 - expected).powi(2) - expected;
            scale += expected.powi(2);
        }
        let spread = if scale > 0.0 { (beyond / scale).clamp(0.0, MOST) } else { 0.0 };
        Self { tally, spread: (busy >= ENOUGH).then_some(spread) }
    }

    /// The variance of a minute's errors over their mean; 1.0 is chance alone,
    /// and `None` is not known.
    pub fn burstiness(&self) -> Option<f64> {
        let mean = self.tally.errors as f64 / f64::from(self.tally.minutes.max(1));
        self.spread.map(|spread| 1.0 + spread * mean)
    }

    pub fn requests_per_second(&self) -> f64 {
        self.tally.requests as f64 / (60.0 * f64::from(self.tally.minutes.max(1)))
    }

    pub(super) fn spread_or_assumed(&self) -> f64 {
        self.spread.unwrap_or(ASSUMED)
    }
}
