//! The list of files: a row for each, with its head on each node.

use serde::{Deserialize, Serialize};

use super::Chip;
use crate::{
    FileName, NodeId, ObjectId,
    words::{FileState, NodeHealth},
};

/// One page of the list of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesPage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// A column for each node, the own one first.
    pub nodes: Vec<Column>,
    /// The rows, in the order asked for.
    pub rows: Vec<FileRow>,
    /// Files there are.
    pub total: u64,
    /// Files that match the query, on all pages.
    pub shown: u64,
    /// Position of the first row among those that match.
    pub offset: u64,
    /// How many files the same search has in each state: [`super::Counts::chips`].
    pub chips: Vec<Chip>,
}

/// A node as a column of the list of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    pub name: String,
    /// Away and Suspect nodes' heads are their last word, not news.
    pub health: NodeHealth,
}

/// One file over all nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Its name.
    pub name: FileName,
    /// Its state.
    pub state: FileState,
    /// What follows the word, such as [`FileState::behind_detail`].
    #[serde(default)]
    pub detail: Option<String>,
    /// Its head on each node, as that node itself reports; none when it has no such file.
    pub heads: Vec<(NodeId, Option<ObjectId>)>,
    /// Nodes that serve the decided head.
    pub on: usize,
    /// Members.
    pub of: usize,
    /// Who saved it last.
    pub author: Option<String>,
    /// When it was saved last, ms since 1970.
    pub changed_ms: u64,
}

impl FileRow {
    /// The head most nodes report; among equals the first column's.
    #[must_use]
    pub fn common_head(&self) -> Option<ObjectId> {
        let reported = || self.heads.iter().filter_map(|(_, head)| *head);
        let votes = |head: ObjectId| reported().filter(|other| *other == head).count();
        reported().rev().max_by_key(|head| votes(*head))
    }

    /// What `node` reports.
    #[must_use]
    pub fn head_on(&self, node: NodeId) -> Option<ObjectId> {
        self.heads.iter().find(|(id, _)| *id == node).and_then(|(_, head)| *head)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::view) fn id(byte: u8) -> NodeId {
        NodeId::from_bytes([byte; 8])
    }

    pub(in crate::view) fn head(byte: u8) -> Option<ObjectId> {
        Some(ObjectId::from_bytes([byte; 20]))
    }

    pub(in crate::view) fn row(name: &str, heads: [Option<ObjectId>; 3]) -> FileRow {
        FileRow {
            name: name.into(),
            state: FileState::Behind,
            detail: None,
            heads: (1..).map(id).zip(heads).collect(),
            on: 2,
            of: 3,
            author: None,
            changed_ms: 0,
        }
    }

    #[test]
    fn the_common_head_is_the_majoritys_and_else_the_first_columns() {
        assert_eq!(row("a", [head(1), head(2), head(2)]).common_head(), head(2));
        assert_eq!(row("a", [head(3), head(1), head(2)]).common_head(), head(3));
        assert_eq!(row("a", [None, None, head(2)]).common_head(), head(2));
        assert_eq!(row("a", [None; 3]).common_head(), None);
    }
}
