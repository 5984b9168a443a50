//! `orderinfra shift` on the emulator: what it promises while nothing fails.
//! What it promises when something does is in `shift_faults.rs`.

mod aws;
mod capacity;
mod guards;
mod hooks;
mod look;
mod metrics;
mod people;
mod plans;
mod program;
pub(crate) mod scene;
mod steps;
mod told;
mod with_up;

/// Goes to 25 % and waits there, for an hour, until somebody says something.
const WAITS: &str =
    "strategy: { steps: [ { weight: 25, pause: { timeout: 1h, then: rollback } } ] }";
