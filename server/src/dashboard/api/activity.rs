//! `GET /api/v1/activity`: [`domain::view::ActivityPage`], or everything as lines of JSON.

use app::Api;
use axum::{
    Extension,
    extract::RawQuery,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use domain::view::ActivityQuery;

use super::answer;
use crate::dashboard::{activity, site::Site};

const LINES: [(axum::http::HeaderName, &str); 2] = [
    (CONTENT_TYPE, "application/jsonl; charset=utf-8"),
    (CONTENT_DISPOSITION, "attachment; filename=\"activity.jsonl\""),
];

pub(super) async fn show(Extension(site): Extension<Site>, RawQuery(query): RawQuery) -> Response {
    let text = query.unwrap_or_default();
    let query = ActivityQuery::parse(&text);
    if !text.split('&').any(|pair| pair == "format=jsonl") {
        return answer(site.activity(query).await);
    }
    match site.ask(move |_, shared| activity::lines(shared, &query)).await {
        Ok(lines) => (LINES, lines).into_response(),
        Err(problem) => answer::<()>(Err(problem)),
    }
}
