//! The index file: what the store held and where its journal stood, so that opening reads one file
//! instead of every object.
//!
//! ```text
//!   magic · version · length of the state · number of commits · number of other objects
//!   state:  journal mark, packs, folders, damaged objects, files, what commits settle, heads, ends
//!   commits, 92 bytes each · other objects, 20 bytes each · CRC-32 of all before
//! ```
//!
//! Little-endian. It is never a promise: a file that is damaged, or of another version, is as good
//! as none. It claims only what was on the disk when it was written.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::Path,
};

use crc32fast::Hasher;
use thiserror::Error;

use super::{
    Id, Index, RECORD_BYTES, Record,
    state::{self, Known, Saved},
};
use crate::journal::JournalFile;

const MAGIC: &[u8; 8] = b"swcindex";
/// Changes with everything that changes the bytes.
const VERSION: u64 = 2;
/// Magic, version, and three lengths.
const HEADER_BYTES: usize = 40;
const CRC_BYTES: u64 = 4;
/// Read in one go, so that the checksum is computed while the bytes are near.
const PIECE_BYTES: usize = 1 << 20;

/// Why an index file was not used.
#[derive(Debug, Error)]
pub(crate) enum LoadError {
    /// It is not there, or cannot be read.
    #[error("cannot read the index")]
    Io(#[from] io::Error),
    /// Not an index, or one of another version.
    #[error("not an index of this version")]
    Version,
    /// Short, long, or with another checksum.
    #[error("the index is damaged")]
    Damaged,
}

/// Reads an index file; its length bounds what is allocated.
///
/// # Errors
/// See [`LoadError`].
pub(crate) fn load(path: &Path) -> Result<Saved, LoadError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut file = Checked { file, crc: Hasher::new() };
    let mut header = [0; HEADER_BYTES];
    file.read(&mut header)?;
    let [state, commits, others] = lengths(&header, length)?;
    let mut state_bytes = vec![0; state];
    file.read(&mut state_bytes)?;
    let mut commit_bytes: Vec<Record> = vec![[0; RECORD_BYTES]; commits];
    file.read(commit_bytes.as_flattened_mut())?;
    let mut other_bytes: Vec<Id> = vec![[0; 20]; others];
    file.read(other_bytes.as_flattened_mut())?;
    let Checked { mut file, crc } = file;
    let mut expected = [0; 4];
    file.read_exact(&mut expected)?;
    if crc.finalize().to_le_bytes() != expected {
        return Err(LoadError::Damaged);
    }
    state::decode(&state_bytes, commit_bytes, other_bytes).ok_or(LoadError::Damaged)
}

/// Writes the file at once or not at all, and onto the disk.
///
/// # Errors
/// The file that was there stays.
pub(crate) fn save(path: &Path, known: &Known, journal: &JournalFile) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let written = write(&temporary, known, journal).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report; the next writing replaces what stays.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write(path: &Path, known: &Known, journal: &JournalFile) -> io::Result<()> {
    let state = state::encode(known, &journal.mark()?, journal.followers());
    let Index { commits, others, .. } = &known.index;
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    let numbers =
        [Ok(VERSION), state.len().try_into(), commits.len().try_into(), others.len().try_into()];
    for (field, number) in header[8..].chunks_mut(8).zip(numbers) {
        field.copy_from_slice(&number.map_err(io::Error::other)?.to_le_bytes());
    }
    let mut crc = Hasher::new();
    let mut file = BufWriter::new(File::create(path)?);
    for bytes in [&header, &*state, commits.as_flattened(), others.as_flattened()] {
        crc.update(bytes);
        file.write_all(bytes)?;
    }
    file.write_all(&crc.finalize().to_le_bytes())?;
    file.into_inner()?.sync_all()
}

/// State bytes, commits and other objects, if a file of this length holds as many.
fn lengths(header: &[u8; HEADER_BYTES], length: u64) -> Result<[usize; 3], LoadError> {
    let number =
        |at: usize| header[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    if header[..8] != *MAGIC || number(8) != VERSION {
        return Err(LoadError::Version);
    }
    let [state, commits, others] = [16, 24, 32].map(number);
    let bytes = |count: u64, each: usize| count.checked_mul(u64::try_from(each).ok()?);
    let sum = [(1, HEADER_BYTES), (state, 1), (commits, RECORD_BYTES), (others, 20)]
        .into_iter()
        .try_fold(CRC_BYTES, |sum, (count, each)| sum.checked_add(bytes(count, each)?));
    if sum != Some(length) {
        return Err(LoadError::Damaged);
    }
    let [Ok(state), Ok(commits), Ok(others)] = [state, commits, others].map(usize::try_from) else {
        return Err(LoadError::Damaged);
    };
    Ok([state, commits, others])
}

/// A file whose bytes are summed up as they are read.
struct Checked {
    file: File,
    crc: Hasher,
}

impl Checked {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        for piece in bytes.chunks_mut(PIECE_BYTES) {
            self.file.read_exact(piece)?;
            self.crc.update(piece);
        }
        Ok(())
    }
}
