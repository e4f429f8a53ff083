//! `GET /typeahead`: what somebody who is typing may mean.
//!
//! Answered here: files and lines of files. `predicates`, `sources` and `user` are SWISH's; without one
//! nothing is suggested for them.

use axum::{
    body::Bytes,
    extract::{RawQuery, Request, State},
    response::Response,
};
use serde_json::{Value, json};

use super::parameters::Parameters;
use crate::{
    gateway::{Gateway, error::Refusal, storage::reply, swish},
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
    State(gateway): State<Gateway>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let parameters = Parameters::read(query.as_deref(), &Bytes::new());
    if let (Ok(Set::Elsewhere), Some(swish)) = (set(&parameters), &gateway.swish) {
        return swish::forward(swish, request).await;
    }
    let (parts, _) = request.into_parts();
    if let Err(answer) = gateway.admit(&parts).await {
        return answer;
    }
    let answer = run(&gateway.search, &parameters).await;
    answer.unwrap_or_else(|refusal| refusal.into_response(&parts.headers))
}

fn set(parameters: &Parameters) -> Result<Set, Refusal> {
    let sets = [
        ("file", Set::Files),
        ("store_content", Set::Lines),
        ("predicates", Set::Elsewhere),
        ("sources", Set::Elsewhere),
        ("user", Set::Elsewhere),
    ];
    Ok(parameters.choice("set", &sets)?.unwrap_or(Set::Elsewhere))
}

async fn run(search: &Search, parameters: &Parameters) -> Result<Response, Refusal> {
    let typed = parameters.text("q").unwrap_or_default();
    if typed.len() > MAX_TYPED_BYTES {
        return Err(Refusal::Malformed("Parameter \"q\" is longer than 200 bytes".into()));
    }
    let place = [("sow", Match::Word), ("sol", Match::Line), ("any", Match::Any)];
    let place = parameters.choice("match", &place)?.unwrap_or_default();
    let hits: Vec<Value> = match set(parameters)? {
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
