//! What a reporter may hear of a run.

use std::time::Duration;

use crate::model::StepId;

#[derive(Clone, Debug)]
pub enum Event {
    Begun {
        step: StepId,
    },
    /// What a running step waits for.
    Status {
        step: StepId,
        text: String,
    },
    Ended {
        step: StepId,
        took: Duration,
        result: Result<(), String>,
    },
    /// A step is not waited for: its row stays open, and the next run goes on
    /// from there.
    Left {
        step: StepId,
        why: String,
    },
    /// The first interrupt: nothing new is started, and these are waited for.
    Stopping {
        running: usize,
    },
}
