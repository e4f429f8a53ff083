//! An error as a page.

use std::fmt::Display;

use axum::http::StatusCode;

use super::{document, escape};
use crate::gateway::prefix::here;

/// The page for `error`.
pub(in crate::gateway) fn render(status: StatusCode, error: &impl Display) -> String {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = format!(
        "<h1>{title}</h1>\n<p>{}.</p>\n<nav><a href=\"{}\">Files</a></nav>\n",
        escape(&error.to_string()),
        escape(&here("/"))
    );
    document(title, &body)
}
