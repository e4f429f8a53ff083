//! States that the protocol makes impossible: raised, shown and asserted absent, never a panic.

use domain::{ClusterId, NodeId, ObjectId};
use serde::{Deserialize, Serialize};

use crate::{Ballot, Key, MemberId, RolledBack};

/// Something that must never happen has happened; an operator must look. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "alarm", rename_all = "snake_case")]
pub enum Alarm {
    /// A peer names a decided head that neither follows nor precedes ours (P1).
    TwoDecidedHeads {
        /// The register.
        key: Key,
        /// Decided head here.
        ours: ObjectId,
        /// Decided head there.
        theirs: ObjectId,
    },
    /// Two heads were proposed under one ballot.
    TwoHeadsOneBallot {
        /// The register.
        key: Key,
        /// The ballot.
        ballot: Ballot,
    },
    /// A peer sent bytes that are not the object they were announced as; nothing was stored.
    WrongObject {
        /// Who sent it.
        from: MemberId,
        /// What was asked for.
        id: ObjectId,
    },
    /// A peer did so much of what no peer does that its links were closed; it may link again after
    /// a minute. Nothing of what it sent was stored.
    CutOff {
        /// Who.
        peer: MemberId,
    },
    /// A peer has another roster under the same epoch.
    TwoRosters {
        /// Who has it.
        from: MemberId,
        /// The epoch.
        epoch: u64,
    },
    /// The disk of a node is older than what the node had told: it has a new life and no vote.
    RolledBack {
        /// The node, in its new life.
        node: MemberId,
        /// How it found out.
        rolled_back: RolledBack,
    },
    /// A node runs twice: while one run of it answered another one said Hello. Neither is linked
    /// until one has been gone for a while.
    Cloned {
        /// Which, in the life of the one that said Hello.
        node: MemberId,
    },
    /// A node of another cluster tried to link with this one, or was dialed by it: their links are
    /// refused. One of the clusters was founded anew while the other was away (protocol 11).
    OtherCluster {
        /// Which node.
        node: NodeId,
        /// Its name.
        name: String,
        /// Where its links are reached.
        address: String,
        /// Its cluster.
        theirs: ClusterId,
        /// The cluster of this node.
        ours: ClusterId,
        /// Which of them was left for the other one, if that is known.
        older: Option<ClusterId>,
    },
    /// A node wrote two chains of audit entries, or its chain was changed; the first that came is
    /// kept. Its disk was copied or restored, or somebody has its key.
    AuditForks {
        /// Whose chain.
        origin: MemberId,
        /// Number of the entry that does not fit.
        number: u64,
    },
    /// A peer sent an audit entry without its origin's seal; nothing was stored.
    AuditForged {
        /// Who sent it.
        from: MemberId,
        /// Whose chain it was to be.
        origin: MemberId,
    },
}
