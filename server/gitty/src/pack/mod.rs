//! Pack files: many loose files behind one header, as SWISH's repacking writes them.
//!
//! ```text
//!   gitty(1).
//!   obj('08d3…0f',blob,19,54).     type, content bytes, bytes of the loose file
//!   end_of_header.⏎
//!   <loose file><loose file>…      in the header's order, byte for byte, no padding
//! ```
//!
//! The members are sorted by hash when we write, and in any order when we read. The file's name
//! is the SHA-1 of all its bytes. Reading allocates by the header's length, never by its numbers.

use std::{cmp::Ordering, ops::Range};

use domain::{ObjectId, ObjectKind, PackId};
use sha1_checked::{Digest, Sha1};
use thiserror::Error;

use crate::{
    object::kind,
    term::{self, ReadErrorKind, Term},
};

/// The version that is written; any is read, as by SWISH.
const VERSION: i64 = 1;
const END: &str = "end_of_header";

/// One line of the header: an object and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which object.
    pub id: ObjectId,
    /// Its type.
    pub kind: ObjectKind,
    /// Bytes of its content.
    pub size: u64,
    /// Bytes of its loose file.
    pub file_size: u64,
}

/// The header of a pack file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackIndex {
    entries: Vec<Entry>,
    data_offset: u64,
}

/// Bytes that do not begin with a whole header; nothing was read of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("byte {at}: {kind}")]
pub struct PackError {
    /// Byte at which reading stopped.
    pub at: usize,
    /// What is wrong there.
    pub kind: PackErrorKind,
}

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PackErrorKind {
    /// The bytes end before the header does: more of the file may help.
    #[error("the header has no end")]
    Unfinished,
    /// The first term is not `gitty(Version)`.
    #[error("not a pack: it does not begin with gitty(1)")]
    NotAPack,
    /// Not a term.
    #[error(transparent)]
    Term(#[from] ReadErrorKind),
    /// A term that is neither `obj/4` nor the end.
    #[error("not a line of a pack's header")]
    Foreign,
    /// An `obj/4` whose argument is no hash, type or number of bytes.
    #[error("bad {0} of an object")]
    Argument(&'static str),
    /// The members would end behind the largest offset a file has.
    #[error("members longer than a file can be")]
    TooLong,
    /// Something other than one newline follows the header.
    #[error("no newline behind the header")]
    NoNewline,
}

impl PackIndex {
    /// Reads the header at the beginning of a pack file's bytes, in any layout Prolog allows.
    ///
    /// The bytes may end anywhere behind the header. The numbers are not compared with the
    /// file's length, and the members are not read: that needs the file.
    ///
    /// # Errors
    /// The bytes begin with no whole header; [`PackErrorKind::Unfinished`] or a term's error may
    /// come of a cut that is too early.
    pub fn parse(bytes: &[u8]) -> Result<Self, PackError> {
        // A gzip file begins with a byte pair that no UTF-8 holds, so this is the header.
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
        };
        let mut reader = Reader { text, at: 0 };
        let (start, first) = reader.term()?;
        if !matches!(first.as_compound(), Some(("gitty", [_]))) {
            return Err(PackError { at: start, kind: PackErrorKind::NotAPack });
        }
        let mut entries = Vec::new();
        let mut data_bytes = 0_u64;
        loop {
            let (start, term) = reader.term()?;
            if term.as_atom() == Some(END) {
                let data_offset = offset(reader.newline(bytes)?);
                return match data_offset.checked_add(data_bytes) {
                    Some(_) => Ok(Self { entries, data_offset }),
                    None => Err(PackError { at: start, kind: PackErrorKind::TooLong }),
                };
            }
            let failed = |kind| PackError { at: start, kind };
            let entry = entry(&term).map_err(failed)?;
            let sum = data_bytes.checked_add(entry.file_size);
            data_bytes = sum.ok_or_else(|| failed(PackErrorKind::TooLong))?;
            entries.push(entry);
        }
    }

    /// The header's lines, in its order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Byte at which the first member begins.
    #[must_use]
    pub const fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// Each object with the bytes of the file that are its loose file.
    pub fn members(&self) -> impl Iterator<Item = (&Entry, Range<u64>)> {
        self.entries.iter().scan(self.data_offset, |at, entry| {
            let start = *at;
            *at += entry.file_size;
            Some((entry, start..*at))
        })
    }

    /// Length that the file has when it is whole.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.members().last().map_or(self.data_offset, |(_, range)| range.end)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// The next term, with the byte at which its layout begins.
    ///
    /// The term reader takes the end of the text for a full stop; then the next term, or the
    /// newline, is what is missing.
    fn term(&mut self) -> Result<(usize, Term), PackError> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or("");
        if rest.trim_start().is_empty() {
            return Err(PackError { at: start, kind: PackErrorKind::Unfinished });
        }
        let (term, length) = term::read_prefix(rest)
            .map_err(|error| PackError { at: start + error.at, kind: error.kind.into() })?;
        self.at += length;
        Ok((start, term))
    }

    /// The byte behind the newline that must follow.
    fn newline(&self, bytes: &[u8]) -> Result<usize, PackError> {
        match bytes.get(self.at) {
            Some(b'\n') => Ok(self.at + 1),
            Some(_) => Err(PackError { at: self.at, kind: PackErrorKind::NoNewline }),
            None => Err(PackError { at: self.at, kind: PackErrorKind::Unfinished }),
        }
    }
}

