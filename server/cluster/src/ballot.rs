//! Ballots order the attempts to decide one key.

use domain::Incarnation;
use serde::{Deserialize, Serialize};

/// Number of an attempt; unique, because nobody uses one twice (protocol 4.1).
///
/// Ordered by counter, then incarnation. The incarnation and not the node: a wiped node would use
/// its old ballots again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ballot {
    /// Grows with each attempt.
    pub counter: u64,
    /// Who attempts.
    pub incarnation: Incarnation,
}

impl Ballot {
    /// Below every ballot that is ever used.
    pub const ZERO: Self = Self { counter: 0, incarnation: Incarnation::from_bytes([0; 8]) };

    /// The ballot that an accept of this one promises to the same proposer (protocol 1).
    #[must_use]
    pub const fn next(self) -> Self {
        Self { counter: self.counter.saturating_add(1), incarnation: self.incarnation }
    }
}
