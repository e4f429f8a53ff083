//! `/cluster/…`: paths of the node itself, for load balancers and its own pages.

use axum::{
    Json, Router,
    extract::State,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::IntoResponse,
    routing::get,
};
use domain::words::SwishState;
use serde_json::json;

use super::{Gateway, error, page, swish::Swish};

pub(super) fn router() -> Router<Gateway> {
    Router::new()
        .route("/cluster/health", get(health))
        .route(page::STYLE_PATH, get(style))
        .route("/cluster/{*rest}", get(error::not_found))
}

/// 200 as long as this node takes new pages; 503 while it drains (it goes on voting), and while the
/// SWISH beside it does not answer.
async fn health(State(gateway): State<Gateway>) -> impl IntoResponse {
    if gateway.node.shared().node().draining {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "state": "draining" })));
    }
    let swish = gateway.swish.as_ref().map(Swish::state);
    match swish {
        None | Some(SwishState::Up) => (StatusCode::OK, Json(json!({ "state": "serving" }))),
        Some(state) => {
            let said = json!({ "state": "no_swish", "swish": state });
            (StatusCode::SERVICE_UNAVAILABLE, Json(said))
        }
    }
}

async fn style() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/css; charset=UTF-8"), (CACHE_CONTROL, "max-age=3600")];
    (headers, page::STYLE)
}
