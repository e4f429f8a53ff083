//! WebSockets pass as bytes, for pages of this site only.

use std::sync::Arc;

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri, Version,
        header::{CONNECTION, CONTENT_LENGTH, HOST, ORIGIN, UPGRADE},
        uri::Authority,
    },
    response::Response,
};
use hyper::upgrade::{OnUpgrade, on};
use hyper_util::rt::TokioIo;

use super::{
    Swish,
    forward::{ask, scheme},
    headers,
};
use crate::{
    front::{Place, Scheme, Visitor},
    gateway::error::Refusal,
};

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// True for a browser that opens a WebSocket; other protocols are not on offer, and asking for them
/// changes nothing (RFC 9110, 7.8).
pub(super) fn is_wanted(request: &Request) -> bool {
    let mut wanted = request.headers().get_all(UPGRADE).iter();
    let first = wanted.next().and_then(|value| value.to_str().ok());
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && wanted.next().is_none()
        && first.is_some_and(|wanted| wanted.eq_ignore_ascii_case("websocket"))
}

/// Passes an upgrade to SWISH, and then bytes both ways until either side ends.
pub(super) async fn pass(swish: &Swish, mut request: Request) -> Result<Response, Refusal> {
    let visitor = request.extensions().get::<Visitor>();
    if !is_same_origin(request.headers(), visitor) {
        return Err(Refusal::ForeignOrigin);
    }
    // SWISH would wait for it where the socket's bytes come.
    if !request.body().is_end_stream() {
        return Err(Refusal::Malformed("A WebSocket is opened without a body".into()));
    }
    let place = request.extensions().get::<Arc<Place>>().cloned();
    let browser = on(&mut request);
    headers::end_connection(request.headers_mut());
    request.headers_mut().remove(CONTENT_LENGTH);
    add_upgrade(request.headers_mut());
    let session = swish.sessions.enter(request.headers_mut());
    let scheme = scheme(&request);
    let mut answer = ask(swish, request.map(|_| Body::empty())).await?;
    let upgraded = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    let beside = on(&mut answer);
    headers::end_connection(answer.headers_mut());
    swish.sessions.leave(session, scheme, answer.headers_mut());
    if upgraded {
        add_upgrade(answer.headers_mut());
        tokio::spawn(async move {
            join(browser, beside).await;
            drop(place);
        });
    }
    Ok(answer.map(Body::new))
}

pub(super) fn add_upgrade(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, WEBSOCKET);
}

/// A browser names the page's origin; a program that names none acts for nobody's page.
///
/// Without a trusted proxy nobody knows how the browser talks to whoever is in front, and the host alone
/// is compared.
pub(in crate::gateway) fn is_same_origin(headers: &HeaderMap, visitor: Option<&Visitor>) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = match (origins.next(), origins.next()) {
        (None, _) => return true,
        (Some(origin), None) => origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok()),
        _ => None,
    };
    let said = visitor.map_or_else(|| headers.get(HOST), |visitor| visitor.host.as_ref());
    let host = said.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let (Some(origin), Some(host)) = (origin, host) else { return false };
    let (Some(scheme), Some(authority)) = (origin.scheme_str(), origin.authority()) else {
        return false;
    };
    let is_scheme = match visitor.map_or(Scheme::Unknown, |visitor| visitor.scheme) {
        Scheme::Https => scheme == "https",
        Scheme::Http => scheme == "http",
        Scheme::Unknown => matches!(scheme, "http" | "https"),
    };
    // Browsers leave out a port that is the scheme's own; a proxy may say it.
    let own = if scheme == "https" { 443 } else { 80 };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(own);
    let is_host = authority.host().eq_ignore_ascii_case(host.host());
    is_scheme && is_host && port(authority) == port(&host) && !authority.as_str().contains('@')
}

async fn join(browser: OnUpgrade, beside: OnUpgrade) {
    let (Ok(browser), Ok(beside)) = tokio::join!(browser, beside) else { return };
    let (mut browser, mut beside) = (TokioIo::new(browser), TokioIo::new(beside));
    // However it ends, both are closed; the page opens its socket again by itself.
    let _ = tokio::io::copy_bidirectional(&mut browser, &mut beside).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(origin: &'static str, visitor: Option<Visitor>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("swish.example.org:3060"));
        if !origin.is_empty() {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        is_same_origin(&headers, visitor.as_ref())
    }

    fn behind(scheme: Scheme, host: &'static str) -> Option<Visitor> {
        let host = Some(HeaderValue::from_static(host));
        Some(Visitor { address: [192, 0, 2, 7].into(), scheme, host })
    }

    #[test]
    fn pages_of_other_sites_open_no_socket() {
        assert!(asked("", None));
        assert!(asked("http://swish.example.org:3060", None));
        assert!(asked("https://SWISH.example.org:3060", None));
        for origin in [
            "http://swish.example.org",
            "http://evil.org",
            "http://swish.example.org:3060.evil.org",
            "http://u@swish.example.org:3060",
            "null",
            "file://",
            "x y",
        ] {
            assert!(!asked(origin, None), "{origin}");
        }
    }

    #[test]
    fn behind_a_trusted_proxy_its_scheme_and_host_count() {
        let site = || behind(Scheme::Https, "swish.example.org");
        assert!(asked("https://swish.example.org", site()));
        assert!(asked("https://swish.example.org", behind(Scheme::Https, "swish.example.org:443")));
        assert!(!asked("http://swish.example.org", site()));
        assert!(!asked("https://swish.example.org:3060", site()));
        assert!(!asked("http://swish.example.org:3060", site()));
        assert!(!asked("https://swish.example.org", behind(Scheme::Http, "swish.example.org")));
    }
}
