//! The first frame of a connection, in both directions: who speaks, and what it stands for.

use std::collections::BTreeSet;

use cluster::{MemberId, Phase};
use domain::{ClusterId, Incarnation, NodeId, Run};
use serde::{Deserialize, Serialize};

use super::clock::now_ms;
use crate::node::identity::Identity;

/// Version of what is said on a link; nodes with another one do not link.
pub const PROTOCOL_VERSION: u32 = 1;

/// Version of what the hubs say to each other on a control connection (protocol 6, 7). A node that
/// says none, or another one, is told nothing of chats and visitors.
pub const RELAY_VERSION: u32 = 1;

/// What a connection carries; a pair of nodes has one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Votes and heartbeats: small and never behind large ones.
    Control,
    /// Objects and catch-up.
    Bulk,
}

/// Why a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To work together.
    Member,
    /// To ask, before a cluster is founded, what the other is; closed after the Hellos.
    Founding,
    /// To be shown to the operators of a cluster as a node that wants to join; closed after the
    /// Hellos.
    Joining,
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// What the connection carries.
    pub kind: Kind,
    /// Why it is made.
    pub purpose: Purpose,
    /// [`PROTOCOL_VERSION`] of the speaker.
    pub protocol: u32,
    /// Its cluster, once it is in one.
    pub cluster: Option<ClusterId>,
    /// Its id; must be that of its certificate.
    pub node: NodeId,
    /// The life of its durable state.
    pub incarnation: Incarnation,
    /// The start of its program.
    pub run: Run,
    /// Its name on screens.
    pub name: String,
    /// Where its links are reached, `host:port`.
    pub address: String,
    /// Epoch of its roster, 0 without one.
    pub epoch: u64,
    /// Phase of its roster.
    pub phase: Option<Phase>,
    /// Heads in its store and state.
    pub files: u64,
    /// Whether it has a roster.
    pub has_roster: bool,
    /// Its durable count when it started.
    #[serde(default)]
    pub durable_count: u64,
    /// The highest durable counts that it remembers of the receiver, one for each life of its disk.
    #[serde(default)]
    pub remembered: Vec<(Incarnation, u64)>,
    /// Software version.
    pub version: String,
    /// Its wall clock, milliseconds since 1970; for the shown offset only.
    pub wall_ms: u64,
    /// Where its dashboard is, if it says so.
    #[serde(default)]
    pub dashboard: Option<String>,
    /// Where other nodes reach its gateway, `host:port`, if they can.
    #[serde(default)]
    pub gateway: Option<String>,
    /// [`RELAY_VERSION`] of the speaker; 0 of a program that knows no chats.
    #[serde(default)]
    pub relay: u32,
}

impl Hello {
    /// The speaker, in this life of its disk.
    #[must_use]
    pub const fn member(&self) -> MemberId {
        MemberId { node: self.node, incarnation: self.incarnation }
    }

    /// The highest durable count that the speaker remembers of a life of the receiver's disk.
    #[must_use]
    pub fn remembers(&self, life: Incarnation) -> u64 {
        let known = self.remembered.iter().find(|(incarnation, _)| *incarnation == life);
        known.map_or(0, |(_, count)| *count)
    }
}

/// What of a [`Hello`] stays for the life of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Name of this node.
    pub name: String,
    /// Where its links are reached, `host:port`.
    pub address: String,
    /// Where its dashboard is.
    pub dashboard: Option<String>,
    /// Where other nodes reach its gateway.
    pub gateway: Option<String>,
}

/// What of a [`Hello`] changes; the node's driver publishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloState {
    /// The cluster, once this node is in one.
    pub cluster: Option<ClusterId>,
    /// The life of its durable state; another one when it was found to be rolled back.
    pub incarnation: Incarnation,
    /// Epoch of its roster, 0 without one.
    pub epoch: u64,
    /// Phase of its roster.
    pub phase: Option<Phase>,
    /// Heads in its store and state.
    pub files: u64,
    /// Its durable count when it started.
    pub durable_count: u64,
    /// The highest durable counts that it remembers of others.
    pub remembered: Vec<(MemberId, u64)>,
    /// Clusters that it left and does not link with any more.
    pub left: BTreeSet<ClusterId>,
}

/// Makes the Hello of one connection; `to` is the node at the other end.
pub(super) fn hello(
    identity: &Identity,
    about: &About,
    state: &HelloState,
    (kind, purpose): (Kind, Purpose),
    to: NodeId,
) -> Hello {
    let of_receiver = state.remembered.iter().filter(|(id, _)| id.node == to);
    Hello {
        kind,
        purpose,
        protocol: PROTOCOL_VERSION,
        cluster: state.cluster,
        node: identity.node(),
        incarnation: state.incarnation,
        run: identity.run(),
        name: about.name.clone(),
        address: about.address.clone(),
        epoch: state.epoch,
        phase: state.phase,
        files: state.files,
        has_roster: state.cluster.is_some(),
        durable_count: state.durable_count,
        remembered: of_receiver.map(|(id, count)| (id.incarnation, *count)).collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        wall_ms: now_ms(),
        dashboard: about.dashboard.clone(),
        gateway: about.gateway.clone(),
        relay: RELAY_VERSION,
    }
}
