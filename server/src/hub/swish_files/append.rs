//! Appending to one file what it lacks, and nothing twice.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use domain::MessageId;
use relay::{DocumentId, Message};

use super::{file, folder::Looks, line};

/// What is known of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct FileState {
    /// As it looked when it was last read.
    pub(super) looks: Looks,
    /// Its lines up to here were imported.
    pub(super) imported: u64,
    /// Number of the last of them.
    pub(super) lines: u64,
    /// The ids of its lines up to here are in `present`, or were.
    ids: u64,
    /// Ids in the file whose rows may still come by.
    pub(super) present: BTreeSet<MessageId>,
    /// What follows the last whole line, since when.
    cut: Option<(Vec<u8>, Instant)>,
}

/// How appending ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appended {
    /// So many lines were written; the others were there.
    Lines(usize),
    /// Somebody else has written half a line: try again.
    Later,
}

impl FileState {
    /// Notes lines that were read to be imported, up to an offset.
    pub(super) fn note(&mut self, ids: impl IntoIterator<Item = MessageId>, upto: u64) {
        if self.ids <= self.imported {
            self.present.extend(ids);
            self.ids = upto;
        }
        self.imported = upto;
    }

    /// Every row up to now has come by: no id need be remembered of what was imported.
    pub(super) fn settle(&mut self) {
        if self.ids <= self.imported {
            self.present.clear();
        }
    }

    /// The file is another one, or was cut: it is read again.
    pub(super) fn begin_again(&mut self) {
        *self = Self::default();
    }

    /// Appends those of some messages that the file lacks, in one write. Half a line at its end has
    /// to stay for `cut` until it is completed: SWISH may be writing it.
    pub(super) fn append(
        &mut self,
        path: &Path,
        (document, messages): (&DocumentId, &[Message]),
        cut: Duration,
    ) -> io::Result<Appended> {
        let (end, tail) = self.read_ids(path)?;
        let lacking = messages.iter().filter(|m| !self.present.contains(&m.row.place.id));
        let lacking: Vec<&Message> = lacking.collect();
        let lines: Vec<String> = lacking.iter().map(|m| line::write(document, m)).collect();
        if lines.is_empty() {
            return Ok(Appended::Lines(0));
        }
        if !tail.is_empty() && !self.is_cut_for_good(&tail, cut) {
            return Ok(Appended::Later);
        }
        let mut text: Vec<u8> = Vec::new();
        let is_ours = |line: &&String| !tail.is_empty() && line.as_bytes().starts_with(&tail);
        let begun = lines.iter().position(|line| is_ours(&line));
        if let Some(begun) = begun {
            // Cut off by a crash: its rest comes first.
            text.extend(lines[begun].as_bytes().iter().skip(tail.len()));
        } else if !tail.is_empty() {
            text.push(b'\n');
        }
        let others = lines.iter().enumerate().filter(|(at, _)| Some(*at) != begun);
        others.for_each(|(_, line)| text.extend(line.as_bytes()));
        write(path, &text)?;
        self.cut = None;
        // They may be asked for again, when something else fails.
        self.present.extend(lacking.iter().map(|message| message.row.place.id));
        let after = end + u64::try_from(tail.len() + text.len()).unwrap_or(u64::MAX);
        let looks = Looks::of(path)?;
        if looks.size == after && self.imported == end && tail.is_empty() {
            // Nobody else has written: these lines need not be read.
            self.lines += u64::try_from(lines.len()).unwrap_or(0);
            (self.imported, self.ids, self.looks) = (after, after, looks);
        }
        Ok(Appended::Lines(lines.len()))
    }

    /// Reads the ids that were not read yet: the end of the last whole line, and what follows it.
    fn read_ids(&mut self, path: &Path) -> io::Result<(u64, Vec<u8>)> {
        loop {
            let piece = file::read(path, self.ids)?;
            let lines = piece.lines.iter().flatten();
            let lines = lines.filter_map(|line| line::read(std::str::from_utf8(line).ok()?).ok());
            self.present.extend(lines.map(|line| line.place.id));
            self.ids = piece.upto;
            if !piece.more {
                return Ok((piece.upto, piece.tail));
            }
        }
    }

    fn is_cut_for_good(&mut self, tail: &[u8], cut: Duration) -> bool {
        if self.cut.as_ref().is_none_or(|(seen, _)| seen != tail) {
            self.cut = Some((tail.to_vec(), Instant::now()));
        }
        self.cut.as_ref().is_some_and(|(_, since)| since.elapsed() >= cut)
    }
}

/// One write at the end of a file, which is made with its folders if it is not there.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes)
}

/// Brings files and the folders that hold them to the disk.
pub(super) fn sync(directory: &Path, paths: &BTreeSet<PathBuf>) -> io::Result<()> {
    let mut folders = BTreeSet::from([PathBuf::new()]);
    for path in paths {
        File::open(directory.join(path))?.sync_all()?;
        folders.extend(path.ancestors().skip(1).map(Path::to_owned));
    }
    for folder in folders {
        File::open(directory.join(folder))?.sync_all()?;
    }
    Ok(())
}
