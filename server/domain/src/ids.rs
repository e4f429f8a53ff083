//! One newtype per identifier, so that they cannot be mixed up.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::hex::{self, HexError};

/// Defines a fixed-size identifier that is hexadecimal in text and raw bytes in MessagePack.
macro_rules! hex_id {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes; the text has twice as many digits.
            pub const LEN: usize = $len;

            /// Wraps raw bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Borrows the raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hex::write(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                hex::read(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "{} bytes or their hexadecimal text", $len)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }

                    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<$name, E> {
                        bytes.try_into().map($name).map_err(|_| E::invalid_length(bytes.len(), &self))
                    }
                }

                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(Visitor)
                } else {
                    deserializer.deserialize_bytes(Visitor)
                }
            }
        }
    };
}

hex_id! {
    /// SHA-1 of a gitty object: of `<type> SP <size> NUL <content>` (swish-formats, objects).
    ObjectId, 20
}
hex_id! {
    /// SHA-1 of all bytes of a pack file, which is its name (swish-formats, packs).
    PackId, 20
}
hex_id! {
    /// Identity of a save: hash of the commit's text without `time` and `commit` (protocol 4.2).
    OpId, 20
}
hex_id! {
    /// Beginning of the SHA-256 of a node's public key (protocol 2).
    NodeId, 8
}
hex_id! {
    /// Random id made when a node's durable state is made (protocol 1).
    Incarnation, 8
}
hex_id! {
    /// Random id of one start of the program (protocol 1).
    Run, 8
}
hex_id! {
    /// Random id made when a cluster is founded.
    ClusterId, 8
}
hex_id! {
    /// Digest of a node's decided values, derived from content (protocol 5).
    Root, 32
}
hex_id! {
    /// Identity of a chat message: the bytes of its UUID, or the beginning of the SHA-256 of an id
    /// that is none (protocol 6).
    MessageId, 16
}
hex_id! {
    /// SHA-256 of an entry of the audit, which the entry after it names.
    AuditHash, 32
}

/// Position in one node incarnation's change log, from 1 (protocol 5).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Serial(pub u64);

impl Serial {
    /// The serial after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let text = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        let id: ObjectId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
    }

    #[test]
    fn upper_case_is_not_a_hash() {
        let text = "E69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        assert_eq!(text.parse::<ObjectId>(), Err(HexError { expected: 40 }));
    }
}
