//! A complete journal before SWISH opens the store: it would rebuild a missing one without care,
//! and not start at all on a torn one.

use std::{
    io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use gitty::{HeadUpdate, journal, journal::Journal};
use thiserror::Error;

use crate::{
    claim::{Claim, ClaimError},
    disk::Owner,
    draft::{self, Draft},
    error::{JournalError, OpenError},
    journal::JournalFile,
    openers::{self, InUseError},
    parallel::Watch,
    read_only::{self, ReadOnly},
    tail::TailReport,
};

/// What was done to the journal; it is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// There was none: it names the commit with the greatest time of each file.
    Built {
        /// Files.
        files: usize,
    },
    /// There was one.
    Kept(TailReport),
}

/// SWISH must not open the store yet; the journal is as it was.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// A node or another tool has the store.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// A SWISH may run.
    #[error(transparent)]
    InUse(#[from] InUseError),
    /// The store cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal cannot be repaired.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A line in the middle is damaged: which head it meant is for a person to say.
    #[error("line {line} of {path} is damaged: {text}")]
    Line {
        /// The journal.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Completes the journal of a store that nobody uses.
///
/// # Errors
/// See [`PrepareError`]; SWISH would rebuild or refuse a journal that is refused here.
pub fn prepare(dir: &Path, watch: Watch<'_>) -> Result<Prepared, PrepareError> {
    let store = ReadOnly::open(dir)?;
    let _claim = Claim::take(dir)?;
    openers::ensure_unused(dir)?;
    let path = store.journal_path();
    let failed = |source| PrepareError::Write { path: path.clone(), source };
    if read_only::is_empty(&path).map_err(failed)? {
        let files = build(&store, &path, watch)?;
        return Ok(Prepared::Built { files });
    }
    refuse_damage(&path)?;
    let mut file = JournalFile::open(&path).map_err(failed)?;
    file.read()?;
    let report = file.repair_tail(store.disk())?;
    file.file.sync_all().and_then(|()| draft::sync_folders(&path, dir)).map_err(failed)?;
    Ok(Prepared::Kept(report))
}

fn build(store: &ReadOnly, path: &Path, watch: Watch<'_>) -> Result<usize, PrepareError> {
    let heads = store.heads_by_time(watch)?;
    let moves = |(name, new)| HeadUpdate { name, old: None, new };
    let updates: Vec<HeadUpdate> = heads.into_iter().map(moves).collect();
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let text = journal::beginning(epoch) + &journal::lines(&updates);
    let folder = path.parent().unwrap_or(store.dir());
    let written = Owner::of(store.dir()).and_then(|owner| {
        let mut draft = Draft::create(folder, &owner)?;
        draft.write(text.as_bytes())?;
        draft.publish(path, store.dir())
    });
    written.map_err(|source| PrepareError::Write { path: path.to_owned(), source })?;
    Ok(updates.len())
}

/// Finds the first line that is neither epoch nor head move.
fn refuse_damage(path: &Path) -> Result<(), PrepareError> {
    let mut damaged = None;
    let read = read_only::each_line(path, |line| {
        let journal = Journal::read(&line.bytes);
        let is_first = line.number == 1;
        let is_odd = !journal.foreign.is_empty() || is_first != journal.epoch.is_some();
        // Without its newline it is the tail, and that is repaired.
        if is_odd && (is_first || journal.partial_bytes == 0) && damaged.is_none() {
            damaged = Some((line.number, String::from_utf8_lossy(&line.bytes).trim().to_owned()));
        }
    });
    read.map_err(|source| PrepareError::Write { path: path.to_owned(), source })?;
    match damaged {
        None => Ok(()),
        Some((line, text)) => Err(PrepareError::Line { path: path.to_owned(), line, text }),
    }
}
