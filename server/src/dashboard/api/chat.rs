//! `/api/v1/chat`, `/api/v1/visitors`, and `POST /api/v1/moderate`, which writes into the audit.

use app::Api;
use axum::{
    Extension, Json, Router,
    extract::{Path, RawQuery, rejection::JsonRejection},
    response::Response,
    routing::{get, post},
};
use domain::view::{ChatsQuery, MessagesQuery, ModerateRequest, Problem, VisitorsQuery};

use super::answer;
use crate::{dashboard::site::Site, operators::Who};

/// Chats and visitors; they need [`Site`] as extension.
pub(in crate::dashboard) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/api/v1/chat", get(list))
        .route("/api/v1/chat/{document}", get(one))
        .route("/api/v1/visitors", get(visitors))
        .route("/api/v1/moderate", post(moderate))
}

async fn list(Extension(site): Extension<Site>, RawQuery(query): RawQuery) -> Response {
    answer(site.chats(ChatsQuery::parse(&query.unwrap_or_default())).await)
}

async fn one(
    Extension(site): Extension<Site>,
    Path(document): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(site.chat(document, MessagesQuery::parse(&query.unwrap_or_default())).await)
}

async fn visitors(Extension(site): Extension<Site>, RawQuery(query): RawQuery) -> Response {
    answer(site.visitors(VisitorsQuery::parse(&query.unwrap_or_default())).await)
}

async fn moderate(
    Extension(site): Extension<Site>,
    Extension(who): Extension<Who>,
    body: Result<Json<ModerateRequest>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(ModerateRequest { plan: true, item, .. })) => {
            answer(site.plan_moderate(item).await)
        }
        Ok(Json(ModerateRequest { plan: false, item, reason })) => {
            answer(site.asked_by(&who).moderate(item, reason).await)
        }
        Err(rejection) => {
            let (code, message) = ("malformed".to_owned(), rejection.body_text());
            answer::<()>(Err(Problem { code, message }))
        }
    }
}
