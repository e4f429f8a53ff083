//! Lists and search, as SWISH's pages ask for them: `/source_list`, `/source_modified`,
//! `/typeahead`.

mod parameters;
mod source_list;
mod source_modified;
mod typeahead;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header::ACCESS_CONTROL_ALLOW_ORIGIN},
    middleware::map_response,
    response::Response,
    routing::get,
};

use super::{Gateway, error};

pub(super) use parameters::Parameters;

/// Longest body of a request: a form.
const MAX_BODY_BYTES: usize = 64 << 10;

pub(super) fn router() -> Router<Gateway> {
    let list = get(source_list::list)
        .post(source_list::list)
        .options(options)
        .fallback(error::wrong_method)
        .layer(map_response(allow_all_origins));
    let modified = get(source_modified::modified).fallback(error::wrong_method);
    let typeahead = get(typeahead::suggest).fallback(error::wrong_method);
    Router::new()
        .route("/source_list", list)
        .route("/source_modified", modified.layer(map_response(allow_all_origins)))
        .route("/typeahead", typeahead)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

async fn options() -> StatusCode {
    StatusCode::OK
}

/// SWISH's default: pages of every site may list files.
async fn allow_all_origins(mut response: Response) -> Response {
    let all = HeaderValue::from_static("*");
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, all);
    response
}
