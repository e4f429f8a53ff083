//! The watcher: a thread that reads the lines which others append to the journal, when they do.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use store::{JournalWatch, Stopper, Store, Waited};
use tokio::sync::mpsc::UnboundedSender;
use tracing::warn;

use super::filer::Report;

/// Lines that come this close together are read together; our own wake the watcher as well.
const PAUSE: Duration = Duration::from_millis(10);

/// Starts the thread; it ends when the stopper is dropped.
pub(super) fn start(
    store: Arc<Store>,
    reports: UnboundedSender<Report>,
) -> std::io::Result<(Stopper, JoinHandle<()>)> {
    let (mut watch, stopper) = store.watch_journal()?;
    let run = move || {
        while is_to_look(&mut watch) {
            // What cannot be read here, the filer cannot read either: it says so.
            let foreign = store.read_journal().unwrap_or_default();
            if !foreign.is_empty() && reports.send(Report::Foreign(foreign)).is_err() {
                return;
            }
            thread::sleep(PAUSE);
        }
    };
    let thread = thread::Builder::new().name("watcher".to_owned()).spawn(run)?;
    Ok((stopper, thread))
}

fn is_to_look(watch: &mut JournalWatch) -> bool {
    match watch.wait() {
        Ok(waited) => waited == Waited::Look,
        Err(error) => {
            warn!(%error, "ref/head cannot be watched: it is looked at once a second");
            false
        }
    }
}
