//! Timers of the core: each at most once, with a delay drawn here.

use std::collections::BTreeMap;

use cluster::Timer;
use domain::Millis;
use rand::Rng;

/// Armed timers, by when they fire.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeMap<(Millis, u64), Timer>,
    armed: BTreeMap<Timer, (Millis, u64)>,
    made: u64,
}

impl Timers {
    /// Arms a timer, or arms it anew.
    pub(super) fn arm(&mut self, now: Millis, timer: Timer, (earliest, latest): (u64, u64)) {
        self.disarm(&timer);
        let delay = rand::rng().random_range(earliest..=latest.max(earliest));
        self.made += 1;
        let at = (now + Millis(delay), self.made);
        self.due.insert(at, timer.clone());
        self.armed.insert(timer, at);
    }

    pub(super) fn disarm(&mut self, timer: &Timer) {
        if let Some(at) = self.armed.remove(timer) {
            self.due.remove(&at);
        }
    }

    /// When the next one fires.
    pub(super) fn next(&self) -> Option<Millis> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes one that is due.
    pub(super) fn take(&mut self, now: Millis) -> Option<Timer> {
        let (at, _) = self.due.first_key_value()?;
        if at.0 > now {
            return None;
        }
        let (_, timer) = self.due.pop_first()?;
        self.armed.remove(&timer);
        Some(timer)
    }
}
