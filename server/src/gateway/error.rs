//! Errors of the gateway in SWISH's shape: `{"code", "location", "message"}`, or a page.
//!
//! A [`Refusal`] says what is wrong; this is the one place that gives it a status and words.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header::RETRY_AFTER},
    response::{Html, IntoResponse, Response},
};
use domain::{CreateNameError, ObjectId};
use serde_json::{Value, json};
use thiserror::Error;

use super::{
    Gateway,
    accept::{self, Form},
    page, prefix, swish,
};
use crate::{
    node::{NodeError, ObjectError},
    search::SearchError,
};

/// Why a request is not carried out; nothing was changed.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    /// Nothing has this path.
    #[error("Path not found: {0}")]
    NotFound(String),
    /// A path that is not below the prefix (second).
    #[error("Path not found: {0}. Everything here is below {1}/")]
    Outside(String, String),
    /// The request cannot be understood.
    #[error("{0}")]
    Malformed(String),
    /// A name that no new file may get.
    #[error("This name cannot be used: {0}")]
    Name(#[from] CreateNameError),
    /// The file's `modify` does not let this visitor change it.
    #[error("You may not change {0}: its owner restricts who may")]
    MayNotModify(String),
    /// Data of a permalink is fixed.
    #[error("A permalink cannot be changed: {0}")]
    Permalink(String),
    /// Longer than allowed.
    #[error("{what} is longer than {limit}")]
    TooLarge {
        /// What is: "The text".
        what: &'static str,
        /// How long it may be: "4 MiB".
        limit: &'static str,
    },
    /// A body that we would have to unpack.
    #[error("A body is sent here without Content-Encoding")]
    Encoded,
    /// The client let us wait for the rest of its request.
    #[error("The rest of the request did not come in time")]
    TooSlow,
    /// The hash is not that of a file's version.
    #[error("{0} is no version of a file")]
    NotACommit(ObjectId),
    /// The content attacks SHA-1.
    #[error("This content is made to deceive SHA-1 and is not stored")]
    Collision,
    /// Method and path do not go together.
    #[error("This method cannot be used here")]
    Method,
    /// An object is on no node that answers, or the program stops; it may work later.
    #[error("{0}; try again later")]
    Unavailable(String),
    /// An object is damaged.
    #[error("{0}")]
    Broken(String),
    /// The SWISH beside this node does not answer.
    #[error(
        "The SWISH server here does not answer. Open pages go on saving; for the rest, try again in \
         a few seconds"
    )]
    SwishDown,
    /// A browser that opens its socket again and again.
    #[error(
        "No permission to reconnect websocket: too frequent reconnect requests; try again in a minute"
    )]
    TooFrequent,
    /// A page of another site asks for what only pages of this one may have.
    #[error("Pages of other sites cannot open this")]
    ForeignOrigin,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) | Self::Outside(..) => StatusCode::NOT_FOUND,
            Self::Malformed(_) | Self::NotACommit(_) | Self::Collision => StatusCode::BAD_REQUEST,
            Self::Name(_) | Self::MayNotModify(_) | Self::Permalink(_) | Self::ForeignOrigin => {
                StatusCode::FORBIDDEN
            }
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable(_) | Self::TooFrequent => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::SwishDown => StatusCode::BAD_GATEWAY,
        }
    }

    fn body(&self) -> Value {
        let mut body = json!({ "code": self.status().as_u16(), "message": self.to_string() });
        match self {
            // The message names the path as well.
            Self::NotFound(path) => {
                let path = prefix::here(path);
                body["message"] = format!("Path not found: {path}").into();
                body["location"] = path.into();
            }
            Self::Outside(path, _) => body["location"] = path.as_str().into(),
            _ => {}
        }
        body
    }

    /// The answer, in the form this client wants.
    pub(super) fn into_response(self, headers: &HeaderMap) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::warn!(%status, error = %self, "request failed");
        }
        let mut response = match accept::form(headers) {
            Form::Json => (status, json_type(), Json(self.body())).into_response(),
            Form::Html => (status, Html(page::error::render(status, &self))).into_response(),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, 5.into());
        }
        page::protect(response)
    }
}

impl From<ObjectError> for Refusal {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Missing(_) | ObjectError::Stopping(_) => {
                Self::Unavailable(error.to_string())
            }
            ObjectError::Read(_) => Self::Broken(error.to_string()),
        }
    }
}

impl From<NodeError> for Refusal {
    fn from(error: NodeError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<SearchError> for Refusal {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Query(error) => Self::Malformed(error.to_string()),
            SearchError::Site(error) => Self::Broken(error.to_string()),
            SearchError::Busy => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<gitty::CollisionError> for Refusal {
    fn from(_: gitty::CollisionError) -> Self {
        Self::Collision
    }
}

/// SWISH names the charset of its JSON.
pub(super) fn json_type() -> [(axum::http::HeaderName, &'static str); 1] {
    [(axum::http::header::CONTENT_TYPE, "application/json; charset=UTF-8")]
}

/// Answers for every path that the node has not: SWISH's, if there is one.
pub(super) async fn elsewhere(State(gateway): State<Gateway>, request: Request) -> Response {
    match &gateway.swish {
        Some(swish) => {
            let headers = request.headers().clone();
            let mut answer = swish::forward(swish, request).await;
            if let Some(seen) = answer.extensions_mut().remove::<swish::Seen>() {
                gateway.chat.follow_login(&headers, &seen);
            }
            answer
        }
        None => not_found(request.uri().clone(), request.headers().clone()).await,
    }
}

/// Answers for every path that nobody has.
pub(super) async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    Refusal::NotFound(uri.path().to_owned()).into_response(&headers)
}

/// Answers for methods that a path does not have.
pub(super) async fn wrong_method(headers: HeaderMap) -> Response {
    Refusal::Method.into_response(&headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_path_reads_as_swish_says_it() {
        let refusal = Refusal::NotFound("/p/nosuch.pl".into());
        assert_eq!(
            refusal.body(),
            json!({
                "code": 404,
                "location": "/p/nosuch.pl",
                "message": "Path not found: /p/nosuch.pl",
            })
        );
    }

    #[test]
    fn other_errors_have_code_and_message_only() {
        let refusal = Refusal::Malformed("\"previous\" is missing".into());
        assert_eq!(refusal.body(), json!({ "code": 400, "message": "\"previous\" is missing" }));
        let refusal = Refusal::from(domain::FileName::for_create("../q.exe").unwrap_err());
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
    }
}
