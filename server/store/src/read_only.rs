//! A store that is only read: nothing in its directory is made, removed or changed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use domain::{FileName, ObjectId, ObjectKind};
use gitty::{Commit, Object, journal::Journal};

use crate::{
    disk::{Disk, RealDisk},
    error::{OpenError, ReadError},
    objects,
    packs::Packs,
    parallel::{self, Step, Watch},
    walk,
};

/// Longest line of a journal that is read; a name has no bound in SWISH, a line has one here.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// A store opened for reading, also beside a running SWISH or node.
pub struct ReadOnly {
    dir: PathBuf,
    disk: Box<dyn Disk>,
    packs: Packs,
}

/// Heads of the files, and how they were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// The head of each file.
    pub of: BTreeMap<FileName, ObjectId>,
    /// Where they are from.
    pub from: HeadsFrom,
}

/// Where heads are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadsFrom {
    /// The last line of the journal for each file.
    Journal,
    /// The commit with the greatest time: the journal is missing or empty.
    Times,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: usize,
    /// Its bytes, with the newline if it has one.
    pub(crate) bytes: Vec<u8>,
}

impl std::fmt::Debug for ReadOnly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadOnly").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl ReadOnly {
    /// Opens a directory that is there.
    ///
    /// # Errors
    /// It is no directory, or its packs cannot be read.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: dir.to_owned(), source };
        if !fs::metadata(dir).map_err(failed)?.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        let disk = Box::new(RealDisk);
        let packs = Packs::attach(&*disk, dir).map_err(failed)?;
        Ok(Self { dir: dir.to_owned(), disk, packs })
    }

    /// Reads an object and checks its hash.
    ///
    /// # Errors
    /// There is no whole object of this name.
    pub fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        objects::read(&*self.disk, &self.dir, &self.packs, id)
    }

    /// Names of all objects, loose or packed, each once and in order.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn ids(&self) -> io::Result<Vec<ObjectId>> {
        let mut ids = walk::walk(&self.dir)?.ids;
        ids.extend(self.packs.ids());
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Reads objects with all cores, and hands them out in the order of `ids`.
    pub fn each(
        &self,
        ids: &[ObjectId],
        watch: Watch<'_>,
        mut take: impl FnMut(ObjectId, Result<Object, ReadError>),
    ) {
        parallel::each(ids, Step::Listing, watch, |id| self.read(id), |id, read| take(*id, read));
    }

    /// Heads as a SWISH that starts now would have them.
    ///
    /// # Errors
    /// The journal or a folder cannot be read; lines that are no heads are passed over.
    pub fn heads(&self, watch: Watch<'_>) -> Result<Heads, OpenError> {
        let path = self.journal_path();
        let failed = |source| OpenError::Io { path: path.clone(), source };
        if is_empty(&path).map_err(failed)? {
            return Ok(Heads { of: self.heads_by_time(watch)?, from: HeadsFrom::Times });
        }
        let mut of = BTreeMap::new();
        each_line(&path, |line| {
            of.extend(Journal::read(&line.bytes).updates.into_iter().map(|u| (u.name, u.new)));
        })
        .map_err(failed)?;
        Ok(Heads { of, from: HeadsFrom::Journal })
    }

    /// Heads as SWISH finds them without a journal: the commit with the greatest time.
    pub(crate) fn heads_by_time(
        &self,
        watch: Watch<'_>,
    ) -> Result<BTreeMap<FileName, ObjectId>, OpenError> {
        let ids = self.ids().map_err(|source| OpenError::Io { path: self.dir.clone(), source })?;
        let mut latest: BTreeMap<FileName, (f64, ObjectId)> = BTreeMap::new();
        let commit = |id: &ObjectId| {
            let object = self.read(id).ok().filter(|object| object.kind == ObjectKind::Commit)?;
            let commit = Commit::parse(&object.content).ok()?;
            Some((commit.name(), commit.time()))
        };
        parallel::each(&ids, Step::Listing, watch, commit, |id, commit| {
            let Some((name, time)) = commit else { return };
            let entry = latest.entry(name).or_insert((time, *id));
            if time >= entry.0 {
                *entry = (time, *id);
            }
        });
        Ok(latest.into_iter().map(|(name, (_, id))| (name, id)).collect())
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        self.dir.join("ref").join("head")
    }
}

/// A power cut can leave the file without content; SWISH would rebuild it too.
pub(crate) fn is_empty(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len() == 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Reads a journal line by line.
pub(crate) fn each_line(path: &Path, mut take: impl FnMut(Line)) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut number = 0;
    loop {
        let mut bytes = Vec::new();
        let length = (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
        if length == 0 {
            return Ok(());
        }
        number += 1;
        if u64::try_from(length).is_ok_and(|n| n == MAX_LINE_BYTES) && !bytes.ends_with(b"\n") {
            return Err(io::Error::other(format!("line {number} is longer than 1 MiB")));
        }
        take(Line { number, bytes });
    }
}
