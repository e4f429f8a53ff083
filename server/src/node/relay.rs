//! What the node's task and the hub say to each other: who is linked, what came, what to write.

use std::collections::BTreeMap;

use cluster::{Bytes, Input, MemberId, Standing};
use domain::{Incarnation, Run};
use tokio::sync::mpsc;

use super::{driver::Driver, link::Load};
use crate::db::ChatRows;

/// What the node's task tells the hub.
#[derive(Debug)]
pub enum FromNode {
    /// An approved node that speaks with hubs is linked.
    Up {
        /// Who.
        peer: MemberId,
        /// Start of its program.
        run: Run,
    },
    /// It is not, or not approved any more.
    Down {
        /// Who.
        peer: MemberId,
    },
    /// What its hub says.
    Frame {
        /// Who.
        from: MemberId,
        /// To be decoded.
        frame: Bytes,
        /// Memory that it takes until it is handled.
        load: Load,
    },
    /// This write is durable.
    Written(u64),
    /// This node's disk has another life.
    Renewed(Incarnation),
}

/// What the hub has the node's task write with its next batch. One at a time.
#[derive(Debug)]
pub struct ChatWrite {
    /// Comes back with [`FromNode::Written`].
    pub number: u64,
    /// What.
    pub rows: ChatRows,
}

/// The node's ends.
#[derive(Debug)]
pub struct HubEnds {
    events: mpsc::UnboundedSender<FromNode>,
    pub(super) writes: mpsc::Receiver<ChatWrite>,
}

/// The hub's ends.
#[derive(Debug)]
pub struct NodeEnds {
    /// What the node's task tells. Frames are bounded by the room that each takes, the rest by
    /// links and writes.
    pub events: mpsc::UnboundedReceiver<FromNode>,
    /// The write under way, if any.
    pub writes: mpsc::Sender<ChatWrite>,
}

/// Both ends.
#[must_use]
pub fn ends() -> (HubEnds, NodeEnds) {
    let (events, heard) = mpsc::unbounded_channel();
    let (writes, asked) = mpsc::channel(1);
    (HubEnds { events, writes: asked }, NodeEnds { events: heard, writes })
}

/// Peers whose hubs are spoken with.
#[derive(Debug, Default)]
pub(super) struct RelayPeers {
    /// Linked nodes that speak with hubs, and their runs.
    linked: BTreeMap<MemberId, Run>,
    /// Those that the hub was told of.
    told: BTreeMap<MemberId, Run>,
}

impl Driver {
    /// A node is linked, and speaks with hubs if it says a run.
    pub(super) fn relay_up(&mut self, peer: MemberId, run: Option<Run>) {
        if let Some(run) = run {
            self.relays.linked.insert(peer, run);
        }
        self.tell_hub_of_peers();
    }

    pub(super) fn relay_down(&mut self, peer: MemberId) {
        self.relays.linked.remove(&peer);
        self.tell_hub_of_peers();
    }

    /// Nodes that are linked and approved are told of chats and visitors, and nobody else.
    pub(super) fn tell_hub_of_peers(&mut self) {
        let linked = &self.relays.linked;
        let wanted: BTreeMap<MemberId, Run> = linked
            .iter()
            .filter(|(peer, _)| self.is_approved(peer))
            .map(|(peer, run)| (*peer, *run))
            .collect();
        let told = std::mem::take(&mut self.relays.told);
        for peer in told.keys().filter(|peer| !wanted.contains_key(peer)) {
            self.tell_hub(FromNode::Down { peer: *peer });
        }
        for (peer, run) in wanted.iter().filter(|(peer, _)| !told.contains_key(peer)) {
            self.tell_hub(FromNode::Up { peer: *peer, run: *run });
        }
        self.relays.told = wanted;
    }

    /// A member or learner of this node's cluster, as long as this node is one too.
    fn is_approved(&self, peer: &MemberId) -> bool {
        let Some(roster) = &self.core.durable().roster else { return false };
        let is_in = |id: &MemberId| roster.standing(id) != Standing::Stranger;
        is_in(&self.core.me()) && is_in(peer) && !self.is_elsewhere(peer)
    }

    pub(super) fn on_relay_frame(&self, from: MemberId, frame: Bytes, load: Load) {
        if self.relays.told.contains_key(&from) {
            self.tell_hub(FromNode::Frame { from, frame, load });
        }
    }

    /// Its rows go into the next batch, which has a number of its own: so an older copy of the
    /// disk is found out although nothing was saved since.
    pub(super) fn on_chat_write(&mut self, write: ChatWrite) {
        self.chat = Some(write);
        self.input(Input::Beside);
        let now = self.now();
        self.pending.by = self.pending.by.map(|by| by.min(now));
    }

    pub(super) fn tell_hub(&self, event: FromNode) {
        // The hub has ended: the program stops.
        let _ = self.hub.events.send(event);
    }
}
