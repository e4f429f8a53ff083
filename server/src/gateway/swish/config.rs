//! `swish_config.json`: what of SWISH's own wiring a page must not see, and the hash by which pages
//! notice that it changed (spec H.1).
//!
//! A page keeps the configuration under the hash that its HTML names. Ours is made from SWISH's, so
//! that it changes when SWISH's does, is the same on every node, and needs no second request.

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderValue,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG},
    },
    response::Response,
};
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::forward::accepts_html;
use crate::gateway::error::Refusal;

/// The configuration, at SWISH's own place.
pub(super) const PATH: &str = "/swish_config.json";
/// Longest configuration that is read; a real one has 32 kB.
const MAX_CONFIG_BYTES: usize = 4 << 20;
/// How far into a page its hash is looked for; in a real one it stands within the first 4 kB.
const MAX_HEAD_BYTES: usize = 256 << 10;
/// Stands before the hash in a page.
const MARK: &[u8] = b"window.swish.config_hash = \"";
/// Hexadecimal digits of the hash.
const DIGITS: usize = 40;
/// What a page needs no more, or must not know: the cluster stands in for Redis.
const HIDDEN: [&str; 3] = ["redis", "redis_prefix", "redis_consumer"];

/// Pages ask for it relative to their own address.
pub(super) fn is_config(path: &str) -> bool {
    path.rsplit('/').next() == Some("swish_config.json")
}

/// True if the answer may be a page.
pub(super) fn may_be_page(headers: &HeaderMap) -> bool {
    accepts_html(headers)
}

/// Asks for a body that can be read here.
pub(super) fn want_plain(headers: &mut HeaderMap) {
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Takes out what is hidden; an answer that is no configuration stays as it is.
pub(super) async fn patch(answer: Response) -> Result<Response, Refusal> {
    if !answer.status().is_success() || !is(answer.headers(), "application/json") {
        return Ok(answer);
    }
    let (mut parts, body) = answer.into_parts();
    let body = Limited::new(body, MAX_CONFIG_BYTES).collect().await;
    let body = body.map_err(|error| {
        tracing::warn!(%error, "SWISH's configuration cannot be read");
        Refusal::SwishDown
    })?;
    let bytes = body.to_bytes();
    let bytes = match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut config) => {
            hide(&mut config);
            Bytes::from(config.to_string())
        }
        Err(_) => bytes,
    };
    parts.headers.insert(CONTENT_LENGTH, bytes.len().into());
    parts.headers.remove(ETAG);
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn hide(config: &mut Value) {
    if let Some(swish) = config.get_mut("swish").and_then(Value::as_object_mut) {
        for name in HIDDEN {
            swish.remove(name);
        }
    }
}

/// Puts our hash into a page; its length stays, and all that follows is streamed.
pub(super) async fn patch_page(answer: Response) -> Response {
    if !is(answer.headers(), "text/html") || answer.headers().contains_key(CONTENT_ENCODING) {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let mut rest = body.into_data_stream();
    let mut head = Vec::new();
    let mut error = None;
    while head.len() < MAX_HEAD_BYTES && !has_hash(&head) {
        match rest.next().await {
            Some(Ok(bytes)) => head.extend_from_slice(&bytes),
            Some(Err(failed)) => {
                error = Some(failed);
                break;
            }
            None => break,
        }
    }
    replace_hash(&mut head);
    let head = stream::iter([Ok(Bytes::from(head))].into_iter().chain(error.map(Err)));
    Response::from_parts(parts, Body::from_stream(head.chain(rest)))
}

fn has_hash(head: &[u8]) -> bool {
    position(head).is_some_and(|at| head.len() >= at + DIGITS)
}

fn position(head: &[u8]) -> Option<usize> {
    let found = head.windows(MARK.len()).position(|window| window == MARK);
    found.map(|at| at + MARK.len())
}

fn replace_hash(head: &mut [u8]) {
    let Some(at) = position(head) else { return };
    let Some(hash) = head.get_mut(at..at + DIGITS) else { return };
    if hash.iter().all(u8::is_ascii_hexdigit) {
        let digest = Sha256::new().chain_update("swish-cluster config 1 ").chain_update(&*hash);
        let digits: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        hash.copy_from_slice(&digits.as_bytes()[..DIGITS]);
    }
}

fn is(headers: &HeaderMap, kind: &str) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    said.is_some_and(|said| said.split(';').next().is_some_and(|said| said.trim() == kind))
}
