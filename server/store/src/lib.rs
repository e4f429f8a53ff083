//! A gitty directory on disk, shared with SWISH processes that know nothing of us.
//!
//! ```text
//!   ab/cd/<36 hex>   loose objects: temporary file, rename
//!   pack/*.pack      many objects in one file, made by repacking
//!   ref/head         journal of head moves: whole lines, under a lock SWISH respects
//! ```
//!
//! Synchronous; the server calls it from threads of its own. Nothing here promises durability
//! except [`Store::sync`]: the promise is the database's, and recovery writes again what it holds.

mod bring_up;
mod claim;
mod disk;
mod draft;
mod error;
mod folders;
mod follower;
mod fsck;
mod index;
mod journal;
mod layout;
mod lock;
mod objects;
mod open;
mod openers;
mod packs;
mod parallel;
mod prepare;
mod read_only;
mod repack;
mod scan;
mod tail;
mod walk;
mod watch;

#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
};

use domain::{FileName, ObjectId};
use gitty::{HeadUpdate, Object};

use crate::{journal::JournalFile, open::Opening, packs::Packs};

pub use bring_up::{IndexUse, Stale};
pub use claim::{Claim, ClaimError};
pub use disk::{Disk, Owner, RealDisk};
pub use error::{JournalError, OpenError, PackFault, ReadError, WriteError};
pub use fsck::{Finding, Fsck, Weight, fsck};
pub use index::Index;
pub use journal::Led;
pub use layout::MAX_OBJECT_BYTES;
pub use open::{OpenReport, Opened, RefreshError};
pub use openers::{InUseError, Opener};
pub use parallel::{Progress, Step, Watch};
pub use prepare::{PrepareError, Prepared, prepare};
pub use read_only::{Heads, HeadsFrom, ReadOnly};
pub use repack::{Loose, RepackError, Repacked, repack};
pub use scan::Reading;
pub use tail::TailReport;
pub use watch::{JournalWatch, Stopper, Waited};

/// The directory: reads and writes objects, follows and leads the journal.
pub struct Store {
    dir: PathBuf,
    /// Kept open so that a sync covers the file system that was opened.
    handle: File,
    owner: Owner,
    disk: Box<dyn Disk>,
    packs: Packs,
    /// Held as long as the store is open, by a node.
    claim: Option<Claim>,
    journal: Mutex<JournalFile>,
    /// End of the journal as the index file knows it.
    indexed: AtomicU64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("dir", &self.dir)
            .field("claim", &self.claim)
            .finish_non_exhaustive()
    }
}

/// Whether an object that has a file is written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// Recovery and healing: a file that is there may be empty or damaged.
    Yes,
    /// Normal filing.
    No,
}

/// What [`Store::heal`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Healed {
    /// A whole copy is there.
    WasWhole,
    /// There is one now.
    Rewritten,
}

impl Store {
    /// Opens a store, or makes an empty one where there is none; every object is read.
    ///
    /// # Errors
    /// The directory cannot be used, or its journal was not written by SWISH.
    pub fn open(dir: &Path) -> Result<Opened, OpenError> {
        Self::open_on(dir, Box::new(RealDisk))
    }

    /// Claims a store, then opens it with an index file: for a node, which must be the only one.
    ///
    /// # Errors
    /// As [`Store::open_indexed`], and when another node has it.
    pub fn open_claimed(
        dir: &Path,
        index: &Path,
        progress: &mut dyn FnMut(Reading),
    ) -> Result<Opened, OpenError> {
        let claim = Claim::take(dir)?;
        let mut opened = Self::open_indexed(dir, index, progress)?;
        opened.store.claim = Some(claim);
        Ok(opened)
    }

    /// Opens a store with an index file: as it is, if it is current, else brought up to the
    /// directory; made anew where it is of no use, which reads every object.
    ///
    /// `progress` is told of that reading now and then.
    ///
    /// # Errors
    /// As [`Store::open`]; never because of the index file.
    pub fn open_indexed(
        dir: &Path,
        index: &Path,
        progress: &mut dyn FnMut(Reading),
    ) -> Result<Opened, OpenError> {
        Opening { disk: Box::new(RealDisk), index: Some(index), progress }.open(dir)
    }

