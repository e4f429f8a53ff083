//! Branches: what somebody was told is saved before a majority agreed (protocol 1, 4.3, 4.5, 9).
//!
//! ```text
//! no majority ──▶ held.rs: draft held + tip ──▶ later saves extend it ──▶ proposed as a whole
//! SWISH's line ─▶ foreign.rs ─────┘  └─ tips.rs: told to every peer, with its objects
//! operator ─────▶ settle.rs: one commit on the decided head, never held
//! joining node ─▶ import.rs
//! ```

mod foreign;
mod held;
mod import;
mod settle;
mod tips;

use std::collections::{BTreeMap, BTreeSet};

use domain::ObjectId;

use crate::{Key, MemberId, Token, live::Awaited, reconcile};

pub use foreign::Foreign;
pub use held::{Copies, HoldReason};
pub use settle::SettleOutcome;
pub use tips::Tip;

/// Volatile state of branches and of reconciling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Branches {
    /// Tips whose objects are not all here, and who told of them.
    pub(crate) learning: BTreeMap<Key, BTreeMap<Tip, Awaited<TipNews>>>,
    /// Lines of SWISH that wait for the save under way to end.
    pub(crate) lines: BTreeMap<Key, Vec<foreign::Line>>,
    /// What head and tips of a key are to each other.
    pub(crate) judged: BTreeMap<Key, reconcile::Judged>,
    /// Keys whose head or tips changed in this turn.
    pub(crate) due: BTreeSet<Key>,
    /// Syncs that somebody waits for.
    pub(crate) syncs: BTreeMap<Token, reconcile::Sync>,
}

impl Branches {
    /// All tips are looked at again in this turn.
    pub(crate) fn due_again(&mut self) {
        self.due.extend(self.judged.keys().cloned());
    }
}

/// A tip that somebody told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TipNews {
    /// Objects of its path that no node has.
    pub(crate) gaps: Vec<ObjectId>,
    /// Who is likely to have the others.
    pub(crate) holder: MemberId,
}
