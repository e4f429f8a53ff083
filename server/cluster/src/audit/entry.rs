//! One entry of a chain.

use domain::AuditHash;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Bytes, MemberId};

/// Longest content, in bytes.
pub const MAX_CONTENT_BYTES: usize = 8 << 10;

/// What is hashed first, so that the hash is good for nothing else.
const HASHES: &[u8] = b"swish-cluster audit 1";

/// What somebody did on one node, chained to what was done there before.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Where it was done; the chain's owner.
    pub origin: MemberId,
    /// Its place in the chain, from 1.
    pub number: u64,
    /// Hash of the entry before; none for the first.
    pub previous: Option<AuditHash>,
    /// What was done: the JSON of a [`domain::Deed`], as it was written.
    pub content: String,
    /// The origin's word for its hash; made and checked by the driver.
    pub seal: Bytes,
}

impl AuditEntry {
    /// SHA-256 over everything but the seal.
    #[must_use]
    pub fn hash(&self) -> AuditHash {
        let mut hash = Sha256::new();
        hash.update(HASHES);
        hash.update(self.origin.node.as_bytes());
        hash.update(self.origin.incarnation.as_bytes());
        hash.update(self.number.to_be_bytes());
        // The first entry has the hash of nothing: 32 zeros, which no entry has.
        hash.update(self.previous.map_or([0; AuditHash::LEN], |previous| *previous.as_bytes()));
        hash.update(self.content.as_bytes());
        AuditHash::from_bytes(hash.finalize().into())
    }
}
