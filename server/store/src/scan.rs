//! The walk over all objects when there is no index: each is read and its hash checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use domain::{FileName, Link, ObjectId, ObjectKind};
use gitty::{Commit, HeadUpdate};

use crate::{
    disk::Disk,
    error::ReadError,
    folders::{self, Company, Folders, Listed},
    index::Index,
    layout,
};

/// Folders `00` to `ff`.
const OUTER_FOLDERS: usize = 256;
/// More readers than this only wait for the disk.
const MAX_READERS: usize = 8;
/// Folders of findings that wait to be taken into the index.
const WAITING_FOLDERS: usize = 16;

/// How far the walk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Objects read so far.
    pub objects: usize,
    /// Thousandths of the folders that are done.
    pub permille: usize,
}

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) index: Index,
    /// Files that are short, hold something else, or commits that cannot be read.
    pub(crate) damaged: BTreeSet<ObjectId>,
    /// When the folders were listed.
    pub(crate) folders: Folders,
    /// Latest commit of each file, by its time in full: saves share a millisecond.
    latest: BTreeMap<FileName, (f64, ObjectId)>,
}

/// What a file turned out to be.
#[derive(Debug)]
pub(crate) enum Found {
    /// A commit, and its time in full.
    Commit(Link, f64),
    /// A whole object of another type.
    Other,
    /// Neither; why was logged.
    Damaged,
}

/// A folder and what was found in it.
type Batch = (Listed, Vec<(ObjectId, Found)>);

/// Reads every object, checks its hash and takes it into the index.
///
/// # Errors
/// A folder or file cannot be read.
pub(crate) fn scan(
    disk: &dyn Disk,
    dir: &Path,
    company: Company,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<Scan> {
    let readers = thread::available_parallelism().map_or(1, usize::from).min(MAX_READERS);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, batches) = sync_channel(WAITING_FOLDERS);
        for _ in 0..readers {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || read_folders(disk, dir, company, next, &sender));
        }
        drop(sender);
        let mut scan = Scan::default();
        let mut objects = 0;
        for batch in batches {
            let (listed, found) = batch?;
            objects += found.len();
            scan.folders.note(&listed);
            found.into_iter().for_each(|(id, found)| scan.take(id, found));
            let begun = next.load(Ordering::Relaxed).min(OUTER_FOLDERS);
            let permille = begun.saturating_sub(readers) * 1_000 / OUTER_FOLDERS;
            progress(Progress { objects, permille });
        }
        Ok(scan)
    })
}

/// One reader: takes folders until there are no more, or nobody wants the findings.
fn read_folders(
    disk: &dyn Disk,
    dir: &Path,
    company: Company,
    next: &AtomicUsize,
    sender: &SyncSender<io::Result<Batch>>,
) {
    while let Ok(first) = u8::try_from(next.fetch_add(1, Ordering::Relaxed)) {
        let inner = match folders::folders(dir, first) {
            Ok(inner) => inner,
            Err(error) => return drop(sender.send(Err(error))),
        };
        for folder in inner {
            let batch = folder.list(company).and_then(|listed| read_all(disk, dir, listed));
            if sender.send(batch).is_err() {
                return;
            }
        }
    }
}

fn read_all(disk: &dyn Disk, dir: &Path, listed: Listed) -> io::Result<Batch> {
    let mut all = Vec::with_capacity(listed.ids.len());
    for id in &listed.ids {
        all.extend(look(disk, dir, id)?.map(|found| (*id, found)));
    }
    Ok((listed, all))
}

/// Reads an object and checks its hash; nothing, if it has no file.
///
/// # Errors
/// The file is there and cannot be read.
pub(crate) fn look(disk: &dyn Disk, dir: &Path, id: &ObjectId) -> io::Result<Option<Found>> {
    let object = match layout::read(disk, dir, id) {
        Ok(object) => object,
        Err(ReadError::Damaged { reason, .. }) => {
            tracing::warn!(object.id = %id, reason, "object is damaged");
            return Ok(Some(Found::Damaged));
        }
        // SWISH removes a commit whose head it could not move.
        Err(ReadError::Missing(_)) => return Ok(None),
        Err(ReadError::Io { source, .. }) => return Err(source),
    };
    if object.kind != ObjectKind::Commit {
        return Ok(Some(Found::Other));
    }
    Ok(Some(match Commit::parse(&object.content) {
        Ok(commit) => Found::Commit(commit.link(), commit.time()),
        Err(error) => {
            tracing::warn!(object.id = %id, %error, "commit is unreadable");
            Found::Damaged
        }
    }))
}

impl Scan {
    fn take(&mut self, id: ObjectId, found: Found) {
        match found {
            Found::Commit(link, time) => {
                let latest = self.latest.entry(link.name.clone()).or_insert((time, id));
                // Of two with the same time SWISH takes the one that it visits last.
                if (time, id) > *latest {
                    *latest = (time, id);
                }
                self.index.insert_commit(id, link);
            }
            Found::Other => self.index.insert_blob(id),
            Found::Damaged => {
                self.damaged.insert(id);
            }
        }
    }

    /// Heads as SWISH finds them without a journal: the commit with the greatest time.
    pub(crate) fn heads_by_time(&self) -> impl Iterator<Item = HeadUpdate> + '_ {
        self.latest.iter().map(|(name, (_, id))| HeadUpdate {
            name: name.clone(),
            old: None,
            new: *id,
        })
    }
}
