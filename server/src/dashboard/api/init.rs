//! `POST /api/v1/init`: founds a cluster of this node and the listed ones; `/anew` founds one of this
//! node, whose cluster has lost a majority. Only on the socket file.

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    response::Response,
    routing::post,
};
use domain::{
    Deed,
    view::{AnewRequest, Problem},
    words::{Action, Outcome},
};

use super::answer;
use crate::{
    app::App,
    dashboard::{entry, site::Answered},
    node::{
        founding::{self, Founded, NewMember},
        link::now_ms,
    },
};

pub(in crate::dashboard) fn router() -> Router<App> {
    Router::new().route("/api/v1/init", post(found)).route("/api/v1/init/anew", post(found_anew))
}

/// Founds, and writes that into the audit.
async fn found_audited(app: &App, members: Vec<NewMember>) -> Answered<Founded> {
    let founded = founding::found(app, members).await?;
    let names = founded.roster.members.iter().map(|member| member.name.as_str());
    let members = names.collect::<Vec<_>>().join(", ");
    let person = entry::command_line().name;
    let deed = Deed::new(now_ms(), &person, Action::Founded, Outcome::Done);
    app.record(Deed { after: Some(members), ..deed }).await;
    Ok(founded)
}

async fn found_anew(
    State(app): State<App>,
    request: Result<Json<AnewRequest>, JsonRejection>,
) -> Response {
    match request {
        Ok(Json(request)) => {
            let person = entry::command_line().name;
            answer(founding::found_anew(&app, request, &person).await)
        }
        Err(rejection) => {
            let message = rejection.body_text();
            answer::<()>(Err(Problem { code: "malformed".into(), message }))
        }
    }
}

async fn found(
    State(app): State<App>,
    members: Result<Json<Vec<NewMember>>, JsonRejection>,
) -> Response {
    match members {
        Ok(Json(members)) => answer(found_audited(&app, members).await),
        Err(rejection) => {
            let message = rejection.body_text();
            answer::<()>(Err(Problem { code: "malformed".into(), message }))
        }
    }
}