    /// Opens a store on a disk that may fail on purpose.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(dir: &Path, disk: Box<dyn Disk>) -> Result<Opened, OpenError> {
        Opening { disk, index: None, progress: &mut |_| {} }.open(dir)
    }

    /// True if every process that follows the journal, or starts now, stands at `served`.
    #[must_use]
    pub fn is_led(&self, name: &FileName, served: ObjectId) -> bool {
        self.journal().followers().lead(name, served).is_empty()
    }

    /// The heads at which processes may stand that follow the journal, by file.
    #[must_use]
    pub fn ends(&self) -> Vec<(FileName, ObjectId)> {
        let journal = self.journal();
        let ends = journal.followers().all();
        let heads = ends.flat_map(|(name, ends)| ends.iter().flatten().map(move |end| (name, end)));
        heads.map(|(name, end)| (name.clone(), *end)).collect()
    }

    /// Reads an object and checks its hash.
    ///
    /// # Errors
    /// There is no whole object of this name.
    pub fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        objects::read(&*self.disk, &self.dir, &self.packs, id)
    }

    /// Writes objects as loose files, each at once or not at all; syncs nothing.
    ///
    /// An object that a pack holds gets a loose file too: a running SWISH knows no packs that are
    /// newer than itself.
    ///
    /// # Errors
    /// A file could not be written; those before it are.
    pub fn write_objects(
        &self,
        objects: &[(ObjectId, Object)],
        rewrite: Rewrite,
    ) -> Result<(), WriteError> {
        objects.iter().try_for_each(|(id, object)| {
            let path = layout::path(&self.dir, id);
            if rewrite == Rewrite::No && path.exists() {
                return Ok(());
            }
            layout::write(&*self.disk, &path, &object.encode_loose(), &self.owner)
                .map_err(|source| WriteError { id: *id, source })
        })
    }

    /// Puts a whole copy of an object in the place of a damaged or missing one.
    ///
    /// A damaged member of a pack stays where it is, hidden behind the loose file for us; SWISH
    /// looks into packs first, so such a pack needs [`repack()`] as well. Syncs nothing.
    ///
    /// # Errors
    /// The bytes are another object, or the file could not be written.
    pub fn heal(&self, id: ObjectId, object: &Object) -> Result<Healed, WriteError> {
        if self.read(&id).is_ok() {
            return Ok(Healed::WasWhole);
        }
        if object.id() != Ok(id) {
            let source = io::Error::new(io::ErrorKind::InvalidData, "these are not its bytes");
            return Err(WriteError { id, source });
        }
        self.write_objects(&[(id, object.clone())], Rewrite::Yes)?;
        Ok(Healed::Rewritten)
    }

    /// Reads the lines that others appended since the last reading.
    ///
    /// A line cut short stays for the next reading.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn read_journal(&self) -> Result<Vec<HeadUpdate>, JournalError> {
        self.journal().read()
    }

    /// Watches the journal for lines that others append, in a thread of the caller's.
    ///
    /// # Errors
    /// There are no more descriptors.
    pub fn watch_journal(&self) -> io::Result<(JournalWatch, Stopper)> {
        JournalWatch::new(&self.dir.join("ref"))
    }

    /// Leads each running process, wherever it stands, to the served heads (protocol 9).
    ///
    /// # Errors
    /// Nothing, or in case of [`JournalError::Append`] a part, was appended; the next call
    /// completes it and still returns the lines that were read.
    pub fn lead(&self, served: &[(FileName, ObjectId)]) -> Result<Led, JournalError> {
        self.journal().lead(&*self.disk, served)
    }

    /// How often the journal was found rebuilt since it was opened.
    ///
    /// A SWISH that was running then may still read the old file: it must be restarted.
    #[must_use]
    pub fn journal_rebuilds(&self) -> u64 {
        self.journal().rebuilds()
    }

    /// Completes or cuts a last line without newline; only while no SWISH runs.
    ///
    /// # Errors
    /// The journal cannot be changed.
    pub fn repair_tail(&self) -> Result<TailReport, JournalError> {
        self.journal().repair_tail(&*self.disk)
    }

    /// Brings everything written so far to the disk: files, directories and the journal.
    ///
    /// # Errors
    /// The disk did not take it; the caller cannot know what is durable.
    pub fn sync(&self) -> Result<(), io::Error> {
        self.disk.sync(&self.handle)
    }

    fn journal(&self) -> MutexGuard<'_, JournalFile> {
        // Each step of the journal leaves it usable, so a panic in another thread is no reason.
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
