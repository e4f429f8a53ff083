//! Who asks the node: SWISH owns identity, so it is asked, and its answer is believed on all nodes.
//!
//! ```text
//!  browser ── /user_info ──▶ SWISH says who ──▶ cookie (login), given to the browser
//!  a save: cookie ─▶ its login      no cookie, or credentials of HTTP ─▶ SWISH is asked
//! ```
//!
//! A digest is made for one method and one number: SWISH is asked with the method of the save, and a
//! request that goes to SWISH itself is never asked about here.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::words::SwishState;
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    Swish, config,
    forward::{ask, scheme},
    headers::end_connection,
    login::{Login, Vouchers},
    upgrade::is_same_origin,
};
use crate::{
    front::Scheme,
    gateway::{entry::Sent, error::Refusal},
    node::link::now_ms,
};

/// Where SWISH says who somebody is.
const USER_INFO: &str = "/user_info";
/// Paths after which nobody is logged in.
const LEAVING: [&str; 3] = ["/logout", "/http_logout", END];
/// After it the session is another one.
const END: &str = "/delete_profile";
/// Paths after which somebody may be called something else.
const EDITING: [&str; 2] = ["/save_profile", "/update_profile"];
/// A page waits for its save.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest answer that is read.
const MAX_BYTES: usize = 64 << 10;

/// What SWISH answered.
enum Said {
    Somebody(Login),
    Nobody,
    /// It wants other credentials.
    Challenge(Response),
    /// It did not answer.
    Nothing,
}

/// Who a browser is now, as an answer of SWISH shows it; in that answer's extensions.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Seen {
    /// Somebody, or nobody any more.
    pub(in crate::gateway) login: Option<Login>,
    /// Their session has ended.
    pub(in crate::gateway) is_end: bool,
}

impl Swish {
    /// Who sends this request to the node; none is a visitor. A page of another site is nobody's.
    ///
    /// # Errors
    /// What to answer instead: SWISH wants a login first, or could not be asked.
    pub(in crate::gateway) async fn who(&self, parts: &Parts) -> Result<Option<Login>, Response> {
        let is_own = is_same_origin(&parts.headers, parts.extensions.get());
        let vouched = self.vouchers.read(&parts.headers, now_ms()).filter(|_| is_own);
        let credentials = parts.headers.get(header::AUTHORIZATION).filter(|_| is_own);
        let somebody = match (credentials, vouched) {
            (None, Some(login)) => Some(login),
            (None, None) if !is_own || !self.sessions.is_known(&parts.headers) => None,
            (None, None) => match self.user_info(parts).await {
                Said::Somebody(login) => Some(login),
                Said::Nobody | Said::Challenge(_) | Said::Nothing => None,
            },
            (Some(credentials), vouched) => {
                // Another node's SWISH may have made the login, and this one not know its nonce.
                let user = user(credentials);
                let vouched = vouched.filter(|it| user.is_some_and(|user| it.is_local(&user)));
                match (self.user_info(parts).await, vouched) {
                    (Said::Somebody(login), _) | (_, Some(login)) => Some(login),
                    (Said::Nobody, None) => None,
                    (Said::Challenge(answer), None) => return Err(answer),
                    (Said::Nothing, None) => return Err(cannot_ask(&parts.headers)),
                }
            }
        };
        match somebody {
            None if self.mode.demands_login() => Err(self.challenge(&parts.headers).await),
            other => Ok(other),
        }
    }

    /// Whether this request may read: where SWISH shows nothing without a login, neither does the
    /// node.
    ///
    /// # Errors
    /// What to answer instead.
    pub(in crate::gateway) async fn admit(&self, parts: &Parts) -> Result<(), Response> {
        match self.mode.demands_login() {
            true => self.who(parts).await.map(|_| ()),
            false => Ok(()),
        }
    }

    /// Asks SWISH with the credentials of this request.
    async fn user_info(&self, parts: &Parts) -> Said {
        if self.state() != SwishState::Up {
            return Said::Nothing;
        }
        if !self.mode.has_login() {
            return Said::Nobody;
        }
        let answer = self.question(&parts.method, USER_INFO, parts).await;
        let Some(answer) = answer else { return Said::Nothing };
        match answer.status() {
            StatusCode::UNAUTHORIZED => Said::Challenge(relayed(answer)),
            StatusCode::NOT_FOUND => {
                self.mode.lacks_login();
                Said::Nobody
            }
            StatusCode::OK => match serde_json::from_slice(answer.body()) {
                Ok(info) => Login::read(&info).map_or(Said::Nobody, Said::Somebody),
                Err(_) => Said::Nothing,
            },
            _ => Said::Nothing,
        }
    }

    /// How SWISH demands a login.
    async fn challenge(&self, headers: &HeaderMap) -> Response {
        let Ok(request) = Request::get("/").body(Body::empty()) else { return cannot_ask(headers) };
        let (parts, _) = request.into_parts();
        match self.question(&Method::GET, config::PATH, &parts).await {
            Some(answer) if answer.status() == StatusCode::UNAUTHORIZED => relayed(answer),
            _ => cannot_ask(headers),
        }
    }

