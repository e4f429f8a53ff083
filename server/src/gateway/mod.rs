//! The public side: what must be clustered, answered exactly as SWISH pages expect.
//!
//! Contract: the server is started with the client's socket address as connect info. A handler
//! parses, asks the node and renders; what a save means is decided below.
//! Deliberately absent so far: everything but storage and search. Paths below `/cluster/` are the
//! node's own.

mod accept;
mod cluster;
mod error;
mod page;
mod search;
mod storage;
#[cfg(test)]
mod tests;

use axum::{Router, extract::FromRef, routing::get};

use crate::{app::App, node::Handle, search::Search};

/// What the handlers ask.
#[derive(Clone, Debug)]
struct Gateway {
    node: Handle,
    search: Search,
}

impl FromRef<Gateway> for Handle {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.node.clone()
    }
}

impl FromRef<Gateway> for Search {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.search.clone()
    }
}

/// Routes of the gateway.
pub fn router(app: App) -> Router {
    routes(Gateway { node: app.node, search: app.search })
}

fn routes(gateway: Gateway) -> Router {
    Router::new()
        .route("/", get(page::index::show))
        .merge(storage::router())
        .merge(search::router())
        .merge(cluster::router())
        .fallback(error::not_found)
        .with_state(gateway)
}
