//! `PUT /p/<name>`: a new version of a file, or of its metadata only.

use axum::{
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::HeaderMap,
    response::Response,
};
use domain::{FileName, ObjectId};
use gitty::commit;
use serde_json::{Value, json};

use super::{
    Version, authorise,
    client::Client,
    conflict::{self, Lost},
    posted::Posted,
    reply,
    save::{Ended, Text, save},
};
use crate::{
    gateway::error::Refusal,
    node::{Handle, link::now_ms},
};

/// Saves a version on top of the one the client's page was made from.
pub(super) async fn update(
    State(node): State<Handle>,
    Path(path): Path<String>,
    client: Client,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let answer = run(&node, &FileName::from(path.as_str()), &client, body).await;
    answer.unwrap_or_else(|refusal| refusal.into_response(&headers))
}

async fn run(
    node: &Handle,
    name: &FileName,
    client: &Client,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    if node.head(name).is_none() && body.as_ref().is_ok_and(|body| !names_previous(body)) {
        return Err(Refusal::NotFound(format!("/p/{name}")));
    }
    let posted = Posted::read(body)?;
    if name.extension() == "lnk" && !posted.meta_only {
        return Err(Refusal::Permalink(name.to_string()));
    }
    let edited = posted.required_previous()?;
    let found = Version::find(node, edited).await?;
    let data = (!posted.meta_only).then_some(posted.data.as_str());
    let lost = |head, previous| Lost { name, head, previous, posted: data };
    let previous = match (found, node.head(name)) {
        (Some(previous), _) if previous.commit.name() == *name => previous,
        (other, Some(head)) => return conflict::respond(node, lost(head, other)).await,
        (_, None) => return Err(Refusal::NotFound(format!("/p/{name}"))),
    };
    // A save is taken only on the served head, so this is the rule of the head.
    authorise::modify(name, &previous.commit, client.identity())?;
    match propose(node, client, &posted, &previous).await? {
        Ended::Decided(commit) => saved(node, edited, commit, json!([])).await,
        Ended::Held(held) => {
            let messages = json!([reply::held_message(&held)]);
            saved(node, edited, held.commit, messages).await
        }
        Ended::Conflict(head) => conflict::respond(node, lost(head, Some(previous))).await,
        Ended::Unsettled(unsettled) => Ok(reply::unsettled(name, &unsettled)),
    }
}

/// A file unknown here may be one that another node has just made, if the page has a version of it.
fn names_previous(body: &Bytes) -> bool {
    Posted::read(Ok(body.clone())).is_ok_and(|posted| posted.previous.is_some())
}

async fn propose(
    node: &Handle,
    client: &Client,
    posted: &Posted,
    previous: &Version,
) -> Result<Ended, Refusal> {
    let text = if posted.meta_only { None } else { Some(Text::new(&posted.data)?) };
    let blob = match &text {
        Some(text) => text.id,
        None => {
            // The save names a text that this node must have.
            previous.bytes(node).await?;
            previous.commit.data()
        }
    };
    let latest = node.latest_ms(&previous.commit.name()).max(previous.commit.time_ms());
    let time = commit::commit_time(now_ms(), latest);
    let meta = client.meta(&posted.meta);
    let commit = commit::update(&previous.commit, previous.id, blob, meta, time);
    save(node, client, Some(previous.id), &commit, text).await
}

async fn saved(
    node: &Handle,
    base: ObjectId,
    commit: ObjectId,
    messages: Value,
) -> Result<Response, Refusal> {
    let mut body = reply::saved(node, Some(base), commit).await?;
    body["messages"] = messages;
    Ok(reply::ok(&body))
}
