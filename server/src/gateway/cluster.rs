//! `/cluster/…`: paths of the node itself, for load balancers and its own pages.

use axum::{
    Json, Router,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use serde_json::json;

use super::{Gateway, error, page};

pub(super) fn router() -> Router<Gateway> {
    Router::new()
        .route("/cluster/health", get(health))
        .route(page::STYLE_PATH, get(style))
        .route("/cluster/{*rest}", get(error::not_found))
}

/// Answers as long as this program takes requests.
async fn health() -> impl IntoResponse {
    Json(json!({ "state": "serving" }))
}

async fn style() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/css; charset=UTF-8"), (CACHE_CONTROL, "max-age=3600")];
    (headers, page::STYLE)
}
