//! A run's calls on their way to the state: in batches, beside the journal.

use std::{cell::RefCell, convert::Infallible, time::Duration};

use super::{failure::Result, ui::Ui};
use crate::{
    provider::Calls,
    store::{Stack, Store},
};

/// How often calls are written: what a crash may take along.
const EVERY: Duration = Duration::from_secs(1);

/// The audit of one run. Its connection is its own, and does not wait for the
/// disk: the journal's commits do.
pub(super) struct Audit {
    store: RefCell<Store>,
    run: i64,
    calls: Calls,
}

impl Audit {
    /// Begins with what was called before the run: the look at what is live.
    pub(super) fn of(store: &Store, run: i64, calls: Calls) -> Result<Self> {
        let audit = Self { store: RefCell::new(store.again()?), run, calls };
        audit.flush()?;
        // The journal is waiting for the same thread.
        audit.store.borrow().set_patience(Duration::from_millis(20))?;
        Ok(audit)
    }

    fn flush(&self) -> Result<()> {
        let calls = self.calls.take();
        if calls.is_empty() {
            return Ok(());
        }
        let recorded = self.store.borrow_mut().record_calls(self.run, &calls);
        if recorded.is_err() {
            self.calls.give_back(calls);
        }
        Ok(recorded?)
    }

    /// Writes what has come together, again and again. Never ends; that the
    /// state cannot be written is for the journal to say.
    pub(super) async fn keep(&self) -> Infallible {
        let mut interval = tokio::time::interval(EVERY);
        loop {
            interval.tick().await;
            drop(self.flush());
        }
    }

    /// The rest, however the run has ended, and no more than is kept.
    pub(super) fn close(&self, stack: &Stack, ui: &Ui) {
        let store = &self.store;
        let patience = store.borrow().set_patience(Duration::from_secs(10));
        let closed = patience.map_err(Into::into).and_then(|()| self.flush());
        let closed = closed.and_then(|()| Ok(store.borrow().forget_old_calls(stack)?));
        if let Err(failure) = closed {
            ui.warn(&format!("the audit of this run's calls is not whole: {}", failure.message));
        }
    }
}
