//! `ref/head` as an open file: followed to its end, and appended to under the lock.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use domain::{FileName, ObjectId};
use gitty::{
    HeadUpdate,
    journal::{self, Journal},
};

use crate::{disk::Disk, error::JournalError, follower::Followers, lock};

/// Enough of the beginning to hold the epoch and the blank line.
pub(crate) const BEGINNING_BYTES: usize = 32;
/// Enough of the end to hold the last line's hash.
pub(crate) const TAIL_BYTES: usize = 256;
/// Read in one go; a longer line is read in pieces that double.
const PIECE_BYTES: usize = 1 << 20;
/// A file that is rebuilt more often than this while we look is left alone until the next call.
const REOPEN_ATTEMPTS: usize = 3;

/// What [`crate::Store::lead`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Led {
    /// Lines appended.
    pub appended: usize,
    /// Lines that others had appended since the last reading.
    pub foreign: Vec<HeadUpdate>,
}

/// Where a reading of the journal ended, so that another run can go on from there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Inode of the file.
    pub(crate) inode: u64,
    /// Bytes read, all of them whole lines.
    pub(crate) offset: u64,
    /// First line: the epoch.
    pub(crate) beginning: Vec<u8>,
    /// Last bytes before the offset; they name a commit, so they stand for all that is before.
    pub(crate) tail: Vec<u8>,
}

/// How the file stands to a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// It begins with what was read.
    Same,
    /// It is shorter, or says something else where the mark is.
    Cut,
    /// It is another file, or has another epoch.
    Replaced,
}

/// The journal and how far it was read.
pub(crate) struct JournalFile {
    path: PathBuf,
    pub(crate) file: File,
    /// First line, by which a rebuilt file is known.
    beginning: Vec<u8>,
    /// Bytes read, all of them whole lines.
    pub(crate) offset: u64,
    /// The last of them.
    tail: Vec<u8>,
    /// Length of an unfinished line behind them.
    partial: usize,
    followers: Followers,
    /// Read, and not handed out because the call failed later.
    unreported: Vec<HeadUpdate>,
    /// Rest of a write that was cut short.
    unfinished: Vec<u8>,
    /// How often the file was found rebuilt by somebody else.
    rebuilds: u64,
}

