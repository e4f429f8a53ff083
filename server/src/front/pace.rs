//! How long somebody has been waited for, and how little came of it.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// Counts only time in which we waited for the other side, never our own.
#[derive(Debug)]
pub(super) struct Pace {
    window: Duration,
    least: u64,
    /// Waited in this window, and what moved in it.
    waited: Duration,
    moved: u64,
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// At least `least` bytes in each `window` of waiting.
    pub(super) const fn new(window: Duration, least: u64) -> Self {
        Self { window, least, waited: Duration::ZERO, moved: 0, since: None, timer: None }
    }

    /// Bytes moved: the waiting is over for now.
    pub(super) fn moved(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
        self.moved = self.moved.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if self.moved >= self.least {
            self.start_again();
        }
    }

    /// Nothing is owed: what comes next begins anew.
    pub(super) const fn start_again(&mut self) {
        self.since = None;
        self.waited = Duration::ZERO;
        self.moved = 0;
    }

    /// Waits; ready once it took too long.
    pub(super) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            let end = now + self.window.saturating_sub(self.waited);
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(end),
                None => self.timer = Some(Box::pin(sleep_until(end))),
            }
        }
        self.timer.as_mut().map_or(Poll::Pending, |timer| timer.as_mut().poll(cx))
    }
}
