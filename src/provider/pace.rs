//! How fast time passes for waits and for limits. AWS has its own time; an
//! emulator in a test is as patient and as persistent in a hundredth of it.

use std::time::Duration;

/// A wait looks again after half a second, then ever more rarely.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    hurry: u32,
}

impl Pace {
    pub const AWS: Self = Self { hurry: 1 };

    /// All pauses and limits divided by `hurry`.
    pub fn hurried(hurry: u32) -> Self {
        Self { hurry: hurry.max(1) }
    }

    /// What lasts this long in AWS.
    pub fn of(self, time: Duration) -> Duration {
        time / self.hurry
    }

    /// The pause before the look number `look` (from 0) of somebody: it
    /// doubles, and differs from others' by up to a quarter, so that many who
    /// were throttled together do not come back together.
    pub(super) fn pause(self, look: u32, whose: &str) -> Duration {
        let doubled = FIRST.saturating_mul(1 << look.min(10)).min(LONGEST);
        let sum = whose.bytes().fold(look, |sum, it| sum.wrapping_mul(31).wrapping_add(it.into()));
        self.of(doubled * (88 + sum % 25) / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ() {
        let pauses: Vec<_> = (0..8).map(|look| Pace::AWS.pause(look, "a")).collect();
        assert!(pauses[0] <= FIRST * 5 / 4 && pauses[1] > pauses[0], "{pauses:?}");
        assert!(pauses[7] <= LONGEST * 5 / 4 && pauses[7] >= LONGEST * 3 / 4, "{pauses:?}");
        assert_ne!(Pace::AWS.pause(9, "a"), Pace::AWS.pause(9, "b"));
        assert_eq!(Pace::hurried(100).of(Duration::from_secs(60)), Duration::from_millis(600));
    }
}
