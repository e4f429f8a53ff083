//! The public side: what must be clustered, answered exactly as SWISH pages expect.
//!
//! Contract: the server is started with the client's socket address as connect info. A handler
//! parses, asks the node and renders; what a save means is decided below.
//! Deliberately absent so far: everything but storage. Paths below `/cluster/` are the node's own.

mod accept;
mod cluster;
mod error;
mod page;
mod storage;
#[cfg(test)]
mod tests;

use axum::{Router, routing::get};

use crate::{app::App, node::Handle};

/// Routes of the gateway.
pub fn router(app: App) -> Router {
    routes(app.node)
}

fn routes(node: Handle) -> Router {
    Router::new()
        .route("/", get(page::index::show))
        .merge(storage::router())
        .merge(cluster::router())
        .fallback(error::not_found)
        .with_state(node)
}
