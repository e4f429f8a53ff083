//! Logging in and out, and using a one-time link. Plain forms: they work without JavaScript.

use std::net::{IpAddr, SocketAddr};

use app::SignIn;
use axum::{
    Extension, Form,
    extract::{ConnectInfo, Path, Query, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, RETRY_AFTER, SET_COOKIE},
    },
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::words::{self, Action, Outcome};
use serde::Deserialize;

use super::Entry;
use crate::{
    app::App,
    dashboard::assets,
    node::link::now_ms,
    operators::{By, PasswordError, Refused, Secret, Who},
};

/// Nothing on these pages may run, and their forms go nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
const WRONG: &str = "That name and password do not go together.";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    next: String,
}

/// What the forms send.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Filled {
    name: String,
    password: String,
    next: String,
}

pub(super) async fn show(
    State(app): State<App>,
    who: Option<Extension<Who>>,
    Query(asked): Query<Asked>,
) -> Response {
    match who {
        Some(_) => Redirect::to(own_path(&asked.next)).into_response(),
        None => page(&app, StatusCode::OK, &SignIn::Login { next: &asked.next, said: None }),
    }
}

pub(super) async fn log_in(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Response {
    let entry = Entry::of(&app);
    let (operators, address) = (&app.operators, network(peer.ip()));
    let again = |status, said: &str| {
        page(&app, status, &SignIn::Login { next: &filled.next, said: Some(said) })
    };
    if let Some(wait) = operators.wait(&filled.name, &address, now_ms()) {
        let said = format!("Too many tries. The next one counts in {}.", span(wait.seconds));
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, &said);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.seconds));
        return response;
    }
    let before = entry.cookies.read(&headers).map(|session| session.digest());
    let password = filled.password.clone();
    match operators.log_in(&filled.name, password, &address, before, now_ms()).await {
        Ok(Some((session, person))) => {
            app.audit(&person.name, Action::Login, Outcome::Done).await;
            enter(&entry, &session, own_path(&filled.next))
        }
        Ok(None) => {
            app.audit_refused_login(&filled.name).await;
            again(StatusCode::UNAUTHORIZED, WRONG)
        }
        Err(refused) => again(status_of(&refused), &refused.to_string()),
    }
}

pub(super) async fn log_out(State(app): State<App>, who: Option<Extension<Who>>) -> Response {
    if let Some(Extension(Who { by: By::Session(session), name, .. })) = who {
        if let Err(refused) = app.operators.log_out(session).await {
            return (status_of(&refused), refused.to_string()).into_response();
        }
        app.audit(&name, Action::Logout, Outcome::Done).await;
    }
    go(&Entry::of(&app).cookies.clear(), "/login")
}

pub(super) async fn invited(State(app): State<App>, Path(link): Path<String>) -> Response {
    invitation(&app, &link, StatusCode::OK, None)
}

pub(super) async fn accept(
    State(app): State<App>,
    Path(link): Path<String>,
    Form(filled): Form<Filled>,
) -> Response {
    let Some(secret) = Secret::parse(&link) else {
        return invitation(&app, &link, StatusCode::GONE, None);
    };
    match app.operators.accept(&secret, &filled.name, filled.password, now_ms()).await {
        Ok((session, person, used)) => {
            let action = if used.is_reset { Action::PasswordSet } else { Action::AccountMade };
            let role = (!used.is_reset).then(|| used.role.word().to_owned());
            app.audit_person(&person.name, action, &person.name, (None, role)).await;
            enter(&Entry::of(&app), &session, "/")
        }
        Err(refused) => invitation(&app, &link, status_of(&refused), Some(&refused.to_string())),
    }
}

/// The form of a link while it is good, else what to do now.
fn invitation(app: &App, link: &str, status: StatusCode, said: Option<&str>) -> Response {
    let found = Secret::parse(link);
    let found = found.and_then(|link| app.operators.invitation(&link, now_ms()));
    match found {
        Some(found) => {
            let name = found.name.as_ref().map(|name| name.as_str());
            page(app, status, &SignIn::Invitation { name, role: found.role, said })
        }
        None => page(app, StatusCode::GONE, &SignIn::Over),
    }
}

fn page(app: &App, status: StatusCode, shown: &SignIn<'_>) -> Response {
    let options = app::options(assets::package_dir().as_deref());
    let html = app::sign_in(&options, &app.addresses.node, shown);
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-store")];
    (status, headers, Html(html)).into_response()
}

fn enter(entry: &Entry, session: &Secret, next: &str) -> Response {
    go(&entry.cookies.set(session), next)
}

fn go(cookie: &str, next: &str) -> Response {
    ([(SET_COOKIE, cookie.to_owned())], Redirect::to(next)).into_response()
}

fn status_of(refused: &Refused) -> StatusCode {
    match refused {
        Refused::Link => StatusCode::GONE,
        Refused::Taken(_) => StatusCode::CONFLICT,
        Refused::NoAccount(_) => StatusCode::NOT_FOUND,
        Refused::Password(PasswordError::Busy | PasswordError::Failed(_)) | Refused::File(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Refused::Name(_) | Refused::Password(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// A path on this dashboard; anything that could lead elsewhere is the first page.
fn own_path(next: &str) -> &str {
    let rest = next.strip_prefix('/');
    let is_path = rest.is_some_and(|rest| !rest.starts_with(['/', '\\']));
    let is_plain = next.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    if is_path && is_plain { next } else { "/" }
}

/// What of an address is counted: all of IPv4, the network of IPv6, which has endless addresses.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn span(seconds: u64) -> String {
    words::span(seconds.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for good in ["/", "/files?q=a", "/files/a%2Fb.pl"] {
            assert_eq!(own_path(good), good);
        }
        for bad in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/\t/x"]
        {
            assert_eq!(own_path(bad), "/", "{bad}");
        }
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        assert_eq!(network("2001:db8:1:2:3::4".parse().unwrap()), "2001:db8:1:2::/64");
        assert_eq!(network("::ffff:10.0.0.7".parse().unwrap()), "10.0.0.7");
    }
}
