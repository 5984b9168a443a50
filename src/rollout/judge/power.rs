//! What a step could see at all: told before it is taken.

use serde::{Deserialize, Serialize};

use super::{Baseline, Names, Percent, Rules, Tally, errors::Evidence, short, stats::normal_tail};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Power {
    pub per_second: f64,
    pub weight: f64,
    pub minutes: u32,
    /// How many requests the new side will have.
    pub requests: u64,
    /// The error rate before.
    pub usual: f64,
    /// The smallest error rate that fails the step in four of five cases;
    /// `None` when none does.
    pub smallest: Option<f64>,
    /// What would give it enough requests, if it has too few.
    pub needs: Option<Needs>,
}

/// Either is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Needs {
    /// `None` at this weight, or without traffic: no bake is long enough.
    pub minutes: Option<u32>,
    /// `None`: not even all the traffic is enough.
    pub permille: Option<u32>,
}

/// A bake longer than a week is no answer.
const LONGEST: f64 = 7.0 * 24.0 * 60.0;

const WANTED: f64 = 0.8;

/// Foretells a step from the traffic before it. `minutes` are those that will
/// be judged, which is the bake less what settles and lags.
pub fn power(before: &Baseline, new_permille: u32, minutes: u32, rules: &Rules) -> Power {
    let weight = f64::from(new_permille.min(1000)) / 1000.0;
    let minutes = minutes.min(LONGEST as u32);
    let per_second = before.requests_per_second();
    let per_minute = per_second * 60.0;
    let all = per_minute * f64::from(minutes);
    let requests = (all * weight).round() as u64;
    let step =
        Step { before, rules, minutes, requests, old: (all * (1.0 - weight)).round() as u64 };
    let enough = requests >= rules.min_requests;
    Power {
        per_second,
        weight,
        minutes,
        requests,
        usual: before.tally.rate(),
        smallest: if enough { step.smallest() } else { None },
        needs: (!enough).then(|| {
            // Some more than on the average, or it is too few half of the time.
            let wanted = rules.min_requests as f64 + (rules.min_requests as f64).sqrt();
            let within = |it: f64, most: f64| (it <= most).then(|| it.ceil() as u32);
            Needs {
                minutes: within(wanted / (per_minute * weight), LONGEST),
                permille: within(wanted / all * 1000.0, 1000.0),
            }
        }),
    }
}

struct Step<'a> {
    before: &'a Baseline,
    rules: &'a Rules,
    minutes: u32,
    requests: u64,
    old: u64,
}

impl Step<'_> {
    fn smallest(&self) -> Option<f64> {
        let least = self.least()?;
        if self.seen(least, 1.0) < WANTED {
            return None;
        }
        let (mut unseen, mut seen) = (0.0, 1.0);
        for _ in 0..50 {
            let rate = (unseen + seen) / 2.0;
            if self.seen(least, rate) < WANTED { unseen = rate } else { seen = rate }
        }
        Some(seen)
    }

    /// The fewest errors that the last look fails for.
    fn least(&self) -> Option<u64> {
        let usual = self.before.tally.rate();
        let old = self.tally(self.old, (self.old as f64 * usual).round() as u64);
        let evidence = Evidence { old: &old, before: self.before, rules: self.rules };
        let fails = |errors| evidence.weigh(&self.tally(self.requests, errors)).worse;
        if !fails(self.requests) {
            return None;
        }
        let (mut passes, mut least) = (0, self.requests);
        while least - passes > 1 {
            let middle = passes + (least - passes) / 2;
            if fails(middle) { least = middle } else { passes = middle }
        }
        Some(least)
    }

    /// The probability of so many errors at a rate that comes in such bursts.
    fn seen(&self, least: u64, rate: f64) -> f64 {
        let mean = self.requests as f64 * rate;
        let variance = mean * (1.0 - rate)
            + self.before.spread_or_assumed() * rate.powi(2) * self.tally(self.requests, 0).squares;
        normal_tail((least as f64 - 0.5 - mean) / variance.max(f64::MIN_POSITIVE).sqrt())
    }

    /// As if each minute had as many requests as the others.
    fn tally(&self, requests: u64, errors: u64) -> Tally {
        let squares = (requests as f64).powi(2) / f64::from(self.minutes.max(1));
        Tally { minutes: self.minutes, requests, errors, squares }
    }
}

impl Power {
    pub fn sentence(&self, names: Names<'_>) -> String {
        let Names { old, new } = names;
        let Self { minutes, requests, .. } = self;
        let per_second = short(self.per_second, if self.per_second < 1.0 { 2 } else { 1 });
        let weight = Percent(self.weight);
        let told =
            format!("{per_second} req/s at {weight} for {minutes} min = {requests} requests");
        let sees = match (self.needs, self.smallest) {
            (Some(needs), _) => format!("cannot see anything; {}", needs.sentence()),
            (None, None) => format!("cannot see anything: {old} itself fails too often"),
            (None, Some(rate)) => {
                let (rate, usual) = (Percent(rate), Percent(self.usual));
                format!("sees {new} fail from {rate} on ({old} {usual})")
            }
        };
        format!("{told}: {sees}")
    }
}

impl Needs {
    fn sentence(self) -> String {
        let minutes = self.minutes.map(|it| format!("{it} min"));
        let weight =
            self.permille.map(|it| format!("a weight of {}", Percent(f64::from(it) / 1000.0)));
        match (minutes, weight) {
            (Some(minutes), Some(weight)) => format!("needs {minutes} or {weight}"),
            (Some(one), None) | (None, Some(one)) => format!("needs {one}"),
            (None, None) => "needs more traffic than there is".to_owned(),
        }
    }
}
