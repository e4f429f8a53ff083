//! `GET /api/v1/files/{name}…` and `/api/v1/objects/{hash}`: one file, its versions, their texts.

use app::Api;
use axum::{
    Extension, Router,
    extract::{
        Path, Query,
        rejection::{PathRejection, QueryRejection},
    },
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{
    FileName, ObjectId,
    view::{DiffQuery, HistoryQuery, Problem},
};
use serde::Deserialize;

use super::answer;
use crate::dashboard::{
    site::{Answered, Site},
    versions,
};

/// Whether JSON is wanted or the text itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Json,
    Raw,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Shape {
    format: Format,
}

type Name = Result<Path<String>, PathRejection>;
type Asked<T> = Result<Query<T>, QueryRejection>;

/// Routes of one file; they need [`Site`] as extension.
pub(in crate::dashboard) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/api/v1/files/{name}", get(show))
        .route("/api/v1/files/{name}/history", get(history))
        .route("/api/v1/files/{name}/diff", get(diff))
        .route("/api/v1/objects/{hash}", get(object))
}

async fn show(Extension(site): Extension<Site>, name: Name) -> Response {
    match named(name) {
        Ok(name) => answer(site.file(name).await),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

async fn history(
    Extension(site): Extension<Site>,
    name: Name,
    query: Asked<HistoryQuery>,
) -> Response {
    match (named(name), asked(query)) {
        (Ok(name), Ok(query)) => answer(site.history(name, query).await),
        (Err(problem), _) | (_, Err(problem)) => answer::<()>(Err(problem)),
    }
}

async fn diff(
    Extension(site): Extension<Site>,
    name: Name,
    query: Asked<DiffQuery>,
    shape: Asked<Shape>,
) -> Response {
    match (named(name), asked(query), asked(shape)) {
        (Ok(name), Ok(query), Ok(Shape { format: Format::Json })) => {
            answer(site.diff(name, query).await)
        }
        (Ok(name), Ok(query), Ok(Shape { format: Format::Raw })) => {
            raw(versions::raw_diff(&site, &name, query).await)
        }
        (Err(problem), ..) | (_, Err(problem), _) | (.., Err(problem)) => {
            answer::<()>(Err(problem))
        }
    }
}

async fn object(Extension(site): Extension<Site>, hash: Name, shape: Asked<Shape>) -> Response {
    match (hash.map_err(|error| malformed(error.body_text())).and_then(id), asked(shape)) {
        (Ok(id), Ok(Shape { format: Format::Json })) => answer(site.object(id).await),
        (Ok(id), Ok(Shape { format: Format::Raw })) => raw(versions::raw_object(&site, id).await),
        (Err(problem), _) | (_, Err(problem)) => answer::<()>(Err(problem)),
    }
}

fn named(name: Name) -> Answered<FileName> {
    let Path(name) = name.map_err(|error| malformed(error.body_text()))?;
    Ok(FileName::new(name))
}

fn id(Path(hash): Path<String>) -> Answered<ObjectId> {
    hash.parse().map_err(|error| malformed(format!("Not a hash: {error}.")))
}

fn asked<T>(query: Asked<T>) -> Answered<T> {
    let Query(query) = query.map_err(|error| malformed(error.body_text()))?;
    Ok(query)
}

fn malformed(message: String) -> Problem {
    Problem { code: "malformed".into(), message }
}

/// Plain text, never more than that: no browser may guess, and nothing in it may run.
fn raw(text: Answered<Vec<u8>>) -> Response {
    match text {
        Ok(text) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response(),
        Err(problem) => answer::<()>(Err(problem)),
    }
}
