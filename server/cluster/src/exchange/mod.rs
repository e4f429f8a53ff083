//! Exchange of objects: ask one good peer, wait with a bound, check the hash (protocol 3).
//!
//! Differs from the first design in one point: the receiver pulls large objects too, in windows of
//! chunks, as soon as a proposal names them; nothing is pushed ahead (docs/decisions/0003).

mod arrive;
mod want;

use std::collections::{BTreeMap, BTreeSet};

use domain::ObjectKind;

use crate::{Key, MemberId, Propose, Token};

/// A proposal whose objects are not all here (protocol 4.2.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Parked {
    pub(crate) from: MemberId,
    pub(crate) propose: Propose,
}

/// An object that is asked for, and for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct WantedObject {
    /// Keys whose proposals or decided heads need it.
    pub(crate) keys: BTreeSet<Key>,
    /// Commands that wait for it.
    pub(crate) tokens: BTreeSet<Token>,
    /// Peer that is asked now.
    pub(crate) asked: Option<MemberId>,
    /// Peer that is likely to have it.
    pub(crate) holder: Option<MemberId>,
    /// Peers that were asked in this turn of all peers.
    pub(crate) tried: BTreeSet<MemberId>,
    /// A large object that is coming in.
    pub(crate) transfer: Option<Transfer>,
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
