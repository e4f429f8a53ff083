//! The lock on `ref/head` that excludes SWISH, which uses POSIX record locks.
//!
//! An open file description lock conflicts with those and, unlike them, is not lost when any
//! other descriptor of the file is closed. `flock`, which the standard library offers, does not
//! block SWISH at all.

use std::{
    fs::File,
    io,
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, fcntl},
    libc,
};

use crate::error::JournalError;

/// SWISH holds the lock for microseconds; longer than this, and it is stopped or hung.
const WAIT: Duration = Duration::from_secs(2);
/// Time between two attempts.
const PAUSE: Duration = Duration::from_micros(500);

/// Runs `body` while no other process has the file locked.
pub(crate) fn exclusively<T>(
    file: &File,
    body: impl FnOnce() -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    lock(file)?;
    let result = body();
    set(file, libc::F_UNLCK)?;
    result
}

/// Locks the file until it is closed, unless another process has it locked now.
pub(crate) fn try_exclusive(file: &File) -> io::Result<bool> {
    match set(file, libc::F_WRLCK) {
        Ok(()) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn lock(file: &File) -> Result<(), JournalError> {
    let start = Instant::now();
    loop {
        match set(file, libc::F_WRLCK) {
            Ok(()) => return Ok(()),
            Err(Errno::EAGAIN | Errno::EACCES | Errno::EINTR) if start.elapsed() < WAIT => {
                sleep(PAUSE);
            }
            Err(Errno::EAGAIN | Errno::EACCES | Errno::EINTR) => return Err(JournalError::Locked),
            Err(error) => return Err(io::Error::from(error).into()),
        }
    }
}

fn set(file: &File, kind: libc::c_int) -> Result<(), Errno> {
    let short = |value: libc::c_int| i16::try_from(value).map_err(|_| Errno::EINVAL);
    let whole_file = libc::flock {
        l_type: short(kind)?,
        l_whence: short(libc::SEEK_SET)?,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(file, FcntlArg::F_OFD_SETLK(&whole_file)).map(drop)
}

impl From<Errno> for JournalError {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}
