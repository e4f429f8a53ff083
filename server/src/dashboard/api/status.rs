//! `GET /api/v1/status`: what this node is, and the cluster's state in one sentence.

use axum::{Extension, response::Response};
use cluster::Roster;
use domain::{
    NodeId, ObjectId, Root,
    view::{Counts, NodeRef},
    words::ClusterState,
};
use serde::{Deserialize, Serialize};

use super::answer;
use crate::{
    dashboard::{
        picture::{Picture, Tally},
        site::Site,
    },
    node::{MissingObject, Shared},
};

/// A node in short, for commands and scripts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// The node that answers; none before it has an identity.
    pub(crate) node: Option<NodeRef>,
    /// Its program's version.
    pub(crate) version: String,
    /// The cluster it is in; none before founding.
    pub(crate) roster: Option<Roster>,
    /// One word for the cluster.
    pub(crate) state: ClusterState,
    /// What follows the word.
    pub(crate) sentence: String,
    /// What the cluster can still lose.
    pub(crate) margin: String,
    /// Digest of the decided heads here.
    pub(crate) root: Option<Root>,
    /// Saves that wait here for a majority.
    pub(crate) waiting: u64,
    /// Heads of the own store that are still being proposed.
    pub(crate) importing: u64,
    /// Files by state.
    pub(crate) counts: Counts,
    /// Objects that somebody here needs and no linked node has sent.
    #[serde(default)]
    pub(crate) missing: Vec<Missing>,
    /// Alarms since the start.
    pub(crate) alarms: Vec<cluster::Alarm>,
}

/// An object that nobody has sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Missing {
    /// Its hash.
    pub(crate) object: ObjectId,
    /// Who was asked.
    pub(crate) asked: Vec<NodeId>,
    /// When they are asked again, in milliseconds since 1970.
    pub(crate) again_ms: u64,
}

pub(super) async fn show(Extension(site): Extension<Site>) -> Response {
    answer(site.ask(status).await)
}

fn status(picture: &Picture, shared: &Shared) -> Status {
    let tally = Tally::take(picture, shared);
    let said = picture.status(&tally);
    let node = &picture.node;
    Status {
        node: node.me.map(|me| NodeRef { id: me.node, name: node.name.clone() }),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        roster: node.roster.clone(),
        state: said.state,
        sentence: said.sentence,
        margin: said.margin,
        root: node.root,
        waiting: node.waiting,
        importing: node.importing,
        counts: tally.counts,
        missing: node.missing.iter().map(missing).collect(),
        alarms: node.alarms.clone(),
    }
}

fn missing((object, missing): (&ObjectId, &MissingObject)) -> Missing {
    let asked = missing.asked.iter().map(|member| member.node).collect();
    Missing { object: *object, asked, again_ms: missing.again_ms }
}
