//! What the core keeps of a message: where it stands and where it came from, never its text.

use std::{num::NonZeroU32, sync::Arc};

use domain::{Incarnation, MessageId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Longest body of a message, in bytes.
pub const MAX_BODY_BYTES: usize = 60 << 10;

/// A point on the hybrid clock: microseconds since 1970, of some node's wall clock or just after
/// the message before (protocol 6).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Stamp(pub u64);

/// A message's place in its document: the order is (stamp, id), the same on all nodes.
///
/// Both are fixed when the message is made, so that a place names a message, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Its hybrid time.
    pub stamp: Stamp,
    /// Its identity.
    pub id: MessageId,
}

/// Number of a message among those of one origin in one document, from 1 without holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(pub NonZeroU32);

impl Number {
    /// The number `value`; none for 0.
    #[must_use]
    pub fn new(value: u32) -> Option<Self> {
        NonZeroU32::new(value).map(Self)
    }

    /// As an integer.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

/// Which message of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The life of the disk on which it was posted.
    pub incarnation: Incarnation,
    /// Its number there.
    pub number: Number,
}

/// The entry of one message in the index: 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Row {
    /// Where it stands.
    pub place: Place,
    /// Where it was posted; none when it was imported from SWISH's chat files.
    pub origin: Option<Origin>,
}

impl Row {
    /// Of two entries of one message: any origin is better than none, and the smaller one is
    /// better than another. So all nodes end with the same one.
    pub(crate) fn is_better_than(&self, other: &Self) -> bool {
        match (self.origin, other.origin) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(own), Some(other)) => own < other,
        }
    }
}

/// The text of a message as its driver wrote it; the core never looks into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Body(pub Arc<[u8]>);

impl Serialize for Body {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_bytes::ByteBuf::deserialize(deserializer).map(|bytes| Self(bytes.into_vec().into()))
    }
}

/// A message: its entry and its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Its entry.
    pub row: Row,
    /// Its text, at most [`MAX_BODY_BYTES`].
    pub body: Body,
}

/// The [`MessageId`] of the id that stands in a message: the bytes of a UUID in lower case, and the
/// beginning of a hash for whatever else an old chat file has.
#[must_use]
pub fn message_id(text: &str) -> MessageId {
    uuid(text).unwrap_or_else(|| {
        let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let mut bytes = [0; MessageId::LEN];
        bytes.copy_from_slice(&hash[..MessageId::LEN]);
        MessageId::from_bytes(bytes)
    })
}

fn uuid(text: &str) -> Option<MessageId> {
    let is_hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == is_hyphen(at));
    if !is_uuid {
        return None;
    }
    text.replace('-', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_small() {
        assert_eq!(size_of::<Row>(), 40);
    }

    #[test]
    fn a_uuid_is_its_bytes_and_other_ids_are_hashed() {
        let uuid = message_id("279b609c-4f07-11f1-8d9c-0242ac110002");
        assert_eq!(uuid.to_string(), "279b609c4f0711f18d9c0242ac110002");
        let upper = message_id("279B609C-4f07-11f1-8d9c-0242ac110002");
        assert_ne!(upper, uuid);
        assert_ne!(message_id("m-1"), message_id("m-2"));
    }
}
