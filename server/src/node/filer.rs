//! The filer: writes loose files and journal lines for SWISH, behind the database.
//!
//! One thread. It has no sync of its own on anybody's path: files are written and renamed, lines
//! appended, and once a second one `syncfs` covers all of it; then the rows of the log may go.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use domain::{FileName, ObjectId};
use gitty::{HeadUpdate, Object};
use store::{Rewrite, Store};

use super::foreign::Read;

/// Time between two syncs while there is something to sync.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Batches that are filed in one go: few, so that the lines of the first do not wait for the files
/// of the last.
const JOBS_AT_ONCE: usize = 16;

/// A batch waits this long for more: files and lines are written in one go, off the saves' path.
const GATHER: Duration = Duration::from_millis(20);

/// What one durable batch brings to the store.
#[derive(Debug)]
pub(super) struct Job {
    /// Number of the batch.
    pub(super) number: u64,
    /// Objects on the path of the new heads.
    pub(super) objects: Vec<(ObjectId, Object)>,
    /// Heads that SWISH should see.
    pub(super) served: Vec<(FileName, ObjectId)>,
}

/// What the filer says to the driver.
#[derive(Debug)]
pub(super) enum Report {
    /// Files and lines of everything up to this batch are written.
    Filed {
        /// Number of the last batch.
        upto: u64,
        /// Objects that have a file now.
        objects: Vec<ObjectId>,
        /// Lines that somebody else had appended.
        foreign: Vec<HeadUpdate>,
    },
    /// And are on the disk.
    Covered {
        /// Number of the last batch.
        upto: u64,
    },
    /// Lines that somebody else appended while nothing was filed; of the watcher.
    Foreign(Vec<HeadUpdate>),
    /// The objects of such a line.
    Read(Read),
    /// The store cannot be written; what is durable in the database stays there.
    Failed {
        /// Why, and what to do.
        reason: String,
    },
}

/// The thread's end of the channels.
pub(super) struct Filer {
    store: Arc<Store>,
    jobs: mpsc::Receiver<Job>,
    reports: tokio::sync::mpsc::UnboundedSender<Report>,
    /// Collected and not filed.
    objects: Vec<(ObjectId, Object)>,
    served: BTreeMap<FileName, ObjectId>,
    upto: u64,
    /// Batch that is filed and not synced.
    unsynced: Option<u64>,
    synced_at: Instant,
}

impl Filer {
    /// Starts the thread; it ends when the sender of jobs is dropped, after a last sync.
    pub(super) fn start(
        store: Arc<Store>,
        reports: tokio::sync::mpsc::UnboundedSender<Report>,
    ) -> std::io::Result<(mpsc::Sender<Job>, std::thread::JoinHandle<()>)> {
        let (sender, jobs) = mpsc::channel();
        let filer = Self {
            store,
            jobs,
            reports,
            objects: Vec::new(),
            served: BTreeMap::new(),
            upto: 0,
            unsynced: None,
            synced_at: Instant::now(),
        };
        let thread = std::thread::Builder::new().name("filer".to_owned()).spawn(|| filer.run())?;
        Ok((sender, thread))
    }

    fn run(mut self) {
        loop {
            let wait = match self.unsynced {
                Some(_) => SYNC_EVERY.saturating_sub(self.synced_at.elapsed()),
                None => SYNC_EVERY,
            };
            match self.jobs.recv_timeout(wait) {
                Ok(job) => {
                    std::thread::sleep(GATHER);
                    self.file(job);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => self.look(),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if self.synced_at.elapsed() >= SYNC_EVERY {
                self.sync();
            }
        }
        self.sync();
    }

    /// Files a job and all that wait behind it: one line per name, one write of lines. What fails
    /// is tried again with the next job or in a second.
    fn file(&mut self, first: Job) {
        let more = std::iter::from_fn(|| self.jobs.try_recv().ok()).take(JOBS_AT_ONCE);
        for job in std::iter::once(first).chain(more) {
            self.upto = job.number;
            self.objects.extend(job.objects);
            self.served.extend(job.served);
        }
        self.file_collected();
    }

    fn file_collected(&mut self) {
        if let Err(error) = self.store.write_objects(&self.objects, Rewrite::No) {
            return self.fail(&error);
        }
        let served: Vec<_> = self.served.iter().map(|(name, id)| (name.clone(), *id)).collect();
        match self.store.lead(&served) {
            Ok(led) => {
                self.served.clear();
                self.unsynced = Some(self.upto);
                let objects = std::mem::take(&mut self.objects).into_iter().map(|(id, _)| id);
                let (upto, objects) = (self.upto, objects.collect());
                self.report(Report::Filed { upto, objects, foreign: led.foreign });
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Nothing to file: sees what somebody else appended.
    fn look(&mut self) {
        if !self.objects.is_empty() || !self.served.is_empty() {
            return self.file_collected();
        }
        match self.store.read_journal() {
            Ok(foreign) if foreign.is_empty() => {}
            Ok(foreign) => self.report(Report::Filed { upto: 0, objects: Vec::new(), foreign }),
            Err(error) => self.fail(&error),
        }
    }

    fn sync(&mut self) {
        self.synced_at = Instant::now();
        let Some(upto) = self.unsynced else { return };
        match self.store.sync() {
            Ok(()) => {
                self.unsynced = None;
                self.report(Report::Covered { upto });
            }
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&self, error: &dyn std::error::Error) {
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            reason = format!("{reason}: {inner}");
            source = inner.source();
        }
        self.report(Report::Failed { reason });
    }

    fn report(&self, report: Report) {
        // The driver is gone only when the program ends.
        let _ = self.reports.send(report);
    }
}
