//! Divergences: files with two or more sides that need a choice (protocol 4.5).

use serde::{Deserialize, Serialize};

use super::{Activity, Column, NodeRef, Version};
use crate::{FileName, ObjectId};

/// One page of the list of divergences, oldest first: `GET /api/v1/divergences?…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DivergencesPage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// The nodes, the own one first.
    pub nodes: Vec<Column>,
    /// The divergences, oldest first; names break ties.
    pub rows: Vec<DivergenceView>,
    /// Divergences there are.
    pub total: u64,
    /// Divergences that match the query, on all pages.
    pub shown: u64,
    /// Position of the first row among those that match.
    pub offset: u64,
}

/// A file with two or more sides. A file that is merely behind is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DivergenceView {
    /// The file.
    pub name: FileName,
    /// When the answering node first knew of two sides, ms since 1970.
    pub since_ms: u64,
    /// The decided head, which is served meanwhile.
    pub decided: Side,
    /// The other sides, the one on most nodes first; never empty.
    pub others: Vec<Side>,
    /// People whose save is on a side that is not served.
    pub waiting: Vec<String>,
}

/// One side of a divergence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Its newest commit.
    pub head: ObjectId,
    /// Hash of its text.
    pub data: ObjectId,
    /// Who saved it.
    pub author: Option<String>,
    /// What the author says of it.
    pub message: Option<String>,
    /// When it was saved, ms since 1970.
    pub at_ms: u64,
    /// Nodes on which it was saved or whose store had it, as they themselves report.
    pub on: Vec<NodeRef>,
    /// Last commit it has in common with the decided head; none when there is none.
    pub ancestor: Option<ObjectId>,
    /// Commits of it after that one.
    pub commits: u64,
}

/// One divergence with what a choice needs: `GET /api/v1/divergences/{name}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DivergencePage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// Its sides.
    pub divergence: DivergenceView,
    /// Commits of all sides back to the oldest ancestor, newest first, at most 100.
    pub graph: Vec<Version>,
    /// How the head came to be decided, newest first; empty when that is not kept any more.
    pub trace: Vec<Activity>,
    /// Its place in the list, from 1.
    pub place: u64,
    /// Divergences there are.
    pub of: u64,
    /// The one before it in the list.
    pub before: Option<FileName>,
    /// The one after it in the list.
    pub after: Option<FileName>,
}

/// Two sides merged: `GET /api/v1/divergences/{name}/merge?side=<hash>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeDraft {
    /// The decided head.
    pub decided: ObjectId,
    /// The other side.
    pub side: ObjectId,
    /// Their last common commit; none merges with an empty text.
    pub ancestor: Option<ObjectId>,
    /// Both sides' changes; what they contradict each other in stands between marker lines.
    pub text: String,
    /// Places that need a decision.
    pub conflicts: u64,
}

impl DivergenceView {
    /// All sides, the decided one first.
    pub fn sides(&self) -> impl Iterator<Item = &Side> {
        std::iter::once(&self.decided).chain(&self.others)
    }

    /// The side with this commit as its head.
    #[must_use]
    pub fn side(&self, head: ObjectId) -> Option<&Side> {
        self.sides().find(|side| side.head == head)
    }

    /// The side that is on most stores; the decided one unless another is on more.
    #[must_use]
    pub fn on_most(&self) -> &Side {
        let more = |best: &&Side, side: &Side| side.on.len() > best.on.len();
        self.others
            .iter()
            .fold(&self.decided, |best, side| if more(&best, side) { side } else { best })
    }

    /// "2 sides", "3 sides".
    #[must_use]
    pub fn sides_text(&self) -> String {
        format!("{} sides", self.others.len() + 1)
    }
}

impl Side {
    /// Who saved it, or "Somebody".
    #[must_use]
    pub fn who(&self) -> &str {
        self.author.as_deref().unwrap_or("Somebody")
    }

    /// "alpha and bravo"; "no node that answers" when nobody reports it.
    #[must_use]
    pub fn where_text(&self) -> String {
        match self.on.len() {
            0 => "no node that answers".to_owned(),
            _ => crate::words::list(
                &self.on.iter().map(|node| node.name.clone()).collect::<Vec<_>>(),
            ),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::NodeId;

    pub(in crate::view) fn side(byte: u8, author: &str, on: &[&str]) -> Side {
        let node = |name: &&str| NodeRef {
            id: NodeId::from_bytes([name.as_bytes()[0]; 8]),
            name: (*name).to_owned(),
        };
        Side {
            head: ObjectId::from_bytes([byte; 20]),
            data: ObjectId::from_bytes([!byte; 20]),
            author: Some(author.to_owned()),
            message: None,
            at_ms: 1_795_442_531_000 - u64::from(byte) * 60_000,
            on: on.iter().map(node).collect(),
            ancestor: None,
            commits: 1,
        }
    }

    pub(in crate::view) fn diverged(name: &str) -> DivergenceView {
        DivergenceView {
            name: name.into(),
            since_ms: 1_795_442_531_000 - 3_600_000,
            decided: side(1, "Ann", &["alpha", "bravo"]),
            others: vec![side(2, "Ben", &["charlie"])],
            waiting: vec!["Ben".to_owned()],
        }
    }

    #[test]
    fn the_decided_side_wins_a_tie_of_stores() {
        let mut found = diverged("a.pl");
        assert_eq!(found.on_most().head, found.decided.head);
        found.decided.on.truncate(1);
        assert_eq!(found.on_most().head, found.decided.head);
        found.decided.on.clear();
        assert_eq!(found.on_most().head, found.others[0].head);
        assert_eq!(found.decided.where_text(), "no node that answers");
    }
}
