//! The one place that decides whether a request over TCP is let through.

use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{AUTHORIZATION, CACHE_CONTROL},
    },
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use domain::view::{Problem, escape};

use super::{Entry, origin};
use crate::{
    node::link::now_ms,
    operators::{Secret, Who},
};

/// Adds [`Who`] to the request, or answers it.
///
/// Without a login only `/login`, one-time links, files of the pages and `/health` are answered.
/// What changes something comes from an own page, and not from a viewer.
pub(in crate::dashboard) async fn guard(
    State(entry): State<Entry>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let who = entry.who(request.headers());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !origin::is_own(request.headers(), entry.public.as_ref()) {
        return refuse(StatusCode::FORBIDDEN, "foreign_origin", FOREIGN);
    }
    match &who {
        None if !is_open(&path) => return strangers(request.method(), request.uri()),
        Some(who) if changes && !who.role.may_act() && !is_own_affair(&path) => {
            return refuse(StatusCode::FORBIDDEN, "forbidden", VIEWER);
        }
        None | Some(_) => {}
    }
    if let Some(who) = who {
        request.extensions_mut().insert(who);
    }
    next.run(request).await
}

const FOREIGN: &str = "This comes from another site's page, so nothing was changed. Use the \
                       dashboard's own pages; behind a proxy, start the node with --dashboard-url.";
const VIEWER: &str = "A viewer changes nothing. `swish-cluster operator role NAME operator` makes \
                      one an operator.";
const LOGIN: &str = "Log in first: /login. Scripts send the token of the data directory.";

impl Entry {
    pub(super) fn who(&self, headers: &HeaderMap) -> Option<Who> {
        let now = now_ms();
        let session = self.cookies.read(headers);
        let session = session.and_then(|session| self.operators.session(&session, now));
        session.or_else(|| self.operators.token(&bearer(headers)?))
    }
}

/// `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::parse(token))?
}

/// Answered without a login.
fn is_open(path: &str) -> bool {
    matches!(path, "/login" | "/health")
        || path.starts_with("/pkg/")
        || path.starts_with("/invitation/")
}

/// What viewers may do too.
fn is_own_affair(path: &str) -> bool {
    matches!(path, "/login" | "/logout") || path.starts_with("/invitation/")
}

/// Programs are told; people are sent to the login and back.
fn strangers(method: &Method, uri: &Uri) -> Response {
    let is_page = *method == Method::GET && !uri.path().starts_with("/api/");
    if !is_page || uri.path() == "/metrics" {
        return refuse(StatusCode::UNAUTHORIZED, "login", LOGIN);
    }
    let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    let login = match wanted {
        "/" => "/login".to_owned(),
        wanted => format!("/login?next={}", escape(wanted)),
    };
    Redirect::to(&login).into_response()
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let problem = Problem { code: code.to_owned(), message: message.to_owned() };
    let mut response = (status, Json(problem)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
