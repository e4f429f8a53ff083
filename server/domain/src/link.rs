//! What the cores need to know of a commit, without its text.

use serde::{Deserialize, Serialize};

use crate::{FileName, ObjectId, OpId};

/// Type of a gitty object; readers keep types they do not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// Text of a file.
    Blob,
    /// Metadata of one version.
    Commit,
    /// A permalink or provenance term.
    Term,
    /// A type of a newer SWISH; 1 to 16 letters.
    Other(String),
}

impl ObjectKind {
    /// The word in the object's header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Blob => "blob",
            Self::Commit => "commit",
            Self::Term => "term",
            Self::Other(word) => word,
        }
    }
}

/// A commit as a link of its file's path (protocol 1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    /// File the commit belongs to.
    pub name: FileName,
    /// Commit it was made from; another file's when this is a fork.
    pub previous: Option<ObjectId>,
    /// Its text.
    pub blob: ObjectId,
    /// Identity of the save that made it.
    pub op: OpId,
    /// `time` of the commit, in whole milliseconds since 1970, rounded up.
    pub time_ms: u64,
    /// Commits of other branches that it settles (protocol 4.5); most often none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settles: Vec<ObjectId>,
}
