//! The lock on a data directory: one program at a time.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::Path,
};

use crate::error::StartError;

const LOCK_FILE: &str = "lock";

/// Held as long as it lives; the system drops it with the process, however that ends.
#[derive(Debug)]
pub struct DataLock(#[expect(dead_code, reason = "held for its lock")] File);

impl DataLock {
    /// Makes the directory if it is not there, and locks it.
    ///
    /// # Errors
    /// When another process has it (the error names its id), or it cannot be written.
    pub fn take(data: &Path) -> Result<Self, StartError> {
        let path = data.join(LOCK_FILE);
        let failed = |source| StartError::Data { path: path.clone(), source };
        fs::create_dir_all(data)
            .map_err(|source| StartError::Data { path: data.to_owned(), source })?;
        let mut file = open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                return Err(StartError::Locked { path: data.to_owned(), pid: pid.trim().into() });
            }
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self(file))
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_program_is_told_who_has_the_directory() {
        let data = tempfile::tempdir().unwrap();
        let first = DataLock::take(data.path()).unwrap();
        let error = DataLock::take(data.path()).unwrap_err();
        let me = std::process::id().to_string();
        assert!(matches!(&error, StartError::Locked { pid, .. } if *pid == me), "{error}");
        drop(first);
        assert!(DataLock::take(data.path()).is_ok());
    }
}
