//! What hubs say to each other, as the bytes of a frame: a list of messages, bounded.

use std::fmt;

use relay::RelayMessage;
use serde::{
    Deserializer as _,
    de::{self, SeqAccess, Visitor},
};

/// Messages of a frame that are written; twice as many are read.
const MAX_MESSAGES: usize = 1_000;
/// Bytes of a frame that further messages may be added to.
const FRAME_BYTES: usize = 256 << 10;
/// Longest frame that is read: a page of history, and what was said before it.
const MAX_BYTES: usize = 2 << 20;
/// A list of up to 65,535 elements in MessagePack.
const LIST: u8 = 0xdc;

/// Packs messages into frames, in order.
pub(super) fn frames(messages: &[RelayMessage]) -> Vec<Vec<u8>> {
    let mut frames: Vec<(u16, Vec<u8>)> = Vec::new();
    for message in messages {
        let Ok(bytes) = rmp_serde::to_vec_named(message) else { continue };
        match frames.last_mut() {
            Some((count, frame))
                if usize::from(*count) < MAX_MESSAGES
                    && frame.len() + bytes.len() <= FRAME_BYTES =>
            {
                *count += 1;
                frame.extend(bytes);
            }
            Some(_) | None => {
                let mut frame = vec![LIST, 0, 0];
                frame.extend(bytes);
                frames.push((1, frame));
            }
        }
    }
    let seal = |(count, mut frame): (u16, Vec<u8>)| {
        frame[1..3].copy_from_slice(&count.to_be_bytes());
        frame
    };
    frames.into_iter().map(seal).collect()
}

/// Reads a frame; none if no hub of this version writes it.
pub(super) fn read(frame: &[u8]) -> Option<Vec<RelayMessage>> {
    struct Few;

    impl<'de> Visitor<'de> for Few {
        type Value = Vec<RelayMessage>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {} messages", 2 * MAX_MESSAGES)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut messages = Vec::new();
            while let Some(message) = seq.next_element()? {
                if messages.len() == 2 * MAX_MESSAGES {
                    return Err(de::Error::invalid_length(messages.len() + 1, &self));
                }
                messages.push(message);
            }
            Ok(messages)
        }
    }

    if frame.len() > MAX_BYTES {
        return None;
    }
    let mut reader = rmp_serde::Deserializer::from_read_ref(frame);
    reader.deserialize_seq(Few).ok()
}

#[cfg(test)]
mod tests {
    use domain::Run;
    use relay::{Body, DocumentId};

    use super::*;

    fn pass(bytes: usize) -> RelayMessage {
        let document = DocumentId::new("gitty:a.pl").unwrap();
        RelayMessage::Pass { document, body: Body(vec![b'x'; bytes].into()) }
    }

    #[test]
    fn frames_read_back_in_order_and_none_is_long() {
        let mut messages: Vec<_> = (1..40).map(|size| pass(size * 1_000)).collect();
        messages.extend((0..2_500).map(|_| RelayMessage::Leaving { run: Run::from_bytes([1; 8]) }));
        let frames = frames(&messages);
        assert!(frames.len() > 4 && frames.iter().all(|frame| frame.len() <= FRAME_BYTES));
        let read: Vec<_> = frames.iter().flat_map(|frame| read(frame).unwrap()).collect();
        assert_eq!(read, messages);
    }

    #[test]
    fn what_no_hub_writes_is_refused() {
        let long: Vec<u8> = vec![0xdc; MAX_BYTES + 1];
        let claims_many = [0xdd, 0xff, 0xff, 0xff, 0xff];
        let mut many = vec![LIST, 0xff, 0xff];
        let small = rmp_serde::to_vec_named(&RelayMessage::BucketsRequest { ask: 1 }).unwrap();
        (0..0xffff).for_each(|_| many.extend(&small));
        for bytes in [&b""[..], b"\xc1", b"\x81\xa1x\x01", &long, &claims_many, &many] {
            assert_eq!(read(bytes), None);
        }
    }
}
