//! Opening a store: an empty one is made, a lost journal is rebuilt, everything is indexed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::Path,
    sync::Mutex,
    time::{SystemTime, UNIX_EPOCH},
};

use domain::{FileName, ObjectId};
use gitty::{HeadUpdate, journal};

use crate::{
    Store,
    disk::{Disk, Owner},
    error::{JournalError, OpenError},
    index::Index,
    journal::JournalFile,
    layout,
    packs::Packs,
    scan::{self, Scan},
};

/// A store that was opened.
pub struct Opened {
    /// The directory.
    pub store: Store,
    /// What it holds.
    pub index: Index,
    /// Heads: the last line of the journal for each file.
    pub heads: BTreeMap<FileName, ObjectId>,
    /// Objects whose files are short, hold something else, or cannot be read as commits.
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
    /// Pack files that are attached.
    pub packs: usize,
}

/// Opens `dir`, making what is missing.
pub(crate) fn open(dir: &Path, disk: Box<dyn Disk>) -> Result<Opened, OpenError> {
    fs::create_dir_all(dir).map_err(|source| failed(dir, source))?;
    let owner = Owner::of(dir).map_err(|source| failed(dir, source))?;
    let handle = File::open(dir).map_err(|source| failed(dir, source))?;
    let packs = Packs::attach(&*disk, dir).map_err(|source| failed(dir, source))?;
    let scan = scan::scan(&*disk, dir, &packs).map_err(|source| failed(dir, source))?;
    let path = dir.join("ref").join("head");
    let journal_rebuilt = is_empty(&path).map_err(|source| failed(&path, source))?;
    if journal_rebuilt {
        rebuild(&*disk, &path, &scan, &owner).map_err(|source| failed(&path, source))?;
    }
    let (file, heads) = read_journal(&path)?;
    let Scan { index, damaged, .. } = scan;
    let report = OpenReport {
        journal_rebuilt,
        partial_bytes: file.partial_bytes(),
        heads_without_commit: heads
            .values()
            .filter(|id| index.link(id).is_none())
            .copied()
            .collect(),
        packs: packs.len(),
    };
    let store = Store {
        dir: dir.to_owned(),
        handle,
        owner,
        disk,
        packs,
        claim: None,
        journal: Mutex::new(file),
    };
    Ok(Opened { store, index, heads, damaged, report })
}

fn failed(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), source }
}

/// A power cut can leave the file without content; SWISH would rebuild it too.
fn is_empty(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len() == 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Writes a complete journal; only before SWISH opens the store.
fn rebuild(disk: &dyn Disk, path: &Path, scan: &Scan, owner: &Owner) -> io::Result<()> {
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let updates: Vec<HeadUpdate> = scan.heads_by_time().collect();
    let text = journal::beginning(epoch) + &journal::lines(&updates);
    layout::write(disk, path, text.as_bytes(), owner)
}

fn read_journal(path: &Path) -> Result<(JournalFile, BTreeMap<FileName, ObjectId>), OpenError> {
    let mut file = JournalFile::open(path).map_err(|source| failed(path, source))?;
    let updates = file.read().map_err(|error| match error {
        JournalError::Io(source) => failed(path, source),
        other => failed(path, io::Error::other(other)),
    })?;
    if !file.has_epoch() {
        return Err(OpenError::NoEpoch(path.to_owned()));
    }
    let heads = updates.into_iter().map(|update| (update.name, update.new)).collect();
    Ok((file, heads))
}
