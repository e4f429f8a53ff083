//! What nodes say to each other.

use std::sync::Arc;

use domain::{ObjectId, ObjectKind, Root, Serial};
use gitty::Object;
use serde::{Deserialize, Serialize};

use crate::{
    AuditEntry, Ballot, Key, Member, MemberId, Phase, Prefix, RolledBack, Roster, RosterVote, Tip,
};

/// Objects up to this size travel inside a message; larger ones in chunks of it (protocol 3).
pub const INLINE_BYTES: usize = 60 << 10;

/// A message from one node to another (protocol 3, 4.2, 5, 11).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerMessage {
    /// Proposer, to begin a round: what have you accepted?
    Prepare {
        /// Epoch of the sender.
        epoch: u64,
        /// The register.
        key: Key,
        /// Ballot of the round.
        ballot: Ballot,
    },
    /// Acceptor, durably: nothing below this ballot any more, and this is what I accepted.
    Promise {
        /// Epoch of the sender.
        epoch: u64,
        /// The register.
        key: Key,
        /// Ballot of the round.
        ballot: Ballot,
        /// Ballot and head accepted last.
        accepted: Option<(Ballot, ObjectId)>,
        /// Durable count of the sender.
        #[serde(default)]
        count: u64,
    },
    /// Proposer: accept this head.
    Propose(Propose),
    /// Acceptor: the objects are on their way to me; counts as an answer (protocol 4.3).
    Fetching {
        /// Epoch of the sender.
        epoch: u64,
        /// The register.
        key: Key,
        /// Ballot of the round.
        ballot: Ballot,
    },
    /// Acceptor, durably: accepted, and `next(ballot)` promised.
    Accept {
        /// Epoch of the sender.
        epoch: u64,
        /// The register.
        key: Key,
        /// Ballot of the round.
        ballot: Ballot,
        /// What was accepted.
        head: ObjectId,
        /// Durable count of the sender.
        #[serde(default)]
        count: u64,
    },
    /// Acceptor: not with this ballot. It proves nothing about the proposal.
    Nack {
        /// Epoch of the sender.
        epoch: u64,
        /// The register.
        key: Key,
        /// Ballot of the round.
        ballot: Ballot,
        /// Ballot it has promised.
        promised: Ballot,
        /// Time to leave to the other proposer.
        wait_ms: u64,
    },
    /// Proposer, when `q` members have accepted: this head is decided.
    NewHead {
        /// Epoch of the sender.
        epoch: u64,
        /// The register.
        key: Key,
        /// The decided head.
        head: ObjectId,
        /// Objects of its path that no node has.
        #[serde(default)]
        gaps: Vec<ObjectId>,
    },
    /// Anyone, when an object is missing: please send these.
    Request {
        /// Which.
        ids: Vec<ObjectId>,
    },
    /// Anyone, when a large object is missing: please send these chunks of it.
    RequestChunks {
        /// Which object.
        id: ObjectId,
        /// First chunk.
        first: u32,
        /// How many.
        count: u32,
    },
    /// To whoever requested it: an object, or the size of a large one.
    Announce {
        /// Its hash, checked on arrival.
        id: ObjectId,
        /// Its type.
        kind: ObjectKind,
        /// Bytes of content.
        size: u64,
        /// The content, up to [`INLINE_BYTES`].
        content: Option<Bytes>,
    },
    /// To whoever requested it: [`INLINE_BYTES`] of a large object; the last chunk may be shorter.
    Chunk {
        /// Which object.
        id: ObjectId,
        /// Which chunk, from 0.
        number: u32,
        /// Its bytes.
        content: Bytes,
    },
    /// To whoever requested it: not here.
    Absent {
        /// Its hash.
        id: ObjectId,
    },
    /// Everyone, every second.
    Heartbeat(Heartbeat),
    /// Anyone who is behind: what changed after this position of your change log?
    Since {
        /// Last position known.
        serial: Serial,
    },
    /// In answer, and when heads are new here: the change log from one position to another.
    Changes {
        /// Position before the first of them.
        since: Serial,
        /// Position of the last.
        upto: Serial,
        /// Latest change of each key in that range.
        items: Vec<Change>,
    },
    /// Anyone whose root differs: what is below these prefixes of your hash tree?
    TreeRequest {
        /// Of them at most [`crate::Config::tree_page`] are answered.
        prefixes: Vec<Prefix>,
    },
    /// In answer: for each prefix its children or, when they are few, its decided heads and tips.
    TreeIs {
        /// In the order of the request.
        branches: Vec<TreeBranch>,
    },
    /// An operator wants one file brought together: what do you have of it?
    KeyRequest {
        /// The register.
        key: Key,
    },
    /// In answer, and with the question: decided head and tips of one file.
    KeyIs(Change),
    /// Anyone who has less of a chain of the audit: what comes after this number?
    AuditSince {
        /// Whose chain.
        origin: MemberId,
        /// Last number known.
        after: u64,
    },
    /// In answer, and to everybody when somebody did something: entries of one chain, in order.
    AuditIs {
        /// Each after the one before.
        entries: Vec<AuditEntry>,
        /// Last number that the sender has.
        upto: u64,
    },
    /// To whoever has a lower epoch, and to whoever asks.
    RosterIs {
        /// The greatest decided roster known here.
        roster: Roster,
    },
    /// To whoever has a higher epoch.
    RosterRequest,
    /// About the roster that follows the present one (protocol 11.1).
    RosterVote(RosterVote),
    /// Whoever repairs: which keys have a value on your disk?
    KeysRequest {
        /// Epoch of the sender.
        epoch: u64,
        /// Only those after this one.
        after: Option<Key>,
    },
    /// In answer, when that epoch is durable here: a page of them, in order.
    KeysAre {
        /// Epoch of the sender.
        epoch: u64,
        /// They come after this one.
        after: Option<Key>,
        /// The keys.
        keys: Vec<Key>,
        /// Whether there are others behind.
        more: bool,
    },
}

