//! Cards of the nodes.

use cluster::{MemberId, Waiting};
use domain::{
    Root,
    view::{CatchUp, LinkReport, NodeCard, NodeRef},
    words::{NodeHealth, NodeRole},
};

use super::{Picture, Seat, Tally};
use crate::node::{CatchUpView, PeerView, membership};

/// Digits of a digest that people compare.
const ROOT_DIGITS: usize = 8;

impl Picture {
    /// A card for each node, this node first and those that ask to join last.
    pub(super) fn cards(&self, tally: &Tally) -> Vec<NodeCard> {
        let seats = self.seats.iter().zip(&tally.behind);
        let asking = self.node.asking.iter().map(|member| self.new_card(member));
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
            links: seat.is_own().then(|| self.links()),
            catch_up: self
                .node
                .catch_up
                .as_ref()
                .filter(|_| seat.is_own())
                .map(|view| self.catch_up(view)),
            swish: self.node.swish.filter(|_| seat.is_own()),
            actions: membership::offered(&self.node, seat.member.node, seat.role),
        }
    }

    /// This node's own links. What the others say of theirs is not sent yet.
    fn links(&self) -> Vec<LinkReport> {
        let peers =
            self.seats.iter().filter_map(|seat| Some((seat.member.node, seat.peer.as_ref()?)));
        let link = |(to, peer): (_, &PeerView)| LinkReport {
            to,
            open: peer.linked,
            round_trip_ms: peer.round_trip_ms,
        };
        peers.map(link).collect()
    }

    fn catch_up(&self, view: &CatchUpView) -> CatchUp {
        let status = &view.status;
        let named = |id: &MemberId| NodeRef { id: id.node, name: self.name_of(*id) };
        let waits_for = status.waiting.map(|(peer, waiting)| {
            let of = |what: &str| {
                let name = peer.map_or_else(|| "somebody".to_owned(), |peer| self.name_of(peer));
                format!("{name}'s {what}")
            };
            match waiting {
                Waiting::Objects => of("objects"),
                Waiting::NoAnswer => of("answer, which is late"),
                Waiting::Tree => of("list of heads"),
                Waiting::NobodyLinked => "any node to answer".to_owned(),
                Waiting::NobodyHasThem => "a node that has what is missing".to_owned(),
            }
        });
        CatchUp {
            arrived: status.arrived,
            wanted: status.wanted,
            missing: status.missing,
            per_second: view.per_second,
            from: status.from.iter().map(|(id, _)| named(id)).collect(),
            waits_for,
        }
    }

    /// A node that asks to join: nothing is known of it but who it is and where.
    fn new_card(&self, member: &cluster::Member) -> NodeCard {
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
            links: None,
            catch_up: None,
            swish: None,
            actions: membership::offered(&self.node, member.id.node, NodeRole::New),
        }
    }

    /// Name of a node, in whatever life of its disk.
    pub(super) fn name_of(&self, id: MemberId) -> String {
        let seat = self.seats.iter().find(|seat| seat.member.node == id.node);
        seat.map_or_else(|| id.node.to_string(), |seat| seat.name.clone())
    }
}

fn digits(root: Root) -> String {
    root.to_string().chars().take(ROOT_DIGITS).collect()
}
