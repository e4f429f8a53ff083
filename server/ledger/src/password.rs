//! Hashes of passwords: ours, and those of SWISH's passwd file until the first login replaces them.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Longest hash, in bytes.
const MAX_BYTES: usize = 512;

/// Text that is no hash of a password; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no hash of a password")]
pub struct PasswordHashError;

/// How a password is compared with its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashKind {
    /// Ours: the PHC text of argon2id.
    Argon2id,
    /// SWISH's for HTTP's basic login: `$1$…` (MD5), or another of crypt(3)'s.
    Crypt,
    /// SWISH's for HTTP's digest login: MD5 of `user:SWISH user:password`, 32 digits. The user is
    /// the name as it stands in the passwd file, which the local identity keeps.
    Digest,
}

/// The hash of a password. Comparing is the driver's work: it takes time and memory on purpose.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PasswordHash {
    text: String,
    kind: HashKind,
}

impl PasswordHash {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How it was made.
    #[must_use]
    pub const fn kind(&self) -> HashKind {
        self.kind
    }

    /// Whether the next login replaces it by one of ours.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.kind != HashKind::Argon2id
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordHashError;

    fn from_str(text: &str) -> Result<Self, PasswordHashError> {
        let is_hex = |sign: u8| matches!(sign, b'0'..=b'9' | b'a'..=b'f');
        let is_plain = |sign: u8| sign.is_ascii_graphic() && sign != b':';
        let kind = if text.len() == 32 && text.bytes().all(is_hex) {
            HashKind::Digest
        } else if text.len() > MAX_BYTES || !text.bytes().all(is_plain) {
            return Err(PasswordHashError);
        } else if text.starts_with("$argon2id$") {
            HashKind::Argon2id
        } else if text.starts_with('$') && text.matches('$').count() >= 3 {
            HashKind::Crypt
        } else {
            return Err(PasswordHashError);
        };
        Ok(Self { text: text.to_owned(), kind })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hashes stay out of logs.
        write!(f, "PasswordHash({:?})", self.kind)
    }
}
