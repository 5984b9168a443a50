//! The only integration binary: each one more would link every SDK again. It
//! runs the real binary with a real state file, on a cloud in a JSON file or
//! on the emulator.

#![cfg_attr(
    feature = "aws",
    expect(clippy::print_stderr, reason = "a long test says how far it is")
)]

#[cfg(feature = "aws")]
mod answers;
#[cfg(feature = "aws")]
mod assets;
#[cfg(feature = "aws")]
mod contract;
mod crash;
mod deployment;
mod env;
#[cfg(feature = "aws")]
mod everywhere;
mod fuzz;
#[cfg(feature = "aws")]
mod harsh;
mod history;
mod hostile;
mod layers;
#[cfg(feature = "aws")]
mod leaks;
mod lost;
mod options;
mod random;
#[cfg(feature = "aws")]
mod refusals;
mod rotate;
#[cfg(feature = "aws")]
mod schema;
mod secrets;
mod state;
mod terminal;
mod together;
mod up;
#[cfg(feature = "aws")]
mod world;
