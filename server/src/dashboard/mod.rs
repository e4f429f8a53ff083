//! The operators' side: pages, the JSON API, the event stream, health and metrics.
//!
//! ```text
//!   node::Shared ─▶ picture (states, counts, cards) ─▶ site (app's Api) ─▶ pages, /api/v1
//!   node events  ─▶ live (coalesce, number, keep)   ─▶ /api/v1/events
//! ```
//!
//! Over TCP nobody gets past `entry` who is not logged in, and viewers change nothing; commands
//! about accounts and founding are on the socket file ([`commands`]).

mod activity;
pub(crate) mod api;
mod assets;
mod behind;
mod chat;
mod divergences;
mod entry;
mod health;
mod live;
mod metrics;
mod pages;
mod picture;
mod security;
mod site;
mod versions;

#[cfg(test)]
mod tests;

use axum::{Extension, Router, middleware, routing::get};

use crate::app::App;
use site::Site;

pub(crate) use api::operators;
pub use chat::Compared;
pub use entry::link;

/// Routes of the dashboard; starts the task that feeds its event streams.
pub fn router(app: App) -> Router {
    let site = Site::new(&app);
    let hosts = security::Hosts::of(&app);
    let entry = entry::Entry::of(&app);
    pages::router(site)
        .merge(entry::router(&app))
        .merge(reads(app))
        .layer(middleware::from_fn_with_state(entry, entry::guard))
        .layer(middleware::map_response(security::harden))
        .layer(middleware::from_fn_with_state(hosts, security::check_host))
}

/// Routes of the socket file, which only this machine's operator can open.
pub fn commands(app: App) -> Router {
    let commands =
        api::init::router().merge(api::operators::router()).merge(api::nodes::commands());
    reads(app.clone()).merge(commands.with_state(app)).layer(Extension(entry::command_line()))
}

fn reads(app: App) -> Router {
    Router::new()
        .merge(api::router(&app))
        .route("/health", get(health::show))
        .route("/metrics", get(metrics::show))
        .with_state(app)
}
