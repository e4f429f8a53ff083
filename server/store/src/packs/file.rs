//! One pack file on disk: its header, its name, and how it is known to be the same file.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use domain::PackId;
use gitty::{
    PackIndex,
    pack::{Naming, PackErrorKind},
};

use crate::{disk::Disk, error::PackFault};

/// Enough for the header of four thousand objects; longer ones are read in pieces that double.
const FIRST_BYTES: u32 = 256 << 10;
/// Longest header that is read: about two million objects.
pub(crate) const MAX_HEADER_BYTES: u32 = 128 << 20;

/// Inode, length and time of a file; one that changed has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    inode: u64,
    bytes: u64,
    seconds: i64,
    nanoseconds: i64,
}

/// Seal of the file that has this name.
pub(crate) fn seal(path: &Path) -> io::Result<Seal> {
    let metadata = fs::metadata(path)?;
    Ok(Seal {
        inode: metadata.ino(),
        bytes: metadata.len(),
        seconds: metadata.mtime(),
        nanoseconds: metadata.mtime_nsec(),
    })
}

/// The files that SWISH would attach, in order; none if there is no directory.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "pack") {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Reads the header of a pack, and no more than a piece of what follows it.
pub(crate) fn read_index(disk: &dyn Disk, path: &Path) -> Result<PackIndex, PackFault> {
    let mut length = FIRST_BYTES;
    loop {
        let bytes = disk.read_range(path, 0, length).map_err(PackFault::Io)?;
        let is_whole = u32::try_from(bytes.len()).is_ok_and(|found| found < length);
        match PackIndex::parse(&bytes) {
            Ok(index) => return Ok(index),
            Err(error) if is_whole || error.kind == PackErrorKind::NotAPack => {
                return Err(error.into());
            }
            Err(_) if length >= MAX_HEADER_BYTES => return Err(PackFault::HeaderTooLong),
            Err(_) => length *= 2,
        }
    }
}

/// Computes the name that a pack's bytes give it.
pub(crate) fn name_of(path: &Path) -> io::Result<PackId> {
    let mut file = File::open(path)?;
    let mut naming = Naming::default();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(naming.finish()),
            Ok(count) => naming.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
