//! `GET /api/v1/overview`: [`domain::view::Overview`].

use app::Api;
use axum::{Extension, response::Response};

use super::answer;
use crate::dashboard::site::Site;

pub(super) async fn show(Extension(site): Extension<Site>) -> Response {
    answer(site.overview().await)
}
