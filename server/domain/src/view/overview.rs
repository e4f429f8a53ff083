//! The overview: the cluster as one node sees it.

use serde::{Deserialize, Serialize};

use super::{CatchUp, ChatCounts, Counts, LinkReport};
use crate::{
    NodeId,
    words::{
        ChatState, ClusterState, FileState, NodeAction, NodeHealth, NodeRole, Outcome, Role,
        SwishState, Tone,
    },
};

/// A node by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeRef {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    pub name: String,
}

/// Who asks: `GET /api/v1/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The account's name.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// The cluster as one node sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The node that says all this.
    pub node: NodeRef,
    /// That node's clock when it said so, ms since 1970.
    pub at_ms: u64,
    /// One word for everything.
    pub state: ClusterState,
    /// What follows the word: [`crate::words::Situation`] as text.
    pub sentence: String,
    /// What the cluster can still lose: [`crate::words::margin`].
    pub margin: String,
    /// Age of the last comparison by content; none before the first.
    pub checked_ago_ms: Option<u64>,
    /// Every node, the own one first.
    pub nodes: Vec<NodeCard>,
    /// Files by state; each number equals the rows of the list it links to.
    pub counts: Counts,
    /// Chats by state, and visitors.
    #[serde(default)]
    pub chat: ChatCounts,
    /// What needs attention, worst first, ten at most.
    pub needs: Vec<Need>,
    /// The last events, newest first.
    pub latest: Vec<Activity>,
    /// Saves in each of the last 15 minutes, oldest first.
    pub saves: Vec<u32>,
}

/// One node, as the node that answers sees it. `None` is "never heard".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeCard {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    pub name: String,
    /// It is the one that answers.
    pub own: bool,
    /// How it answers.
    pub health: NodeHealth,
    /// What it may do.
    pub role: NodeRole,
    /// When its last frame came, ms since 1970 on the answering node's clock.
    pub last_seen_ms: Option<u64>,
    /// Beginning of its root hash, 8 digits.
    pub root: Option<String>,
    /// Its root equals the answering node's.
    pub same_root: bool,
    /// Files it reports.
    pub files: Option<u64>,
    /// When its root last equalled the answering node's, ms since 1970.
    #[serde(default)]
    pub equal_ms: Option<u64>,
    /// Files it lacks or serves an older version of.
    pub behind: u64,
    /// Saves that wait there for a majority.
    #[serde(default)]
    pub waiting: Option<u64>,
    /// Whether the link to it is open; none for the answering node.
    #[serde(default)]
    pub linked: Option<bool>,
    /// Its clock minus ours.
    pub clock_offset_ms: Option<i64>,
    /// Program version it reports.
    pub version: Option<String>,
    /// Last round trip over its link.
    pub round_trip_ms: Option<f64>,
    /// Where its link is reached.
    pub address: String,
    /// Its links, as it says itself; none when it has not said.
    #[serde(default)]
    pub links: Option<Vec<LinkReport>>,
    /// How far it has come in catching up, as it says itself; none when it does not, or has not
    /// said.
    #[serde(default)]
    pub catch_up: Option<CatchUp>,
    /// How the SWISH beside it answers; none where there is none, and of other nodes.
    #[serde(default)]
    pub swish: Option<SwishState>,
    /// What can be done to it now; the server refuses the rest.
    #[serde(default)]
    pub actions: Vec<NodeAction>,
}

/// A state of a file or of a node, for lists that hold both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnyState {
    /// Of the cluster.
    Cluster(ClusterState),
    /// Of a node.
    Node(NodeHealth),
    /// Of a file.
    File(FileState),
    /// Of an action that ended.
    Outcome(Outcome),
    /// Of the SWISH beside a node.
    Swish(SwishState),
    /// Of a chat.
    Chat(ChatState),
}

impl AnyState {
    /// What people read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cluster(state) => state.word(),
            Self::Node(health) => health.word(),
            Self::File(state) => state.word(),
            Self::Outcome(outcome) => outcome.word(),
            Self::Swish(state) => state.word(),
            Self::Chat(state) => state.word(),
        }
    }

    /// Which colour and icon it gets.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            Self::Cluster(state) => state.tone(),
            Self::Node(health) => health.tone(),
            Self::File(state) => state.tone(),
            Self::Outcome(outcome) => outcome.tone(),
            Self::Swish(state) => state.tone(),
            Self::Chat(state) => state.tone(),
        }
    }
}

/// Something an operator should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Its state.
    pub state: AnyState,
    /// Subject and number: "14 files are behind on charlie".
    pub what: String,
    /// Page that shows it.
    pub href: Option<String>,
    /// Why, and what happens next.
    pub reason: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// When, ms since 1970.
    pub at_ms: u64,
    /// What: "Ann saved tax.pl on bravo".
    pub text: String,
    /// Page that shows it.
    pub href: Option<String>,
}
