//! `POST /api/v1/init`: founds a cluster of this node and the listed ones; only on the socket file.

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    response::Response,
    routing::post,
};
use domain::view::Problem;

use super::answer;
use crate::{
    app::App,
    node::founding::{self, NewMember},
};

pub(in crate::dashboard) fn router() -> Router<App> {
    Router::new().route("/api/v1/init", post(found))
}

async fn found(
    State(app): State<App>,
    members: Result<Json<Vec<NewMember>>, JsonRejection>,
) -> Response {
    match members {
        Ok(Json(members)) => answer(founding::found(&app, members).await),
        Err(rejection) => {
            let message = rejection.body_text();
            answer::<()>(Err(Problem { code: "malformed".into(), message }))
        }
    }
}
