//! Who asks, and by which address: what the connection says, or a proxy that is trusted.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::HOST, uri::Authority};
use ipnet::IpNet;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const HOST_SAID: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Proxies in a row that are believed.
const MOST_HOPS: usize = 16;

/// How a browser talks to whoever is in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Nobody who is trusted says anything: plain, or by a proxy that nobody told us of.
    Unknown,
    /// A trusted proxy says it is plain.
    Http,
    /// A trusted proxy says it has TLS.
    Https,
}

/// Who asks; in the extensions of every request that came over TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// The last address that no trusted proxy has.
    pub(crate) address: IpAddr,
    /// How the browser talks.
    pub(crate) scheme: Scheme,
    /// The host that the browser asked for.
    pub(crate) host: Option<HeaderValue>,
}

/// One step on the way here, as a proxy told it; the nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hop {
    address: Option<IpAddr>,
    scheme: Option<Scheme>,
    host: Option<String>,
}

impl Visitor {
    /// Reads what the proxies of `trusted` said. From others, nothing counts.
    pub(super) fn of(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut visitor = Self {
            address: peer.ip().to_canonical(),
            scheme: Scheme::Unknown,
            host: headers.get(HOST).cloned(),
        };
        for hop in hops(headers).into_iter().take(MOST_HOPS) {
            if !is_trusted(&visitor.address) {
                break;
            }
            visitor.scheme = hop.scheme.unwrap_or(visitor.scheme);
            let said = hop.host.and_then(|host| HeaderValue::try_from(host).ok());
            visitor.host = said.or(visitor.host);
            let Some(address) = hop.address else { break };
            visitor.address = address;
        }
        visitor
    }
}

/// What proxies told, the nearest first. `X-Forwarded-…` counts before `Forwarded`: proxies that set
/// the former let a visitor's own `Forwarded` pass.
fn hops(headers: &HeaderMap) -> Vec<Hop> {
    let (addresses, hosts, schemes) =
        (list(headers, &FOR), list(headers, &HOST_SAID), list(headers, &PROTO));
    if addresses.is_empty() && hosts.is_empty() && schemes.is_empty() {
        return list(headers, &FORWARDED).into_iter().map(forwarded).collect();
    }
    // A proxy that does not append says one thing for all hops.
    let of = |all: &[&str], at: usize| all.get(at).or(all.last()).map(|text| (*text).to_owned());
    let count = addresses.len().max(1);
    let hop = |at: usize| Hop {
        address: addresses.get(at).and_then(|text| address(text)),
        scheme: of(&schemes, at).and_then(|text| scheme(&text)),
        host: of(&hosts, at).and_then(|text| host(&text)),
    };
    (0..count).map(hop).collect()
}

/// Elements of all lines of a header, the last first.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or(""));
    let mut all: Vec<_> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    all.reverse();
    all
}

/// `for=192.0.2.60;proto=http;host=h` (RFC 7239).
fn forwarded(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in element.split(';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = address(value),
            "proto" => hop.scheme = scheme(value),
            "host" => hop.host = host(value),
            _ => {}
        }
    }
    hop
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = IpAddr::from_str(bare).ok();
    let address = address.or_else(|| SocketAddr::from_str(text).ok().map(|it| it.ip()));
    address.map(|address| address.to_canonical())
}

fn scheme(text: &str) -> Option<Scheme> {
    match text.to_ascii_lowercase().as_str() {
        "https" | "wss" => Some(Scheme::Https),
        "http" | "ws" => Some(Scheme::Http),
        _ => None,
    }
}

fn host(text: &str) -> Option<String> {
    let authority: Authority = text.parse().ok()?;
    (!authority.as_str().contains('@')).then(|| authority.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(peer: &str, lines: &[(&'static str, &'static str)]) -> (String, Scheme, String) {
        let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("own:3060"))]);
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let trusted = ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"].map(|it| it.parse().unwrap());
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        let visitor = Visitor::of(peer, &headers, &trusted);
        let host = visitor.host.unwrap().to_str().unwrap().to_owned();
        (visitor.address.to_string(), visitor.scheme, host)
    }

    fn said(address: &str, scheme: Scheme, host: &str) -> (String, Scheme, String) {
        (address.to_owned(), scheme, host.to_owned())
    }

    #[test]
    fn strangers_say_nothing_of_themselves() {
        let lines = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "for=192.0.2.2;proto=https;host=evil.example"),
        ];
        let own = said("198.51.100.7", Scheme::Unknown, "own:3060");
        assert_eq!(asked("198.51.100.7", &lines), own);
        assert_eq!(asked("::ffff:198.51.100.7", &lines), own);
    }

    #[test]
    fn the_last_address_that_nobody_trusted_has_is_the_visitors() {
        let table = [
            // One proxy, which appended to what the visitor had made up.
            ("192.0.2.66, 203.0.113.5", "203.0.113.5"),
            ("127.0.0.1, 203.0.113.5", "203.0.113.5"),
            // Two of ours in a row.
            ("192.0.2.66, 203.0.113.5, 10.1.2.3", "203.0.113.5"),
            ("203.0.113.5:4711, [fd00::1]:80", "203.0.113.5"),
            ("2001:db8::5, 10.1.2.3", "2001:db8::5"),
            // Only ours: it came from inside.
            ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
            // What cannot be read ends the way, and what is behind it was made up.
            ("192.0.2.66, unknown", "127.0.0.1"),
            ("192.0.2.66, , 10.1.2.3", "10.1.2.3"),
        ];
        for (line, address) in table {
            let own = said(address, Scheme::Unknown, "own:3060");
            assert_eq!(asked("127.0.0.1", &[("x-forwarded-for", line)]), own, "{line}");
        }
        let two = [("x-forwarded-for", "192.0.2.66"), ("x-forwarded-for", "203.0.113.5")];
        assert_eq!(asked("127.0.0.1", &two).0, "203.0.113.5");
    }

    #[test]
    fn a_trusted_proxy_says_how_the_browser_talks_and_to_which_host() {
        let line = ("x-forwarded-for", "203.0.113.5");
        let proto = ("x-forwarded-proto", "https");
        let host = ("x-forwarded-host", "swish.example.org");
        let all = said("203.0.113.5", Scheme::Https, "swish.example.org");
        assert_eq!(asked("127.0.0.1", &[line, proto, host]), all);
        assert_eq!(asked("127.0.0.1", &[proto]).1, Scheme::Https);
        let forwarded = "for=\"[2001:db8::5]:4711\";proto=https;host=swish.example.org";
        let all = said("2001:db8::5", Scheme::Https, "swish.example.org");
        assert_eq!(asked("127.0.0.1", &[("forwarded", forwarded)]), all);
        // A visitor's own `Forwarded` passes a proxy that sets the others.
        assert_eq!(asked("127.0.0.1", &[line, ("forwarded", forwarded)]).0, "203.0.113.5");
        assert_eq!(asked("127.0.0.1", &[("x-forwarded-host", "u@evil")]).2, "own:3060");
    }

    #[test]
    fn a_list_of_schemes_is_read_as_far_as_the_addresses() {
        let lines = [
            ("x-forwarded-for", "192.0.2.66, 203.0.113.5, 10.1.2.3"),
            ("x-forwarded-proto", "http, https, http"),
        ];
        assert_eq!(asked("127.0.0.1", &lines).1, Scheme::Https);
    }
}