fn offset(at: usize) -> u64 {
    u64::try_from(at).expect("a slice is shorter than 2^64")
}

fn entry(term: &Term) -> Result<Entry, PackErrorKind> {
    let Some(("obj", [id, word, size, file_size])) = term.as_compound() else {
        return Err(PackErrorKind::Foreign);
    };
    let bad = |what| move || PackErrorKind::Argument(what);
    let id = id.as_atom().and_then(|text| text.parse().ok()).ok_or_else(bad("hash"))?;
    let kind = word.as_atom().and_then(kind).ok_or_else(bad("type"))?;
    let size = number(size).ok_or_else(bad("size"))?;
    let file_size = number(file_size).ok_or_else(bad("file size"))?;
    Ok(Entry { id, kind, size, file_size })
}

fn number(term: &Term) -> Option<u64> {
    match term {
        Term::Integer(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// Puts entries in the order of a pack file: by hash, each once.
pub fn sort(entries: &mut Vec<Entry>) {
    entries.sort_by_key(|entry| entry.id);
    entries.dedup_by_key(|entry| entry.id);
}

/// Writes the header that SWISH would write; the loose files follow it in the same order.
#[must_use]
pub fn header(entries: &[Entry]) -> String {
    debug_assert!(entries.is_sorted_by(|a, b| a.id.cmp(&b.id) == Ordering::Less));
    let mut text = format!("{}.\n", Term::compound("gitty", [Term::integer(VERSION)]));
    for Entry { id, kind, size, file_size } in entries {
        let hash = Term::atom(id.to_string());
        let word = Term::atom(kind.as_str());
        let sizes = [size, file_size].map(|bytes| Term::Integer(bytes.to_string()));
        let line = Term::compound("obj", [hash, word].into_iter().chain(sizes));
        text.push_str(&format!("{line}.\n"));
    }
    text + END + ".\n"
}

/// Computes the name of a pack file from its bytes, piece by piece.
#[derive(Clone)]
pub struct Naming(Sha1);

impl Default for Naming {
    fn default() -> Self {
        // The name guards against damage; what an attacker could forge are the objects, and
        // those are hashed with the check.
        Self(Sha1::builder().detect_collision(false).build())
    }
}

impl Naming {
    /// Takes the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The name of a file that ends here.
    #[must_use]
    pub fn finish(self) -> PackId {
        PackId::from_bytes((*self.0.try_finalize().hash()).into())
    }
}

/// Name of a pack's file.
#[must_use]
pub fn file_name(id: PackId) -> String {
    format!("pack-{id}.pack")
}

/// The pack that a file name spells; none if SWISH would not have given it.
#[must_use]
pub fn id_of(file_name: &str) -> Option<PackId> {
    file_name.strip_prefix("pack-")?.strip_suffix(".pack")?.parse().ok()
}

#[cfg(test)]
mod tests;
