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
///
/// With `no-referrer` browsers would send their own forms with `Origin: null`.
pub(super) async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CLOSED));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Hosts under which the dashboard may be asked for.
///
/// A page of a stranger could otherwise point its own name at this address and read the answers
/// (DNS rebinding). Loopback addresses cannot be pointed, nor can the one it listens on.
#[derive(Clone, Debug)]
pub(super) struct Hosts(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    names: BTreeSet<String>,
    /// The address it listens on, if it is one.
    bound: Option<IpAddr>,
}

impl Hosts {
    /// The names that this node's settings say, and this machine's own.
    pub(super) fn of(app: &App) -> Self {
        let (node, listen) = (&app.config.node, &app.config.listen);
        let bound = name(&listen.dashboard);
        let public = listen.dashboard_url.as_ref().map(|url| name(url.authority()));
        let more = listen.dashboard_host.iter().map(|host| name(host)).chain(public);
        let names = ["localhost", node.name.as_str(), bound].into_iter().chain(more);
        let names = names.map(str::to_ascii_lowercase).collect();
        Self(Arc::new(Known { names, bound: bound.parse().ok() }))
    }

    fn allows(&self, host: &str) -> bool {
        let name = name(host);
        let own = |address: IpAddr| {
            // Whoever listens on all addresses has them all.
            address.is_loopback()
                || self.0.bound.is_some_and(|bound| bound == address || bound.is_unspecified())
        };
        name.parse::<IpAddr>().is_ok_and(own)
            || (!name.is_empty() && self.0.names.contains(&name.to_ascii_lowercase()))
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
    let message = "This dashboard is not known under that name. Start the node with --dashboard-host, or use \
                   its address.\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(bound: &str, names: &[&str]) -> Hosts {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Hosts(Arc::new(Known { names, bound: bound.parse().ok() }))
    }

    #[test]
    fn own_addresses_and_known_names_are_good() {
        let own = hosts("10.0.0.7", &["localhost", "a.example"]);
        for good in ["127.0.0.1:7050", "[::1]:7050", "LocalHost:7050", "localhost", "10.0.0.7"] {
            assert!(own.allows(good), "{good}");
        }
        for bad in ["evil.example", "localhost.evil.example:7050", "", "[evil]:7050", "10.0.0.8"] {
            assert!(!own.allows(bad), "{bad}");
        }
        assert!(hosts("0.0.0.0", &[]).allows("10.0.0.8:7050"));
        assert!(!hosts("0.0.0.0", &[]).allows("evil.example"));
    }
}
