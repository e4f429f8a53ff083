//! How many files matched, until `site.db` is written again: every page of a list says it, and
//! counting takes longer than finding the page.

use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;

/// Questions whose answers are kept.
const QUESTIONS: usize = 256;

/// Counts by what was asked, each with the state of the database that it is of.
#[derive(Debug)]
pub(super) struct Counted {
    state: AtomicU64,
    counts: Cache<String, (u64, u64)>,
}

impl Default for Counted {
    fn default() -> Self {
        Self { state: AtomicU64::new(0), counts: Cache::new(QUESTIONS) }
    }
}

impl Counted {
    /// The state of the database, to be taken before counting.
    pub(super) fn state(&self) -> u64 {
        self.state.load(Ordering::Acquire)
    }

    /// The count, if it is of this state.
    pub(super) fn get(&self, asked: &str, state: u64) -> Option<u64> {
        self.counts.get(asked).filter(|(of, _)| *of == state).map(|(_, count)| count)
    }

    /// Keeps what was counted in this state, or after it.
    pub(super) fn put(&self, asked: String, state: u64, count: u64) {
        self.counts.insert(asked, (state, count));
    }

    /// The database was written.
    pub(super) fn forget(&self) {
        self.state.fetch_add(1, Ordering::AcqRel);
    }
}
