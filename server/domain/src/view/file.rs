//! One file: what each node reports of it, and its versions.

use serde::{Deserialize, Serialize};

use super::{FileRow, NodeRef, escape, unescape_path};
use crate::{FileName, ObjectId, ObjectKind, words::NodeHealth};

/// One file over all nodes: `GET /api/v1/files/{name}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// The same row as in the list.
    pub row: FileRow,
    /// What each node reports, the own one first.
    pub heads: Vec<HeadReport>,
}

/// The head of a file on one node, as that node says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadReport {
    /// The node.
    pub node: NodeRef,
    /// It is the one that answers.
    pub own: bool,
    /// Away and Suspect nodes' heads are their last word, not news.
    pub health: NodeHealth,
    /// What it serves; none when it has no such file.
    pub head: Option<ObjectId>,
    /// When it was last heard, ms since 1970 on the answering node's clock.
    pub heard_ms: Option<u64>,
}

/// One version of a file, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Hash of its commit.
    pub id: ObjectId,
    /// File it was saved as; before a fork that is another one.
    pub name: FileName,
    /// When, ms since 1970.
    pub at_ms: u64,
    /// Who, as the commit says.
    pub author: Option<String>,
    /// What the author says of it.
    pub message: Option<String>,
    /// Hash of its text.
    pub data: ObjectId,
    /// Commit it was made from.
    pub previous: Option<ObjectId>,
    /// Sides of a divergence that it settled (protocol 4.5); empty for a plain save.
    #[serde(default)]
    pub settles: Vec<ObjectId>,
}

/// Part of a file's history, newest first: `GET /api/v1/files/{name}/history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// The version that most nodes serve.
    pub head: Option<ObjectId>,
    /// The versions.
    pub versions: Vec<Version>,
    /// Where the next older part begins.
    pub older: Option<ObjectId>,
    /// What ends the history before its beginning.
    pub gap: Option<Gap>,
}

/// A version that could not be read; the ones before it are not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Hash of its commit.
    pub id: ObjectId,
    /// Who was asked, and what that means.
    pub problem: super::Problem,
}

/// What differs between two versions: `GET /api/v1/files/{name}/diff`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The older one; none compares with an empty text.
    pub from: Option<Version>,
    /// The newer one.
    pub to: Version,
    /// As `diff -u` shows it; empty when the texts are equal.
    pub unified: String,
    /// Bytes of it that are left out at the end.
    pub left_out: u64,
}

/// The content of an object: `GET /api/v1/objects/{hash}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectText {
    /// Its hash.
    pub id: ObjectId,
    /// Its type.
    pub kind: ObjectKind,
    /// Bytes it has.
    pub bytes: u64,
    /// Its beginning; what is no UTF-8 is replaced.
    pub text: String,
    /// Bytes that are left out at the end.
    pub left_out: u64,
}

/// Address of a file's page.
#[must_use]
pub fn file_href(name: &FileName) -> String {
    format!("/files/{}", escape(name.as_str()))
}

/// The name in the address of a file's page; the other way round than [`file_href`].
#[must_use]
pub fn file_of(path: &str) -> FileName {
    FileName::new(unescape_path(path.strip_prefix("/files/").unwrap_or("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_from_its_address() {
        for name in
            ["a.pl", "sub/dir.pl", "percent%20x.pl", "plus+plus.pl", "nl\nname.pl", "größe ?#"]
        {
            assert_eq!(file_of(&file_href(&name.into())), FileName::from(name));
        }
        assert_eq!(file_of("/files/plus+plus.pl"), FileName::from("plus+plus.pl"));
    }
}
