//! The operators' side: pages, the JSON API, the event stream, health and metrics.
//!
//! ```text
//!   node::Shared ─▶ picture (states, counts, cards) ─▶ site (app's Api) ─▶ pages, /api/v1
//!   node events  ─▶ live (coalesce, number, keep)   ─▶ /api/v1/events
//! ```
//!
//! What founds a cluster is on the socket file only ([`commands`]); choosing between sides and
//! syncing a file is on both, as JSON, which a stranger's page cannot send.

mod api;
mod assets;
mod behind;
mod divergences;
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

use axum::{Router, middleware, routing::get};

use crate::app::App;
use site::Site;

/// Routes of the dashboard; starts the task that feeds its event streams.
pub fn router(app: App) -> Router {
    let site = Site::new(&app);
    let hosts = security::Hosts::of(&app);
    pages::router(site)
        .merge(reads(app))
        .layer(middleware::map_response(security::harden))
        .layer(middleware::from_fn_with_state(hosts, security::check_host))
}

/// Routes of the socket file, which only this machine's operator can open.
pub fn commands(app: App) -> Router {
    reads(app.clone()).merge(api::init::router().with_state(app))
}

fn reads(app: App) -> Router {
    Router::new()
        .merge(api::router(&app))
        .route("/health", get(health::show))
        .route("/metrics", get(metrics::show))
        .with_state(app)
}
