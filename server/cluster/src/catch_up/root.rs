//! Digest of a set of decided heads, kept up to date at constant cost.

use domain::{ObjectId, Root};
use sha2::{Digest, Sha256};

use crate::Key;

/// Exclusive or of the SHA-256 of each (key, head): independent of order, derived from content.
///
/// Members trust each other not to construct collisions; the hash tree of protocol 5 replaces it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RootSum([u8; 32]);

impl RootSum {
    /// Puts a head in.
    pub(crate) fn add(&mut self, key: &Key, head: ObjectId) {
        self.toggle(key, head);
    }

    /// Takes a head out.
    pub(crate) fn remove(&mut self, key: &Key, head: ObjectId) {
        self.toggle(key, head);
    }

    /// The digest.
    pub(crate) const fn root(&self) -> Root {
        Root::from_bytes(self.0)
    }

    fn toggle(&mut self, key: &Key, head: ObjectId) {
        let mut hash = Sha256::new();
        hash.update(key.file().as_str().as_bytes());
        hash.update([0]);
        hash.update(head.as_bytes());
        for (byte, digest) in self.0.iter_mut().zip(hash.finalize()) {
            *byte ^= digest;
        }
    }
}
