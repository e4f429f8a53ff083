//! `/source_list`: files that match a query, a page at a time.

use std::time::Instant;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue},
    response::Response,
};
use serde_json::{Value, json};

use super::parameters::Parameters;
use crate::{
    db::{Guest, Listed, Order, Page, SortBy},
    gateway::{
        error::Refusal,
        storage::{Client, reply},
    },
    search::{List, Listing, Query, Search},
};

/// Files of a page, when the client does not say.
const LIMIT: u64 = 10;
/// Most files of a page.
const MAX_LIMIT: u64 = 1_000;
/// Says that older files were not searched; SWISH's pages ignore it.
const PARTIAL: &str = "x-search-partial";

/// `GET` and `POST`.
pub(super) async fn list(
    State(search): State<Search>,
    client: Client,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = run(&search, &client, &Parameters::read(query.as_deref(), &body)).await;
    answer.unwrap_or_else(|refusal| refusal.into_response(&headers))
}

async fn run(
    search: &Search,
    client: &Client,
    parameters: &Parameters,
) -> Result<Response, Refusal> {
    let began = Instant::now();
    let list = asked(client, parameters)?;
    search.settle().await;
    let listing = search.list(&list).await?;
    let mut response = reply::ok(&json!({
        "matches": listing.matches.iter().map(entry).collect::<Vec<_>>(),
        "total": listing.total,
        "cpu": began.elapsed().as_secs_f64(),
        "offset": list.page.offset,
        "modified": search.modified(),
    }));
    if let Listing { is_complete: false, .. } = listing {
        let newest = HeaderValue::from_static("only the newest files were searched");
        response.headers_mut().insert(PARTIAL, newest);
    }
    Ok(response)
}

fn asked(client: &Client, parameters: &Parameters) -> Result<List, Refusal> {
    let said = |name| parameters.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let query = Query::parse(parameters.text("q").unwrap_or_default())
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    Ok(List {
        query,
        guest: Guest {
            avatar: said("avatar"),
            display_name: said("display_name"),
            peer: client.peer(),
            identity: client.identity().map(str::to_owned),
        },
        order: order(parameters)?,
        page: Page {
            offset: parameters.number("offset", 0)?,
            limit: parameters.number("limit", LIMIT)?.min(MAX_LIMIT),
        },
    })
}

fn order(parameters: &Parameters) -> Result<Order, Refusal> {
    let columns = [
        ("time", SortBy::Time),
        ("name", SortBy::Name),
        ("author", SortBy::Author),
        ("type", SortBy::Type),
    ];
    let by = parameters.choice("o", &columns)?.unwrap_or(SortBy::Time);
    let is_descending = parameters.choice("d", &[("asc", false), ("desc", true)])?;
    Ok(Order { by, is_descending: is_descending.unwrap_or(by == SortBy::Time) })
}

/// A file in SWISH's shape; what it does not have is left out.
fn entry(file: &Listed) -> Value {
    let mut entry = json!({
        "name": file.name,
        "time": file.time,
        "ext": file.ext,
        "type": "st_gitty",
    });
    if !file.tags.is_empty() {
        entry["tags"] = json!(file.tags);
    }
    for (key, value) in [("author", &file.author), ("avatar", &file.avatar)] {
        if let Some(value) = value {
            entry[key] = json!(value);
        }
    }
    entry
}
