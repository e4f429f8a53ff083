//! Commits: the metadata of one version of a file, as a `gitty{…}` dict.
//!
//! [`create`] and [`update`] give the bytes SWISH would give for the same save, so a commit's
//! name does not depend on which of the two made it.

mod meta;
mod rules;
mod time;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::{FileName, Link, ObjectId, ObjectKind, OpId};
use sha1_checked::Sha1;
use thiserror::Error;

use crate::{
    Object,
    term::{self, Dict, ReadError, ReadErrorKind, Term},
};

pub use crate::json::{Symbolic, commit as to_json};
pub use meta::Meta;
pub use rules::{create, keep, settle, update};
pub use time::commit_time;

/// Key of a commit that names the tips it settles, as a list of atoms.
const SETTLES: &str = "settles";

/// A commit that was read or made.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    dict: Dict,
    name: FileName,
    previous: Option<ObjectId>,
    data: ObjectId,
    time: f64,
    /// As read, because an older SWISH may have ordered its keys otherwise.
    content: Arc<[u8]>,
}

/// Text that is no commit; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommitError {
    /// Not a term.
    #[error("unreadable commit")]
    Term(#[source] ReadError),
    /// A term, but no dict.
    #[error("a commit is a dict")]
    NotADict,
    /// A key that each commit has.
    #[error("commit without {0}")]
    Missing(&'static str),
    /// A key whose value has another type than SWISH writes.
    #[error("commit with a bad {0}")]
    Value(&'static str),
}

impl Commit {
    /// Reads the content of a commit object; what follows the first full stop is ignored.
    ///
    /// # Errors
    /// The text is no commit.
    pub fn parse(content: &[u8]) -> Result<Self, CommitError> {
        let text = std::str::from_utf8(content).map_err(|error| {
            CommitError::Term(ReadError { at: error.valid_up_to(), kind: ReadErrorKind::NotUtf8 })
        })?;
        match term::read_prefix(text) {
            Ok((Term::Dict(dict), _)) => Self::of(dict, content.into()),
            Ok(_) => Err(CommitError::NotADict),
            Err(error) => Err(CommitError::Term(error)),
        }
    }

    /// Makes a commit of a dict that this package built.
    fn built(dict: Dict) -> Self {
        let content = text(dict.clone()).into_bytes().into();
        Self::of(dict, content).expect("create and update set name, data and time")
    }

    fn of(dict: Dict, content: Arc<[u8]>) -> Result<Self, CommitError> {
        let name = required(&dict, "name")?.as_atom().ok_or(CommitError::Value("name"))?;
        let time = required(&dict, "time")?.as_f64().filter(|time| time::is_plausible(*time));
        Ok(Self {
            name: FileName::from(name),
            previous: dict.get("previous").map(|term| hash(term, "previous")).transpose()?,
            data: hash(required(&dict, "data")?, "data")?,
            time: time.ok_or(CommitError::Value("time"))?,
            dict,
            content,
        })
    }

    /// File the commit belongs to.
    #[must_use]
    pub fn name(&self) -> FileName {
        self.name.clone()
    }

    /// Commit it was made from.
    #[must_use]
    pub const fn previous(&self) -> Option<ObjectId> {
        self.previous
    }

    /// The blob with the file's text.
    #[must_use]
    pub const fn data(&self) -> ObjectId {
        self.data
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn time(&self) -> f64 {
        self.time
    }

    /// `time` in whole milliseconds, rounded up.
    #[must_use]
    pub fn time_ms(&self) -> u64 {
        time::whole_ms(self.time)
    }

    /// Value of a key of its metadata.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Term> {
        self.dict.get(key)
    }

    /// All of its metadata.
    #[must_use]
    pub const fn dict(&self) -> &Dict {
        &self.dict
    }

    /// The text and its newline, as hashed.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        self.content.to_vec()
    }

    /// The commit as an object.
    #[must_use]
    pub fn object(&self) -> Object {
        Object { kind: ObjectKind::Commit, content: self.content.clone() }
    }

    /// The commit as a link of its file's path.
    #[must_use]
    pub fn link(&self) -> Link {
        Link {
            name: self.name(),
            previous: self.previous,
            blob: self.data,
            op: self.op(),
            time_ms: self.time_ms(),
            settles: self.settles(),
        }
    }

    /// Tips of other branches that this commit settles (protocol 4.5), in the order they are named.
    ///
    /// What is no hash in the list is left out: SWISH carries keys along that it does not know.
    #[must_use]
    pub fn settles(&self) -> Vec<ObjectId> {
        let tips = self.dict.get(SETTLES).and_then(Term::as_list).unwrap_or_default();
        tips.iter().filter_map(|tip| tip.as_atom()?.parse().ok()).collect()
    }

    /// Identity of the save: the same save repeated later has the same.
    #[must_use]
    pub fn op(&self) -> OpId {
        let mut dict = self.dict.clone();
        dict.remove("time");
        dict.remove("commit");
        let digest = Sha1::try_digest(text(dict));
        OpId::from_bytes((*digest.hash()).into())
    }
}

fn text(dict: Dict) -> String {
    format!("{}.\n", Term::Dict(dict))
}

fn required<'a>(dict: &'a Dict, key: &'static str) -> Result<&'a Term, CommitError> {
    dict.get(key).ok_or(CommitError::Missing(key))
}

fn hash(term: &Term, key: &'static str) -> Result<ObjectId, CommitError> {
    term.as_atom().and_then(|text| text.parse().ok()).ok_or(CommitError::Value(key))
}
