//! Leaving a cluster: to found another one of what this disk has, or to join one that was founded
//! anew (protocol 11). Asked for by an operator when a majority is gone for good.
//!
//! As with a disk that was rolled back a new life begins in one write (`renewal.rs`), and nothing
//! of the old one leaves after it. What may have been decided, or told to be saved, is kept: what
//! this node served and what it had accepted are heads that are brought in, or tips.

use std::collections::BTreeSet;

use domain::{ClusterId, Incarnation, NodeId, ObjectId};

use super::{Ending, Roster};
use crate::{
    Core, Draft, DraftKind, Key, Member, MemberId, Output, Phase, Record, Reply, Token, Urgency,
    path, turn::Turn,
};

/// Where a node goes that leaves its cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Leaving {
    /// It founds a new cluster of itself.
    Anew {
        /// Id of the new cluster; nobody ever had it.
        cluster: ClusterId,
        /// Members that answer and are to come in afterwards, by joining.
        survivors: BTreeSet<NodeId>,
    },
    /// It will ask this cluster to let it in.
    Join {
        /// The other cluster.
        cluster: ClusterId,
    },
}

/// How leaving a cluster ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LeaveOutcome {
    /// Durably out, and with [`Leaving::Anew`] the only member of the new cluster.
    Left,
    /// This node is in no cluster, or in that one; nothing was changed.
    NotElsewhere,
    /// Members that make a majority answer, so nothing is lost there; nothing was changed.
    MajorityAnswers(Vec<MemberId>),
    /// These members answer and were not named; nothing was changed.
    OthersAnswer(Vec<MemberId>),
}

/// A life of a disk that ends because its node leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Departure {
    token: Token,
    from: Roster,
    to: Leaving,
}

impl Core {
    /// Clusters that this node has left and does not link with any more.
    #[must_use]
    pub const fn left(&self) -> &BTreeSet<ClusterId> {
        &self.durable.left
    }

    /// How leaving would end now; [`LeaveOutcome::Left`] if it would be done.
    #[must_use]
    pub fn may_leave(&self, to: &Leaving) -> LeaveOutcome {
        let (Leaving::Anew { cluster, .. } | Leaving::Join { cluster }) = to;
        let Some(roster) = self.durable.roster.as_ref().filter(|r| r.cluster != *cluster) else {
            return LeaveOutcome::NotElsewhere;
        };
        let linked = |id: &MemberId| self.live.peers.get(id).is_some_and(|peer| peer.linked);
        let answer: Vec<MemberId> = roster.others(self.me).filter(linked).collect();
        let own = usize::from(roster.has(&self.me));
        // The only member takes nothing from anybody; founding anew would gain nothing.
        let is_alone = matches!(to, Leaving::Join { .. }) && roster.members.len() == own;
        let is_voter = own > 0 || matches!(to, Leaving::Anew { .. });
        if answer.len() + own >= roster.quorum() && is_voter && !is_alone {
            return LeaveOutcome::MajorityAnswers(answer);
        }
        match to {
            Leaving::Anew { survivors, .. } => {
                let unnamed: Vec<_> =
                    answer.into_iter().filter(|id| !survivors.contains(&id.node)).collect();
                if unnamed.is_empty() {
                    LeaveOutcome::Left
                } else {
                    LeaveOutcome::OthersAnswer(unnamed)
                }
            }
            Leaving::Join { .. } => LeaveOutcome::Left,
        }
    }

    /// Asks for a new life in which this node is in another cluster, or in none yet.
    pub(crate) fn on_leave(&mut self, token: Token, to: Leaving, turn: &mut Turn<'_>) {
        let outcome = self.may_leave(&to);
        let from = self.durable.roster.clone();
        match from.filter(|_| outcome == LeaveOutcome::Left) {
            None => turn.reply(token, Reply::Left(outcome)),
            Some(from) => {
                self.live.ending = Some(Ending::Leaves(Departure { token, from, to }));
                turn.output(Output::Renew);
            }
        }
    }

    /// The records that make it so, after which what is [`Core::carried`] follows.
    pub(super) fn depart(
        &mut self,
        incarnation: Incarnation,
        departure: &Departure,
        turn: &mut Turn<'_>,
    ) {
        let cluster = departure.from.cluster;
        let to = match &departure.to {
            Leaving::Anew { .. } => None,
            Leaving::Join { cluster } => Some(*cluster),
        };
        self.record(Record::Left { incarnation, cluster, to }, Urgency::Now, turn);
    }

    /// The first roster of the new cluster, if there is one, and the answer.
    pub(super) fn arrive(&mut self, departure: Departure, turn: &mut Turn<'_>) {
        let Departure { token, from, to } = departure;
        if let Leaving::Anew { cluster, .. } = to {
            let named = from.everybody().chain(&from.removed);
            let was = named.into_iter().find(|member| member.id.node == self.me.node).cloned();
            let (name, address) = was.map(|was| (was.name, was.address)).unwrap_or_default();
            let roster = Roster {
                cluster,
                epoch: 1,
                phase: Phase::Steady,
                members: vec![Member { id: self.me, name, address }],
                learners: Vec::new(),
                removed: Vec::new(),
            };
            self.adopt(roster, turn);
        }
        turn.reply_durably(token, Reply::Left(LeaveOutcome::Left));
    }

    /// Heads that the acceptor here has voted for and that are on no path of what this node serves:
    /// each may have been decided, and answered to somebody.
    pub(super) fn voted(&self, turn: &Turn<'_>) -> Vec<(Key, ObjectId)> {
        let states = self.durable.keys.iter();
        let voted = states.filter_map(|(key, state)| {
            let head = state.accepted?.head;
            let decided = state.decided.map(|decided| decided.head);
            // A settling is dropped, and may have been decided all the same.
            let draft = state.draft.filter(|draft| draft.kind != DraftKind::Settle);
            let ends = decided.into_iter().chain(draft.map(|draft| draft.tip));
            let is_known =
                ends.into_iter().any(|end| path::is_ancestor(turn.objects, key, head, end));
            (!is_known).then(|| (key.clone(), head))
        });
        voted.collect()
    }

    /// Keeps a head that was voted for: served and proposed if it leads on and nothing else is,
    /// else a tip.
    pub(super) fn keep_voted(&mut self, key: Key, head: ObjectId, turn: &mut Turn<'_>) {
        let before = self.served(&key);
        let leads_on =
            before.is_none_or(|before| path::is_ancestor(turn.objects, &key, before, head));
        let is_held = self.state(&key).draft.is_some_and(|draft| draft.kind == DraftKind::Held);
        if !leads_on || is_held {
            return self.report_tip(&key, head, turn);
        }
        let draft = Some(Draft { tip: head, base: None, kind: DraftKind::Import });
        self.record(Record::Draft { key, draft }, Urgency::Now, turn);
    }
}
