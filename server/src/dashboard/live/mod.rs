//! News for the pages: node events become numbered messages that any number of readers get.
//!
//! Guarantees: a changed file is told within 100 ms of its event; ids are contiguous, so a reader
//! who sees a gap knows that it missed something and asks again. Every queue has an end: a slow
//! reader loses messages, sees the gap and asks again.

mod feed;
mod watch;

use std::sync::Arc;

pub(super) use feed::{Feed, Reader};

use super::site::Site;
use crate::shutdown::Stop;

/// Starts the one task that turns node events into messages.
pub(super) fn start(site: Site, stop: Stop) -> Arc<Feed> {
    let feed = Arc::new(Feed::new());
    tokio::spawn(watch::run(site, Arc::clone(&feed), stop));
    feed
}
