//! `/p/…`: SWISH's storage surface: read, create, update and delete files.
//!
//! ```text
//!   PUT ─▶ posted (parse) ─▶ authorise ─▶ gitty (new commit) ─▶ save ─▶ node
//!                                         reply ◀─ decided ◀──────────────┤
//!                                      conflict ◀─ lost to another save ◀─┘
//! ```
//!
//! Where SWISH answers 500 to a client's mistake, these answer 400, 403, 404, 405 or 413 with a
//! reason; HEAD is answered as GET without its body.
//! Who saves is what the SWISH beside the node says; without one every visitor is anonymous.

mod authorise;
mod client;
mod conflict;
mod create;
mod delete;
mod diff;
mod get;
mod history;
mod posted;
pub(super) mod reply;
mod save;
mod update;
mod version;

use axum::{
    Router,
    body::HttpBody,
    extract::{DefaultBodyLimit, Request},
    http::{
        HeaderValue, Method, StatusCode,
        header::{ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_ENCODING},
    },
    middleware::{Next, from_fn, map_response},
    response::Response,
    routing::{get, post},
};

use super::{Gateway, entry::encode, error, prefix::here};

pub(super) use client::Client;
pub(super) use version::Version;

/// Longest body of a request.
const MAX_BODY_BYTES: usize = 8 << 20;

pub(super) fn router() -> Router<Gateway> {
    let files = get(get::get)
        .put(update::update)
        .delete(delete::delete)
        .options(options)
        .fallback(error::wrong_method);
    let folder = || post(create::create).options(options).fallback(error::not_found);
    Router::new()
        .route("/p", folder())
        .route("/p/", folder())
        .route("/p/{*path}", files)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(refuse_body))
        .layer(map_response(allow_all_origins))
}

async fn options() -> StatusCode {
    StatusCode::OK
}

/// Nothing that a client packed is unpacked here: a few bytes could become any number of them. What says
/// that it is too long is not read at all.
async fn refuse_body(request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX) {
        return posted::too_large().into_response(request.headers());
    }
    let is_read = matches!(*request.method(), Method::POST | Method::PUT);
    match request.headers().get(CONTENT_ENCODING) {
        Some(coding) if is_read && coding != "identity" => {
            error::Refusal::Encoded.into_response(request.headers())
        }
        Some(_) | None => next.run(request).await,
    }
}

/// SWISH's default: pages of every site may use the store.
async fn allow_all_origins(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let methods = HeaderValue::from_static("GET, POST, PUT, DELETE");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    response
}

/// Address of a file, encoded as SWISH encodes it.
pub(super) fn url(name: &str) -> String {
    here(&format!("/p/{}", encode(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_what_a_path_may_hold_and_encode_the_rest() {
        assert_eq!(url("demo5.pl"), "/p/demo5.pl");
        assert_eq!(url("a/b c?.pl"), "/p/a/b%20c%3F.pl");
        assert_eq!(url("größe%.pl"), "/p/gr%C3%B6%C3%9Fe%25.pl");
    }
}
