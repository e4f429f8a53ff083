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
mod rate;
mod reads;
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
    hub::{Hub, Moderation},
    node::{Handle, link::now_ms},
    shutdown::Stop,
};

pub(super) use notices::Answered;
use pages::{Change, Pages};
use scores::Scores;
use seal::Seal;
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

/// What the chat is made of.
pub(super) struct Beginning {
    /// Chats and visitors.
    pub(super) hub: Hub,
    /// Files, and who is in the cluster.
    pub(super) node: Handle,
    /// This node.
    pub(super) me: NodeId,
    /// Where its gateway is.
    pub(super) address: String,
    /// Of SWISH's paths.
    pub(super) prefix: String,
    /// The cluster's: sessions and tokens are made under it.
    pub(super) secret: [u8; 32],
    /// Sockets end when this is given.
    pub(super) stop: Stop,
}

impl Chat {
    /// Begins to follow saves, and posts of other nodes.
    pub(super) fn start(beginning: Beginning) -> Self {
        let Beginning { hub, node, me, address, prefix, secret, stop } = beginning;
        let moderation = Moderation::new(node.clone());
        let chat = Self(Arc::new(Shared {
            hub,
            node,
            me,
            address,
            prefix,
            sessions: Sessions::new(secret),
            tokens: Tokens::new(secret),
            connects: Scores::new(SCORES, CONNECTS),
            posts: Scores::new(SCORES, POSTS),
            pages: Pages::default(),
            proofs: Seal::new(secret, b"page"),
            moderation,
            notices: notices::Notices::default(),
            stop,
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
