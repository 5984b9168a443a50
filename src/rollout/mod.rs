//! Traffic between two colours: what a rollout says, what routes are like, and
//! what follows from figures. Pure: values in, values out.
//!
//! ```text
//! spec.rs            `rollouts:` of a program, read by `spec/section.rs`
//! strategy.rs        steps, weights and spans of time
//! infer.rs           a rollout that no program says
//! actions.rs         a route's actions: weights, changes, comparisons
//! guard.rs           whether a colour is well
//! judge/             whether it is worse than the other, by its metrics
//! report/            a finished shift as a page
//! cloud.rs           what a shift asks of AWS
//! ```

pub mod actions;
pub mod cloud;
pub mod guard;
pub mod infer;
pub mod judge;
mod read;
pub mod report;
pub mod spec;
pub mod strategy;

pub const LISTENER: &str = "aws:lb/listener:Listener";
pub const RULE: &str = "aws:lb/listenerRule:ListenerRule";

/// Where a type keeps its actions.
pub fn property(token: &str) -> &'static str {
    if token == RULE { "actions" } else { "defaultActions" }
}
