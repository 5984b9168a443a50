//! Decides what to do and sees it done. Knows no SQL, no YAML, no AWS type.

mod act;
pub mod ask;
mod catalog;
pub mod compare;
pub mod connect;
pub mod deployment;
pub mod diff;
pub mod event;
pub mod execute;
pub mod govern;
pub mod graph;
pub mod halt;
pub mod inputs;
pub mod inquire;
pub mod name;
pub mod path;
pub mod plan;
pub mod recover;
pub mod refresh;
pub mod schedule;
pub mod settled;
mod steps;
mod watch;
