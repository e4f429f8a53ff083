//! How far a long command is, on a terminal only.

use std::{
    cell::Cell,
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use domain::words;
use store::{Progress, Step};

const TELL_EVERY: Duration = Duration::from_millis(100);
/// Back to the beginning of the line, which is emptied.
const CLEAR: &str = "\r\x1b[K";

/// A line on standard error that is written over; removed when dropped.
pub(super) struct Meter {
    is_shown: bool,
    told: Cell<Option<Instant>>,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal(), told: Cell::new(None) }
    }

    pub(super) fn tell(&self, progress: Progress) {
        let is_due = self.told.get().is_none_or(|told| told.elapsed() > TELL_EVERY);
        if !self.is_shown || !is_due {
            return;
        }
        self.told.set(Some(Instant::now()));
        let count = |n: usize| words::thousands(u64::try_from(n).unwrap_or(u64::MAX));
        let (word, done, total) =
            (word(progress.step), count(progress.done), count(progress.total));
        let _ = write!(io::stderr().lock(), "{CLEAR}{word}: {done} of {total}");
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.told.get().is_some() {
            let _ = write!(io::stderr().lock(), "{CLEAR}");
        }
    }
}

const fn word(step: Step) -> &'static str {
    match step {
        Step::Loose => "Loose objects",
        Step::Packed => "Packed objects",
        Step::Copying => "Copying into the pack",
        Step::Removing => "Removing loose files",
        Step::Listing => "Objects",
    }
}
