//! Finding files: SWISH's query language over `site.db`.
//!
//! ```text
//!   node events ──▶ indexer (one task) ──▶ site.db ◀── list, suggest ◀── gateway
//!                                            trigrams propose, regular expressions decide
//! ```
//!
//! [`Search`] is the handle. What a query may cost is bounded: its length, the size of its
//! expressions, files and bytes that are read for it, and how many of them run at once.

mod entry;
mod indexer;
mod language;
mod list;
mod pattern;
mod suggest;
#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use thiserror::Error;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};

use crate::{
    db::{SiteDb, SiteError},
    node::{Handle, link::now_ms},
    shutdown::Stop,
};

pub use language::{Query, QueryError};
pub use list::{List, Listing};
pub use pattern::Pattern;
pub use suggest::{FileHit, LineHit, Match};

/// Queries that read texts at the same time; each may keep a processor busy.
const READING_AT_ONCE: usize = 2;
/// Patience for the turn to read texts.
const TURN: Duration = Duration::from_secs(2);
/// Patience for what was saved before the question to be found by it.
const SETTLE: Duration = Duration::from_millis(500);
/// Questions that may wait for the indexer; one more does not wait.
const WAITING: usize = 256;

/// No answer; nothing was changed.
#[derive(Debug, Error)]
pub enum SearchError {
    /// The query cannot be understood.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The database cannot be read.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// Too many others search.
    #[error("too many searches at once")]
    Busy,
}

/// A cheap handle; clones share it.
#[derive(Clone, Debug)]
pub struct Search {
    site: SiteDb,
    state: Arc<State>,
    reading: Arc<Semaphore>,
    waiting: mpsc::Sender<oneshot::Sender<()>>,
}

/// What the indexer says of itself.
#[derive(Debug)]
struct State {
    /// Milliseconds since 1970 of the last change that is indexed; of the start before any.
    modified_ms: AtomicU64,
    /// Whether all that was there at the start is indexed.
    is_whole: AtomicBool,
}

impl Search {
    /// Opens `site.db` in the data directory and starts the indexer, which ends with `stop`.
    ///
    /// Without a usable file the index is in memory: saves need no search.
    ///
    /// # Errors
    /// When there is no memory for it either.
    pub async fn start(data: &Path, node: Handle, stop: Stop) -> Result<Self, SiteError> {
        let site = match SiteDb::open(&data.join("site.db")).await {
            Ok(site) => site,
            Err(reason) => {
                tracing::error!(%reason, "site.db cannot be made, the index is in memory: {reason}");
                SiteDb::in_memory().await?
            }
        };
        Ok(Self::over(site, node, stop))
    }

    fn over(site: SiteDb, node: Handle, stop: Stop) -> Self {
        let state = Arc::new(State {
            modified_ms: AtomicU64::new(now_ms()),
            is_whole: AtomicBool::new(false),
        });
        let (waiting, asked) = mpsc::channel(WAITING);
        tokio::spawn(indexer::run(site.clone(), node, Arc::clone(&state), asked, stop));
        Self { site, state, reading: Arc::new(Semaphore::new(READING_AT_ONCE)), waiting }
    }

    /// When the last change that is found was made known here, in seconds since 1970.
    #[must_use]
    pub fn modified(&self) -> f64 {
        Duration::from_millis(self.state.modified_ms.load(Ordering::Relaxed)).as_secs_f64()
    }

    /// False until all that was there at the start is found.
    fn is_whole(&self) -> bool {
        self.state.is_whole.load(Ordering::Relaxed)
    }

    /// Returns when the saves that were answered before can be found, or shortly after.
    pub async fn settle(&self) {
        if !self.is_whole() {
            return;
        }
        let (reply, settled) = oneshot::channel();
        if self.waiting.try_send(reply).is_ok() {
            let _ = timeout(SETTLE, settled).await;
        }
    }

    /// Waits for the turn to read texts.
    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, SearchError> {
        let turn = timeout(TURN, self.reading.acquire()).await.map_err(|_| SearchError::Busy)?;
        turn.map_err(|_| SearchError::Busy)
    }
}

impl State {
    fn changed(&self) {
        self.modified_ms.store(now_ms(), Ordering::Relaxed);
    }

    fn whole(&self, is_whole: bool) {
        self.is_whole.store(is_whole, Ordering::Relaxed);
    }
}
