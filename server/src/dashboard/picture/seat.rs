//! A node of the cluster and how it answers.

use cluster::MemberId;
use domain::{
    Incarnation, NodeId,
    view::NodeRef,
    words::{NodeHealth, NodeRole},
};

use crate::node::{NodeView, PeerView};

/// Silence after which a node is Suspect.
const SUSPECT_AFTER_MS: u64 = 3_000;
/// Silence after which a node is Away.
const AWAY_AFTER_MS: u64 = 10_000;
/// Round trip over which a node is Slow.
const SLOW_OVER_MS: f64 = 500.0;
/// Difference of clocks that people should look at.
const CLOCK_OFF_MS: u64 = 60_000;

/// A node, as this node sees it.
#[derive(Clone, Debug)]
pub(in crate::dashboard) struct Seat {
    /// Its identity.
    pub(in crate::dashboard) member: MemberId,
    /// What people call it.
    pub(in crate::dashboard) name: String,
    /// Where its links are dialed.
    pub(in crate::dashboard) address: String,
    /// What it may do.
    pub(in crate::dashboard) role: NodeRole,
    /// How it answers.
    pub(in crate::dashboard) health: NodeHealth,
    /// What is known of it; none for this node itself.
    pub(in crate::dashboard) peer: Option<PeerView>,
}

impl Seat {
    /// Its id and name.
    pub(in crate::dashboard) fn node_ref(&self) -> NodeRef {
        NodeRef { id: self.member.node, name: self.name.clone() }
    }

    /// True for the node that answers.
    pub(in crate::dashboard) const fn is_own(&self) -> bool {
        self.peer.is_none()
    }

    /// Whether it has a vote.
    pub(in crate::dashboard) const fn votes(&self) -> bool {
        matches!(self.role, NodeRole::Member)
    }

    /// Whether it was heard lately.
    pub(in crate::dashboard) const fn answers(&self) -> bool {
        !matches!(self.health, NodeHealth::Suspect | NodeHealth::Away)
    }

    /// How long it has been silent; none if nothing was ever heard.
    pub(in crate::dashboard) fn silent_ms(&self, at_ms: u64) -> Option<u64> {
        match &self.peer {
            None => Some(0),
            Some(peer) => peer.last_frame_ms.map(|heard| at_ms.saturating_sub(heard)),
        }
    }
}

/// The nodes of the roster, this node first; before founding, this node alone.
pub(super) fn seats(node: &NodeView, at_ms: u64) -> Vec<Seat> {
    let me = node.me.unwrap_or(MemberId {
        node: NodeId::from_bytes([0; 8]),
        incarnation: Incarnation::from_bytes([0; 8]),
    });
    let named = || node.roster.iter().flat_map(|roster| roster.everybody());
    let own_address = named().find(|member| member.id.node == me.node);
    let mut seats = vec![Seat {
        member: me,
        name: node.name.clone(),
        address: own_address.map(|member| member.address.clone()).unwrap_or_default(),
        role: node.role.unwrap_or(match node.roster {
            Some(_) => NodeRole::Member,
            None => NodeRole::New,
        }),
        health: own_health(node),
        peer: None,
    }];
    seats.extend(named().filter(|member| member.id.node != me.node).map(|member| {
        let known = node.peers.iter().find(|peer| peer.id.node == member.id.node).cloned();
        let peer = known.unwrap_or_else(|| unheard(member));
        Seat {
            member: peer.id,
            role: peer.role,
            name: member.name.clone(),
            address: member.address.clone(),
            health: health(&peer, at_ms),
            peer: Some(peer),
        }
    }));
    seats
}

/// A member that nothing was heard of.
fn unheard(member: &cluster::Member) -> PeerView {
    PeerView {
        has_ours: false,
        id: member.id,
        role: NodeRole::Member,
        name: member.name.clone(),
        address: member.address.clone(),
        linked: false,
        last_frame_ms: None,
        round_trip_ms: None,
        clock_offset_ms: None,
        version: None,
        root: None,
        equal_ms: None,
        serial: domain::Serial(0),
        seen: domain::Serial(0),
        files: 0,
        waiting: 0,
        draining: false,
        rolled_back: false,
    }
}

fn own_health(node: &NodeView) -> NodeHealth {
    if node.rolled_back.is_some() && node.role != Some(NodeRole::Member) {
        NodeHealth::RolledBack
    } else if node.draining {
        NodeHealth::Draining
    } else {
        NodeHealth::Up
    }
}

fn health(peer: &PeerView, at_ms: u64) -> NodeHealth {
    let silent_ms = peer.last_frame_ms.map_or(u64::MAX, |heard| at_ms.saturating_sub(heard));
    if silent_ms >= AWAY_AFTER_MS {
        NodeHealth::Away
    } else if silent_ms >= SUSPECT_AFTER_MS || !peer.linked {
        NodeHealth::Suspect
    } else if peer.rolled_back {
        NodeHealth::RolledBack
    } else if peer.clock_offset_ms.is_some_and(|offset| offset.unsigned_abs() > CLOCK_OFF_MS) {
        NodeHealth::ClockOff
    } else if peer.round_trip_ms.is_some_and(|ms| ms > SLOW_OVER_MS) {
        NodeHealth::Slow
    } else if peer.draining {
        NodeHealth::Draining
    } else {
        NodeHealth::Up
    }
}
