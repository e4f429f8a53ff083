//! Visitors: pages that are open now, on all nodes, and who is muted (protocol 7).

use serde::{Deserialize, Serialize};

use super::NodeRef;
use crate::{Ruling, VisitorKey, words::NodeHealth};

/// A page of the list of visitors: `GET /api/v1/visitors`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorsPage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// The rows.
    pub rows: Vec<VisitorRow>,
    /// Pages that are open now, on all nodes.
    pub total: u64,
    /// Those that match the query.
    pub shown: u64,
    /// Position of the first row among those that match.
    pub offset: u64,
    /// How many each node has, the own one first.
    pub nodes: Vec<VisitorsOnNode>,
    /// Everybody who is muted now, with a page open or not.
    pub muted: Vec<MutedVisitor>,
}

/// Visitors of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorsOnNode {
    /// The node.
    pub node: NodeRef,
    /// How it answers.
    pub health: NodeHealth,
    /// Pages that are open there, as far as is known.
    pub visitors: u64,
}

/// A page that is open in somebody's browser. There is no e-mail address: it never leaves its node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VisitorRow {
    /// Which page, as SWISH names it.
    pub wsid: String,
    /// What the visitor is called, if anything.
    pub name: Option<String>,
    /// By what the visitor is known; none if by nothing that lasts.
    pub who: Option<VisitorKey>,
    /// Where the page is connected.
    pub node: NodeRef,
    /// How that node answers; the visitors of one that is not heard are its last word.
    pub health: NodeHealth,
    /// Documents of the files that it has open.
    pub files: Vec<String>,
    /// When it last did something of this, ms since 1970 by the clock of its node.
    pub heard_ms: u64,
    /// Who has muted the visitor.
    pub muted: Option<Ruling>,
}

/// Somebody who cannot post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutedVisitor {
    /// Who.
    pub who: VisitorKey,
    /// What the visitor was called then.
    pub name: String,
    /// Who decided it.
    pub ruling: Ruling,
}

/// What a visitor without a name is called.
pub const NAMELESS: &str = "Anonymous";
