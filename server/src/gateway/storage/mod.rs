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
    extract::DefaultBodyLimit,
    http::{
        HeaderValue, StatusCode,
        header::{ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN},
    },
    middleware::map_response,
    response::Response,
    routing::{get, post},
};

use super::{Gateway, error};

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
        .layer(map_response(allow_all_origins))
}

async fn options() -> StatusCode {
    StatusCode::OK
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
    let mut url = String::from("/p/");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
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
