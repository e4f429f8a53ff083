//! `/api/v1`: one file per resource, JSON of the types in `domain::view`.

mod activity;
pub(super) mod chat;
pub(super) mod divergences;
mod events;
pub(super) mod file;
mod files;
pub(super) mod init;
mod me;
pub(crate) mod nodes;
pub(crate) mod operators;
mod overview;
pub(super) mod settle;
pub(crate) mod status;

use axum::{
    Extension, Json, Router,
    http::{HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::view::Problem;
use serde::Serialize;

use super::{live, site::Site};
use crate::app::App;

/// Routes of pages and scripts; starts the task behind the event stream.
pub(super) fn router(app: &App) -> Router<App> {
    let site = Site::new(app);
    let feed = live::start(site.clone(), app.stop.clone());
    Router::new()
        .route("/api/v1/overview", get(overview::show))
        .route("/api/v1/me", get(me::show))
        .route("/api/v1/activity", get(activity::show))
        .route("/api/v1/files", get(files::show))
        .merge(file::router())
        .merge(nodes::router())
        .merge(divergences::router())
        .merge(settle::router())
        .merge(chat::router())
        .route("/api/v1/status", get(status::show))
        .route("/api/v1/events", get(events::show))
        .layer(Extension(site))
        .layer(Extension(feed))
}

/// JSON that nobody keeps, or a problem with its status.
fn answer<T: Serialize>(result: Result<T, Problem>) -> Response {
    let mut response = match result {
        Ok(value) => Json(value).into_response(),
        Err(problem) => (status_of(&problem), Json(problem)).into_response(),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn status_of(problem: &Problem) -> StatusCode {
    match problem.code.as_str() {
        "not_found" | "missing" | "no_such_node" => StatusCode::NOT_FOUND,
        "malformed" => StatusCode::BAD_REQUEST,
        "too_large" => StatusCode::UNPROCESSABLE_ENTITY,
        "already_member" | "not_empty" | "taken" | "refused" => StatusCode::CONFLICT,
        "unreachable" => StatusCode::BAD_GATEWAY,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}
