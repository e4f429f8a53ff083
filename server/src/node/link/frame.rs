//! One frame as bytes: a version byte, then MessagePack with field names.
//!
//! Names, so that a newer node may add fields and an older one skips them.

use std::fmt;

use cluster::{Bytes, PeerMessage};
use domain::ClusterId;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};
use thiserror::Error;

use super::{
    asking::{Answer, Question},
    hello::Hello,
};

/// First byte of every frame.
const FRAME_VERSION: u8 = 1;
/// Longest frame; longer ones end the connection.
pub(super) const MAX_FRAME_BYTES: usize = 8 << 20;
/// Most messages of a frame: the smallest take ten times as much memory as bytes. A node's own
/// frames have a third of that.
const MAX_MESSAGES: usize = 10_000;

/// Where a node is that refuses another one's links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Its cluster.
    pub cluster: ClusterId,
    /// Whether it has left the other one's, so that its own is the newer one (protocol 11).
    pub has_left: bool,
}

/// What one side says at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Frame {
    /// First, by both.
    Hello(Box<Hello>),
    /// Instead of anything else: this connection is not wanted, and why.
    Refused {
        /// For the other side's log.
        reason: String,
        /// When it belongs to another cluster than the one that refuses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        elsewhere: Option<Elsewhere>,
    },
    /// Every second, by both.
    Ping {
        /// The sender's own clock.
        micros: u64,
    },
    /// To each ping.
    Pong {
        /// As it was in the ping.
        micros: u64,
        /// The answerer's wall clock, milliseconds since 1970.
        wall_ms: u64,
    },
    /// What the cores say to each other.
    Messages(#[serde(deserialize_with = "few")] Vec<PeerMessage>),
    /// What the relay cores say to each other, to nodes whose Hello says that they speak it; the
    /// hub reads it.
    Relay(Bytes),
    /// A founder asks a store.
    Question(Question),
    /// In answer.
    Answer(Answer),
}

/// A list of messages that ends before it fills the memory.
fn few<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PeerMessage>, D::Error> {
    struct Few;

    impl<'de> Visitor<'de> for Few {
        type Value = Vec<PeerMessage>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {MAX_MESSAGES} messages")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut messages = Vec::new();
            while let Some(message) = seq.next_element()? {
                if messages.len() == MAX_MESSAGES {
                    return Err(de::Error::invalid_length(MAX_MESSAGES + 1, &self));
                }
                messages.push(message);
            }
            Ok(messages)
        }
    }

    deserializer.deserialize_seq(Few)
}

/// A frame that cannot be said or understood; nothing was changed.
#[derive(Debug, Error)]
pub enum FrameError {
    /// Longer than both sides agreed.
    #[error("a frame of {0} bytes is longer than {MAX_FRAME_BYTES}")]
    TooLong(usize),
    /// Another version byte, or none.
    #[error("a frame of version {0:?}")]
    Version(Option<u8>),
    /// It cannot be written; a bug of ours.
    #[error("a frame cannot be encoded: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    /// It cannot be read: a newer node's, or a bug of the peer.
    #[error("a frame cannot be decoded: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
}

impl Frame {
    /// A refusal for any other reason than the cluster.
    pub(super) const fn refused(reason: String) -> Self {
        Self::Refused { reason, elsewhere: None }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, FrameError> {
        let mut bytes = Vec::with_capacity(128);
        bytes.push(FRAME_VERSION);
        rmp_serde::encode::write_named(&mut bytes, self)?;
        if bytes.len() > MAX_FRAME_BYTES {
            return Err(FrameError::TooLong(bytes.len()));
        }
        Ok(bytes)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        match bytes.split_first() {
            Some((&FRAME_VERSION, rest)) => Ok(rmp_serde::from_slice(rest)?),
            other => Err(FrameError::Version(other.map(|(version, _)| *version))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_as_it_was() {
        let frame = Frame::Messages(vec![PeerMessage::RosterRequest]);
        assert_eq!(Frame::decode(&frame.encode().unwrap()).unwrap(), frame);
    }

    #[test]
    fn a_field_of_a_newer_node_is_skipped() {
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Newer {
            Ping { micros: u64, colour: &'static str },
        }
        let mut bytes = vec![FRAME_VERSION];
        let newer = Newer::Ping { micros: 7, colour: "red" };
        rmp_serde::encode::write_named(&mut bytes, &newer).unwrap();
        assert_eq!(Frame::decode(&bytes).unwrap(), Frame::Ping { micros: 7 });
    }

    #[test]
    fn a_frame_of_too_many_messages_is_not_decoded() {
        let frame = |count| Frame::Messages(vec![PeerMessage::RosterRequest; count]).encode();
        assert!(Frame::decode(&frame(MAX_MESSAGES).unwrap()).is_ok());
        assert!(Frame::decode(&frame(MAX_MESSAGES + 1).unwrap()).is_err());
    }

    #[test]
    fn an_older_node_skips_what_the_hubs_say_and_goes_on() {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Older {
            #[expect(dead_code, reason = "read, not looked at")]
            Ping { micros: u64 },
        }
        let bytes = Frame::Relay(Bytes(vec![1, 2, 3].into())).encode().unwrap();
        assert!(rmp_serde::from_slice::<Older>(&bytes[1..]).is_err());
        assert_eq!(Frame::decode(&bytes).unwrap(), Frame::Relay(Bytes(vec![1, 2, 3].into())));
    }

    #[test]
    fn another_version_is_refused() {
        assert!(matches!(Frame::decode(&[9, 0]), Err(FrameError::Version(Some(9)))));
        assert!(matches!(Frame::decode(&[]), Err(FrameError::Version(None))));
    }
}
