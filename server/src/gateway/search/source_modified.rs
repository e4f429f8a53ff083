//! `GET /source_modified`: when files changed last, so that pages know if their list is old.
//!
//! SWISH knows the changes of its own process; this node hears of all nodes' changes.

use axum::{extract::State, response::Response};
use serde_json::json;

use crate::{gateway::storage::reply, search::Search};

/// The time of the last change that `/source_list` shows.
pub(super) async fn modified(State(search): State<Search>) -> Response {
    search.settle().await;
    reply::ok(&json!({ "modified": search.modified() }))
}
