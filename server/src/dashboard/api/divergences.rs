//! `GET /api/v1/divergences…`: files that need a choice, and what a choice needs.

use app::Api;
use axum::{
    Extension, Router,
    extract::{
        Path, Query, RawQuery,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
    routing::get,
};
use domain::{
    FileName, ObjectId,
    view::{DivergencesQuery, Problem},
};
use serde::Deserialize;

use super::answer;
use crate::dashboard::site::{Answered, Site};

type Name = Result<Path<String>, PathRejection>;

/// Which side is merged with the decided head.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Merging {
    side: ObjectId,
}

/// Routes that read divergences; they need [`Site`] as extension.
pub(in crate::dashboard) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/api/v1/divergences", get(list))
        .route("/api/v1/divergences/{name}", get(show))
        .route("/api/v1/divergences/{name}/merge", get(merge))
}

async fn list(Extension(site): Extension<Site>, RawQuery(query): RawQuery) -> Response {
    answer(site.divergences(DivergencesQuery::parse(&query.unwrap_or_default())).await)
}

async fn show(Extension(site): Extension<Site>, name: Name) -> Response {
    match named(name) {
        Ok(name) => answer(site.divergence(name).await),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

async fn merge(
    Extension(site): Extension<Site>,
    name: Name,
    query: Result<Query<Merging>, QueryRejection>,
) -> Response {
    let query = query.map_err(|error| malformed(error.body_text()));
    match (named(name), query) {
        (Ok(name), Ok(Query(Merging { side }))) => answer(site.merge(name, side).await),
        (Err(problem), _) | (_, Err(problem)) => answer::<()>(Err(problem)),
    }
}

fn named(name: Name) -> Answered<FileName> {
    let Path(name) = name.map_err(|error| malformed(error.body_text()))?;
    Ok(FileName::new(name))
}

fn malformed(message: String) -> Problem {
    Problem { code: "malformed".into(), message }
}
