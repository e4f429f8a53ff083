//! Timers of the core, each at most once.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rand::Rng;
use relay::Timer;

/// Armed timers.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeMap<Timer, Instant>);

impl Timers {
    /// Arms a timer, or arms it anew, with a delay drawn from a range in milliseconds.
    pub(super) fn arm(&mut self, timer: Timer, (earliest, latest): (u64, u64)) {
        let delay = rand::rng().random_range(earliest..=latest.max(earliest));
        self.0.insert(timer, Instant::now() + Duration::from_millis(delay));
    }

    /// When the next one fires.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().min().copied()
    }

    /// Takes one that is due.
    pub(super) fn take(&mut self, now: Instant) -> Option<Timer> {
        let timer = *self.0.iter().find(|(_, at)| **at <= now)?.0;
        self.0.remove(&timer);
        Some(timer)
    }
}
