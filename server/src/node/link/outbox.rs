//! What waits to be sent on one connection, bounded by bytes.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

/// Bytes that a writer takes at once, so that the rest still counts against the bound.
const TAKE_BYTES: usize = 256 << 10;

/// A queue of encoded frames; senders never wait.
#[derive(Debug)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
}

/// The queue is full; the frame is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Outbox {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { waiting: Mutex::default(), filled: Notify::new(), max_bytes }
    }

    /// Adds a frame, unless it would exceed the bound; an empty queue takes any frame.
    pub(super) fn push(&self, frame: Vec<u8>) -> Result<(), Full> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.bytes > 0 && waiting.bytes + frame.len() > self.max_bytes {
            return Err(Full);
        }
        waiting.bytes += frame.len();
        waiting.frames.push_back(frame);
        drop(waiting);
        self.filled.notify_one();
        Ok(())
    }

    /// True when nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).frames.is_empty()
    }

    /// Waits for frames and takes the oldest of them. One task only.
    pub(super) async fn take(&self) -> Vec<Vec<u8>> {
        loop {
            let frames = self.take_waiting();
            if !frames.is_empty() {
                return frames;
            }
            self.filled.notified().await;
        }
    }

    fn take_waiting(&self) -> Vec<Vec<u8>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut frames = Vec::new();
        let mut bytes = 0;
        while bytes < TAKE_BYTES
            && let Some(frame) = waiting.frames.pop_front()
        {
            bytes += frame.len();
            frames.push(frame);
        }
        waiting.bytes -= bytes;
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_until_it_is_taken() {
        let outbox = Outbox::new(4);
        assert_eq!(outbox.push(vec![1; 3]), Ok(()));
        assert_eq!(outbox.push(vec![2; 2]), Err(Full));
        assert_eq!(outbox.take().await, [vec![1; 3]]);
        assert_eq!(outbox.push(vec![2; 2]), Ok(()));
    }

    #[tokio::test]
    async fn one_large_frame_passes_an_empty_queue() {
        let outbox = Outbox::new(4);
        assert_eq!(outbox.push(vec![1; 9]), Ok(()));
        assert_eq!(outbox.push(vec![2]), Err(Full));
        assert_eq!(outbox.take().await, [vec![1; 9]]);
    }
}
