//! What waits to be sent to one page: bounded, and it knows what the page has not been sent.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use relay::{DocumentId, Origin};
use tokio::sync::Notify;

/// Frames that may wait for one page.
const MAX_FRAMES: usize = 256;
/// Bytes that may wait for one page; an empty queue takes any frame.
const MAX_BYTES: usize = 512 << 10;

/// A message that a page has not seen until its frame is sent.
pub(super) type Unseen = Arc<(DocumentId, Origin)>;

/// The end of a page's socket: frames come out in order.
///
/// A frame counts as sent when the next one is asked for, or when [`Frames::sent`] says so. When
/// this is dropped the page is lost, and the hub goes on without it.
#[derive(Debug)]
pub struct Frames(Arc<Line>);

/// The hub's end.
#[derive(Debug)]
pub(super) struct Queue(Arc<Line>);

#[derive(Debug, Default)]
struct Line {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<(Utf8Bytes, Option<Unseen>)>,
    bytes: usize,
    /// What the frame that was taken last has, or what was handed over beside, until it is sent.
    taken: Vec<Unseen>,
    /// What was refused: the page is to be dropped, and has not seen it.
    refused: Vec<Unseen>,
    is_closed: bool,
}

/// The queue is full or nobody reads it: the page is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// A queue with both its ends.
pub(super) fn queue() -> (Queue, Frames) {
    let line = Arc::new(Line::default());
    (Queue(Arc::clone(&line)), Frames(line))
}

impl Line {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Frames {
    /// The next frame; none when the hub has dropped the page. To be called by one task only; it
    /// may be cancelled.
    pub async fn recv(&mut self) -> Option<Utf8Bytes> {
        self.sent();
        loop {
            {
                let mut waiting = self.0.waiting();
                if let Some((frame, unseen)) = waiting.frames.pop_front() {
                    waiting.bytes -= frame.len();
                    waiting.taken.extend(unseen);
                    return Some(frame);
                }
                if waiting.is_closed {
                    return None;
                }
            }
            self.0.changed.notified().await;
        }
    }

    /// The frame that was taken last has been sent.
    pub fn sent(&mut self) {
        self.0.waiting().taken.clear();
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.0.waiting().is_closed = true;
    }
}

impl Queue {
    /// Adds a frame; the message in it is seen when it is sent.
    pub(super) fn push(&self, frame: Utf8Bytes, unseen: Option<Unseen>) -> Result<(), Full> {
        let mut waiting = self.0.waiting();
        let is_full = waiting.frames.len() >= MAX_FRAMES
            || waiting.bytes > 0 && waiting.bytes + frame.len() > MAX_BYTES;
        if is_full || waiting.is_closed {
            waiting.refused.extend(unseen);
            return Err(Full);
        }
        waiting.bytes += frame.len();
        waiting.frames.push_back((frame, unseen));
        drop(waiting);
        self.0.changed.notify_one();
        Ok(())
    }

    /// What the page is given beside the queue, and sends before it asks for the next frame.
    pub(super) fn hand_over(&self, unseen: impl Iterator<Item = Unseen>) {
        self.0.waiting().taken.extend(unseen);
    }

    /// Ends it; what was not sent is dropped, and what was refused: the messages in it.
    pub(super) fn close(self) -> Vec<Unseen> {
        let mut waiting = self.0.waiting();
        waiting.is_closed = true;
        waiting.bytes = 0;
        let taken = mem::take(&mut waiting.taken);
        let frames = mem::take(&mut waiting.frames);
        let refused = mem::take(&mut waiting.refused);
        drop(waiting);
        self.0.changed.notify_one();
        let frames = frames.into_iter().filter_map(|(_, unseen)| unseen);
        taken.into_iter().chain(frames).chain(refused).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::Incarnation;
    use relay::Number;

    use super::*;

    fn unseen(number: u32) -> Unseen {
        let incarnation = Incarnation::from_bytes([1; 8]);
        let origin = Origin { incarnation, number: Number::new(number).unwrap() };
        Arc::new((DocumentId::new("gitty:a.pl").unwrap(), origin))
    }

    #[tokio::test]
    async fn what_was_not_sent_is_not_seen() {
        let (queue, mut frames) = queue();
        for number in 1..=4 {
            queue.push("x".into(), Some(unseen(number))).unwrap();
        }
        frames.recv().await.unwrap();
        frames.recv().await.unwrap();
        // The second was taken, and nobody has said that it was sent.
        assert_eq!(queue.close(), [unseen(2), unseen(3), unseen(4)]);
        assert_eq!(frames.recv().await, None);
    }

    #[tokio::test]
    async fn a_page_that_does_not_read_is_dropped_after_so_many_frames_or_bytes() {
        let (few, _frames) = queue();
        let frame = Utf8Bytes::from_static("x");
        let pushed = (0..1_000).take_while(|_| few.push(frame.clone(), None).is_ok()).count();
        assert_eq!(pushed, MAX_FRAMES);
        let (large, mut frames) = queue();
        let frame: Utf8Bytes = "y".repeat(MAX_BYTES).into();
        large.push(frame.clone(), None).unwrap();
        assert_eq!(large.push("z".into(), None), Err(Full));
        assert_eq!(frames.recv().await, Some(frame));
        large.push("z".into(), None).unwrap();
    }

    #[test]
    fn a_socket_that_is_gone_takes_nothing_and_has_not_seen_it() {
        let (queue, frames) = queue();
        drop(frames);
        assert_eq!(queue.push("x".into(), Some(unseen(1))), Err(Full));
        assert_eq!(queue.close(), [unseen(1)]);
    }
}
