//! The keeper: a thread that keeps the index file near the store, so that the next start is quick.
//!
//! It works from the directory alone, so nobody waits for it. What it finds that no line of the
//! journal told of, it tells the driver.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::Duration,
};

use domain::{Link, ObjectId};
use store::Store;
use tracing::{info, warn};

/// The first sweep waits until the node has found its feet.
const FIRST_AFTER: Duration = Duration::from_secs(5);
/// Time between two looks at how much the file lacks.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Journal lines, in bytes, for which the file is written anew: some 500 saves.
const WORTH_BYTES: u64 = 64 << 10;
/// The same at the end, when nobody waits for anything else: some 10 saves.
const WORTH_AT_END_BYTES: u64 = 1 << 10;
/// Objects that are told in one go.
const TOLD_AT_ONCE: usize = 1_000;

/// Objects that were found, commits with their links.
pub(super) type Found = Vec<(ObjectId, Option<Link>)>;

/// The thread's state.
struct Keeper {
    store: Arc<Store>,
    index: PathBuf,
    found: tokio::sync::mpsc::Sender<Found>,
    stop: mpsc::Receiver<()>,
}

/// Starts the thread; it writes the file a last time when the sender is dropped.
pub(super) fn start(
    store: Arc<Store>,
    index: PathBuf,
    found: tokio::sync::mpsc::Sender<Found>,
) -> std::io::Result<(mpsc::Sender<()>, JoinHandle<()>)> {
    let (sender, stop) = mpsc::channel();
    let keeper = Keeper { store, index, found, stop };
    let run = || keeper.run();
    let thread = std::thread::Builder::new().name("index keeper".to_owned()).spawn(run)?;
    Ok((sender, thread))
}

impl Keeper {
    fn run(self) {
        let (mut wait, mut worth) = (FIRST_AFTER, 0);
        while self.stop.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            if self.store.unindexed_bytes() >= worth {
                self.refresh();
            }
            (wait, worth) = (LOOK_EVERY, WORTH_BYTES);
        }
        if self.store.unindexed_bytes() >= WORTH_AT_END_BYTES {
            self.refresh();
        }
    }

    fn refresh(&self) {
        let mut found = Vec::new();
        let mut count = 0;
        let refreshed = self.store.refresh_index(&self.index, &mut |id, link| {
            found.push((id, link.cloned()));
            count += 1;
            if found.len() == TOLD_AT_ONCE {
                self.tell(std::mem::take(&mut found));
            }
        });
        self.tell(found);
        match refreshed {
            Ok(true) => info!(objects.new = count, "the index of the store is written"),
            Ok(false) => {}
            Err(error) => {
                let reason: &dyn std::error::Error = &error;
                warn!(reason, "the index of the store is not written; the next start is slower");
            }
        }
    }

    fn tell(&self, found: Found) {
        if !found.is_empty() {
            // The driver is gone only when the program ends.
            let _ = self.found.blocking_send(found);
        }
    }
}
