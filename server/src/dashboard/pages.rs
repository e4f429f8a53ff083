//! The Leptos pages, rendered here, and the files that bring them to life.

use std::sync::Arc;

use app::{App as Dashboard, SharedApi, shell};
use axum::{Router, http::HeaderValue, http::header::CONTENT_SECURITY_POLICY, routing::get};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::{
    LeptosRoutes, ResponseOptions, generate_route_list_with_exclusions_and_ssg_and_context,
};

use super::{assets, site::Site};

/// Routes of pages and their files.
pub(super) fn router(site: Site) -> Router {
    let options = app::options(assets::package_dir().as_deref());
    let api: SharedApi = Arc::new(site);
    let listed = Arc::clone(&api);
    let (routes, _) =
        generate_route_list_with_exclusions_and_ssg_and_context(Dashboard, None, move || {
            provide_context(Arc::clone(&listed));
        });
    let context = move || {
        provide_context(Arc::clone(&api));
        allow_own_scripts();
    };
    let document = {
        let options = options.clone();
        move || shell(options.clone())
    };
    Router::new()
        .leptos_routes_with_context(&options, routes, context, document)
        .route("/pkg/{*path}", get(assets::show))
        .with_state(options)
}

/// Allows the scripts and styles of this document only, by the number used once in them.
fn allow_own_scripts() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
        return;
    };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
}
