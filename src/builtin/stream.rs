//! The randomness of one resource: a ChaCha20 stream keyed by its lot, so
//! that the same lot gives the same thing. Sampling is unbiased.

use chacha20::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

use crate::provider::Lot;

pub(super) struct Stream(pub(super) ChaCha20Rng);

impl Stream {
    pub(super) fn of(lot: &Lot) -> Self {
        Self(ChaCha20Rng::from_seed(lot.seed))
    }

    /// From a program's own seed when it gives one.
    pub(super) fn seeded(lot: &Lot, seed: Option<&str>) -> Self {
        match seed {
            Some(text) => Self(ChaCha20Rng::from_seed(Sha256::digest(text).into())),
            None => Self::of(lot),
        }
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// From 0 to `last`, both included, each as likely as any other: draws
    /// beyond the greatest multiple of the count are thrown away.
    pub(super) fn up_to(&mut self, last: u64) -> u64 {
        let Some(count) = last.checked_add(1) else { return self.0.next_u64() };
        let surplus = (u64::MAX % count + 1) % count;
        loop {
            let draw = self.0.next_u64();
            if draw <= u64::MAX - surplus {
                return draw % count;
            }
        }
    }

    /// An index into something that has `count` parts, one at least.
    pub(super) fn index(&mut self, count: usize) -> usize {
        let last = u64::try_from(count.saturating_sub(1)).unwrap_or(u64::MAX);
        usize::try_from(self.up_to(last)).unwrap_or_default()
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.index(from.len())) }
    }

    /// Fisher and Yates.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.index(at + 1));
        }
    }
}

#[cfg(test)]
pub(super) fn lot(byte: u8) -> Lot {
    Lot { seed: [byte; 32], now: 1_700_000_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_drawn_and_none_beyond() {
        let mut stream = Stream::of(&lot(1));
        let mut seen = [0_u32; 6];
        for _ in 0..6000 {
            seen[stream.index(6)] += 1;
        }
        assert!(seen.iter().all(|it| (850..1150).contains(it)), "{seen:?}");
        assert_eq!(stream.up_to(0), 0);
    }

    #[test]
    fn a_shuffle_loses_nothing() {
        let mut items: Vec<u32> = (0..100).collect();
        Stream::of(&lot(2)).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
