//! Places in the hash tree: beginnings of the SHA-256 of a key.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Key;

/// The first hexadecimal digits of the places below it (protocol 5). Comes from peers, so whatever
/// it says is cut to what a prefix can be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prefix(u8, u64);

impl Prefix {
    /// Above everything.
    pub const TOP: Self = Self(0, 0);
    /// Most digits: 64 bits of the hash, so keys that share them are of no concern.
    pub(crate) const DEPTH: u8 = 16;

    /// Where a key is.
    pub(crate) fn place_of(key: &Key) -> u64 {
        let hash = Sha256::digest(key.to_string().as_bytes());
        hash.iter().take(8).fold(0, |place, byte| place << 8 | u64::from(*byte))
    }

    /// Digit number `depth` of a place.
    pub(crate) fn digit(place: u64, depth: u8) -> usize {
        let shift = 60 - 4 * u32::from(depth.min(Self::DEPTH - 1));
        usize::try_from(place >> shift & 15).unwrap_or(0)
    }

    pub(crate) fn depth(self) -> u8 {
        self.0.min(Self::DEPTH)
    }

    pub(crate) const fn place(self) -> u64 {
        self.1
    }

    /// First place below it.
    pub(crate) fn first(self) -> u64 {
        self.1 & !self.rest()
    }

    /// Last place below it.
    pub(crate) fn last(self) -> u64 {
        self.1 | self.rest()
    }

    pub(crate) fn has(self, key: &Key) -> bool {
        (self.first()..=self.last()).contains(&Self::place_of(key))
    }

    /// The 16 prefixes of one digit more; none at the bottom.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        let (depth, first) = (self.depth(), self.first());
        let shift = 60_u32.saturating_sub(4 * u32::from(depth));
        let digits = if depth == Self::DEPTH { 0 } else { 16 };
        (0..digits).map(move |digit: u64| Self(depth + 1, first | digit << shift))
    }

    /// Bits after the prefix.
    fn rest(self) -> u64 {
        u64::MAX.checked_shr(4 * u32::from(self.depth())).unwrap_or(0)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits: String =
            (0..self.depth()).map(|depth| format!("{:x}", Self::digit(self.1, depth))).collect();
        write!(f, "{digits}*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_children_of_a_prefix_share_its_places_out() {
        let mut at = Prefix::TOP;
        for depth in 0..Prefix::DEPTH {
            let children: Vec<Prefix> = at.children().collect();
            assert_eq!(children.len(), 16);
            assert_eq!(children[0].first(), at.first());
            assert_eq!(children[15].last(), at.last());
            assert!(children.windows(2).all(|two| two[0].last() + 1 == two[1].first()));
            assert_eq!(Prefix::digit(children[5].place(), depth), 5);
            at = children[5];
        }
        assert_eq!(at.children().count(), 0);
        assert_eq!(at.first(), at.last());
    }
}
