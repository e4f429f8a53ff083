//! Headers between a browser and SWISH: those of one connection end here, and who asks is said by
//! us alone.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONNECTION, EXPECT, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER},
    header::{TRANSFER_ENCODING, UPGRADE},
};

use crate::front::{Scheme, Visitor};

/// Headers of one connection (RFC 9110, 7.6.1), besides those that `Connection` names. `Expect` was
/// answered when the body was asked for.
const OF_A_CONNECTION: [HeaderName; 10] = [
    CONNECTION,
    EXPECT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// By these a client would say where it is: SWISH believes all of them (spec H.2).
const FORGED: [HeaderName; 8] = [
    HeaderName::from_static("fastly-client-ip"),
    HeaderName::from_static("forwarded"),
    REAL_IP,
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-server"),
];

/// Takes away what belongs to the connection that a message came by.
pub(super) fn end_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    // The host is nobody's to take away: SWISH would fill in its own.
    for name in named.iter().filter(|name| *name != HOST).chain(&OF_A_CONNECTION) {
        headers.remove(name);
    }
}

/// Says who asks; `Host` stays as it was sent.
///
/// SWISH reads `_` in a name as `-`: a `content_length` would be a second length to it, and an
/// `x_real_ip` another visitor. No browser sends such names.
pub(super) fn name_client(headers: &mut HeaderMap, visitor: Option<&Visitor>) {
    let odd: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().contains('_')).cloned().collect();
    for name in odd.iter().chain(&FORGED) {
        headers.remove(name);
    }
    let Some(visitor) = visitor else { return };
    if let Ok(client) = HeaderValue::try_from(visitor.address.to_string()) {
        headers.insert(REAL_IP, client.clone());
        headers.insert(FORWARDED_FOR, client);
    }
    if let Some(host) = visitor.host.clone() {
        headers.insert(FORWARDED_HOST, host);
    }
    let scheme = match visitor.scheme {
        Scheme::Https => "https",
        Scheme::Http | Scheme::Unknown => "http",
    };
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_belongs_to_a_connection_ends_here() {
        let mut sent = headers(&[
            ("connection", "close, X-Secret, Host"),
            ("host", "h"),
            ("expect", "100-continue"),
            ("connection", "upgrade"),
            ("x-secret", "1"),
            ("upgrade", "h2c"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("proxy-authorization", "Basic eA=="),
            ("authorization", "Digest x"),
            ("cookie", "a=b"),
        ]);
        end_connection(&mut sent);
        let kept = [("host", "h"), ("authorization", "Digest x"), ("cookie", "a=b")];
        assert_eq!(sent, headers(&kept));
    }

    #[test]
    fn nobody_says_for_himself_where_he_is() {
        let mut sent = headers(&[
            ("host", "swish.example.org"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-real-ip", "10.0.0.3"),
            ("fastly-client-ip", "10.0.0.4"),
            ("forwarded", "for=10.0.0.5"),
            ("x-forwarded-host", "evil.example.org"),
            ("x_real_ip", "10.0.0.6"),
            ("content_length", "7"),
        ]);
        let mut visitor = Visitor {
            address: "192.0.2.7".parse().unwrap(),
            scheme: Scheme::Unknown,
            host: Some(HeaderValue::from_static("swish.example.org")),
        };
        name_client(&mut sent, Some(&visitor));
        let expected = headers(&[
            ("host", "swish.example.org"),
            ("x-real-ip", "192.0.2.7"),
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-host", "swish.example.org"),
            ("x-forwarded-proto", "http"),
        ]);
        assert_eq!(sent, expected);
        visitor.scheme = Scheme::Https;
        name_client(&mut sent, Some(&visitor));
        assert_eq!(sent["x-forwarded-proto"], "https");
        name_client(&mut sent, None);
        assert_eq!(sent, headers(&[("host", "swish.example.org")]));
    }
}
