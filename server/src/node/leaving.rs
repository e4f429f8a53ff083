//! Leaving a cluster, and nodes of other clusters that are met (protocol 11).

use cluster::{Alarm, Input, Leaving, MemberId, Token};
use tracing::warn;

use super::{driver::Driver, link::Stranger};

/// Nodes of other clusters that are shown at once.
const STRANGERS: usize = 8;

impl Driver {
    /// Has the core leave; if it may, what was done is the first entry of the new life's chain, in
    /// the same batch.
    pub(super) fn leave(&mut self, token: Token, to: Leaving, content: String) {
        let before = self.core.me();
        self.input(Input::Leave { token, to });
        if self.core.me() == before {
            return;
        }
        let durable = self.core.durable();
        if durable.roster.is_none() {
            // Told to whoever is asked to let this node in.
            let served =
                durable.keys.iter().filter_map(|(key, state)| Some((key, state.served()?)));
            self.store_heads = served.map(|(key, head)| (key.file().clone(), head)).collect();
        }
        self.tokens += 1;
        self.audit(Token(self.tokens), content);
    }

    /// True for a peer that linked while this node was in no cluster, and is in another one than it
    /// is in now.
    pub(super) fn is_elsewhere(&self, peer: &MemberId) -> bool {
        let roster = self.core.durable().roster.as_ref();
        let theirs = self.clusters.get(peer);
        roster.zip(theirs).is_some_and(|(roster, theirs)| roster.cluster != *theirs)
    }

    /// This node is in a cluster now: links with nodes of others end, and nothing more is said.
    pub(super) fn part_from_others(&self) {
        let others = self.clusters.keys().filter(|peer| self.is_elsewhere(peer));
        others.for_each(|peer| self.links.links.close(peer));
    }

    /// A node of another cluster: an alarm, once.
    pub(super) fn on_stranger(&mut self, stranger: Stranger) {
        let Some(roster) = &self.core.durable().roster else { return };
        let Stranger { node, name, address, cluster: theirs, has_left } = stranger;
        let ours = roster.cluster;
        if theirs == ours {
            return;
        }
        let listed = roster.everybody().find(|member| member.id.node == node);
        let name = name.or_else(|| listed.map(|member| member.name.clone()));
        let older = match (has_left, self.core.left().contains(&theirs)) {
            (true, _) => Some(ours),
            (false, true) => Some(theirs),
            (false, false) => None,
        };
        let name = name.unwrap_or_else(|| node.to_string());
        let alarm = Alarm::OtherCluster { node, name, address, theirs, ours, older };
        let is_stranger = |alarm: &&Alarm| matches!(alarm, Alarm::OtherCluster { .. });
        let alarms = self.shared.node().alarms;
        // Whoever has the secret can say any cluster.
        let is_room = alarms.iter().filter(is_stranger).count() < STRANGERS;
        if is_room && !alarms.contains(&alarm) {
            warn!(peer.id = %node, cluster = %theirs, "a node of another cluster was refused");
            self.raise(alarm);
        }
    }
}
