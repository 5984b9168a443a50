//! Which steps may start. No clock, no IO.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::model::StepId;

/// Steps that wait, run and have ended.
pub struct Schedule {
    /// How many needs each step still waits for; `None` once it was taken.
    waiting: Vec<Option<usize>>,
    dependents: Vec<Vec<StepId>>,
    /// Seconds from the start of a step to the end of the longest chain
    /// after it.
    rank: Vec<u64>,
    ready: BTreeSet<(Reverse<u64>, StepId)>,
    running: usize,
    limit: Option<usize>,
    /// Serialisation keys in use, with those who wait for each.
    busy: BTreeMap<String, Vec<StepId>>,
}

impl Schedule {
    /// `cost` is how many seconds a step is expected to take.
    pub fn new(needs: &[Vec<StepId>], cost: &[u64], limit: Option<usize>) -> Self {
        let mut dependents = vec![Vec::new(); needs.len()];
        for (step, needed) in needs.iter().enumerate() {
            for it in needed {
                dependents[*it].push(step);
            }
        }
        let mut rank = vec![0; needs.len()];
        for step in (0..needs.len()).rev() {
            let after = dependents[step].iter().map(|it| rank[*it]).max().unwrap_or(0);
            rank[step] = after + cost[step].max(1);
        }
        let waiting: Vec<_> = needs.iter().map(|it| Some(it.len())).collect();
        let ready = (0..needs.len()).filter(|it| needs[*it].is_empty());
        let ready = ready.map(|it| (Reverse(rank[it]), it)).collect();
        Self { waiting, dependents, rank, ready, running: 0, limit, busy: BTreeMap::new() }
    }

    /// The ready step with the longest chain after it; it counts as running.
    pub fn take(&mut self) -> Option<StepId> {
        if self.limit.is_some_and(|limit| self.running >= limit) {
            return None;
        }
        let (_, step) = self.ready.pop_first()?;
        self.waiting[step] = None;
        self.running += 1;
        Some(step)
    }

    /// Claims a serialisation key for a taken step. If another holds it, the
    /// step is put back until the key is free.
    pub fn claim(&mut self, step: StepId, key: &str) -> bool {
        if let Some(waiting) = self.busy.get_mut(key) {
            waiting.push(step);
            self.waiting[step] = Some(0);
            self.running -= 1;
            return false;
        }
        self.busy.insert(key.to_owned(), Vec::new());
        true
    }

    /// A taken step is not to begin yet after all.
    pub fn put_back(&mut self, step: StepId) {
        self.waiting[step] = Some(0);
        self.running -= 1;
        self.ready.insert((Reverse(self.rank[step]), step));
    }

    /// Whoever waited for the key may claim it.
    pub fn free(&mut self, key: &str) {
        for waiting in self.busy.remove(key).into_iter().flatten() {
            self.ready.insert((Reverse(self.rank[waiting]), waiting));
        }
    }

    /// A step has ended; after a failure its dependents never become ready.
    pub fn end(&mut self, step: StepId, key: Option<&str>, well: bool) {
        self.running -= 1;
        if let Some(key) = key {
            self.free(key);
        }
        if !well {
            return;
        }
        for at in 0..self.dependents[step].len() {
            let dependent = self.dependents[step][at];
            if let Some(count) = &mut self.waiting[dependent] {
                *count -= 1;
                if *count == 0 {
                    self.ready.insert((Reverse(self.rank[dependent]), dependent));
                }
            }
        }
    }

    /// Steps that were never taken.
    pub fn left(&self) -> Vec<StepId> {
        (0..self.waiting.len()).filter(|it| self.waiting[*it].is_some()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(schedule: &mut Schedule) -> Vec<StepId> {
        std::iter::from_fn(|| schedule.take()).collect()
    }

    #[test]
    fn the_longest_chain_starts_first() {
        // 1 is cheap but a slow step waits for it.
        let needs = [vec![], vec![], vec![1]];
        let mut schedule = Schedule::new(&needs, &[5, 1, 60], None);
        assert_eq!(drain(&mut schedule), [1, 0]);
        schedule.end(1, None, true);
        assert_eq!(drain(&mut schedule), [2]);
        assert!(schedule.left().is_empty());
    }

    #[test]
    fn a_key_that_is_let_go_is_for_the_next() {
        let mut schedule = Schedule::new(&[vec![], vec![]], &[1, 1], None);
        let (first, second) = (schedule.take().unwrap(), schedule.take().unwrap());
        assert!(schedule.claim(first, "zone") && !schedule.claim(second, "zone"));
        assert_eq!(schedule.take(), None);
        schedule.free("zone");
        assert_eq!(schedule.take(), Some(second));
        assert!(schedule.claim(second, "zone"));
        schedule.end(first, None, true);
        schedule.end(second, Some("zone"), true);
        assert!(schedule.left().is_empty());
    }

    #[test]
    fn a_failure_holds_back_its_dependents_only() {
        let needs = [vec![], vec![], vec![0], vec![1], vec![2, 3]];
        let mut schedule = Schedule::new(&needs, &[1; 5], None);
        assert_eq!(drain(&mut schedule), [0, 1]);
        schedule.end(0, None, false);
        schedule.end(1, None, true);
        assert_eq!(drain(&mut schedule), [3]);
        schedule.end(3, None, true);
        assert!(drain(&mut schedule).is_empty());
        assert_eq!(schedule.left(), [2, 4]);
    }

    #[test]
    fn no_more_than_the_limit_run() {
        let needs = vec![vec![]; 5];
        let mut schedule = Schedule::new(&needs, &[1; 5], Some(2));
        assert_eq!(drain(&mut schedule), [0, 1]);
        schedule.end(0, None, true);
        assert_eq!(drain(&mut schedule), [2]);
    }

    #[test]
    fn one_key_is_held_by_one() {
        let needs = vec![vec![]; 3];
        let mut schedule = Schedule::new(&needs, &[1; 3], None);
        assert_eq!(drain(&mut schedule), [0, 1, 2]);
        assert!(schedule.claim(0, "sg:1"));
        assert!(!schedule.claim(1, "sg:1"));
        assert!(schedule.claim(2, "sg:2"));
        assert_eq!(schedule.left(), [1]);
        schedule.end(0, Some("sg:1"), false);
        assert_eq!(drain(&mut schedule), [1]);
        assert!(schedule.claim(1, "sg:1"));
    }
}
