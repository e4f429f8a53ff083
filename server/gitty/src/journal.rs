//! `ref/head`: the journal of head moves, one Prolog term per line.

use std::fmt;

use domain::{FileName, ObjectId};
use serde::{Deserialize, Serialize};

use crate::term::{self, Term};

/// One line: the head of a file moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadUpdate {
    /// File whose head moved.
    pub name: FileName,
    /// Where it stood; none for a new file.
    pub old: Option<ObjectId>,
    /// Where it stands now.
    pub new: ObjectId,
}

/// Writes the line without its newline.
impl fmt::Display for HeadUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let old = self.old.map_or_else(|| "-".into(), |id| id.to_string());
        let args = [self.name.as_str().into(), old, self.new.to_string()].map(Term::Atom);
        write!(f, "{}.", Term::compound("head", args))
    }
}

/// What a piece of the journal says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// The epoch, if the piece begins with that line.
    pub epoch: Option<u64>,
    /// Head moves, in order.
    pub updates: Vec<HeadUpdate>,
    /// Whole lines that are neither: SWISH would rebuild the journal because of them.
    pub foreign: Vec<Foreign>,
    /// Bytes of the whole lines.
    pub complete_bytes: usize,
    /// Bytes after the last newline: a line cut short.
    pub partial_bytes: usize,
}

/// A line that does not belong into a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Byte at which the line begins.
    pub at: usize,
    /// Its text, with wrong UTF-8 replaced.
    pub text: String,
}

impl Journal {
    /// Reads a piece of the journal that begins at the beginning of a line.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let complete_bytes =
            bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let mut journal =
            Self { complete_bytes, partial_bytes: bytes.len() - complete_bytes, ..Self::default() };
        let mut at = 0;
        for line in bytes[..complete_bytes].split_inclusive(|byte| *byte == b'\n') {
            if journal.line(line).is_none() {
                let text = String::from_utf8_lossy(line).trim_end().to_owned();
                journal.foreign.push(Foreign { at, text });
            }
            at += line.len();
        }
        journal
    }

    /// Takes one line; nothing if it is foreign.
    fn line(&mut self, line: &[u8]) -> Option<()> {
        let mut rest = std::str::from_utf8(line).ok()?.trim();
        while !rest.is_empty() {
            let (term, length) = term::read_prefix(rest).ok()?;
            match entry(&term)? {
                Entry::Head(update) => self.updates.push(update),
                Entry::Epoch(epoch) if self.is_empty() => self.epoch = Some(epoch),
                Entry::Epoch(_) => return None,
            }
            rest = rest.get(length..)?.trim_start();
        }
        Some(())
    }

    fn is_empty(&self) -> bool {
        self.epoch.is_none() && self.updates.is_empty() && self.foreign.is_empty()
    }
}

enum Entry {
    Epoch(u64),
    Head(HeadUpdate),
}

fn entry(term: &Term) -> Option<Entry> {
    match term.as_compound()? {
        ("epoch", [Term::Integer(digits)]) => digits.parse().ok().map(Entry::Epoch),
        ("head", [name, old, new]) => {
            let old = match old.as_atom()? {
                "-" => None,
                text => Some(text.parse().ok()?),
            };
            let new = new.as_atom()?.parse().ok()?;
            Some(Entry::Head(HeadUpdate { name: name.as_atom()?.into(), old, new }))
        }
        _ => None,
    }
}

/// The beginning of a journal: its epoch in seconds since 1970, and a blank line.
#[must_use]
pub fn beginning(epoch: u64) -> String {
    format!("epoch({epoch}).\n\n")
}

/// The lines of `updates`, each with its newline.
#[must_use]
pub fn lines<'a>(updates: impl IntoIterator<Item = &'a HeadUpdate>) -> String {
    updates.into_iter().map(|update| format!("{update}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn the_journal_swish_wrote_is_written_again_byte_for_byte() {
        for store in ["store", "store-packed"] {
            let bytes = fixtures::read(&format!("{store}/ref/head"));
            let journal = Journal::read(&bytes);
            assert_eq!(journal.foreign, []);
            assert_eq!((journal.complete_bytes, journal.partial_bytes), (bytes.len(), 0));
            let again = beginning(journal.epoch.unwrap()) + &lines(&journal.updates);
            assert_eq!(again.into_bytes(), bytes);
        }
    }

    #[test]
    fn a_torn_line_and_a_foreign_line_are_told_apart() {
        let bytes =
            b"epoch(1).\n\nfoo(x).\nhead(a,-,e69de29bb2d1d6434b8b29ae775ad8c2e48c5391).\nhead(a";
        let journal = Journal::read(bytes);
        assert_eq!(
            journal,
            Journal {
                epoch: Some(1),
                updates: vec![HeadUpdate {
                    name: "a".into(),
                    old: None,
                    new: Object::blob("").id().unwrap(),
                }],
                foreign: vec![Foreign { at: 11, text: "foo(x).".into() }],
                complete_bytes: bytes.len() - 6,
                partial_bytes: 6,
            }
        );
    }

    use crate::Object;
}
