//! `Calls`: where whatever talks to AWS says that it did.

use std::sync::{Arc, Mutex, PoisonError};

pub use crate::model::Call;

/// Collects calls until the run writes them to the audit. Cheap to clone; all
/// clones collect into one.
#[derive(Clone)]
pub struct Calls {
    clock: Arc<dyn Fn() -> String + Send + Sync>,
    made: Arc<Mutex<Vec<Call>>>,
}

impl Calls {
    /// `clock` tells the time as RFC 3339.
    pub fn new(clock: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), made: Arc::default() }
    }

    /// Says that a call has ended, well or not: once for each operation, when
    /// the SDK has no more attempts to make. `at` is filled in here. Never
    /// waits, never fails. Put no value in it that the caller chose.
    pub fn record(&self, call: Call) {
        let call = Call { at: (self.clock)(), ..call };
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// What could not be written: for the next try.
    pub fn give_back(&self, mut calls: Vec<Call>) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        calls.append(&mut made);
        *made = calls;
    }

    /// All that were recorded since the last time.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
