//! Repair: after a change of members every key is read once by a majority of the new ones (11.3).
//!
//! ```text
//! Repairing(e) ──▶ key lists of q members, each at e ──▶ a round of every key ──▶ Steady(e)
//! ```
//!
//! The first member of the roster that is linked does it; if it goes away the next one begins anew.
//! A round that finds nothing new changes nothing, so two that repair at once do no harm.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Core, Key, MemberId, Mutant, PeerMessage, Phase, Roster, turn::Turn};

/// A repair under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Repair {
    epoch: u64,
    /// Members asked for their keys, and whether all of them came.
    lists: BTreeMap<MemberId, bool>,
    /// Keys that some member has, not read yet.
    open: BTreeSet<Key>,
    total: usize,
}

impl Core {
    /// Keys to read, and of them read, while a repair runs here.
    #[must_use]
    pub fn repair(&self) -> Option<(usize, usize)> {
        let repair = self.live.repair.as_ref()?;
        Some((repair.total, repair.total - repair.open.len()))
    }

    /// Begins or goes on, if it is this node's turn; every second and with each new roster.
    pub(crate) fn tend_repair(&mut self, turn: &mut Turn<'_>) {
        let Some(roster) = self.durable.roster.clone() else { return };
        if roster.phase == Phase::Steady || !self.is_open() || !self.leads(&roster) {
            self.live.repair = None;
            return;
        }
        if self.live.repair.as_ref().is_none_or(|repair| repair.epoch != roster.epoch) {
            return self.begin_repair(roster.epoch, turn);
        }
        self.ask_keys(turn);
        if self.live.backlog.is_empty()
            && let Some(repair) = &self.live.repair
        {
            // Rounds that ended by what somebody else told say nothing about this epoch.
            let rounds = &self.live.rounds;
            let again = repair.open.iter().filter(|key| !rounds.contains_key(*key)).cloned();
            self.live.backlog.extend(again);
            self.fill_rounds(turn);
        }
        self.end_repair(turn);
    }

    /// True for the first member in the order of the roster that is here or linked.
    fn leads(&self, roster: &Roster) -> bool {
        let linked = |id: &MemberId| self.live.peers.get(id).is_some_and(|peer| peer.linked);
        let first = roster.members.iter().find(|member| member.id == self.me || linked(&member.id));
        first.is_some_and(|member| member.id == self.me)
    }

    fn begin_repair(&mut self, epoch: u64, turn: &mut Turn<'_>) {
        let open: BTreeSet<Key> = self.accepted_keys(None).collect();
        let total = open.len();
        self.live.backlog.extend(open.iter().cloned());
        let lists = BTreeMap::from([(self.me, true)]);
        self.live.repair = Some(Repair { epoch, lists, open, total });
        self.ask_keys(turn);
        self.fill_rounds(turn);
        self.end_repair(turn);
    }

    fn accepted_keys(&self, after: Option<&Key>) -> impl Iterator<Item = Key> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let keys = self.durable.keys.range::<Key, _>((from, Bound::Unbounded));
        keys.filter(|(_, state)| state.accepted.is_some()).map(|(key, _)| key.clone())
    }

    /// Asks members that have not told all their keys, from the beginning: it is a matter of names.
    fn ask_keys(&self, turn: &mut Turn<'_>) {
        let Some(repair) = &self.live.repair else { return };
        let told = repair.lists.values().filter(|done| **done).count();
        if told >= self.quorum() {
            return;
        }
        for peer in self.others() {
            if repair.lists.get(&peer) != Some(&true) {
                turn.send(peer, PeerMessage::KeysRequest { epoch: repair.epoch, after: None });
            }
        }
    }

    /// A member of the same epoch asks which keys have a value here.
    pub(crate) fn on_keys_request(
        &self,
        from: MemberId,
        epoch: u64,
        after: Option<Key>,
        turn: &mut Turn<'_>,
    ) {
        if !self.is_member(&from) || !self.is_member(&self.me) {
            return;
        }
        let page = self.config.changes_page;
        let keys: Vec<Key> = self.accepted_keys(after.as_ref()).take(page).collect();
        let more = keys.len() == page;
        // Not before this epoch is durable here: from then on nothing of an older one is accepted.
        turn.promise(from, PeerMessage::KeysAre { epoch, after, keys, more });
    }

    pub(crate) fn on_keys(
        &mut self,
        from: MemberId,
        keys: Vec<Key>,
        more: bool,
        turn: &mut Turn<'_>,
    ) {
        let Some(repair) = &mut self.live.repair else { return };
        if repair.lists.get(&from) == Some(&true) {
            return;
        }
        let epoch = repair.epoch;
        let last = keys.last().cloned();
        let fresh: Vec<Key> = keys.into_iter().filter(|key| !repair.open.contains(key)).collect();
        repair.total += fresh.len();
        repair.open.extend(fresh.iter().cloned());
        repair.lists.insert(from, !more);
        self.live.backlog.extend(fresh);
        if more {
            turn.send(from, PeerMessage::KeysRequest { epoch, after: last });
        }
        self.fill_rounds(turn);
        self.end_repair(turn);
    }

    /// A round of this key ended with a majority of this epoch.
    pub(crate) fn note_repaired(&mut self, key: &Key, epoch: u64, turn: &mut Turn<'_>) {
        if let Some(repair) = &mut self.live.repair
            && repair.epoch == epoch
            && repair.open.remove(key)
        {
            self.end_repair(turn);
        }
    }

    /// Everything was read: the roster can be steady.
    fn end_repair(&mut self, turn: &mut Turn<'_>) {
        let Some(repair) = &self.live.repair else { return };
        let told = repair.lists.values().filter(|done| **done).count();
        let read = told >= self.quorum() && repair.open.is_empty();
        let roster = self.durable.roster.clone().filter(|roster| roster.epoch == repair.epoch);
        if let Some(roster) = roster
            && (read || self.config.broken(Mutant::NoRepair))
            && self.live.council.is_none()
            && self.majority_linked()
        {
            self.convene(Roster { phase: Phase::Steady, ..roster }, None, turn);
        }
    }
}
