//! The Leptos pages, rendered here, and the files that bring them to life.

use std::sync::Arc;

use app::{App as Dashboard, SharedApi, shell};
use axum::{
    Router,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY, request::Parts},
    routing::get,
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::{
    LeptosRoutes, ResponseOptions, generate_route_list_with_exclusions_and_ssg_and_context,
};

use super::{assets, site::Site};
use crate::operators::Who;

/// Routes of pages and their files.
pub(super) fn router(site: Site) -> Router {
    let options = app::options(assets::package_dir().as_deref());
    let listed: SharedApi = Arc::new(site.clone());
    let (routes, _) =
        generate_route_list_with_exclusions_and_ssg_and_context(Dashboard, None, move || {
            provide_context(Arc::clone(&listed));
        });
    let context = move || {
        provide_context(api_of(&site));
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

/// The node's answers for whoever asks for this page.
fn api_of(site: &Site) -> SharedApi {
    let who = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Who>().cloned());
    Arc::new(who.map_or_else(|| site.clone(), |who| site.asked_by(&who)))
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
