//! Opening a store: an empty one is made, a lost journal is rebuilt, what it holds is indexed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::{FileName, Link, ObjectId};
use thiserror::Error;

use crate::{
    Store,
    bring_up::{BroughtUp, IndexUse, Place, failed},
    disk::{Disk, Owner},
    error::OpenError,
    folders::Company,
    index::{self, Index, Known},
    packs::Packs,
    scan::{Reading, Sources},
};

/// How a store is opened.
pub(crate) struct Opening<'a> {
    /// Through what; a disk of tests may fail on purpose.
    pub(crate) disk: Box<dyn Disk>,
    /// File in which the index is kept, outside the store; without one every object is read.
    pub(crate) index: Option<&'a Path>,
    /// Told now and then while every object is read.
    pub(crate) progress: &'a mut dyn FnMut(Reading),
}

/// A store that was opened.
pub struct Opened {
    /// The directory.
    pub store: Store,
    /// What it holds.
    pub index: Index,
    /// Heads: the last line of the journal for each file.
    pub heads: BTreeMap<FileName, ObjectId>,
    /// Objects whose files are short, hold something else, or cannot be read as commits; with an
    /// index that was current, those that were so when it was made.
    pub damaged: Vec<ObjectId>,
    /// What was found and done.
    pub report: OpenReport,
}

/// What opening a store found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The journal was missing or empty and was written from the commits' times.
    pub journal_rebuilt: bool,
    /// Bytes of an unfinished last line: [`Store::repair_tail`] before SWISH starts.
    pub partial_bytes: usize,
    /// Heads whose commit is not in the store.
    pub heads_without_commit: Vec<ObjectId>,
    /// Pack files; only whole ones, if every object was read.
    pub packs: usize,
    /// How the index was had.
    pub index: IndexUse,
}

/// The index file was not brought up to date; the one that was there stays.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// About the store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store could not be read or synced, or the file could not be written.
    #[error("the index of the store cannot be written")]
    Io(#[from] io::Error),
}

impl Opening<'_> {
    /// Opens `dir`, making what is missing.
    pub(crate) fn open(self, dir: &Path) -> Result<Opened, OpenError> {
        fs::create_dir_all(dir).map_err(|source| failed(dir, source))?;
        let owner = Owner::of(dir).map_err(|source| failed(dir, source))?;
        let handle = File::open(dir).map_err(|source| failed(dir, source))?;
        let Self { disk, index: path, progress } = self;
        let packs = Packs::later(dir);
        let sources = Sources { disk: &*disk, dir, packs: &packs, company: Company::Alone };
        let place = Place { sources, owner: &owner };
        let up = place.bring_up(path, progress, &mut |_, _| {})?;
        if let (IndexUse::Rebuilt(_), Some(path)) = (up.index, path)
            && let Err(error) = save(path, &up, || disk.sync(&handle))
        {
            tracing::warn!(%error, "the index of the store cannot be written; the next start is slow");
        }
        let BroughtUp { known, journal, journal_rebuilt, index: used } = up;
        let Known { index, heads, damaged, packs: named, .. } = known;
        let read_all = matches!(used, IndexUse::NotAsked | IndexUse::Rebuilt(_));
        let report = OpenReport {
            journal_rebuilt,
            partial_bytes: journal.partial_bytes(),
            heads_without_commit: heads
                .values()
                .filter(|id| !index.holds_commit(id))
                .copied()
                .collect(),
            packs: if read_all { packs.len() } else { named.len() },
            index: used,
        };
        let indexed = AtomicU64::new(if path.is_some() { journal.offset } else { 0 });
        let dir = dir.to_owned();
        let journal = Mutex::new(journal);
        let store = Store { dir, handle, owner, disk, packs, claim: None, journal, indexed };
        Ok(Opened { store, index, heads, damaged: damaged.into_iter().collect(), report })
    }
}

/// Writes the index file when what it says of the directory is on the disk.
fn save(path: &Path, up: &BroughtUp, sync: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    sync()?;
    index::save(path, &up.known, &up.journal)
}

impl Store {
    /// Brings the index file up to the directory, from the directory alone: new lines of the
    /// journal, and objects that no line tells of. Returns whether there was anything to write.
    ///
    /// Tells of each object that the file did not have. Takes a while and reads files; one thread
    /// at a time, off everybody's path.
    ///
    /// # Errors
    /// The file is as it was; nothing is lost by that.
    pub fn refresh_index(
        &self,
        path: &Path,
        tell: &mut dyn FnMut(ObjectId, Option<&Link>),
    ) -> Result<bool, RefreshError> {
        let Self { dir, owner, packs, .. } = self;
        let sources = Sources { disk: &*self.disk, dir, packs, company: Company::Others };
        let place = Place { sources, owner };
        let mut up = place.bring_up(Some(path), &mut |_| {}, tell)?;
        let swept = place.sweep(&mut up.known, tell)?;
        if swept || up.index != IndexUse::Current {
            save(path, &up, || self.sync())?;
        }
        self.indexed.store(up.journal.offset, Ordering::Relaxed);
        Ok(swept || up.index != IndexUse::Current)
    }

    /// Bytes of journal lines that the index file does not cover.
    #[must_use]
    pub fn unindexed_bytes(&self) -> u64 {
        let indexed = self.indexed.load(Ordering::Relaxed);
        self.journal().offset.abs_diff(indexed)
    }
}
