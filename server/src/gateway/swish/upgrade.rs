//! WebSockets pass as bytes, for pages of this site only.

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode, Uri,
        header::{CONNECTION, HOST, ORIGIN, UPGRADE},
    },
    response::Response,
};
use hyper::upgrade::{OnUpgrade, on};
use hyper_util::rt::TokioIo;

use super::{Swish, forward::ask, headers};
use crate::gateway::error::Refusal;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Passes an upgrade to SWISH, and then bytes both ways until either side ends.
pub(super) async fn pass(swish: &Swish, mut request: Request) -> Result<Response, Refusal> {
    let wanted = request.headers().get(UPGRADE).and_then(|value| value.to_str().ok());
    if !wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case("websocket")) {
        return Err(Refusal::Malformed("Only WebSockets can be opened here".into()));
    }
    if !is_same_origin(request.headers()) {
        return Err(Refusal::ForeignOrigin);
    }
    let browser = on(&mut request);
    headers::end_connection(request.headers_mut());
    add_upgrade(request.headers_mut());
    let session = swish.sessions.enter(request.headers_mut());
    let mut answer = ask(swish, request.map(|_| Body::empty())).await?;
    let upgraded = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    let beside = on(&mut answer);
    headers::end_connection(answer.headers_mut());
    swish.sessions.leave(session, answer.headers_mut());
    if upgraded {
        add_upgrade(answer.headers_mut());
        tokio::spawn(join(browser, beside));
    }
    Ok(answer.map(Body::new))
}

fn add_upgrade(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, WEBSOCKET);
}

/// A browser names the page's origin; a program that names none acts for nobody's page.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().ok());
    match (text(ORIGIN), text(HOST)) {
        (None, _) => true,
        (Some(Some(origin)), Some(Some(host))) => {
            let origin = origin.parse::<Uri>().ok();
            let authority = origin.as_ref().and_then(Uri::authority);
            authority.is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(host))
        }
        _ => false,
    }
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

    #[test]
    fn pages_of_other_sites_open_no_socket() {
        let asked = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("swish.example.org:3060"));
            headers.extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
            is_same_origin(&headers)
        };
        assert!(asked(None));
        assert!(asked(Some("http://swish.example.org:3060")));
        assert!(asked(Some("https://SWISH.example.org:3060")));
        for origin in ["http://swish.example.org", "http://evil.org", "null", "file://", "x y"] {
            assert!(!asked(Some(origin)), "{origin}");
        }
    }
}
