//! Judges what nodes do and say by the promises.
//!
//! What is decided is what majorities of an epoch's members have voted for, durably; nothing else
//! counts, whatever a node believes.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{
    Event, MemberId, PeerMessage, Record, Reply, Roster, SaveOutcome, SettleOutcome, Token, Version,
};
use domain::ObjectId;

use crate::{
    Promise, Witness,
    library::{Library, key},
    local::{Around, Node, Vote},
    table::{Claim, Stepped},
};

impl Node {
    /// A write was issued: what others may be told because of it.
    pub(crate) fn note_records(
        &mut self,
        records: &[Record],
        around: Around<'_>,
        step: &mut Stepped,
    ) {
        for record in records {
            match record {
                Record::Roster(roster) => {
                    let adopted = self.past.rosters.insert(roster.version(), roster.clone());
                    if adopted.is_some_and(|before| before != *roster) {
                        step.breaks(Promise::OneRoster);
                    }
                }
                // What is known here to be decided is nothing that anybody could settle (V9).
                Record::Tip { tip, .. } if tip.reporter == self.id => {
                    let decided = self.core.durable().get(&key()).and_then(|state| state.decided);
                    if decided.is_some_and(|d| around.library.is_ancestor(tip.commit, d.head)) {
                        step.breaks(Promise::Listed);
                    }
                }
                _ => {}
            }
        }
    }

    /// A message left: no ballot may stand for two values.
    pub(crate) fn note_sent(&mut self, message: &PeerMessage, step: &mut Stepped) {
        let PeerMessage::Propose(propose) = message else { return };
        if propose.ballot.incarnation != self.id.incarnation {
            return step.breaks(Promise::Ballot);
        }
        let at = (propose.epoch, propose.ballot);
        if *self.past.proposed.entry(at).or_insert(propose.head) != propose.head {
            step.breaks(Promise::Ballot);
        }
    }

    pub(crate) fn note_event(&mut self, event: Event, around: Around<'_>, step: &mut Stepped) {
        match event {
            Event::HeadMoved { from, to, .. } => {
                if from.is_some_and(|from| !around.library.is_ancestor(from, to)) {
                    step.breaks(Promise::ForwardOnly);
                }
                step.claims.push(Claim::Decided(to, Promise::OnePath));
            }
            Event::SidesChanged { key } => {
                let sides = self.core.sides(&key).sides;
                if !sides.is_empty() {
                    step.saw(Witness::Diverged);
                }
                self.past.listed.extend(sides.iter().map(|side| side.commit));
            }
            Event::RosterAdopted => step.saw(Witness::Adopted),
            _ => {}
        }
    }

    /// Somebody is answered.
    pub(crate) fn answer(
        &mut self,
        token: Token,
        reply: &Reply,
        around: Around<'_>,
        step: &mut Stepped,
    ) {
        let deed = u32::try_from(token.0).unwrap_or(15).min(15);
        self.answered |= 1 << deed;
        match reply {
            Reply::Save(outcome) => self.save_answered(token, outcome, around, step),
            Reply::Settle(outcome) => match outcome {
                SettleOutcome::Decided { commit } => {
                    step.saw(Witness::Settled);
                    step.claims.push(Claim::Decided(*commit, Promise::Settled));
                }
                SettleOutcome::HeadMoved { .. } | SettleOutcome::NoMajority => {
                    step.saw(Witness::SettleRefused);
                    self.refuse(token);
                }
                _ => {}
            },
            Reply::Change(outcome) => {
                if *outcome == cluster::ChangeOutcome::Done {
                    step.saw(Witness::Changed);
                }
            }
            Reply::Object(_)
            | Reply::Sync(_)
            | Reply::Found(_)
            | Reply::Left(_)
            | Reply::Audited(_) => {}
        }
    }

    fn refuse(&mut self, token: Token) {
        self.past.refused.extend(self.past.asked.get(&token));
    }

    fn save_answered(
        &mut self,
        token: Token,
        outcome: &SaveOutcome,
        around: Around<'_>,
        step: &mut Stepped,
    ) {
        match outcome {
            SaveOutcome::Decided { commit } => {
                step.saw(Witness::Decided);
                step.claims.push(Claim::Decided(*commit, Promise::Answered));
            }
            SaveOutcome::Conflict { head } => {
                step.saw(Witness::Conflict);
                self.refuse(token);
                self.judge_refusal(token, *head, around, step);
                let served = self.core.served(&key());
                let own = served.is_some_and(|served| around.library.is_ancestor(*head, served));
                let decided = self.core.durable().get(&key()).and_then(|state| state.decided);
                if !own || decided.is_some_and(|decided| decided.head == *head) {
                    step.claims.push(Claim::Decided(*head, Promise::Conflict));
                }
            }
            SaveOutcome::Held { commit, .. } => {
                step.saw(Witness::Held);
                self.past.held.insert(*commit);
            }
            SaveOutcome::NoSuchFile
            | SaveOutcome::NotFounded
            | SaveOutcome::Removed
            | SaveOutcome::Busy => {}
        }
    }

