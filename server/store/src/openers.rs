//! Which processes have a file open, from `/proc`.
//!
//! A SWISH keeps `ref/head` open as long as it runs, so this says whether one uses the store. It
//! sees this machine only, and processes of other users only as root.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// A process that has the store open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opener {
    /// Its id.
    pub pid: u32,
    /// The name of its program.
    pub program: String,
}

/// The store is in use, or nobody can say; nothing was changed.
#[derive(Debug, Error)]
pub enum InUseError {
    /// Somebody has the journal open.
    #[error("process {} ({}) has {} open", .opener.pid, .opener.program, .path.display())]
    Open {
        /// The journal.
        path: PathBuf,
        /// The first one found.
        opener: Opener,
    },
    /// Processes of others cannot be looked at.
    #[error(
        "{hidden} processes cannot be looked at to see whether they use the store: run as root"
    )]
    Hidden {
        /// How many.
        hidden: usize,
    },
    /// `/proc` cannot be read.
    #[error("cannot see which processes use the store")]
    Io(#[from] io::Error),
}

/// Refuses unless no process has the journal of this store open.
pub(crate) fn ensure_unused(store: &Path) -> Result<(), InUseError> {
    let path = store.join("ref").join("head");
    let file = match fs::metadata(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut hidden = 0;
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        match has_open(&entry.path(), &file) {
            Ok(false) => {}
            Ok(true) => {
                let program = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
                let opener = Opener { pid, program: program.trim().into() };
                return Err(InUseError::Open { path, opener });
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => hidden += 1,
            // It ended while we looked.
            Err(_) => {}
        }
    }
    if hidden > 0 { Err(InUseError::Hidden { hidden }) } else { Ok(()) }
}

fn has_open(process: &Path, file: &Metadata) -> io::Result<bool> {
    for fd in fs::read_dir(process.join("fd"))? {
        // A descriptor may close under our eyes; that is as good as never open.
        if let Ok(open) = fs::metadata(fd?.path())
            && (open.dev(), open.ino()) == (file.dev(), file.ino())
        {
            return Ok(true);
        }
    }
    Ok(false)
}