/// Proposer, when the promises name no other value than this: accept this head.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Propose {
    /// Epoch of the sender.
    pub epoch: u64,
    /// The register.
    pub key: Key,
    /// Ballot of the round.
    pub ballot: Ballot,
    /// The head.
    pub head: ObjectId,
    /// Its objects, if they are small; checked on arrival.
    pub objects: Vec<Object>,
    /// Objects of its path that the proposer lacks too.
    pub gaps: Vec<ObjectId>,
}

/// One row of a change log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// The register.
    pub key: Key,
    /// Its decided head on the sender, if it has one.
    #[serde(default)]
    pub head: Option<ObjectId>,
    /// Its tips on the sender: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tips: Vec<Tip>,
    /// Objects of its path that no node has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<ObjectId>,
}

/// What is below one prefix of a hash tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TreeBranch {
    /// Which.
    pub prefix: Prefix,
    /// What is there.
    pub below: Below,
}

/// Children of a prefix, or all its heads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Below {
    /// The first 16 bytes of the digest of each of its 16 children, one after the other.
    Digests(Bytes),
    /// Its decided heads and tips.
    Heads(Vec<Change>),
}

/// Everyone, every second: the sender's state in short.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Epoch of the sender.
    pub epoch: u64,
    /// Phase of the sender's roster, if it has one.
    pub phase: Option<Phase>,
    /// Last position of its change log.
    pub serial: Serial,
    /// Root of the hash tree over its decided heads and tips.
    pub root: Root,
    /// Files with a decided head.
    pub files: u64,
    /// Files with a save that is held there.
    pub waiting: u64,
    /// Files whose head came with the sender's store and is not decided yet.
    #[serde(default)]
    pub importing: u64,
    /// Position in the receiver's change log up to which the sender has everything.
    #[serde(default)]
    pub applied: Option<Serial>,
    /// Nodes that asked the sender to join.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asking: Vec<Member>,
    /// Whether it takes no new pages.
    #[serde(default)]
    pub draining: bool,
    /// Last number of each chain of the audit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audit: Vec<(MemberId, u64)>,
    /// Its durable count.
    #[serde(default)]
    pub count: u64,
    /// The highest durable count that it remembers of the receiver, in this life of its disk.
    #[serde(default)]
    pub remembered: u64,
    /// How it found out that its disk is an older one, as long as it has no vote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<RolledBack>,
}

/// Bytes in a message, not repeated one by one in its text form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bytes(pub Arc<[u8]>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_bytes::ByteBuf::deserialize(deserializer).map(|bytes| Self(bytes.into_vec().into()))
    }
}