    /// One small request of the node's own, with the credentials of `parts`.
    async fn question(
        &self,
        method: &Method,
        path: &str,
        parts: &Parts,
    ) -> Option<Response<axum::body::Bytes>> {
        let address = format!("{}{path}", self.url.prefix());
        let mut request = Request::builder().method(method).uri(address);
        for name in [header::HOST, header::AUTHORIZATION, header::COOKIE, header::USER_AGENT] {
            for value in parts.headers.get_all(&name) {
                request = request.header(&name, value);
            }
        }
        let mut request = request.body(Body::empty()).ok()?;
        *request.extensions_mut() = parts.extensions.clone();
        // It is our question, and not what was sent.
        request.extensions_mut().remove::<Sent>();
        config::want_plain(request.headers_mut());
        self.sessions.enter(request.headers_mut());
        let read = async {
            let (parts, body) = ask(self, request).await.ok()?.into_parts();
            let body = Limited::new(body, MAX_BYTES).collect().await.ok()?;
            Some(Response::from_parts(parts, body.to_bytes()))
        };
        timeout(PATIENCE, read).await.ok()?
    }

    /// Follows logins and logouts that pass, and says of somebody whom another node knows who it is.
    pub(super) async fn follow_login(&self, asked: &Asked, answer: Response) -> Response {
        if asked.is_leaving() {
            let mut answer = ended(asked, answer);
            let is_end = asked.path == END;
            answer.extensions_mut().insert(Seen { login: None, is_end });
            return answer;
        }
        if EDITING.contains(&asked.path.as_str()) && answer.status() == StatusCode::OK {
            return self.edited(asked, answer).await;
        }
        if !is_user_info(&asked.path) || answer.status() != StatusCode::OK {
            return answer;
        }
        let (mut parts, body) = answer.into_parts();
        let body = match Limited::new(body, MAX_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                tracing::warn!(%error, "what SWISH says of a user cannot be read");
                return Refusal::SwishDown.into_response(&asked.headers);
            }
        };
        let Ok(info) = serde_json::from_slice::<Value>(&body) else {
            return Response::from_parts(parts, Body::from(body));
        };
        let vouched = self.vouchers.read(&asked.headers, now_ms());
        let login = Login::read(&info).or_else(|| vouched.clone().filter(|_| info.is_null()));
        parts.extensions.insert(Seen { login, is_end: false });
        let body = match (Login::read(&info), vouched) {
            (Some(login), _) => {
                let line = self.vouchers.line(&login, asked.scheme, now_ms());
                parts.headers.extend(line.map(|line| (header::SET_COOKIE, line)));
                body
            }
            (None, Some(login)) if info.is_null() => {
                let body = login.info().to_string();
                parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
                body.into()
            }
            _ => body,
        };
        Response::from_parts(parts, Body::from(body))
    }
}

impl Swish {
    /// A profile was edited: SWISH says how it is now.
    async fn edited(&self, asked: &Asked, mut answer: Response) -> Response {
        let Ok(request) = Request::get(USER_INFO).body(Body::empty()) else { return answer };
        let (mut parts, _) = request.into_parts();
        parts.headers = asked.headers.clone();
        if let Said::Somebody(login) = self.user_info(&parts).await {
            let line = self.vouchers.line(&login, asked.scheme, now_ms());
            answer.headers_mut().extend(line.map(|line| (header::SET_COOKIE, line)));
            answer.extensions_mut().insert(Seen { login: Some(login), is_end: false });
        }
        answer
    }
}

/// What is remembered of a request that goes to SWISH.
pub(super) struct Asked {
    path: String,
    query: String,
    headers: HeaderMap,
    scheme: Scheme,
}

impl Asked {
    pub(super) fn new(request: &Request) -> Self {
        let uri = request.uri();
        Self {
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers: request.headers().clone(),
            scheme: scheme(request),
        }
    }

    /// True if nobody is logged in after it.
    fn is_leaving(&self) -> bool {
        LEAVING.contains(&self.path.as_str())
            || (is_user_info(&self.path) && self.query.contains("reason=logout"))
    }
}

/// True if the answer must be readable here.
pub(super) fn is_user_info(path: &str) -> bool {
    path == USER_INFO
}

fn ended(asked: &Asked, mut answer: Response) -> Response {
    let has_login = asked.headers.get_all(header::COOKIE).iter();
    let mut has_login = has_login.filter_map(|line| line.to_str().ok());
    if has_login.any(|line| line.contains(super::login::NAME)) {
        answer.headers_mut().append(header::SET_COOKIE, Vouchers::end());
    }
    answer
}

/// SWISH's answer, for the browser.
fn relayed(answer: Response<axum::body::Bytes>) -> Response {
    let (mut parts, body) = answer.into_parts();
    end_connection(&mut parts.headers);
    parts.headers.remove(header::SET_COOKIE);
    Response::from_parts(parts, Body::from(body))
}

fn cannot_ask(headers: &HeaderMap) -> Response {
    Refusal::Unavailable("The SWISH server here cannot say who you are; nothing was changed".into())
        .into_response(headers)
}

/// The name in the credentials of HTTP, basic or digest.
fn user(credentials: &HeaderValue) -> Option<String> {
    let (scheme, rest) = credentials.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        return Some(decoded.split_once(':')?.0.to_owned());
    }
    let (_, rest) = rest.split_once("username=\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_name_their_user() {
        let user = |text: &'static str| user(&HeaderValue::from_static(text));
        assert_eq!(user("Basic YW5uOmdlOmhlaW0=").as_deref(), Some("ann"));
        let digest = r#"Digest username="ann", realm="SWISH user", uri="/p/a.pl", nc=00000001"#;
        assert_eq!(user(digest).as_deref(), Some("ann"));
        for nobody in ["Basic", "Basic ???", "Basic YW5u", "Bearer x", "Digest username=ann"] {
            assert_eq!(user(nobody), None, "{nobody}");
        }
    }
}
