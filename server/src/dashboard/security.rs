//! What every answer of the dashboard carries, and whose requests it takes.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{
            CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::app::App;

/// For answers that are no pages: nothing in them may run.
const CLOSED: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Adds headers that keep browsers from guessing, framing and telling where they come from.
pub(super) async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CLOSED));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Names under which the dashboard may be asked for.
///
/// A page of a stranger could otherwise point its own name at this address and read the answers
/// (DNS rebinding). Addresses cannot be pointed, so they are always good.
#[derive(Clone, Debug)]
pub(super) struct Hosts(Arc<BTreeSet<String>>);

impl Hosts {
    /// The names that this node's settings say, and this machine's own.
    pub(super) fn of(app: &App) -> Self {
        let (node, listen) = (&app.config.node, &app.config.listen);
        let bound = name(&listen.dashboard);
        let names = ["localhost", node.name.as_str(), bound].map(str::to_ascii_lowercase);
        Self(Arc::new(BTreeSet::from(names)))
    }

    fn allows(&self, host: &str) -> bool {
        let name = name(host);
        name.parse::<IpAddr>().is_ok()
            || (!name.is_empty() && self.0.contains(&name.to_ascii_lowercase()))
    }
}

/// A host without its port.
fn name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    }
}

/// Refuses requests that name another host.
pub(super) async fn check_host(
    State(hosts): State<Hosts>,
    request: Request,
    next: Next,
) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let authority = request.uri().authority().map(|authority| authority.as_str());
    if host.or(authority).is_some_and(|host| hosts.allows(host)) {
        return next.run(request).await;
    }
    let message = "This dashboard is not known under that name; add it to the settings.\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_known_names_are_good() {
        let hosts = Hosts(Arc::new(BTreeSet::from(["localhost".to_owned()])));
        for good in ["127.0.0.1:7050", "[::1]:7050", "LocalHost:7050", "localhost", "10.0.0.7"] {
            assert!(hosts.allows(good), "{good}");
        }
        for bad in ["evil.example", "localhost.evil.example:7050", "", "[evil]:7050"] {
            assert!(!hosts.allows(bad), "{bad}");
        }
    }
}
