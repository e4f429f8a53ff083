//! Identifiers of the ledger: one newtype each, so that they cannot be mixed up.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Text that is not the identifier it should be. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdError {
    /// A hash is written with 64 lower-case hexadecimal digits.
    #[error("expected 64 lower-case hexadecimal digits")]
    Hash,
    /// A profile's id has 1 to 64 letters, digits or `. _ -`.
    #[error("the id of a profile has 1 to 64 letters, digits or . _ - without accents")]
    Profile,
}

/// Writes bytes as lower-case hexadecimal.
pub(crate) fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads 32 bytes of lower-case hexadecimal.
pub(crate) fn read_hex(text: &str) -> Result<[u8; 32], IdError> {
    let digit = |sign: u8| match sign {
        b'0'..=b'9' => Ok(sign - b'0'),
        b'a'..=b'f' => Ok(sign - b'a' + 10),
        _ => Err(IdError::Hash),
    };
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(IdError::Hash);
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}

/// Defines a hash of 32 bytes that is hexadecimal in text.
macro_rules! hash_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps raw bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Borrows the raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0[..4], f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                read_hex(text).map(Self)
            }
        }
    };
}

hash_id! {
    /// SHA-256 of an event's bytes: what the event after it names, and, cut to 20 bytes, the value of
    /// the register.
    EventId
}
hash_id! {
    /// SHA-256 of what an event does, without predecessor, serial and time: it lands once however
    /// often it is rebased (protocol 8).
    OperationId
}
hash_id! {
    /// SHA-256 of a claim's bytes.
    ClaimId
}
hash_id! {
    /// An outside identity under the profile's own key: says nothing to anybody without it.
    IdentityTag
}

/// Place of an event in its profile's chain, from 1. Not the serial of a change log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub u64);

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Id of a profile, as SWISH's commits name it (`profile_id`): a UUID where SWISH or we made it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileId(String);

impl ProfileId {
    /// Most bytes of an id.
    pub const MAX_BYTES: usize = 64;

    /// A UUID (version 4) of 16 random bytes.
    #[must_use]
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&format!("{byte:02x}"));
        }
        Self(text)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let good = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
        let is_good = (1..=Self::MAX_BYTES).contains(&text.len()) && text.chars().all(good);
        is_good.then(|| Self(text.to_owned())).ok_or(IdError::Profile)
    }
}

impl fmt::Display for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_id_is_a_uuid_and_reads_back() {
        let id = ProfileId::from_random([0xff; 16]);
        assert_eq!(id.as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(id.as_str().parse(), Ok(id));
        for bad in ["", "a b", "ä", "a/b", &"a".repeat(65)] {
            assert_eq!(bad.parse::<ProfileId>(), Err(IdError::Profile), "{bad}");
        }
    }

    #[test]
    fn a_hash_reads_back_what_it_prints() {
        let id = EventId::from_bytes([0xa9; 32]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("A9".repeat(32).parse::<EventId>(), Err(IdError::Hash));
        assert_eq!("a9".repeat(31).parse::<EventId>(), Err(IdError::Hash));
    }
}
