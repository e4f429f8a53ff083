//! `/chat…`: what SWISH's pages talk to for chat and presence, and what they ask about it.
//!
//! ```text
//!  page ── GET /chat ─▶ connect (origin, session, flood) ─▶ socket ◀── frames ── hub ◀─▶ all nodes
//!             client_frame (bounded) ─▶ judge ─▶ post ─────────┘          ▲
//!  saves, of pages and of SWISH ─▶ notices ───────────────────────────────┘
//! ```
//!
//! Guarantees: a page needs no SWISH for any of this, its session and its `reconnect` token are good on
//! every node, and nobody is told an e-mail address. Absent: SWISH's own sessions and logins (`swish`).

mod backends;
mod client_frame;
mod connect;
mod html;
mod ids;
mod judge;
mod moved;
mod notices;
mod pages;
mod payload;
mod person;
mod posting;
mod reads;
mod rate;
mod scores;
mod seal;
mod session;
mod socket;
mod token;

use std::sync::Arc;

use axum::{Router, http::HeaderMap, routing::get};
use domain::NodeId;

use super::{Gateway, error, swish::Seen};
use crate::{
    app::App,
    hub::{Hub, Moderation},
    node::{Handle, link::now_ms},
    shutdown::Stop,
};

use pages::{Change, Pages};
use scores::Scores;
use seal::Seal;
pub(super) use notices::Answered;
pub(super) use session::Session;
use session::Sessions;
use token::Tokens;

/// Sessions and people whose scores are kept.
const SCORES: usize = 100_000;
/// The sixth connect in quick succession is refused (spec C.1).
const CONNECTS: f64 = 50.0;
/// Twenty messages at once, and then ten a minute or so; half of it without an account.
const POSTS: f64 = 200.0;

/// What sockets share; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Chat(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    hub: Hub,
    node: Handle,
    me: NodeId,
    address: String,
    prefix: String,
    sessions: Sessions,
    tokens: Tokens,
    connects: Scores,
    posts: Scores,
    pages: Pages,
    /// That a node asks another one.
    proofs: Seal,
    moderation: Moderation,
    notices: notices::Notices,
    stop: Stop,
}

impl Chat {
    /// Sessions and tokens are made under the cluster's `secret`; `prefix` is that of SWISH's paths.
    pub(super) fn start(app: &App, secret: [u8; 32], prefix: &str) -> Self {
        let chat = Self(Arc::new(Shared {
            hub: app.hub.clone(),
            node: app.node.clone(),
            me: app.me().node,
            address: app.addresses.gateway.clone(),
            prefix: prefix.to_owned(),
            sessions: Sessions::new(secret),
            tokens: Tokens::new(secret),
            connects: Scores::new(SCORES, CONNECTS),
            posts: Scores::new(SCORES, POSTS),
            pages: Pages::default(),
            proofs: Seal::new(secret, b"page"),
            moderation: Moderation::new(app.node.clone()),
            notices: notices::Notices::default(),
            stop: app.stop.clone(),
        }));
        tokio::spawn(notices::follow(chat.clone()));
        tokio::spawn(rate::follow(chat.clone()));
        chat
    }

    /// The session of whoever sends a request, if they have one.
    pub(super) fn session(&self, headers: &HeaderMap) -> Option<Session> {
        self.0.sessions.read(headers, now_ms())
    }

    /// SWISH said who somebody is, or that the session has ended: its pages are told.
    pub(super) fn follow_login(&self, headers: &HeaderMap, seen: &Seen) {
        let Some(session) = self.session(headers) else { return };
        self.0.pages.tell(&session.id, &Change::Login(seen.login.clone().map(Box::new)));
        if seen.is_end {
            self.0.pages.tell(&session.id, &Change::Ended);
        }
    }
}

pub(super) fn router() -> Router<Gateway> {
    Router::new()
        .route("/chat", get(connect::connect).options(connect::options))
        .route("/chat/messages", get(reads::messages))
        .route("/chat/status", get(reads::status))
        .route("/backends", get(backends::backends))
        .route(moved::PATH, get(moved::cursors))
        .route("/chat/{*rest}", get(error::not_found))
}
