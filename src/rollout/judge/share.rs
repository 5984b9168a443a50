//! Do requests go where the weights say?

use serde::{Deserialize, Serialize};

use super::{
    Names, Percent, Window,
    minutes::{Pair, Paired},
};

/// The new side's share of the requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    pub wanted: f64,
    /// Over the minutes in `outside`, or over all when there are none.
    pub seen: f64,
    /// How far a minute like the last one may be off by chance.
    pub tolerance: f64,
    /// For so many of the last minutes in a row, all on one side of it.
    pub outside: u32,
    /// For long enough to be no chance.
    pub off: bool,
}

/// Minutes in a row that nobody calls chance.
const IN_A_ROW: u32 = 3;

/// Standard deviations.
const NOISE: f64 = 3.0;

/// Compares a weight, in thousandths, with the complete minutes since it was
/// written; `None` when there was no request.
pub fn share(new_permille: u32, window: &Window) -> Option<Share> {
    let wanted = f64::from(new_permille.min(1000)) / 1000.0;
    let Paired { mut minutes, .. } = Paired::of(window);
    minutes.retain(|it| total(it) > 0.0);
    let last = minutes.last()?;
    // A minute's distance beyond its tolerance: negative for too little.
    let beyond = |it: &Pair| {
        let distance = seen(std::slice::from_ref(it)) - wanted;
        if distance.abs() > tolerance(wanted, total(it)) { distance.signum() } else { 0.0 }
    };
    let way = beyond(last);
    let outside = minutes.iter().rev().take_while(|it| way != 0.0 && beyond(it) == way).count();
    let run = if outside == 0 { &minutes[..] } else { &minutes[minutes.len() - outside..] };
    Some(Share {
        wanted,
        seen: seen(run),
        tolerance: tolerance(wanted, total(last)),
        outside: outside as u32,
        off: outside as u32 >= IN_A_ROW,
    })
}

fn total(it: &Pair) -> f64 {
    (it.old.requests + it.new.requests) as f64
}

fn seen(minutes: &[Pair]) -> f64 {
    let new: f64 = minutes.iter().map(|it| it.new.requests as f64).sum();
    new / minutes.iter().map(total).sum::<f64>()
}

/// The noise of counting so many requests, and a little that no counting
/// explains and nobody minds: where requests are many, noise is nothing.
fn tolerance(wanted: f64, requests: f64) -> f64 {
    let spread = wanted * (1.0 - wanted);
    NOISE * (spread / requests).sqrt() + 0.5 / requests + 0.001 + spread / 10.0
}

impl Share {
    pub fn sentence(&self, names: Names<'_>) -> String {
        let Names { old, new } = names;
        let (seen, wanted) = (Percent(self.seen), Percent(self.wanted));
        let told = format!("{new} gets {seen} of the requests, and its weight is {wanted}");
        let minutes = self.outside;
        if !self.off {
            return told;
        }
        let held = if self.seen < self.wanted { old } else { new };
        format!(
            "{told}, for {minutes} min: sticky sessions hold clients on {held}, \
             or another route forwards to it"
        )
    }
}
