//! Seals: a node's word for something, made with its Ed25519 key as those of the audit are.

use std::fmt;

use domain::NodeId;
use ed25519_dalek::{PUBLIC_KEY_LENGTH, Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::ids::write_hex;

/// A node's public key and its signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seal([u8; Self::LEN]);

impl Seal {
    /// Length in bytes.
    pub const LEN: usize = PUBLIC_KEY_LENGTH + Signature::BYTE_SIZE;

    /// Wraps raw bytes: the key, then the signature.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Borrows the raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The node that sealed `text`; none when the seal is not good.
    #[must_use]
    pub fn sealed_by(&self, text: &[u8]) -> Option<NodeId> {
        let (key, signature) = self.0.split_at_checked(PUBLIC_KEY_LENGTH)?;
        let signature = Signature::from_slice(signature).ok()?;
        let key = VerifyingKey::try_from(key).ok()?;
        key.verify_strict(text, &signature).ok()?;
        node_id(&key)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0[..4], f)
    }
}

/// Who can seal: the driver's identity, which keeps the key to itself.
pub trait Sealer {
    /// Signs `text`, which begins with what it is good for.
    fn seal(&self, text: &[u8]) -> Seal;
}

impl Sealer for SigningKey {
    fn seal(&self, text: &[u8]) -> Seal {
        let mut bytes = [0; Seal::LEN];
        bytes[..PUBLIC_KEY_LENGTH].copy_from_slice(self.verifying_key().as_bytes());
        bytes[PUBLIC_KEY_LENGTH..].copy_from_slice(&self.sign(text).to_bytes());
        Seal(bytes)
    }
}

/// Beginning of the SHA-256 of a public key (protocol 2).
fn node_id(key: &VerifyingKey) -> Option<NodeId> {
    let digest = Sha256::digest(key.as_bytes());
    digest.first_chunk().map(|bytes| NodeId::from_bytes(*bytes))
}
