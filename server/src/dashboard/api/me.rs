//! `GET /api/v1/me`: [`domain::view::Me`].

use axum::{Extension, response::Response};
use domain::view::Me;

use super::answer;
use crate::operators::Who;

pub(super) async fn show(Extension(Who { name, role, .. }): Extension<Who>) -> Response {
    answer(Ok(Me { name, role }))
}
