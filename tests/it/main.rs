//! The only integration binary: each one more would link every SDK again. It
//! runs the real binary with a real state file, on a cloud in a JSON file or
//! on the emulator.

#![cfg_attr(
    feature = "aws",
    expect(clippy::print_stderr, reason = "a long test says how far it is")
)]

mod all;
#[cfg(feature = "aws")]
mod answers;
#[cfg(feature = "aws")]
mod assets;
mod components;
#[cfg(feature = "aws")]
mod contract;
mod crash;
mod deployment;
mod editor;
mod env;
#[cfg(feature = "aws")]
mod everywhere;
#[cfg(feature = "aws")]
mod functions;
mod fuzz;
#[cfg(feature = "aws")]
mod harsh;
mod history;
mod hostile;
mod lambdas;
#[cfg(feature = "aws")]
mod lanes;
mod layers;
#[cfg(feature = "aws")]
mod leaks;
mod lost;
#[cfg(feature = "aws")]
mod many;
#[cfg(feature = "aws")]
mod operate;
mod options;
mod random;
#[cfg(feature = "aws")]
mod refusals;
mod rotate;
#[cfg(feature = "aws")]
mod schema;
#[cfg(feature = "aws")]
mod sealed;
mod secrets;
#[cfg(feature = "aws")]
mod shift;
#[cfg(feature = "aws")]
mod shift_faults;
mod state;
#[cfg(feature = "aws")]
mod systems;
mod terminal;
mod together;
#[cfg(feature = "aws")]
mod traffic;
mod up;
#[cfg(feature = "aws")]
mod world;
