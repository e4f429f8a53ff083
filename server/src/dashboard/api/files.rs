//! `GET /api/v1/files?…`: [`domain::view::FilesPage`], asked as pages' addresses ask.

use app::Api;
use axum::{Extension, extract::RawQuery, response::Response};
use domain::view::FilesQuery;

use super::answer;
use crate::dashboard::site::Site;

pub(super) async fn show(Extension(site): Extension<Site>, RawQuery(query): RawQuery) -> Response {
    answer(site.files(FilesQuery::parse(&query.unwrap_or_default())).await)
}
