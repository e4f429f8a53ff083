//! Programs that run in another node's SWISH: a page may come to a node that does not know them.
//!
//! A pengine lives in one process. Where SWISH here says that it does not exist, the other nodes'
//! gateways are asked in turn; if none has it, the page gets what SWISH here said.

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, Uri, header},
    response::Response,
};
use hmac::{Hmac, Mac};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use sha2::Sha256;

use super::{Swish, forward};
use crate::gateway::{entry::Sent, error::Refusal};

/// What a page says to a program that runs.
const TALK: [&str; 5] = [
    "/pengine/send",
    "/pengine/ping",
    "/pengine/pull_response",
    "/pengine/abort",
    "/pengine/detach",
];
/// Proves that another node of the cluster asks: it is not asked in turn.
const FROM_NODE: &str = "x-swish-cluster-pengine";
/// Longest answer that may say that there is none.
const MAX_ANSWER: usize = 4 << 10;
/// Longest question that is kept to be asked again.
const MAX_QUESTION: usize = 4 << 20;

/// The pengine that a request talks to.
pub(super) fn talked_to(request: &Request) -> Option<String> {
    let uri = request.uri();
    let id = uri.query()?.split('&').find_map(|pair| pair.strip_prefix("id="))?;
    let is_id =
        id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_id && TALK.contains(&uri.path())).then(|| id.to_owned())
}

/// Asks SWISH here, and then the others.
pub(super) async fn pass(swish: &Swish, id: &str, request: Request) -> Result<Response, Refusal> {
    let is_from_node = swish.is_from_node(id, &request);
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_QUESTION).collect().await;
    let body = body.map_err(|_| Refusal::TooLarge { what: "The request", limit: "4 MiB" })?;
    let question = Request::from_parts(parts, body.to_bytes());
    let answer = forward::pass(swish, again(&question)).await?;
    let (answer, is_unknown) = judge(id, answer).await;
    if !is_unknown || is_from_node {
        return Ok(answer);
    }
    for address in swish.neighbours() {
        let Some(request) = swish.to_node(id, &address, &question) else { continue };
        let Ok(answer) = swish.client.request(request).await else { continue };
        let (found, is_unknown) = judge(id, answer.map(Body::new)).await;
        if !is_unknown && found.status().is_success() {
            return Ok(found);
        }
    }
    Ok(answer)
}

fn again(question: &Request<Bytes>) -> Request {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = question.method().clone();
    parts.uri = question.uri().clone();
    parts.headers = question.headers().clone();
    parts.extensions = question.extensions().clone();
    Request::from_parts(parts, Body::from(question.body().clone()))
}

/// An answer, and whether it says that there is no such pengine.
async fn judge(id: &str, answer: Response) -> (Response, bool) {
    let length = answer.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|length| length > MAX_ANSWER) {
        return (answer, false);
    }
    let (parts, body) = answer.into_parts();
    let Ok(body) = Limited::new(body, MAX_ANSWER).collect().await else {
        return (Response::from_parts(parts, Body::empty()), true);
    };
    let body = body.to_bytes();
    let said = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    let is_gone = said["event"] == "died" && said["id"] == id;
    let is_unknown = said["code"] == "existence_error" && said["arg1"] == "pengine";
    (Response::from_parts(parts, Body::from(body)), is_gone || is_unknown && said["arg2"] == id)
}

impl Swish {
    /// Gateways of the nodes that answer.
    fn neighbours(&self) -> Vec<String> {
        let Some(node) = self.node.get() else { return Vec::new() };
        let peers = node.shared().node().peers;
        peers.into_iter().filter(|peer| peer.linked).filter_map(|peer| peer.gateway).collect()
    }

    /// The same question to another node, as its browser would ask it there.
    fn to_node(&self, id: &str, address: &str, question: &Request<Bytes>) -> Option<Request> {
        let mut request = again(question);
        let sent = question.extensions().get::<Sent>().map(|Sent(sent)| sent.clone());
        let path = sent.or_else(|| question.uri().path_and_query().cloned())?;
        let uri = Uri::builder().scheme("http").authority(address).path_and_query(path);
        *request.uri_mut() = uri.build().ok()?;
        request.extensions_mut().clear();
        super::headers::end_connection(request.headers_mut());
        let proof = HeaderValue::try_from(self.proof(id)).ok()?;
        request.headers_mut().insert(FROM_NODE, proof);
        Some(request)
    }

    fn is_from_node(&self, id: &str, request: &Request) -> bool {
        let said = request.headers().get(FROM_NODE).and_then(|value| value.to_str().ok());
        said.is_some_and(|said| said == self.proof(id))
    }

    #[expect(clippy::expect_used, reason = "an HMAC takes keys of every length")]
    fn proof(&self, id: &str) -> String {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("any length");
        hmac.update(b"swish-cluster pengine 1 ");
        hmac.update(id.as_bytes());
        hmac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
