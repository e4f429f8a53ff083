//! The only source of randomness.

use rand::{Rng, SeedableRng, rngs::StdRng};

/// Draws everything that is left to chance, from one seed.
#[derive(Clone, Debug)]
pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number of the range, both ends included.
    pub(crate) fn between(&mut self, (low, high): (u64, u64)) -> u64 {
        self.0.random_range(low..=high)
    }

    /// True in so many of a thousand cases.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        per_mille > 0 && self.between((0, 999)) < per_mille
    }

    /// A position in something with `len` elements.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        usize::try_from(self.between((0, len - 1))).unwrap_or(0)
    }
}
