//! Nodes that ask to join, told to everybody until an operator says yes; and nodes that drain.

use domain::Millis;

use crate::{Core, Member, turn::Turn};

impl Core {
    /// A node that asks no more is forgotten after this.
    const ASKING: Millis = Millis(15_000);
    /// Nodes that may ask at once; more are not shown.
    const MOST: usize = 16;

    /// A node that has the secret and is not named asks to join.
    pub(crate) fn on_knock(&mut self, member: Member, turn: &Turn<'_>) {
        self.forget_asking(turn.now);
        let known = self.live.asking.contains_key(&member.id.node);
        if self.is_known(&member.id) || !known && self.live.asking.len() >= Self::MOST {
            return;
        }
        self.live.asking.insert(member.id.node, (member, turn.now));
    }

    pub(crate) fn forget_asking(&mut self, now: Millis) {
        let roster = self.durable.roster.as_ref();
        self.live.asking.retain(|node, (_, at)| {
            now.since(*at) < Self::ASKING && !roster.is_some_and(|roster| roster.names(*node))
        });
    }

    /// Who asked this node itself.
    pub(crate) fn asking_here(&self) -> Vec<Member> {
        self.live.asking.values().map(|(member, _)| member.clone()).collect()
    }

    /// Nodes that asked any linked node to join and are not approved.
    #[must_use]
    pub fn asking(&self) -> Vec<Member> {
        let linked = self.live.peers.values().filter(|peer| peer.linked);
        let mut all = self.asking_here();
        all.extend(linked.flat_map(|peer| peer.asking.clone()));
        all.retain(|member| !self.is_known(&member.id));
        all.sort_by_key(|member| member.id);
        all.dedup_by_key(|member| member.id.node);
        all
    }
}
