//! `GET /health`: the cluster's state for probes; 503 when nothing can be decided.

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::words::ClusterState;
use serde_json::json;

use super::{picture::Tally, site::Site};
use crate::{app::App, operators::Who};

pub(super) async fn show(State(app): State<App>, who: Option<Extension<Who>>) -> Response {
    let site = Site::new(&app);
    let status = site.ask(|picture, shared| picture.status(&Tally::take(picture, shared))).await;
    let Ok(status) = status else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let code = match status.state {
        ClusterState::NoMajority => StatusCode::SERVICE_UNAVAILABLE,
        ClusterState::Degraded
        | ClusterState::Diverged
        | ClusterState::CatchingUp
        | ClusterState::Healthy => StatusCode::OK,
    };
    // Sentences name nodes: strangers get the word only.
    let body = match who {
        None => json!({ "state": status.state, "word": status.state.word() }),
        Some(_) => json!({
            "state": status.state,
            "word": status.state.word(),
            "sentence": status.sentence,
            "margin": status.margin,
        }),
    };
    (code, Json(body)).into_response()
}