impl JournalFile {
    /// Opens the file; nothing is read yet.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: OpenOptions::new().read(true).append(true).open(path)?,
            beginning: Vec::new(),
            offset: 0,
            tail: Vec::new(),
            partial: 0,
            followers: Followers::default(),
            unreported: Vec::new(),
            unfinished: Vec::new(),
            rebuilds: 0,
        })
    }

    /// Opens the file where another reading ended; the caller has looked at [`Self::since`].
    pub(crate) fn resume(path: &Path, mark: Mark, followers: Followers) -> io::Result<Self> {
        let Mark { offset, beginning, tail, .. } = mark;
        Ok(Self { offset, beginning, tail, followers, ..Self::open(path)? })
    }

    /// Whether the file still says what was read up to a mark.
    pub(crate) fn since(&self, mark: &Mark) -> io::Result<Since> {
        let metadata = self.file.metadata()?;
        if metadata.ino() != mark.inode || !self.says(&mark.beginning, 0)? {
            return Ok(Since::Replaced);
        }
        let is_same = self.still_says(mark.offset, &mark.tail)?;
        Ok(if is_same { Since::Same } else { Since::Cut })
    }

    /// The end of what was read.
    pub(crate) fn mark(&self) -> io::Result<Mark> {
        Ok(Mark {
            inode: self.file.metadata()?.ino(),
            offset: self.offset,
            beginning: self.beginning.clone(),
            tail: self.tail.clone(),
        })
    }

    /// Where running processes may stand.
    pub(crate) const fn followers(&self) -> &Followers {
        &self.followers
    }

    /// Reads to the end, giving the lines that were not handed out before.
    pub(crate) fn read(&mut self) -> Result<Vec<HeadUpdate>, JournalError> {
        self.reopen_if_rebuilt()?;
        self.read_on()?;
        Ok(std::mem::take(&mut self.unreported))
    }

    /// Whether the file begins as SWISH's do.
    pub(crate) fn has_epoch(&self) -> bool {
        !self.beginning.is_empty()
    }

    /// Bytes behind the last whole line.
    pub(crate) const fn partial_bytes(&self) -> usize {
        self.partial
    }

    /// Appends the lines that lead every follower to the served heads.
    pub(crate) fn lead(
        &mut self,
        disk: &dyn Disk,
        served: &[(FileName, ObjectId)],
    ) -> Result<Led, JournalError> {
        let appended = self.exclusively(|journal| journal.append_lines(disk, served))?;
        Ok(Led { appended, foreign: std::mem::take(&mut self.unreported) })
    }

    /// Runs `body` under the lock of the file that has the journal's name at that moment.
    pub(crate) fn exclusively<T>(
        &mut self,
        body: impl Fn(&mut Self) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        for _ in 0..REOPEN_ATTEMPTS {
            self.reopen_if_rebuilt()?;
            let file = self.file.try_clone()?;
            let done = lock::exclusively(&file, || {
                // SWISH rebuilds without the lock, so this can have changed while we waited.
                if self.is_rebuilt()? { Ok(None) } else { body(self).map(Some) }
            })?;
            if let Some(done) = done {
                return Ok(done);
            }
        }
        Err(JournalError::NoEpoch)
    }

    /// How often the file was found rebuilt.
    pub(crate) const fn rebuilds(&self) -> u64 {
        self.rebuilds
    }

    fn append_lines(
        &mut self,
        disk: &dyn Disk,
        served: &[(FileName, ObjectId)],
    ) -> Result<usize, JournalError> {
        self.finish(disk)?;
        self.read_on()?;
        if !self.has_epoch() {
            return Err(JournalError::NoEpoch);
        }
        if self.partial > 0 {
            return Err(JournalError::PartialLine { bytes: self.partial });
        }
        let lines: Vec<HeadUpdate> =
            served.iter().flat_map(|(name, head)| self.followers.lead(name, *head)).collect();
        let text = journal::lines(&lines);
        self.append(disk, text.as_bytes())?;
        self.advance(text.as_bytes());
        for (name, head) in served {
            self.followers.arrived(name, *head);
        }
        Ok(lines.len())
    }

    /// Appends with one write; if that is cut short, with as many as it takes.
    pub(crate) fn append(&mut self, disk: &dyn Disk, bytes: &[u8]) -> Result<(), JournalError> {
        let mut written = 0;
        while written < bytes.len() {
            let result = match disk.append(&self.file, &bytes[written..]) {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                other => other,
            };
            match result {
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    if written > 0 {
                        self.unfinished = bytes[written..].to_vec();
                    }
                    return Err(JournalError::Append { written, bytes: bytes.len(), source });
                }
            }
        }
        Ok(())
    }

    /// Completes a write that an earlier call could not, unless the file went on without it.
    fn finish(&mut self, disk: &dyn Disk) -> Result<(), JournalError> {
        if self.unfinished.is_empty() {
            return Ok(());
        }
        let rest = std::mem::take(&mut self.unfinished);
        let last = self.read_from(self.file.metadata()?.len().saturating_sub(1))?;
        if last == b"\n" {
            return Ok(());
        }
        let result = self.append(disk, &rest);
        if result.is_err() && self.unfinished.is_empty() {
            self.unfinished = rest;
        }
        result
    }

    /// Reads what follows the last whole line; the lines are handed out by the next reading.
    pub(crate) fn read_on(&mut self) -> Result<(), JournalError> {
        let mut unreported = std::mem::take(&mut self.unreported);
        let done = self.read_each(|update| unreported.push(update));
        self.unreported = unreported;
        done
    }

    /// Reads what follows the last whole line, piece by piece, and hands each line out at once.
    pub(crate) fn read_each(
        &mut self,
        mut take: impl FnMut(HeadUpdate),
    ) -> Result<(), JournalError> {
        let mut piece_bytes = PIECE_BYTES;
        loop {
            let bytes = self.read_piece(piece_bytes)?;
            let piece = Journal::read(&bytes);
            if self.offset == 0 && piece.epoch.is_some() {
                self.beginning = first_line(&bytes).to_vec();
            }
            for line in &piece.foreign {
                tracing::warn!(line.text, "a line of ref/head is neither an epoch nor a head");
            }
            self.advance(&bytes[..piece.complete_bytes]);
            self.partial = piece.partial_bytes;
            for update in piece.updates {
                self.followers.follow(&update);
                take(update);
            }
            if bytes.len() < piece_bytes {
                return Ok(());
            }
            piece_bytes = if piece.complete_bytes == 0 { piece_bytes * 2 } else { PIECE_BYTES };
        }
    }

    /// Whole lines were read or written.
    fn advance(&mut self, bytes: &[u8]) {
        self.offset += length(bytes);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL_BYTES));
    }

    /// At most so many bytes behind the last whole line; fewer at the end of the file.
    fn read_piece(&self, max_bytes: usize) -> io::Result<Vec<u8>> {
        let rest = self.file.metadata()?.len().saturating_sub(self.offset);
        let mut bytes = vec![0; usize::try_from(rest).unwrap_or(max_bytes).min(max_bytes)];
        let count = read_full(&self.file, &mut bytes, self.offset)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Starts again at the beginning of a file that somebody rebuilt.
    fn reopen_if_rebuilt(&mut self) -> Result<(), JournalError> {
        if !self.is_rebuilt()? {
            return Ok(());
        }
        tracing::warn!("ref/head was rebuilt: reading it from its beginning");
        let unreported = std::mem::take(&mut self.unreported);
        *self = Self { unreported, rebuilds: self.rebuilds + 1, ..Self::open(&self.path)? };
        Ok(())
    }

    /// Whether the file was replaced, has another epoch, or was cut before the place where our
    /// reading ended, even if it grew beyond that again.
    fn is_rebuilt(&self) -> Result<bool, JournalError> {
        let (named, opened) = (fs::metadata(&self.path)?, self.file.metadata()?);
        let replaced = (named.dev(), named.ino()) != (opened.dev(), opened.ino());
        Ok(replaced
            || !self.says(&self.beginning, 0)?
            || !self.still_says(self.offset, &self.tail)?)
    }

    /// Whether the bytes before this place are still there.
    fn still_says(&self, offset: u64, tail: &[u8]) -> io::Result<bool> {
        let end = self.file.metadata()?.len();
        match offset.checked_sub(length(tail)).filter(|_| offset <= end) {
            Some(at) => self.says(tail, at),
            None => Ok(false),
        }
    }

    /// Whether these bytes stand at this place.
    fn says(&self, expected: &[u8], offset: u64) -> io::Result<bool> {
        let mut bytes = vec![0; expected.len()];
        let count = read_full(&self.file, &mut bytes, offset)?;
        Ok(bytes[..count] == *expected)
    }

    pub(crate) fn read_from(&self, offset: u64) -> Result<Vec<u8>, JournalError> {
        let rest = self.file.metadata()?.len().saturating_sub(offset);
        let mut bytes = vec![0; usize::try_from(rest).map_err(io::Error::other)?];
        let count = read_full(&self.file, &mut bytes, offset)?;
        bytes.truncate(count);
        Ok(bytes)
    }
}

/// Fills the buffer, unless the file ends before.
fn read_full(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut count = 0;
    while count < bytes.len() {
        let at = offset + length(&bytes[..count]);
        match file.read_at(&mut bytes[count..], at) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    &bytes[..end.min(BEGINNING_BYTES)]
}

/// Length in the type that offsets have.
pub(crate) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("a slice is shorter than 2^64")
}
