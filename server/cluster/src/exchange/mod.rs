//! Exchange of objects: ask one good peer, wait with a bound, check the hash (protocol 3).
//!
//! ```text
//! wanted ──▶ line of one peer, newest first ──▶ Request of up to 64 ──▶ Announce: stored
//!              ▲          no progress for 500 ms, or Absent │
//!              └──────────── next peer ◀────────────────────┘──▶ none left: missing, rests
//! ```
//!
//! Differs from the first design in one point: the receiver pulls large objects too, in windows of
//! chunks, as soon as a proposal names them; nothing is pushed ahead (docs/decisions/0003).

mod arrive;
mod ask;
mod owed;
mod want;

use std::collections::{BTreeMap, BTreeSet};

use domain::{Millis, ObjectId, ObjectKind};

use crate::{Key, MemberId, Propose, Token, path::Way};

pub(crate) use owed::Owed;

/// A proposal whose objects are not all here (protocol 4.2.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Parked {
    pub(crate) from: MemberId,
    /// Without its objects.
    pub(crate) propose: Propose,
    /// How far the way back from its head is known.
    pub(crate) way: Way,
}

/// An object that is not here, and for whom it is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WantedObject {
    /// Keys whose proposals or decided heads need it.
    pub(crate) keys: BTreeSet<Key>,
    /// Commands that wait for it.
    pub(crate) tokens: BTreeSet<Token>,
    /// Position in the order in which objects were wanted.
    pub(crate) rank: u64,
    pub(crate) stage: Stage,
    /// Peer that is likely to have it.
    pub(crate) holder: Option<MemberId>,
    /// Peers that were asked since the last rest.
    pub(crate) tried: BTreeSet<MemberId>,
    /// Whether one of them did not answer.
    pub(crate) silent: bool,
    /// How often all peers said that they lack it.
    pub(crate) rests: u32,
    /// A large object that is coming in.
    pub(crate) transfer: Option<Transfer>,
}

/// How far an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// It will be asked of this peer.
    Line(MemberId),
    /// It was asked of this peer.
    Asked(MemberId, Millis),
    /// Nobody that is linked has it; asked for again at this time.
    Rests(Millis),
}

/// What is asked of one peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    /// What will be asked of it, by rank.
    pub(crate) line: BTreeSet<(u64, ObjectId)>,
    /// What was asked of it.
    pub(crate) asked: BTreeSet<ObjectId>,
    /// The large object that comes from it now; others wait.
    pub(crate) transfer: Option<ObjectId>,
    /// Whether it let a request run out; others come first until it sends something.
    pub(crate) stalled: bool,
}

/// Objects since something was last wanted of nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tally {
    pub(crate) began: Millis,
    pub(crate) total: u64,
    pub(crate) arrived: u64,
}

/// Chunks of a large object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transfer {
    pub(crate) kind: ObjectKind,
    pub(crate) size: usize,
    pub(crate) chunks: u32,
    /// End of the window that was asked for.
    pub(crate) asked_to: u32,
    pub(crate) got: BTreeMap<u32, std::sync::Arc<[u8]>>,
}
