//! Digests of sets of messages that grow by one addition.
//!
//! The digest of a set is the sum of 16-byte hashes of its entries. The order of a document follows
//! from its entries, so equal sets are equal orders, and adding a message in the middle costs one
//! hash and a few additions. Whoever can choose ids could make two sets with one sum, with great
//! effort; ids are chosen by nodes, which trust each other (docs/security.md).

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{DocumentId, Row};

/// Digest of a set of messages.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct Digest(u128);

impl Digest {
    /// The digest of both sets together, which have nothing in common.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// The digest without a part of the set.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

impl From<(u64, u64)> for Digest {
    fn from((high, low): (u64, u64)) -> Self {
        Self((u128::from(high) << 64) | u128::from(low))
    }
}

impl From<Digest> for (u64, u64) {
    fn from(Digest(sum): Digest) -> Self {
        let half = |part: u128| u64::try_from(part & u128::from(u64::MAX)).unwrap_or(u64::MAX);
        (half(sum >> 64), half(sum))
    }
}

/// What stands for a document in the hashes of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Salt([u8; 16]);

impl Salt {
    pub(crate) fn of(document: &DocumentId) -> Self {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(b"swish-cluster document 1")
            .chain_update(document.as_str().as_bytes())
            .finalize()
            .into();
        Self(first_half(hash))
    }

    /// Which of the 256 buckets the document is in.
    pub(crate) const fn bucket(self) -> u8 {
        self.0[0]
    }

    /// The digest of one message.
    pub(crate) fn digest(self, row: &Row) -> Digest {
        let mut hash = Sha256::new()
            .chain_update(b"swish-cluster message 1")
            .chain_update(self.0)
            .chain_update(row.place.stamp.0.to_be_bytes())
            .chain_update(row.place.id.as_bytes());
        if let Some(origin) = &row.origin {
            hash.update(origin.incarnation.as_bytes());
            hash.update(origin.number.get().to_be_bytes());
        }
        Digest(u128::from_be_bytes(first_half(hash.finalize().into())))
    }
}

fn first_half(hash: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}
