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
use gitty::{Commit, HeadUpdate, Object};

use crate::{
    disk::Disk,
    error::ReadError,
    folders::{self, Company, Folders, Listed},
    index::Index,
    objects,
    packs::Packs,
};

/// Folders `00` to `ff`.
const OUTER_FOLDERS: usize = 256;
/// More readers than this only wait for the disk.
const MAX_READERS: usize = 8;
/// Packed objects that are read in one go.
const PACKED_AT_ONCE: usize = 1_000;
/// Folders of findings that wait to be taken into the index.
const WAITING_FOLDERS: usize = 16;

/// How far the walk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Objects read so far.
    pub objects: usize,
    /// Thousandths of the folders and packs that are done.
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

/// What was found in a folder, or, without one, in packs.
type Batch = (Option<Listed>, Vec<(ObjectId, Found)>);

/// Where the objects are.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) disk: &'a dyn Disk,
    pub(crate) dir: &'a Path,
    pub(crate) packs: &'a Packs,
    pub(crate) company: Company,
}

/// Reads every object, checks its hash and takes it into the index.
///
/// # Errors
/// A folder or file cannot be read.
pub(crate) fn scan(sources: Sources<'_>, progress: &mut dyn FnMut(Reading)) -> io::Result<Scan> {
    let packed = sources.packs.ids();
    let packed: Vec<&[ObjectId]> = packed.chunks(PACKED_AT_ONCE).collect();
    let goes = OUTER_FOLDERS + packed.len();
    let readers = thread::available_parallelism().map_or(1, usize::from).min(MAX_READERS);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, batches) = sync_channel(WAITING_FOLDERS);
        for _ in 0..readers {
            let (sender, next, packed) = (sender.clone(), &next, &*packed);
            scope.spawn(move || sources.read(packed, next, &sender));
        }
        drop(sender);
        let mut scan = Scan::default();
        let mut objects = 0;
        for batch in batches {
            let (listed, found) = batch?;
            objects += found.len();
            listed.iter().for_each(|listed| scan.folders.note(listed));
            found.into_iter().for_each(|(id, found)| scan.take(id, found));
            let begun = next.load(Ordering::Relaxed).min(goes);
            let permille = begun.saturating_sub(readers) * 1_000 / goes;
            progress(Reading { objects, permille });
        }
        Ok(scan)
    })
}

impl Sources<'_> {
    /// One reader: takes folders, then pieces of the packs, until there are no more, or nobody
    /// wants the findings.
    fn read(
        self,
        packed: &[&[ObjectId]],
        next: &AtomicUsize,
        sender: &SyncSender<io::Result<Batch>>,
    ) {
        loop {
            let go = next.fetch_add(1, Ordering::Relaxed);
            let sent = match (u8::try_from(go), packed.get(go.wrapping_sub(OUTER_FOLDERS))) {
                (Ok(first), _) => self.read_folders(first, sender),
                (Err(_), Some(ids)) => {
                    sender.send(self.read_all(ids).map(|found| (None, found))).is_ok()
                }
                (Err(_), None) => false,
            };
            if !sent {
                return;
            }
        }
    }

    /// False when nobody wants the findings.
    fn read_folders(self, first: u8, sender: &SyncSender<io::Result<Batch>>) -> bool {
        let folders = match folders::folders(self.dir, first) {
            Ok(folders) => folders,
            Err(error) => return sender.send(Err(error)).is_ok(),
        };
        folders.into_iter().all(|folder| {
            let batch = folder.list(self.company).and_then(|listed| {
                let found = self.read_all(&listed.ids)?;
                Ok((Some(listed), found))
            });
            sender.send(batch).is_ok()
        })
    }

    fn read_all(self, ids: &[ObjectId]) -> io::Result<Vec<(ObjectId, Found)>> {
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            all.extend(self.look(id)?.map(|found| (*id, found)));
        }
        Ok(all)
    }

    /// Reads an object and checks its hash; nothing, if it is not there.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub(crate) fn look(self, id: &ObjectId) -> io::Result<Option<Found>> {
        match objects::read(self.disk, self.dir, self.packs, id) {
            Ok(object) => Ok(Some(Found::of(id, &object))),
            Err(ReadError::Damaged { reason, .. }) => {
                tracing::warn!(object.id = %id, reason, "object is damaged");
                Ok(Some(Found::Damaged))
            }
            // SWISH removes a commit whose head it could not move.
            Err(ReadError::Missing(_)) => Ok(None),
            Err(ReadError::Io { source, .. }) => Err(source),
        }
    }
}

impl Found {
    fn of(id: &ObjectId, object: &Object) -> Self {
        if object.kind != ObjectKind::Commit {
            return Self::Other;
        }
        match Commit::parse(&object.content) {
            Ok(commit) => Self::Commit(commit.link(), commit.time()),
            Err(error) => {
                tracing::warn!(object.id = %id, %error, "commit is unreadable");
                Self::Damaged
            }
        }
    }
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
