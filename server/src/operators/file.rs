//! The accounts' file in the data directory: a few kilobytes of JSON, replaced as a whole.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::kept::Kept;

/// Its name in the data directory, mode 0600.
pub(super) const NAME: &str = "operators.json";

/// A file of the accounts cannot be used; nothing was changed.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It holds something else.
    #[error("{path} cannot be read as what it should be: {reason}")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Others may read it.
    #[error("{path} can be read by others (mode {mode:o}): chmod 600 {path}")]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The program is stopping.
    #[error("this node is stopping")]
    Stopping,
}

impl FileError {
    pub(super) fn malformed(path: &Path) -> Self {
        Self::Malformed { path: path.to_owned(), reason: "64 hexadecimal digits wanted".into() }
    }
}

pub(super) fn read(path: &Path) -> Result<Kept, FileError> {
    let Some(text) = read_private(path)? else { return Ok(Kept::default()) };
    serde_json::from_str(&text)
        .map_err(|error| FileError::Malformed { path: path.to_owned(), reason: error.to_string() })
}

pub(super) fn write(path: &Path, kept: &Kept) -> Result<(), FileError> {
    let text = serde_json::to_string_pretty(kept).map_err(|error| FileError::Malformed {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    write_private(path, &text)
}

/// Text of a file that only its owner may read; none when there is no file.
pub(super) fn read_private(path: &Path) -> Result<Option<String>, FileError> {
    let failed = |source| FileError::Io { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(FileError::Open { path: path.to_owned(), mode });
    }
    Ok(Some(text))
}

/// Replaces a file as a whole, durably; only its owner may read it.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), FileError> {
    replace(path, text).map_err(|source| FileError::Io { path: path.to_owned(), source })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    // An older one may have another mode.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
