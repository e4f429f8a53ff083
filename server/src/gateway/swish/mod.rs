//! The SWISH beside this node: what the node does not answer itself goes there, unchanged.
//!
//! ```text
//!  request ─▶ headers (ours instead of forged ones) ─▶ SWISH ─▶ headers ─▶ config (two bodies) ─▶
//!          └▶ sessions (its cookie instead of ours) ◀───────────┘
//!          └▶ identity (who saves: SWISH says it) ── login (as a cookie, for all nodes)
//!          └▶ upgrade (same origin only) ◀── bytes both ways ──▶ SWISH
//!  probe: asks it for its configuration now and then; a port that is open proves nothing
//! ```
//!
//! Bodies are streamed both ways and never kept; only the page's hash of its configuration and the
//! configuration itself are changed (spec H.1).

mod config;
mod forward;
mod headers;
mod identity;
mod login;
mod mode;
mod nonces;
mod pengine;
mod probe;
mod session;
mod sessions;
#[cfg(test)]
mod tests;
mod upgrade;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::body::Body;
use domain::words::SwishState;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::sync::watch;

use crate::{
    config::{Node, SwishUrl},
    node::Handle,
    shutdown::Stop,
};

pub(super) use forward::forward;
pub(super) use identity::Seen;
pub(super) use login::Login;
use login::Vouchers;
use mode::Mode;
use nonces::Nonces;
use sessions::Sessions;
pub(super) use upgrade::is_same_origin;

/// A server on this machine accepts at once, or it is not there.
const CONNECT: Duration = Duration::from_secs(2);
/// Connections without work are kept for less than SWISH keeps them.
const IDLE: Duration = Duration::from_secs(20);

/// The SWISH beside this node; clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct Swish {
    url: SwishUrl,
    client: Client<HttpConnector, Body>,
    sessions: Sessions,
    vouchers: Vouchers,
    mode: Mode,
    nonces: Nonces,
    secret: [u8; 32],
    /// Knows the other nodes.
    node: Arc<OnceLock<Handle>>,
    state: watch::Receiver<SwishState>,
}

impl Swish {
    /// Asks it from now on how it is, until `stop`. Sessions and logins are made under the cluster's
    /// `secret`.
    pub(crate) fn start(url: SwishUrl, secret: [u8; 32], node: &Node, stop: Stop) -> Self {
        let mode = Mode::read(&node.data);
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        let mut client = Client::builder(TokioExecutor::new());
        let client = client.pool_idle_timeout(IDLE).build(connector);
        let (sender, state) = watch::channel(SwishState::Unknown);
        tokio::spawn(probe::run(url.clone(), client.clone(), mode.clone(), sender, stop));
        let sessions = Sessions::new(secret, &node.name);
        Self {
            url,
            client,
            sessions,
            vouchers: Vouchers::new(secret),
            mode,
            nonces: Nonces::new(),
            secret,
            node: Arc::default(),
            state,
        }
    }

    /// Tells this node's dashboard from now on how it answers, and asks its peers' gateways.
    pub(super) fn join(&self, node: Handle) {
        let _ = self.node.set(node.clone());
        let mut state = self.state.clone();
        tokio::spawn(async move {
            loop {
                let now = *state.borrow_and_update();
                node.shared().change_node(|node| node.swish = Some(now));
                if state.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    /// Whether it lets only people with an account post in chats.
    pub(super) fn protects_chat(&self) -> bool {
        self.mode.protects_chat()
    }

    /// How it answered when it was asked last.
    pub(crate) fn state(&self) -> SwishState {
        *self.state.borrow()
    }
}
