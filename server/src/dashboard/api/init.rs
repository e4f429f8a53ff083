//! `POST /api/v1/init`: founds a cluster; only on the socket file.

use axum::{Json, Router, extract::State, response::Response, routing::post};

use super::answer;
use crate::{app::App, node::founding};

pub(in crate::dashboard) fn router() -> Router<App> {
    Router::new().route("/api/v1/init", post(found))
}

async fn found(State(app): State<App>, Json(members): Json<Vec<founding::NewMember>>) -> Response {
    answer(founding::found(&app, members).await)
}
