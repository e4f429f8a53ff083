//! `GET /typeahead`: what somebody who is typing may mean.
//!
//! Answered here: files and lines of files. `predicates` and `sources` are Prolog's and `user` needs
//! accounts: nothing is suggested for them until a SWISH is behind.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use serde_json::{Value, json};

use super::parameters::Parameters;
use crate::{
    gateway::{error::Refusal, storage::reply},
    search::{FileHit, LineHit, Match, Search},
};

/// Longest text that is looked for, in bytes.
const MAX_TYPED_BYTES: usize = 200;

#[derive(Clone, Copy, Debug)]
enum Set {
    Files,
    Lines,
    Elsewhere,
}

/// `GET`.
pub(super) async fn suggest(
    State(search): State<Search>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let answer = run(&search, &Parameters::read(query.as_deref(), &Bytes::new())).await;
    answer.unwrap_or_else(|refusal| refusal.into_response(&headers))
}

async fn run(search: &Search, parameters: &Parameters) -> Result<Response, Refusal> {
    let typed = parameters.text("q").unwrap_or_default();
    if typed.len() > MAX_TYPED_BYTES {
        return Err(Refusal::Malformed("Parameter \"q\" is longer than 200 bytes".into()));
    }
    let place = [("sow", Match::Word), ("sol", Match::Line), ("any", Match::Any)];
    let place = parameters.choice("match", &place)?.unwrap_or_default();
    let sets = [
        ("file", Set::Files),
        ("store_content", Set::Lines),
        ("predicates", Set::Elsewhere),
        ("sources", Set::Elsewhere),
        ("user", Set::Elsewhere),
    ];
    let set = parameters.choice("set", &sets)?.unwrap_or(Set::Elsewhere);
    let hits: Vec<Value> = match set {
        Set::Files => {
            search.settle().await;
            search.suggest_files(typed).await?.into_iter().map(file).collect()
        }
        Set::Lines => {
            search.settle().await;
            let lines = search.suggest_lines(typed, place).await?;
            lines.into_iter().map(|hit| line(hit, typed)).collect()
        }
        Set::Elsewhere => Vec::new(),
    };
    Ok(reply::ok(&json!(hits)))
}

fn file(hit: FileHit) -> Value {
    let mut entry = hit.meta;
    entry["type"] = json!("store");
    entry["file"] = json!(hit.name);
    entry
}

fn line(hit: LineHit, typed: &str) -> Value {
    let mut entry = file(hit.file);
    // SWISH says so here, and not in the suggestions of files.
    entry["symbolic"] = json!("HEAD");
    entry["line"] = json!(hit.line);
    entry["text"] = json!(hit.text);
    entry["query"] = json!(typed);
    entry
}
