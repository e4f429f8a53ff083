//! Brings what an index file says up to what the directory holds.
//!
//! Three steps, each of which can be the last: take the file as it is; read the lines that the
//! journal got since, with their commits; read everything again. And a sweep, for what no line
//! tells of.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use domain::{Link, ObjectId};
use gitty::{HeadUpdate, journal};

use crate::{
    disk::Owner,
    error::{JournalError, OpenError},
    folders::{self, Company},
    index::{self, Known, LoadError, Saved},
    journal::{JournalFile, Since},
    layout,
    scan::{self, Found, Reading, Scan, Sources},
};

/// How the index of a store was had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexUse {
    /// Nobody named an index file: every object was read.
    #[default]
    NotAsked,
    /// The file was taken as it was.
    Current,
    /// The file, and lines that were appended since.
    Grown {
        /// How many.
        lines: usize,
    },
    /// Every object was read, because the file was not of use.
    Rebuilt(Stale),
}

/// Why an index file was of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// There was none, or it could not be read.
    Missing,
    /// It was written by another version of this program.
    Version,
    /// It was short, or its checksum was wrong.
    Damaged,
    /// `ref/head` is another file, or has another epoch.
    JournalReplaced,
    /// `ref/head` does not say any more what had been read.
    JournalCut,
    /// The packs are others.
    PacksChanged,
}

/// Told of each object that the index did not have: a commit with its link.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(ObjectId, Option<&Link>);

/// Where a store is, and through what.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) sources: Sources<'a>,
    pub(crate) owner: &'a Owner,
}

/// A directory that was read, and its journal at its end.
pub(crate) struct BroughtUp {
    /// Without the journal's state.
    pub(crate) known: Known,
    pub(crate) journal: JournalFile,
    /// The journal was missing or empty and was written from the commits' times.
    pub(crate) journal_rebuilt: bool,
    pub(crate) index: IndexUse,
}

