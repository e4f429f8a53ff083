//! When the folders of the loose objects were last listed: only those that changed since are
//! listed again.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use domain::ObjectId;

use crate::layout;

/// A folder that changed this short a time before it was listed may change again without getting
/// another time: clocks of file systems are coarse.
const COARSE: Duration = Duration::from_secs(2);
/// A temporary file older than this was left by a crash.
const ABANDONED: Duration = Duration::from_secs(3_600);
/// Folders `00/00` to `ff/ff`.
const COUNT: usize = 1 << 16;

/// Times of the folders, in nanoseconds since 1970; 0 is a folder that has to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folders(Vec<i64>);

/// Who else is at the directory: it says what temporary files and a missing journal mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// Nobody: what is half done was left by a crash.
    Alone,
    /// Somebody may be writing just now.
    Others,
}

/// A folder `ab/cd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    number: u16,
    path: PathBuf,
}

/// A folder that was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    number: u16,
    time: i64,
    /// Objects it names, in order.
    pub(crate) ids: Vec<ObjectId>,
}

impl Default for Folders {
    fn default() -> Self {
        Self(vec![0; COUNT])
    }
}

impl Folders {
    /// Notes that everything in the folder is known.
    pub(crate) fn note(&mut self, listed: &Listed) {
        self.set(listed.number, listed.time);
    }

    /// Sets the time of a folder.
    pub(crate) fn set(&mut self, number: u16, time: i64) {
        self.0[usize::from(number)] = time;
    }

    /// Folders that need not be listed unless they changed, and their times.
    pub(crate) fn noted(&self) -> impl Iterator<Item = (u16, i64)> {
        (0..=u16::MAX).zip(&self.0).filter(|(_, time)| **time != 0).map(|(n, time)| (n, *time))
    }

    /// Whether the folder changed since it was listed.
    ///
    /// # Errors
    /// Its time cannot be read.
    pub(crate) fn changed(&self, folder: &Folder) -> io::Result<bool> {
        let noted = self.0[usize::from(folder.number)];
        Ok(noted == 0 || time(&fs::metadata(&folder.path)?) != noted)
    }
}

/// Folders `ab/00` to `ab/ff` that there are, in order; other names hold no objects.
pub(crate) fn folders(dir: &Path, first: u8) -> io::Result<Vec<Folder>> {
    let outer = dir.join(format!("{first:02x}"));
    let entries = match fs::read_dir(&outer) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let second = entry.file_name().to_str().and_then(hex_pair);
        if let Some(second) = second
            && entry.file_type()?.is_dir()
        {
            found.push(Folder { number: u16::from_be_bytes([first, second]), path: entry.path() });
        }
    }
    found.sort_unstable_by_key(|folder| folder.number);
    Ok(found)
}

impl Folder {
    /// Lists the objects, and removes temporary files that a crash left.
    pub(crate) fn list(&self, company: Company) -> io::Result<Listed> {
        // Before the names: what comes while we read them changes the time again.
        let (changed, now) = (fs::metadata(&self.path)?, SystemTime::now());
        let mut is_settled = since(&changed, now).is_some_and(|passed| passed > COARSE);
        let mut ids = Vec::new();
        let [first, second] = self.number.to_be_bytes();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with(layout::TEMPORARY) {
                is_settled = false;
                remove(&entry.path(), company, now)?;
            } else if let Ok(id) = format!("{first:02x}{second:02x}{name}").parse() {
                ids.push(id);
            }
        }
        ids.sort_unstable();
        let time = if is_settled { time(&changed) } else { 0 };
        Ok(Listed { number: self.number, time, ids })
    }
}

fn remove(path: &Path, company: Company, now: SystemTime) -> io::Result<()> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let is_abandoned = || match fs::metadata(path) {
        Ok(metadata) => Ok(since(&metadata, now).is_some_and(|passed| passed > ABANDONED)),
        Err(error) if gone(&error) => Ok(false),
        Err(error) => Err(error),
    };
    if company == Company::Alone || is_abandoned()? {
        return fs::remove_file(path)
            .or_else(|error| if gone(&error) { Ok(()) } else { Err(error) });
    }
    Ok(())
}

fn since(metadata: &Metadata, now: SystemTime) -> Option<Duration> {
    now.duration_since(metadata.modified().ok()?).ok()
}

/// A change has any time but 0, which stands for none.
fn time(metadata: &Metadata) -> i64 {
    let nanos = metadata.mtime().wrapping_mul(1_000_000_000).wrapping_add(metadata.mtime_nsec());
    if nanos == 0 { 1 } else { nanos }
}

/// Two digits as SWISH writes them.
fn hex_pair(name: &str) -> Option<u8> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_pair = name.len() == 2 && name.bytes().all(digit);
    u8::from_str_radix(name, 16).ok().filter(|_| is_pair)
}
