//! Cards of the nodes.

use domain::{
    Root,
    view::NodeCard,
    words::{NodeHealth, NodeRole},
};

use super::{Picture, Seat, Tally};

/// Digits of a digest that people compare.
const ROOT_DIGITS: usize = 8;

impl Picture {
    /// A card for each node, this node first and those that ask to join last.
    pub(super) fn cards(&self, tally: &Tally) -> Vec<NodeCard> {
        let seats = self.seats.iter().zip(&tally.behind);
        let asking = self.node.asking.iter().map(new_card);
        seats.map(|(seat, behind)| self.card(seat, *behind)).chain(asking).collect()
    }

    fn card(&self, seat: &Seat, behind: u64) -> NodeCard {
        let peer = seat.peer.as_ref();
        let root = peer.map_or(self.node.root, |peer| peer.root);
        let is_heard = peer.is_none_or(|peer| peer.last_frame_ms.is_some());
        NodeCard {
            id: seat.member.node,
            name: seat.name.clone(),
            own: seat.is_own(),
            health: seat.health,
            role: seat.role,
            last_seen_ms: peer.map_or(Some(self.at_ms), |peer| peer.last_frame_ms),
            root: root.map(digits),
            same_root: root.is_some() && root == self.node.root,
            files: is_heard.then(|| peer.map_or(self.node.files, |peer| peer.files)),
            equal_ms: peer.map_or(Some(self.at_ms), |peer| peer.equal_ms),
            behind,
            waiting: is_heard.then(|| peer.map_or(self.node.waiting, |peer| peer.waiting)),
            linked: peer.map(|peer| peer.linked),
            clock_offset_ms: peer.map_or(Some(0), |peer| peer.clock_offset_ms),
            version: match peer {
                Some(peer) => peer.version.clone(),
                None => Some(env!("CARGO_PKG_VERSION").to_owned()),
            },
            round_trip_ms: peer.and_then(|peer| peer.round_trip_ms),
            address: seat.address.clone(),
        }
    }
}

/// A node that asks to join: nothing is known of it but who it is and where.
fn new_card(member: &cluster::Member) -> NodeCard {
    NodeCard {
        id: member.id.node,
        name: member.name.clone(),
        own: false,
        health: NodeHealth::Up,
        role: NodeRole::New,
        last_seen_ms: None,
        root: None,
        same_root: false,
        files: None,
        equal_ms: None,
        behind: 0,
        waiting: None,
        linked: None,
        clock_offset_ms: None,
        version: None,
        round_trip_ms: None,
        address: member.address.clone(),
    }
}

fn digits(root: Root) -> String {
    root.to_string().chars().take(ROOT_DIGITS).collect()
}
