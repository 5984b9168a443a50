//! Is the new side of a shift worse than the old one? Told from what the load
//! balancer counts for each target group, minute by minute. Pure.
//!
//! Errors need two tests at once, because each alone is fooled: the exact
//! conditional binomial test of the two sides (errors that come in bursts fool
//! it), and a test whose variance knows how bursty errors were in the hour
//! before (which knows nothing of an incident that meets both sides). Floors
//! keep a difference that is certain and tiny from taking a release back.

use std::fmt;

use serde::{Deserialize, Serialize};

mod baseline;
mod errors;
mod latency;
mod minutes;
mod power;
mod share;
#[cfg(test)]
mod simulation;
mod stats;
#[cfg(test)]
mod tests;

pub use baseline::Baseline;
pub use errors::{Against, Errors};
pub use latency::{Latency, Percentiles};
pub use minutes::{Minute, Tally, Window};
pub use power::{Needs, Power, power};
pub use share::{Share, share};

use errors::Evidence;
use minutes::Paired;

/// When a difference counts. The defaults were chosen by simulation, which
/// `simulation.rs` repeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    /// Fewer requests than this on the new side say nothing.
    pub min_requests: u64,
    /// The probability of taking back a release that is no worse, over all
    /// looks of a step.
    pub alpha: f64,
    /// How often the step is judged at most: once for each minute of its
    /// longest bake.
    pub looks: u32,
    /// The new side's error rate has to be this many times the old one's.
    pub min_ratio: f64,
    /// It has to be this much above it, too.
    pub min_gap: f64,
    /// A minute is slow when both percentiles are this many times the old
    /// side's.
    pub latency_ratio: f64,
    /// So many of the last `latency_window` comparable minutes have to be slow.
    pub latency_minutes: u32,
    pub latency_window: u32,
    /// Both sides need so many requests in a minute for it to be comparable.
    pub latency_min_requests: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            min_requests: 100,
            alpha: 0.01,
            looks: 10,
            min_ratio: 1.5,
            min_gap: 0.005,
            latency_ratio: 1.25,
            latency_minutes: 3,
            latency_window: 5,
            latency_min_requests: 50,
        }
    }
}

impl Rules {
    /// What a look's p-value has to be below: the looks share `alpha`.
    fn limit(&self) -> f64 {
        self.alpha / f64::from(self.looks.max(1))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Pass,
    Fail(Cause),
    /// Not known yet; more time or more weight may tell.
    Inconclusive(Lack),
    /// The load balancer answered: the new side had no request.
    NoTraffic,
    /// The load balancer did not answer for any minute of both sides.
    Blind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    Errors,
    Latency,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lack {
    /// No minute is complete yet.
    Minutes,
    /// The new side had fewer requests than `min_requests`.
    Requests,
    /// So had the old one, now and before the shift together.
    Comparison,
}

/// What the two sides are called, such as `green` and `blue`.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    pub old: &'a str,
    pub new: &'a str,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    pub verdict: Verdict,
    pub errors: Errors,
    /// `None` without a comparable minute.
    pub latency: Option<Latency>,
    /// Minutes that one side alone was told for, or that made no sense.
    pub unread: u32,
}

/// Judges a step by all its complete minutes so far.
pub fn judge(window: &Window, before: &Baseline, rules: &Rules) -> Judgement {
    let Paired { minutes, unread } = Paired::of(window);
    let new = Tally::of(minutes.iter().map(|it| &it.new));
    let old = Tally::of(minutes.iter().map(|it| &it.old));
    let evidence = Evidence { old: &old, before, rules };
    let errors = evidence.weigh(&new);
    let latency = Latency::of(&minutes, rules);
    let verdict = if minutes.is_empty() {
        if unread == 0 { Verdict::Inconclusive(Lack::Minutes) } else { Verdict::Blind }
    } else if new.requests == 0 {
        Verdict::NoTraffic
    } else if errors.worse {
        Verdict::Fail(Cause::Errors)
    } else if latency.as_ref().is_some_and(|it| it.worse) {
        Verdict::Fail(Cause::Latency)
    } else if new.requests < rules.min_requests {
        Verdict::Inconclusive(Lack::Requests)
    } else if errors.old.requests < rules.min_requests {
        Verdict::Inconclusive(Lack::Comparison)
    } else {
        Verdict::Pass
    };
    Judgement { verdict, errors, latency, unread }
}

impl Judgement {
    /// One line for who has to decide at night.
    pub fn sentence(&self, names: Names<'_>) -> String {
        let Names { old, new } = names;
        let Errors { new: Tally { minutes, requests, .. }, required, .. } = &self.errors;
        let told = match self.verdict {
            Verdict::Inconclusive(Lack::Minutes) => "no minute is complete yet".to_owned(),
            Verdict::Blind => format!("no minute was told of both {new} and {old}"),
            Verdict::NoTraffic => format!("{new} had no request in {minutes} min"),
            Verdict::Inconclusive(Lack::Requests) => {
                let figures = self.figures(names);
                format!("{new} had {requests} of the {required} requests it takes; {figures}")
            }
            Verdict::Inconclusive(Lack::Comparison) => {
                format!("{old} had too few requests to compare with; {}", self.figures(names))
            }
            Verdict::Pass | Verdict::Fail(_) => self.figures(names),
        };
        match self.unread {
            0 => told,
            1 => format!("{told}; 1 minute could not be read"),
            unread => format!("{told}; {unread} minutes could not be read"),
        }
    }

    fn figures(&self, names: Names<'_>) -> String {
        let errors = self.errors.sentence(names);
        match &self.latency {
            None => errors,
            // What decided comes first.
            Some(it) if self.verdict == Verdict::Fail(Cause::Latency) => {
                format!("{}; {errors}", it.sentence(names))
            }
            Some(it) => format!("{errors}; {}", it.sentence(names)),
        }
    }
}

/// A rate as a person writes it: `2.1 %`, `0.18 %`.
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        match percent {
            0.0 => out.write_str("0 %"),
            ..0.01 => out.write_str("< 0.01 %"),
            ..1.0 => write!(out, "{} %", short(percent, 2)),
            _ => write!(out, "{} %", short(percent, 1)),
        }
    }
}

/// With one decimal or more, less the zeros at the end.
fn short(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
