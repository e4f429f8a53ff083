//! Who gets in: sessions by cookie, the token for reading, and whose requests may change anything.

mod cookie;
mod guard;
mod login;
mod origin;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use domain::words::Role;

use crate::{
    app::App,
    config::PublicUrl,
    operators::{By, Operators, Secret, Who},
};
use cookie::Cookies;

pub(super) use guard::guard;

/// Largest form of a login.
const FORM_BYTES: usize = 16 << 10;

/// What the guard needs; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    operators: Operators,
    cookies: Arc<Cookies>,
    public: Option<PublicUrl>,
}

impl Entry {
    pub(super) fn of(app: &App) -> Self {
        let public = app.config.listen.dashboard_url.clone();
        let cookies = Arc::new(Cookies::of(app));
        Self { operators: app.operators.clone(), cookies, public }
    }
}

/// Routes of logging in and out.
pub(super) fn router(app: &App) -> Router {
    Router::new()
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/invitation/{link}", get(login::invited).post(login::accept))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .with_state(app.clone())
}

/// Who speaks on the socket file.
pub(super) fn command_line() -> Who {
    Who { name: "command line".to_owned(), role: Role::Operator, by: By::Socket }
}

/// Address of a one-time link.
#[must_use]
pub fn link(app: &App, link: &Secret) -> String {
    let public = app.config.listen.dashboard_url.as_ref().map(ToString::to_string);
    let base = public.unwrap_or_else(|| app.addresses.dashboard.clone());
    format!("{base}/invitation/{}", link.text())
}
