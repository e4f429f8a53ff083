//! The key of a profile, and what is kept under it.
//!
//! All personal text of a profile is under its key (XChaCha20-Poly1305), padded so that its length
//! says little. Without the key nothing of it can be read, and the chain can still be checked:
//! hashes and seals are over what is written. Erasing a profile is dropping its key on every node.

use std::fmt;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{Identity, IdentityTag};

/// Texts are padded to a multiple of this, in bytes.
const BLOCK_BYTES: usize = 64;
/// What the cipher adds to them, in bytes.
const TAG_BYTES: usize = 16;
/// Longest text that is sealed, in bytes.
pub(crate) const MAX_PLAIN_BYTES: usize = 2_048;
/// Longest sealed text, in bytes.
pub(crate) const MAX_SEALED_BYTES: usize = MAX_PLAIN_BYTES + BLOCK_BYTES + TAG_BYTES;
/// What stands after the text, before zeros.
const END: u8 = 0x80;

/// Random bytes of one operation, used for nothing else ever.
pub type Nonce = [u8; 24];

/// The key of one profile: 32 random bytes, made with the profile and dropped when it is erased.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfileKey([u8; 32]);

impl ProfileKey {
    /// Wraps random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Borrows the bytes, for the driver's table of keys.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What stands for an outside identity in this profile's events.
    #[must_use]
    pub fn tag(&self, identity: &Identity) -> IdentityTag {
        let mut mac = mac(&self.0);
        mac.update(b"swish-cluster profile identity 1\0");
        mac.update(identity.provider.as_bytes());
        mac.update(b"\0");
        mac.update(identity.external.as_bytes());
        IdentityTag::from_bytes(mac.finalize().into_bytes().into())
    }

    /// Seals a text; `about` is what it is bound to. None when it is too long.
    pub(crate) fn close(&self, nonce: &Nonce, about: &[u8], plain: &[u8]) -> Option<Sealed> {
        if plain.len() > MAX_PLAIN_BYTES {
            return None;
        }
        let mut padded = plain.to_vec();
        padded.push(END);
        padded.resize(padded.len().next_multiple_of(BLOCK_BYTES), 0);
        let payload = Payload { msg: &padded, aad: about };
        self.cipher().encrypt(XNonce::from_slice(nonce), payload).ok().map(Sealed)
    }

    /// Opens what was sealed under this key for the same use; none when it was not.
    pub(crate) fn open(&self, nonce: &Nonce, about: &[u8], sealed: &Sealed) -> Option<Vec<u8>> {
        let payload = Payload { msg: &sealed.0, aad: about };
        let mut plain = self.cipher().decrypt(XNonce::from_slice(nonce), payload).ok()?;
        let end = plain.iter().rposition(|byte| *byte != 0)?;
        if plain.get(end) != Some(&END) {
            return None;
        }
        plain.truncate(end);
        Some(plain)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

impl fmt::Debug for ProfileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys stay out of logs.
        f.write_str("ProfileKey")
    }
}

/// A keyed hash of SHA-256.
pub(crate) fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as Mac>::new_from_slice(key).expect("every length is a key of HMAC")
}

/// A text under the key of a profile.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// From an event; none when it has a length that no sealed text has.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let is_whole = bytes.len() % BLOCK_BYTES == TAG_BYTES && bytes.len() > TAG_BYTES;
        (is_whole && bytes.len() <= MAX_SEALED_BYTES).then(|| Self(bytes.to_vec()))
    }

    /// As it stands in the event.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sealed bytes", self.0.len())
    }
}
