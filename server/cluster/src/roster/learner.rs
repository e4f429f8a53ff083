//! Learners: who may take part without a vote, and what this node is (protocol 1, 11).
//!
//! Votes count by (node id, incarnation). Everything else, reading, fetching and proposing, is open
//! to every node that the roster names, in whatever life of its disk.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ObjectId, Serial};

use crate::{Core, Key, MemberId, Mutant, Standing};

/// Heads that were told and not applied at one moment, and how far each log was known then.
///
/// When they are applied everything up to there is: under load there is always a newer one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    seen: BTreeMap<MemberId, Serial>,
    open: BTreeSet<(Key, ObjectId)>,
}

impl Core {
    /// What this node is to the roster it knows; a stranger before it knows one.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let roster = self.durable.roster.as_ref();
        roster.map_or(Standing::Stranger, |roster| roster.standing(&self.me))
    }

    /// True if `id` votes in the epoch known here.
    pub(crate) fn is_member(&self, id: &MemberId) -> bool {
        self.durable.roster.as_ref().is_some_and(|roster| {
            roster.has(id)
                || self.config.broken(Mutant::WipedMemberVotes)
                    && roster.members.iter().any(|member| member.id.node == id.node)
        })
    }

    /// True if the roster names this node: it may read, propose and tell what was decided.
    pub(crate) fn is_known(&self, id: &MemberId) -> bool {
        self.durable.roster.as_ref().is_some_and(|roster| roster.names(id.node))
    }

    /// True if the node was removed: it is told so, and what it has is taken (protocol 11).
    pub(crate) fn has_left(&self, id: &MemberId) -> bool {
        self.durable.roster.as_ref().is_some_and(|roster| roster.has_removed(id.node))
    }

    /// The members other than this node.
    pub(crate) fn others(&self) -> Vec<MemberId> {
        let others = self.durable.roster.iter().flat_map(|roster| roster.others(self.me));
        if !self.config.broken(Mutant::WipedMemberVotes) {
            return others.collect();
        }
        let now = |id: MemberId| {
            let linked = self.live.peers.iter().filter(|(_, peer)| peer.linked);
            linked.map(|(peer, _)| *peer).find(|peer| peer.node == id.node).unwrap_or(id)
        };
        others.map(now).collect()
    }

    /// Finds out how far each peer's log is applied here, to tell it so (protocol 11, joining).
    pub(crate) fn tend_mark(&mut self) {
        let learning = &self.live.learning;
        let open = |(key, head): &(Key, ObjectId)| {
            learning.get(key).is_some_and(|heads| heads.contains_key(head))
        };
        if let Some(mark) = &mut self.live.mark {
            mark.open.retain(open);
            if !mark.open.is_empty() {
                return;
            }
            for (id, seen) in &mark.seen {
                if let Some(peer) = self.live.peers.get_mut(id) {
                    peer.filled = Some(*seen);
                }
            }
        }
        let heads = learning
            .iter()
            .flat_map(|(key, heads)| heads.keys().map(move |head| (key.clone(), *head)));
        let seen = self.live.peers.iter().map(|(id, peer)| (*id, peer.seen));
        self.live.mark = Some(Mark { seen: seen.collect(), open: heads.collect() });
    }
}
