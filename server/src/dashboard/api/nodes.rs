//! `/api/v1/nodes`: who is in the cluster, and what an operator does with a node. Reading works
//! everywhere; `POST /api/v1/nodes/{name or id}/{action}` and `/api/v1/join` on the socket file.

use app::Api;
use axum::{
    Extension, Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    response::Response,
    routing::{get, post},
};
use domain::{view::Problem, words::NodeAction};
use serde::{Deserialize, Serialize};

use super::answer;
use crate::{
    app::App,
    dashboard::site::Site,
    node::joining::{self, Invitation, Joining},
    node::membership::{self, Answer},
};

/// Whom to ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Join {
    /// Link address of a node of the cluster.
    pub(crate) address: String,
}

/// Who is in the cluster.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/api/v1/nodes", get(show))
}

/// Routes that change something.
pub(in crate::dashboard) fn commands() -> Router<App> {
    Router::new()
        .route("/api/v1/join", post(join))
        .route("/api/v1/nodes/invite", post(invite))
        .route("/api/v1/nodes/{node}/{action}", post(act))
}

async fn show(Extension(site): Extension<Site>) -> Response {
    answer(site.overview().await.map(|overview| overview.nodes))
}

async fn act(State(app): State<App>, Path((node, action)): Path<(String, String)>) -> Response {
    let answered: Result<Answer, Problem> = match action.parse::<NodeAction>() {
        Ok(action) => membership::act(&app, &node, action).await,
        Err(_) => Err(malformed(format!("There is no action {action:?} on nodes."))),
    };
    answer(answered)
}

async fn invite(State(app): State<App>) -> Response {
    let invitation: Result<Invitation, Problem> = joining::invite(&app);
    answer(invitation)
}

async fn join(State(app): State<App>, join: Result<Json<Join>, JsonRejection>) -> Response {
    let joined: Result<Joining, Problem> = match join {
        Ok(Json(Join { address })) => joining::join(&app, address).await,
        Err(rejection) => Err(malformed(rejection.body_text())),
    };
    answer(joined)
}

fn malformed(message: String) -> Problem {
    Problem { code: "malformed".into(), message }
}
