//! `/api/v1/nodes`: who is in the cluster, and what an operator does with a node.
//!
//! `POST /api/v1/nodes/{name or id}/{action}` is for operators and the command line; `invite` and
//! `/api/v1/join` are on the socket file only.

use app::Api;
use axum::{
    Extension, Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    response::Response,
    routing::{get, post},
};
use domain::{
    Deed, Thing,
    view::{NodeAnswer, NodeRequest, Problem},
    words::{Action, NodeAction, Outcome},
};
use serde::{Deserialize, Serialize};

use super::answer;
use crate::{
    app::App,
    dashboard::{
        entry,
        site::{Answered, Site},
    },
    node::{
        joining::{self, Joining},
        link::now_ms,
    },
    operators::Who,
};

/// Whom to ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Join {
    /// Link address of a node of the cluster.
    pub(crate) address: String,
    /// Leave the cluster that this node is in.
    #[serde(default)]
    pub(crate) leave_old_cluster: bool,
}

/// Who is in the cluster, and what is done with them; they need [`Site`] as extension.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/api/v1/nodes", get(show))
        .route("/api/v1/nodes/{node}/{action}", post(act))
}

/// Routes of the socket file.
pub(in crate::dashboard) fn commands() -> Router<App> {
    Router::new().route("/api/v1/join", post(join)).route("/api/v1/invite", post(invite))
}

async fn show(Extension(site): Extension<Site>) -> Response {
    answer(site.overview().await.map(|overview| overview.nodes))
}

async fn act(
    Extension(site): Extension<Site>,
    Extension(who): Extension<Who>,
    Path((node, action)): Path<(String, String)>,
    body: Result<Json<NodeRequest>, JsonRejection>,
) -> Response {
    let Ok(action) = action.parse::<NodeAction>() else {
        return answer::<()>(Err(malformed(format!("There is no action {action:?} on nodes."))));
    };
    let answered: Answered<NodeAnswer> = match body {
        Ok(Json(NodeRequest { plan: true, .. })) => site.plan_on(&node, action).await,
        Ok(Json(NodeRequest { plan: false, reason })) => {
            site.asked_by(&who).act_on(&node, action, reason).await
        }
        Err(rejection) => Err(malformed(rejection.body_text())),
    };
    answer(answered)
}

async fn invite(State(app): State<App>) -> Response {
    answer(joining::invite(&app))
}

async fn join(State(app): State<App>, join: Result<Json<Join>, JsonRejection>) -> Response {
    let joined = match join {
        Ok(Json(join)) => ask_to_join(&app, join).await,
        Err(rejection) => Err(malformed(rejection.body_text())),
    };
    answer(joined)
}

/// Asks, and writes that into the audit of this node; the cluster has it when it is let in.
async fn ask_to_join(app: &App, join: Join) -> Answered<Joining> {
    let Join { address, leave_old_cluster } = join;
    let person = entry::command_line().name;
    let joining = joining::join(app, address, leave_old_cluster, &person).await?;
    let deed = Deed::new(now_ms(), &person, Action::AskedToJoin, Outcome::Done);
    app.record(Deed { thing: Some(Thing::Node(joining.asked.clone())), ..deed }).await;
    Ok(joining)
}

fn malformed(message: String) -> Problem {
    Problem { code: "malformed".into(), message }
}
