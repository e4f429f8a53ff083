//! `POST /api/v1/settle` and `/api/v1/sync`: dry runs and runs, each item on its own.
//!
//! Only JSON is read: a form of a stranger's page cannot send that without being asked first.

use app::Api;
use axum::{
    Extension, Json, Router, extract::rejection::JsonRejection, response::Response, routing::post,
};
use domain::view::{Problem, SettleRequest, SyncRequest};

use super::answer;
use crate::{
    dashboard::site::{Answered, Site},
    operators::Who,
};

/// Routes that choose and repair; they need [`Site`] as extension.
pub(in crate::dashboard) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/api/v1/settle", post(settle)).route("/api/v1/sync", post(sync))
}

async fn settle(
    Extension(site): Extension<Site>,
    Extension(who): Extension<Who>,
    body: Result<Json<SettleRequest>, JsonRejection>,
) -> Response {
    match read(body, |request| request.items.len()) {
        Ok(SettleRequest { plan: true, items }) => answer(site.plan_settle(items).await),
        Ok(SettleRequest { plan: false, items }) => answer(site.asked_by(&who).settle(items).await),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

async fn sync(
    Extension(site): Extension<Site>,
    Extension(who): Extension<Who>,
    body: Result<Json<SyncRequest>, JsonRejection>,
) -> Response {
    match read(body, |request| request.files.len()) {
        Ok(SyncRequest { plan: true, files }) => answer(site.plan_sync(files).await),
        Ok(SyncRequest { plan: false, files }) => answer(site.asked_by(&who).sync(files).await),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

/// The body, when it has from 1 to as many items as one request may have.
fn read<T>(body: Result<Json<T>, JsonRejection>, items: impl Fn(&T) -> usize) -> Answered<T> {
    let malformed = |message| Problem { code: "malformed".to_owned(), message };
    let Json(request) = body.map_err(|rejection| malformed(rejection.body_text()))?;
    match items(&request) {
        1..=SettleRequest::MAX_ITEMS => Ok(request),
        count => Err(malformed(format!(
            "A request has from 1 to {} items, not {count}.",
            SettleRequest::MAX_ITEMS
        ))),
    }
}