    /// A page must never be told that it lost to its own save (4.2.0).
    fn judge_refusal(&self, token: Token, head: ObjectId, around: Around<'_>, step: &mut Stepped) {
        let Some(asked) = self.past.asked.get(&token).and_then(|id| around.library.link(id)) else {
            return;
        };
        if around.library.back(head).any(|(_, link)| link.op == asked.op) {
            step.breaks(Promise::Once);
        }
    }

    /// What was told to be held is a durable tip here, or before one (P3).
    pub(crate) fn keeps_held(&self, library: &Library) -> bool {
        let state = self.disk.durable.get(&key());
        let tips = || state.into_iter().flat_map(|state| &state.tips);
        let kept = |held: &ObjectId| tips().any(|tip| library.is_ancestor(*held, tip.commit));
        self.past.held.iter().all(kept)
    }
}

/// What majorities voted for.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// Heads, each with who may have to have its objects.
    heads: Vec<(ObjectId, Roster)>,
    /// They and everything before them.
    path: BTreeSet<ObjectId>,
}

impl Chosen {
    /// Counts the durable votes of all nodes, by the rosters that anybody adopted.
    pub(crate) fn count<'a>(
        nodes: impl Iterator<Item = &'a Node> + Clone,
        library: &Library,
    ) -> Self {
        let mut rosters: BTreeMap<u64, &Roster> = BTreeMap::new();
        for roster in nodes.clone().flat_map(|node| node.past.rosters.values()) {
            rosters.insert(roster.epoch, roster);
        }
        let mut voters: BTreeMap<_, BTreeSet<MemberId>> = BTreeMap::new();
        for Vote { voter, epoch, ballot, head } in nodes.flat_map(|node| &node.past.votes) {
            voters.entry((*epoch, *ballot, *head)).or_default().insert(*voter);
        }
        let majority = |((epoch, _, head), voters): (&(u64, _, ObjectId), &BTreeSet<MemberId>)| {
            let roster = *rosters.get(epoch)?;
            let count = voters.iter().filter(|voter| roster.has(voter)).count();
            (count >= roster.quorum()).then(|| (*head, roster.clone()))
        };
        let heads: Vec<_> = voters.iter().filter_map(majority).collect();
        let path = heads.iter().flat_map(|(head, _)| library.back(*head)).map(|(id, _)| id);
        Self { path: path.collect(), heads }
    }

    pub(crate) fn has(&self, id: &ObjectId) -> bool {
        self.path.contains(id)
    }

    /// True if majorities of different epochs voted.
    pub(crate) fn spans_epochs(&self) -> bool {
        let mut epochs = self.heads.iter().map(|(_, roster)| roster.epoch);
        let first = epochs.next();
        epochs.any(|epoch| Some(epoch) != first)
    }

    /// The first promise that the state of the world breaks.
    pub(crate) fn judge<'a>(
        &self,
        nodes: impl Iterator<Item = &'a Node> + Clone,
        library: &Library,
    ) -> Option<Promise> {
        let mut rosters: BTreeMap<Version, &Roster> = BTreeMap::new();
        for (version, roster) in nodes.clone().flat_map(|node| &node.past.rosters) {
            if *rosters.entry(*version).or_insert(roster) != roster {
                return Some(Promise::OneRoster);
            }
        }
        let on_one_path = |(one, _): &(ObjectId, Roster), (other, _): &(ObjectId, Roster)| {
            library.is_ancestor(*one, *other) || library.is_ancestor(*other, *one)
        };
        let mut pairs = self.heads.iter().flat_map(|one| self.heads.iter().map(move |o| (one, o)));
        if pairs.any(|(one, other)| !on_one_path(one, other)) {
            return Some(Promise::OnePath);
        }
        if nodes.clone().any(|node| node.past.refused.iter().any(|id| self.has(id))) {
            return Some(Promise::Conflict);
        }
        if nodes.clone().any(|node| node.past.listed.iter().any(|id| self.has(id))) {
            return Some(Promise::Listed);
        }
        let mut ops = BTreeSet::new();
        if self.path.iter().filter_map(|id| library.link(id)).any(|link| !ops.insert(link.op)) {
            return Some(Promise::Once);
        }
        self.lacks_objects(nodes, library).then_some(Promise::Objects)
    }

    /// True if an object of a decided path is on less than a majority of the disks.
    fn lacks_objects<'a>(
        &self,
        nodes: impl Iterator<Item = &'a Node> + Clone,
        library: &Library,
    ) -> bool {
        let lacks = |id: ObjectId, roster: &Roster| {
            let holds = |node: &&Node| {
                let member = roster.members.iter().any(|member| member.id.node == node.id.node);
                member && (node.disk.objects.contains(&id) || node.past.lost.contains(&id))
            };
            nodes.clone().filter(holds).count() < roster.quorum()
        };
        self.heads.iter().any(|(head, roster)| {
            library.back(*head).any(|(id, link)| lacks(id, roster) || lacks(link.blob, roster))
        })
    }
}
