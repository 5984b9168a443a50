//! A shift of traffic from one colour to the other, carried out and watched.
//!
//! ```text
//! plan.rs       what will be done, to the last call; made before anything is
//! preflight.rs  what must be so before traffic moves: PF01 to PF20
//! driver.rs     the phases of a shift, and how it ends
//! write.rs      one change in AWS: a row before it, a row after it
//! watch.rs      the guards: health, alarms, metrics, share, the routes themselves
//! test_rules.rs the way to the new colour for who tests it
//! probe.rs      questions to the new colour, and hooks
//! back.rs       the way back
//! resume.rs     what a driver that died has left
//! ```
//!
//! All that is decided from figures is in `rollout/`, which is pure; AWS is
//! behind `rollout::cloud::Cloud`; what is to survive a power cut is in the
//! state, through `store::Fence`: a driver that was replaced writes nothing.

mod back;
mod driver;
pub mod plan;
pub mod preflight;
mod probe;
mod resume;
mod test_rules;
#[cfg(test)]
mod tests;
mod watch;
mod write;

pub use driver::{Driver, Ended, First, Outcome, Surroundings, stamp};
