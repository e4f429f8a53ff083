//! The roster: members, epoch and phase.

pub use domain::MemberId;
use domain::{ClusterId, NodeId};
use serde::{Deserialize, Serialize};

/// A node that votes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Member {
    /// Its identity.
    pub id: MemberId,
    /// Its name on screens.
    pub name: String,
    /// Where its links are dialed, `host:port`.
    pub address: String,
}

/// What the members of an epoch may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Every key is being read again; no further change.
    Repairing,
    /// Ordinary work.
    Steady,
}

/// The members of one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Roster {
    /// The cluster.
    pub cluster: ClusterId,
    /// Grows with each change, from 1.
    pub epoch: u64,
    /// What its members may do.
    pub phase: Phase,
    /// Those who vote.
    pub members: Vec<Member>,
    /// Those who were approved and hold everything without a vote.
    #[serde(default)]
    pub learners: Vec<Member>,
    /// Those who left: they may link, to be told so.
    #[serde(default)]
    pub removed: Vec<Member>,
}

/// What a node is to a roster (protocol 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It votes.
    Member,
    /// It receives everything and may propose: an approved node, or a member whose disk was made
    /// anew.
    Learner,
    /// It left, or never was here.
    Stranger,
}

impl Roster {
    /// Members that make a majority, counted on the roster and never on the reachable.
    #[must_use]
    pub fn quorum(&self) -> usize {
        self.members.len() / 2 + 1
    }

    /// True if `id` votes, in this life of its disk.
    #[must_use]
    pub fn has(&self, id: &MemberId) -> bool {
        self.members.iter().any(|member| &member.id == id)
    }

    /// True if the node is named, in whatever life of its disk.
    #[must_use]
    pub fn names(&self, node: NodeId) -> bool {
        self.everybody().any(|member| member.id.node == node)
    }

    /// True if the node is a member or a learner in exactly this life of its disk.
    #[must_use]
    pub fn lists(&self, id: &MemberId) -> bool {
        self.everybody().any(|member| &member.id == id)
    }

    /// True if the node was here and was removed.
    #[must_use]
    pub fn has_removed(&self, node: NodeId) -> bool {
        self.removed.iter().any(|gone| gone.id.node == node)
    }

    /// What `id` may do. A member's vote is that of one life of its disk (protocol 11, V7).
    #[must_use]
    pub fn standing(&self, id: &MemberId) -> Standing {
        if self.has(id) {
            Standing::Member
        } else if self.names(id.node) {
            Standing::Learner
        } else {
            Standing::Stranger
        }
    }

    /// Members and learners.
    pub fn everybody(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().chain(&self.learners)
    }

    /// The members other than `me`, whichever life of its disk it is in.
    pub fn others(&self, me: MemberId) -> impl Iterator<Item = MemberId> + '_ {
        self.members.iter().map(|member| member.id).filter(move |id| id.node != me.node)
    }
}
