//! `DELETE /p/<name>`: a version with an empty text; the name stays taken.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use domain::FileName;
use gitty::commit;
use serde_json::json;

use super::{
    Version, authorise,
    client::Client,
    reply,
    save::{Ended, Text, save},
};
use crate::{
    gateway::error::Refusal,
    node::{Handle, link::now_ms},
};

/// Heads that are tried, when others save meanwhile.
const TRIES: usize = 3;

/// Empties a file.
pub(super) async fn delete(
    State(node): State<Handle>,
    Path(path): Path<String>,
    client: Client,
    headers: HeaderMap,
) -> Response {
    let answer = run(&node, &FileName::from(path.as_str()), &client).await;
    answer.unwrap_or_else(|refusal| refusal.into_response(&headers))
}

async fn run(node: &Handle, name: &FileName, client: &Client) -> Result<Response, Refusal> {
    for _ in 0..TRIES {
        match attempt(node, name, client).await? {
            Ended::Decided(_) | Ended::Held(_) => return Ok(reply::ok(&json!(true))),
            Ended::Conflict(_) => {}
            Ended::Unsettled(unsettled) => return Ok(reply::unsettled(name, &unsettled)),
        }
    }
    Err(Refusal::Unavailable(format!("others are saving {name}")))
}

async fn attempt(node: &Handle, name: &FileName, client: &Client) -> Result<Ended, Refusal> {
    let head = node.head(name).ok_or_else(|| Refusal::NotFound(format!("/p/{name}")))?;
    let head = Version::load(node, head).await?;
    authorise::modify(name, &head.commit, client.identity())?;
    let empty = Text::new("")?;
    let time = commit::commit_time(now_ms(), node.latest_ms(name).max(head.commit.time_ms()));
    let commit = commit::update(&head.commit, head.id, empty.id, client.meta(&json!({})), time);
    save(node, client, Some(head.id), &commit, Some(empty)).await
}
