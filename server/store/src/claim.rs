//! The claim on a store: one node, or one tool that rewrites files, at a time.
//!
//! An open file description lock on a file of our own, whose name SWISH passes over. The system
//! drops it with the process, however that ends; the file stays and means nothing.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process,
};

use thiserror::Error;

use crate::{disk::Owner, lock};

const CLAIM_FILE: &str = ".swish-cluster.lock";

/// Held as long as it lives.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "held for its lock")] File);

/// The store is not ours; nothing was changed but a file that says who wanted it.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// A node or a tool has it.
    #[error("the store {dir} is in use by process {pid}")]
    Held {
        /// The store.
        dir: PathBuf,
        /// Who, as far as it could say so.
        pid: String,
    },
    /// The file cannot be made or locked.
    #[error("cannot lock {path}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Claim {
    /// Claims a store that is there.
    ///
    /// # Errors
    /// Another process has it (the error names its id), or the directory cannot be written.
    pub fn take(dir: &Path) -> Result<Self, ClaimError> {
        let path = dir.join(CLAIM_FILE);
        let failed = |source| ClaimError::Io { path: path.clone(), source };
        let mut file = open(dir, &path).map_err(failed)?;
        if !lock::try_exclusive(&file).map_err(failed)? {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            return Err(ClaimError::Held { dir: dir.to_owned(), pid: pid.trim().into() });
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", process::id()).map_err(failed)?;
        Ok(Self(file))
    }
}

fn open(dir: &Path, path: &Path) -> io::Result<File> {
    let existing = || File::options().read(true).write(true).open(path);
    match existing() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    fs::create_dir_all(dir)?;
    match Owner::of(dir)?.create_file(path) {
        Ok(file) => Ok(file),
        // Another process made it between the two calls.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => existing(),
        Err(error) => Err(error),
    }
}
