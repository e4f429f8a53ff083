//! The public side: what must be clustered, answered exactly as SWISH pages expect.
//!
//! Contract: the server is started with the client's socket address as connect info. A handler
//! parses, asks the node and renders; what a save means is decided below.
//! Everything but storage, search and chat goes to the SWISH beside the node, if there is one. Paths below
//! `/cluster/` are the node's own. `entry` is before all of them.

mod accept;
mod chat;
mod cluster;
mod entry;
mod error;
mod page;
mod prefix;
mod search;
mod storage;
mod swish;
#[cfg(test)]
mod tests;

use axum::{
    Extension, Router,
    extract::{FromRef, Request, State},
    http::request::Parts,
    response::{IntoResponse, Response},
    routing::get,
};
use chat::{Beginning, Chat};
use entry::Inside;
use page::chat::Said;
use prefix::Prefix;
use swish::Swish;

use crate::{app::App, config::SwishUrl, node::Handle, search::Search};

/// What the handlers ask.
#[derive(Clone, Debug)]
struct Gateway {
    node: Handle,
    search: Search,
    chat: Chat,
    swish: Option<Swish>,
}

impl Gateway {
    /// Whether this request may read what the node answers itself.
    ///
    /// # Errors
    /// What to answer instead.
    async fn admit(&self, parts: &Parts) -> Result<(), Response> {
        match &self.swish {
            Some(swish) => swish.admit(parts).await,
            None => Ok(()),
        }
    }
}

impl FromRef<Gateway> for Handle {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.node.clone()
    }
}

impl FromRef<Gateway> for Chat {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.chat.clone()
    }
}

impl FromRef<Gateway> for Search {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.search.clone()
    }
}

/// Routes of the gateway; sessions are made under the cluster's `secret`.
pub fn router(app: App, secret: [u8; 32]) -> Router {
    let url = app.config.swish.clone();
    let node = &app.config.node;
    let prefix = Prefix::new(url.as_ref().map_or("", SwishUrl::prefix));
    let swish = url.map(|url| Swish::start(url, secret, node, app.stop.clone()));
    if let Some(swish) = &swish {
        swish.join(app.node.clone());
    }
    let said = Said { hub: app.hub.clone(), moderation: app.moderation.clone() };
    let chat = Chat::start(Beginning {
        hub: app.hub.clone(),
        node: app.node.clone(),
        me: app.me().node,
        address: app.addresses.gateway.clone(),
        prefix: prefix.as_str().to_owned(),
        secret,
        stop: app.stop.clone(),
    });
    let routes = routes(Gateway { node: app.node, search: app.search, chat, swish });
    let routes = routes.layer(Extension(said));
    Router::new().fallback(entry::enter).with_state(Inside { routes, prefix })
}

fn routes(gateway: Gateway) -> Router {
    Router::new()
        .route("/", get(index).fallback(error::elsewhere))
        .merge(storage::router())
        .merge(search::router())
        .merge(cluster::router())
        .merge(chat::router())
        .fallback(error::elsewhere)
        .with_state(gateway)
}

/// SWISH's page, or the node's own where there is no SWISH.
async fn index(State(gateway): State<Gateway>, request: Request) -> Response {
    match &gateway.swish {
        Some(swish) => swish::forward(swish, request).await,
        None => page::index::show(State(gateway.node)).await.into_response(),
    }
}
