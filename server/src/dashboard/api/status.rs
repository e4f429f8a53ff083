//! `GET /api/v1/status`: what this node is, and the cluster's state in one sentence.

use axum::{Extension, response::Response};
use cluster::Roster;
use domain::{
    Root,
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
    node::Shared,
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
    /// Alarms since the start.
    pub(crate) alarms: Vec<cluster::Alarm>,
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
        alarms: node.alarms.clone(),
    }
}
