//! Long tests that try many things a few at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Does many things, so many at a time, in their order.
pub(crate) fn in_lanes<T: Sync>(lanes: u64, all: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                while let Some(it) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(it);
                }
            });
        }
    });
}