impl Place<'_> {
    /// Takes an index file and brings it up to the directory; without one, reads everything.
    ///
    /// # Errors
    /// The directory cannot be read, or its journal was not written by SWISH.
    pub(crate) fn bring_up(
        &self,
        index: Option<&Path>,
        progress: &mut dyn FnMut(Reading),
        tell: Tell<'_>,
    ) -> Result<BroughtUp, OpenError> {
        let Some(index) = index else {
            return self.rebuild(IndexUse::NotAsked, progress);
        };
        let stale = match self.load(index)? {
            Ok((known, journal)) => return self.grow(known, journal, tell),
            Err(stale) => stale,
        };
        tracing::info!(?stale, "the index is made anew: every object is read");
        self.rebuild(IndexUse::Rebuilt(stale), progress)
    }

    /// Loads an index whose journal and packs are those of the directory.
    fn load(&self, index: &Path) -> Result<Result<(Known, JournalFile), Stale>, OpenError> {
        let Saved { known, mark, followers } = match index::load(index) {
            Ok(saved) => saved,
            Err(LoadError::Io(_)) => return Ok(Err(Stale::Missing)),
            Err(LoadError::Version) => return Ok(Err(Stale::Version)),
            Err(LoadError::Damaged) => return Ok(Err(Stale::Damaged)),
        };
        if packs(self.sources.dir).map_err(|error| failed(self.sources.dir, error))? != known.packs
        {
            return Ok(Err(Stale::PacksChanged));
        }
        let path = self.journal_path();
        let since = match JournalFile::open(&path).and_then(|file| file.since(&mark)) {
            Ok(since) => since,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Since::Replaced,
            Err(error) => return Err(failed(&path, error)),
        };
        match since {
            Since::Same => {}
            Since::Cut => return Ok(Err(Stale::JournalCut)),
            Since::Replaced => return Ok(Err(Stale::JournalReplaced)),
        }
        let journal = JournalFile::resume(&path, mark, followers);
        Ok(Ok((known, journal.map_err(|error| failed(&path, error))?)))
    }

    /// Applies the lines that were appended since, and looks at damaged objects again.
    fn grow(
        &self,
        mut known: Known,
        mut journal: JournalFile,
        tell: Tell<'_>,
    ) -> Result<BroughtUp, OpenError> {
        let io_failed = |error| failed(self.sources.dir, error);
        let mut lines = 0;
        let mut to_learn: Vec<ObjectId> = std::mem::take(&mut known.damaged).into_iter().collect();
        let take = |update: HeadUpdate| {
            lines += 1;
            to_learn.push(update.new);
            known.heads.insert(update.name, update.new);
        };
        journal.read_each(take).map_err(|error| journal_failed(&self.journal_path(), error))?;
        for id in to_learn {
            self.learn(&mut known, id, tell).map_err(io_failed)?;
        }
        let index = if lines == 0 { IndexUse::Current } else { IndexUse::Grown { lines } };
        Ok(BroughtUp { known, journal, journal_rebuilt: false, index })
    }

    /// Takes in an object and, if it is a commit, its text and what it was made from, as far as
    /// they are not known.
    fn learn(&self, known: &mut Known, id: ObjectId, tell: Tell<'_>) -> io::Result<()> {
        let mut wanted = vec![id];
        while let Some(id) = wanted.pop() {
            if known.index.holds(&id) {
                continue;
            }
            match self.sources.look(&id)? {
                Some(Found::Commit(link, _)) => {
                    tell(id, Some(&link));
                    wanted.extend(link.previous.into_iter().chain([link.blob]));
                    known.index.insert_commit(id, link);
                }
                Some(Found::Other) => {
                    tell(id, None);
                    known.index.insert_blob(id);
                }
                Some(Found::Damaged) => drop(known.damaged.insert(id)),
                None => {}
            }
        }
        Ok(())
    }

    /// Reads every object; writes the journal if there is none.
    fn rebuild(
        &self,
        index: IndexUse,
        progress: &mut dyn FnMut(Reading),
    ) -> Result<BroughtUp, OpenError> {
        let path = self.journal_path();
        let packs = packs(self.sources.dir).map_err(|error| failed(self.sources.dir, error))?;
        let Sources { disk, packs: attached, .. } = self.sources;
        let scan = attached.refresh(disk).and_then(|_| scan::scan(self.sources, progress));
        let scan = scan.map_err(|error| failed(self.sources.dir, error))?;
        let journal_rebuilt = is_empty(&path).map_err(|error| failed(&path, error))?;
        if journal_rebuilt {
            self.write_journal(&path, &scan).map_err(|error| failed(&path, error))?;
        }
        let mut journal = JournalFile::open(&path).map_err(|error| failed(&path, error))?;
        let mut heads = BTreeMap::new();
        let take = |update: HeadUpdate| {
            heads.insert(update.name, update.new);
        };
        journal.read_each(take).map_err(|error| journal_failed(&path, error))?;
        if !journal.has_epoch() {
            return Err(OpenError::NoEpoch(path));
        }
        let Scan { index: objects, damaged, folders, .. } = scan;
        let mut known = Known { index: objects, damaged, folders, heads, packs };
        // Saved while we read: their lines are in the journal, and their folders were done.
        let late: Vec<ObjectId> =
            known.heads.values().filter(|id| !known.index.holds(id)).copied().collect();
        for id in late {
            let learned = self.learn(&mut known, id, &mut |_, _| {});
            learned.map_err(|error| failed(self.sources.dir, error))?;
        }
        Ok(BroughtUp { known, journal, journal_rebuilt, index })
    }

    /// Finds objects that no line tells of, in folders that changed since they were listed.
    ///
    /// # Errors
    /// A folder or file cannot be read.
    pub(crate) fn sweep(&self, known: &mut Known, tell: Tell<'_>) -> io::Result<bool> {
        let mut changed = false;
        for first in 0..=u8::MAX {
            for folder in folders::folders(self.sources.dir, first)? {
                if !known.folders.changed(&folder)? {
                    continue;
                }
                changed = true;
                let listed = folder.list(self.sources.company)?;
                known.folders.note(&listed);
                for id in listed.ids {
                    self.learn(known, id, tell)?;
                }
            }
        }
        Ok(changed)
    }

    fn journal_path(&self) -> std::path::PathBuf {
        self.sources.dir.join("ref").join("head")
    }

    /// Writes a complete journal; only before SWISH opens the store.
    fn write_journal(&self, path: &Path, scan: &Scan) -> io::Result<()> {
        if self.sources.company == Company::Others {
            return Err(io::Error::new(io::ErrorKind::NotFound, "ref/head is gone or empty"));
        }
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let updates: Vec<HeadUpdate> = scan.heads_by_time().collect();
        let text = journal::beginning(epoch) + &journal::lines(&updates);
        layout::write(self.sources.disk, path, text.as_bytes(), self.owner)
    }
}

pub(crate) fn failed(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), source }
}

fn journal_failed(path: &Path, error: JournalError) -> OpenError {
    match error {
        JournalError::Io(source) => failed(path, source),
        other => failed(path, io::Error::other(other)),
    }
}

/// A power cut can leave the file without content; SWISH would rebuild it too.
fn is_empty(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len() == 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Names and lengths of the packs; a pack's name is the hash of its content.
fn packs(dir: &Path) -> io::Result<BTreeMap<String, u64>> {
    let entries = match fs::read_dir(dir.join("pack")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut packs = BTreeMap::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_name().as_bytes().ends_with(b".pack") {
            let name = entry.file_name().to_string_lossy().into_owned();
            packs.insert(name, entry.metadata()?.len());
        }
    }
    Ok(packs)
}
