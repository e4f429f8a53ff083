//! Disks that stand in their past: what each node told of its durable count is remembered by the
//! others, and a node that finds itself below it ends that life (protocol 2, "Rolled back").
//!
//! ```text
//! Hello, heartbeat, Promise, Accept ──count──▶ remembered, durable with the next batch
//! Hello, heartbeat ◀──the highest count remembered of you──┘
//! lower than that ─▶ Output::Renew ─▶ Input::Renew(new incarnation) ─▶ renewal.rs
//! ```
//!
//! A peer never judges a count: only the node itself knows what is durable there now.

use serde::{Deserialize, Serialize};

use super::Ending;
use crate::{
    Alarm, Core, MemberId, Mutant, Output, PeerMessage, Record, Urgency, WriteNo, turn::Turn,
};

/// How a node found out that its disk is an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RolledBack {
    /// The life that ended.
    pub was: MemberId,
    /// Its durable count, as the disk has it.
    pub ours: u64,
    /// The count that it had told somebody.
    pub remembered: u64,
    /// Who remembers that.
    pub by: MemberId,
}

impl Core {
    /// Lives of disks that are remembered; nobody has so many. What is more is not noted.
    const LIVES: usize = 1_000;

    /// Durable count to say Hello with: that of the start, which every comparison counts from.
    #[must_use]
    pub const fn hello_count(&self) -> u64 {
        self.live.began
    }

    /// The highest durable count that a node told in this life of its disk; 0 if none is known.
    #[must_use]
    pub fn remembered(&self, member: &MemberId) -> u64 {
        let told = self.live.heard.get(member);
        told.or_else(|| self.durable.remembered.get(member)).copied().unwrap_or(0)
    }

    /// Everything that is remembered, for Hellos.
    #[must_use]
    pub fn all_remembered(&self) -> Vec<(MemberId, u64)> {
        let known = self.durable.remembered.keys();
        let heard = self.live.heard.keys().filter(|id| !self.durable.remembered.contains_key(*id));
        known.chain(heard).map(|id| (*id, self.remembered(id))).collect()
    }

    /// Why this life of the disk began, if the one before was found to be rolled back.
    #[must_use]
    pub const fn rolled_back(&self) -> Option<RolledBack> {
        self.durable.rolled_back
    }

    /// True until the driver has handed in a new incarnation.
    pub(crate) const fn is_ending(&self) -> bool {
        self.live.ending.is_some()
    }

    /// A peer told what is durable there; noted durably with the next batch.
    pub(crate) fn note_count(&mut self, from: MemberId, count: u64) {
        let lives = self.durable.remembered.len() + self.live.heard.len();
        let is_known = self.durable.remembered.contains_key(&from);
        if count > self.remembered(&from) && (is_known || lives < Self::LIVES) {
            self.live.heard.insert(from, count);
        }
    }

    pub(crate) fn note_count_in(&mut self, from: MemberId, message: &PeerMessage) {
        match message {
            PeerMessage::Promise { count, .. } | PeerMessage::Accept { count, .. } => {
                self.note_count(from, *count);
            }
            PeerMessage::Heartbeat(heartbeat) => self.note_count(from, heartbeat.count),
            _ => {}
        }
    }

    /// Adds what was heard to a write that is made anyway: never a batch of its own.
    pub(crate) fn keep_heard(&mut self, turn: &mut Turn<'_>) {
        for (member, count) in std::mem::take(&mut self.live.heard) {
            self.record(Record::Remembered { member, count }, Urgency::Soon, turn);
        }
    }

    /// Before the gate is open a write would hide from a later run that the disk is an older one:
    /// the first of them says from which count on.
    pub(crate) fn note_unchecked(&mut self, turn: &mut Turn<'_>) {
        if !self.is_open() && self.durable.unchecked.is_none() {
            let count = Some(self.live.began);
            self.record(Record::Unchecked { count }, Urgency::Soon, turn);
        }
    }

    /// The gate is open. Until that is durable a restart would compare from the count before.
    pub(crate) fn note_checked(&mut self, turn: &mut Turn<'_>) {
        if self.durable.unchecked.is_some() {
            self.record(Record::Unchecked { count: None }, Urgency::Soon, turn);
            self.live.checked_in = Some(turn.no);
        }
    }

    /// The durable count to tell when this write is durable: never more than a restart would
    /// compare with.
    pub(crate) fn told_count(&self, durable: WriteNo) -> u64 {
        let is_checked = self.live.checked_in.is_none_or(|checked| durable >= checked);
        if self.is_open() && is_checked { durable.0 } else { self.live.began }
    }

    /// Compares with what a peer remembers of this node. True if this disk is an older one: then
    /// nothing more is handled or sent in this life.
    ///
    /// The first comparison with a node in a run is with the count of the start, or of an earlier
    /// run if the gate was not opened since: until then nobody was told another, and what was
    /// written (held saves) would hide a roll-back.
    pub(crate) fn finds_itself_rolled_back(
        &mut self,
        remembered: u64,
        by: MemberId,
        turn: &mut Turn<'_>,
    ) -> bool {
        let is_first = !self.live.gate.has_compared(by.node);
        let ours = if is_first { self.live.began } else { self.live.persisted.0 };
        if remembered <= ours || self.config.broken(Mutant::RolledBackVotes) {
            return false;
        }
        let rolled_back = RolledBack { was: self.me, ours, remembered, by };
        self.live.ending = Some(Ending::RolledBack(rolled_back));
        turn.output(Output::Renew);
        true
    }

    /// A peer says that it was rolled back: shown here too, until it has a vote again.
    pub(crate) fn note_rolled_back(
        &mut self,
        from: MemberId,
        told: Option<RolledBack>,
        turn: &mut Turn<'_>,
    ) {
        let Some(peer) = self.live.peers.get_mut(&from) else { return };
        if std::mem::replace(&mut peer.rolled_back, told) != told
            && let Some(rolled_back) = told
        {
            turn.raise(Alarm::RolledBack { node: from, rolled_back });
        }
    }

    /// What heartbeats tell of it: as long as this life has no vote.
    pub(crate) fn rolled_back_told(&self) -> Option<RolledBack> {
        self.durable.rolled_back.filter(|_| !self.is_member(&self.me))
    }

    /// After a restart it is an alarm again, as long as this life has no vote.
    pub(crate) fn raise_rolled_back(&self, turn: &mut Turn<'_>) {
        if let Some(rolled_back) = self.rolled_back_told() {
            turn.raise(Alarm::RolledBack { node: self.me, rolled_back });
        }
    }
}
