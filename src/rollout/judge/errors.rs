//! The two tests of the error rates.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Baseline, Names, Percent, Rules, Tally,
    stats::{binomial_tail, normal_tail},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Errors {
    pub new: Tally,
    /// What the new side was compared with.
    pub old: Tally,
    pub against: Against,
    /// The larger one of the two tests' p-values.
    pub p: f64,
    /// What it had to be below.
    pub limit: f64,
    pub burstiness: Option<f64>,
    /// How many requests it takes to judge.
    pub required: u64,
    /// Both tests and all floors say so.
    pub worse: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// The old side in the same minutes.
    Alongside,
    /// And in the hour before the shift, because the old side has (next to) no
    /// traffic any more.
    Before,
}

/// Where the new side has so many times the other's requests, hardly any split
/// of the errors is unlikely.
const LOPSIDED: u64 = 10;

/// All that the new side's errors are compared with.
pub(super) struct Evidence<'a> {
    pub(super) old: &'a Tally,
    pub(super) before: &'a Baseline,
    pub(super) rules: &'a Rules,
}

impl Evidence<'_> {
    pub(super) fn weigh(&self, new: &Tally) -> Errors {
        let rules = self.rules;
        let all = self.old.plus(&self.before.tally);
        let alongside = self.old.requests >= rules.min_requests;
        let (old, against) = if alongside && self.old.requests >= new.requests / LOPSIDED {
            (self.old, Against::Alongside)
        } else {
            (&all, Against::Before)
        };
        let p = exact(new, old).max(self.bursty(new, &all));
        let now = if alongside { self.old.rate() } else { 0.0 };
        let usual = all.believed().max(now);
        let worse = new.requests >= rules.min_requests
            && p < rules.limit()
            && new.rate() >= rules.min_ratio * usual
            && new.rate() - usual >= rules.min_gap;
        Errors {
            new: new.clone(),
            old: old.clone(),
            against,
            p,
            limit: rules.limit(),
            burstiness: self.before.burstiness(),
            required: rules.min_requests,
            worse,
        }
    }

    /// The p-value when the rate wavers from minute to minute as it did before.
    fn bursty(&self, new: &Tally, all: &Tally) -> f64 {
        if new.requests == 0 || all.requests == 0 {
            return 1.0;
        }
        let rate = all.believed();
        let spread = self.before.spread_or_assumed();
        // Of an error rate: what counting and bursts do to it.
        let variance = |it: &Tally| {
            let requests = it.requests as f64;
            rate / requests + spread * rate.powi(2) * it.squares / requests.powi(2)
        };
        normal_tail((new.rate() - rate) / (variance(new) + variance(all)).sqrt())
    }
}

/// The p-value of the errors' split between the sides: were both as good, each
/// error would fall to a side by its share of the requests.
fn exact(new: &Tally, old: &Tally) -> f64 {
    let requests = new.requests + old.requests;
    if requests == 0 {
        return 1.0;
    }
    let share = new.requests as f64 / requests as f64;
    binomial_tail(new.errors, new.errors + old.errors, share)
}

impl Errors {
    pub(super) fn sentence(&self, names: Names<'_>) -> String {
        let since = match self.against {
            Against::Alongside => "",
            Against::Before => " before",
        };
        let burstiness = match self.burstiness {
            Some(it) => format!("burstiness {it:.1}"),
            None => "burstiness not known".to_owned(),
        };
        format!(
            "5xx {} {}, {}{since} {}, p {}, {burstiness}",
            names.new,
            Rate(&self.new),
            names.old,
            Rate(&self.old),
            Chance(self.p),
        )
    }
}

/// `2.1 % (84 of 4000)`
struct Rate<'a>(&'a Tally);

impl fmt::Display for Rate<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = self.0;
        write!(out, "{} ({} of {})", Percent(tally.rate()), tally.errors, tally.requests)
    }
}

/// `= 0.62`, `= 0.00001`
struct Chance(f64);

impl fmt::Display for Chance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ..0.000_001 => out.write_str("< 0.000001"),
            p @ ..0.1 => write!(out, "= {p:.*}", (-p.log10()).ceil() as usize),
            p => write!(out, "= {p:.2}"),
        }
    }
}
