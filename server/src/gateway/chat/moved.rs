//! A page that comes from another node: what it has seen there.
//!
//! Its node is asked, as a page's node is alone in knowing that. If it is gone, the page has seen what
//! was said before it was heard last: what was said in its last second may come twice, and nothing is
//! lost as long as the nodes' clocks agree.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Request, StatusCode},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use relay::{DocumentId, Stamp, Wsid};
use tokio::time::timeout;

use super::{Chat, token::Back};
use crate::{gateway::Gateway, hub::Cursors, node::link::now_ms};

/// Where a node asks another one.
pub(super) const PATH: &str = "/cluster/pages/{wsid}/seen";
/// Proves that a node of the cluster asks, a short while ago.
const PROOF: &str = "x-swish-cluster-page";
/// A page waits for it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a proof holds.
const VALID_MS: u64 = 60_000;
const MAX_BYTES: usize = 1 << 20;

/// What is known of what a page has seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    /// Nothing, or this node knows it itself.
    Nothing,
    /// Its node said it.
    Cursors(Cursors),
    /// Its node is gone; this of the hangout, and of all others what was said until then.
    Since(Cursors, Stamp),
}

impl Seen {
    /// What goes to the hub at once, and with each file that is opened.
    pub(super) fn split(self) -> (Option<Cursors>, Option<Stamp>) {
        match self {
            Self::Nothing => (None, None),
            Self::Cursors(cursors) => (Some(cursors), None),
            Self::Since(cursors, since) => (Some(cursors), Some(since)),
        }
    }
}

impl Chat {
    /// What a page that comes back has seen at the node that it was at.
    pub(super) async fn seen_elsewhere(&self, back: &Back) -> Seen {
        if back.node == self.0.me {
            return Seen::Nothing;
        }
        let peers = self.0.node.shared().node().peers;
        let Some(peer) = peers.into_iter().find(|peer| peer.id.node == back.node) else {
            return Seen::Nothing;
        };
        if peer.linked
            && let Some(address) = &peer.gateway
            && let Some(cursors) = self.ask(address, &back.wsid).await
        {
            return Seen::Cursors(cursors);
        }
        let Some(heard) = peer.last_frame_ms.filter(|_| !peer.linked) else { return Seen::Nothing };
        let since = Stamp(heard.saturating_mul(1000));
        let Ok(hangout) = DocumentId::new(DocumentId::HANGOUT) else { return Seen::Nothing };
        let of = hangout.clone();
        match self.0.hub.look(move |core| core.seen_until(&of, since)).await {
            Ok(cursor) => Seen::Since(Cursors(BTreeMap::from([(hangout, cursor)])), since),
            Err(_) => Seen::Nothing,
        }
    }

    async fn ask(&self, address: &str, wsid: &Wsid) -> Option<Cursors> {
        let prefix = &self.0.prefix;
        let uri = format!("http://{address}{prefix}/cluster/pages/{wsid}/seen");
        let proof = self.0.proofs.seal(wsid.as_str().as_bytes(), &now_ms().to_be_bytes());
        let request = Request::get(uri).header(PROOF, proof).body(Body::empty()).ok()?;
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let read = async {
            let answer = client.request(request).await.ok()?;
            if answer.status() != StatusCode::OK {
                return None;
            }
            let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await.ok()?;
            rmp_serde::from_slice(&body.to_bytes()).ok()
        };
        timeout(PATIENCE, read).await.ok()?
    }

    fn is_from_node(&self, headers: &HeaderMap, wsid: &Wsid) -> bool {
        let proof = headers.get(PROOF).and_then(|value| value.to_str().ok());
        let body = proof.and_then(|it| self.0.proofs.open(wsid.as_str().as_bytes(), it));
        let at = body.and_then(|body| Some(u64::from_be_bytes(body.try_into().ok()?)));
        at.is_some_and(|at| at.abs_diff(now_ms()) <= VALID_MS)
    }
}

/// What a page has seen here that is at another node now: it is no page of this one any more.
pub(super) async fn cursors(
    State(gateway): State<Gateway>,
    Path(wsid): Path<String>,
    headers: HeaderMap,
) -> Response {
    let chat = &gateway.chat;
    let wsid = Wsid::new(&wsid).ok().filter(|wsid| chat.is_from_node(&headers, wsid));
    let Some(wsid) = wsid else { return StatusCode::FORBIDDEN.into_response() };
    match chat.0.hub.hand_over(wsid).await {
        Ok(cursors) => rmp_serde::to_vec_named(&cursors).unwrap_or_default().into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
