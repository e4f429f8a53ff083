//! What of a request's head is refused for everybody, before a handler sees it.
//!
//! A head that two servers could read in two ways goes to neither: two lengths, two hosts, a coding
//! that we would have to guess, a path that is another one once it is decoded.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version,
        header::{CONNECTION, CONTENT_TYPE, HOST, TRANSFER_ENCODING},
        uri::Authority,
    },
    response::Response,
};

/// A status, and one sentence for whoever asked.
pub(super) type Refused = (StatusCode, &'static str);

/// Looks at a head.
///
/// # Errors
/// It is refused; the connection has to end, since nobody knows where the next request begins.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), Refused> {
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "This method cannot be used here"));
    }
    check_coding(request.headers())?;
    check_host(request.version(), request.uri(), request.headers())?;
    check_path(request.uri().path())
}

/// Chunked is the only coding that a request may have.
fn check_coding(headers: &HeaderMap) -> Result<(), Refused> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err((StatusCode::NOT_IMPLEMENTED, "Only the transfer coding chunked is understood")),
    }
}

/// One host, as a host looks, and the same as in an absolute address (RFC 9112, 3.2).
fn check_host(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::HTTP_10 && uri.authority().is_none() => return Ok(()),
        (Some(host), None) => authority(host),
        _ => None,
    };
    let Some(host) = host else {
        return Err((StatusCode::BAD_REQUEST, "A request names its host once"));
    };
    let is_same =
        uri.authority().is_none_or(|own| own.as_str().eq_ignore_ascii_case(host.as_str()));
    let is_http = uri.scheme_str().is_none_or(|scheme| matches!(scheme, "http" | "https"));
    if is_same && is_http {
        return Ok(());
    }
    Err((StatusCode::BAD_REQUEST, "The address is that of another host"))
}

fn authority(host: &HeaderValue) -> Option<Authority> {
    let authority: Authority = host.to_str().ok()?.parse().ok()?;
    (!authority.as_str().contains('@') && !authority.host().is_empty()).then_some(authority)
}

/// A path that everybody reads alike: nothing in it is guessed, repaired or resolved.
fn check_path(path: &str) -> Result<(), Refused> {
    let wrong = |why| Err((StatusCode::BAD_REQUEST, why));
    if !path.starts_with('/') {
        return wrong("A path begins with a slash");
    }
    // SWISH would take the first part for a host.
    if path.starts_with("//") {
        return wrong("A path begins with one slash");
    }
    let Some(decoded) = decode(path) else {
        return wrong("This path is not encoded as a path should be");
    };
    if decoded.contains('\0') {
        return wrong("A path has no NUL");
    }
    // A browser resolves these before it asks.
    if path.split('/').any(is_dots) {
        return wrong("A path has no \".\" and \"..\"");
    }
    Ok(())
}

/// `.` and `..`, however they are written.
fn is_dots(segment: &str) -> bool {
    let dots = segment.replace("%2e", ".").replace("%2E", ".");
    matches!(dots.as_str(), "." | "..")
}

/// Decodes a path, once; none if it is not well encoded or no UTF-8.
pub(crate) fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                bytes.push(digit(*high)? << 4 | digit(*low)?);
                after
            }
            (b'%', _) => return None,
            (0x21..0x7f, after) => {
                bytes.push(*first);
                after
            }
            _ => return None,
        };
    }
    String::from_utf8(bytes).ok()
}

fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The answer to a head that is refused.
pub(super) fn refuse((status, why): Refused) -> Response {
    let mut response = Response::new(Body::from(format!("{why}.\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, uri: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap()).err().map(|(status, _)| status.as_u16())
    }

    #[test]
    fn paths_that_two_servers_could_read_in_two_ways_are_refused() {
        for good in ["/", "/p/a%20b.pl", "/p/sub%2Fdir.pl", "/p/nl%0Aname.pl", "/a//b", "/p/..%2Fx"]
        {
            assert_eq!(status("GET", good, &[("host", "h")]), None, "{good}");
        }
        for bad in [
            "//h/p/a.pl",
            "/p/../a",
            "/p/%2e%2E/a",
            "/.",
            "/a/.",
            "/p/%",
            "/p/%4",
            "/p/%zz",
            "/p/%00",
            "/p/%ff.pl",
            "/p/\u{e9}.pl",
        ] {
            assert_eq!(status("GET", bad, &[("host", "h")]), Some(400), "{bad}");
        }
    }

    #[test]
    fn one_host_is_named_and_it_is_that_of_the_address() {
        assert_eq!(status("GET", "http://H:1/x", &[("host", "h:1")]), None);
        for hosts in [&[][..], &[("host", "h"), ("host", "h")], &[("host", "u@h")], &[("host", "")]]
        {
            assert_eq!(status("GET", "/", hosts), Some(400), "{hosts:?}");
        }
        assert_eq!(status("GET", "http://evil/x", &[("host", "h")]), Some(400));
        assert_eq!(status("GET", "ftp://h/x", &[("host", "h")]), Some(400));
        assert_eq!(status("OPTIONS", "*", &[("host", "h")]), Some(400));
        assert_eq!(status("CONNECT", "h:443", &[("host", "h")]), Some(405));
    }

    #[test]
    fn chunked_is_the_only_coding() {
        let with = |codings: &[&str]| {
            let mut lines = vec![("host", "h")];
            lines.extend(codings.iter().map(|coding| ("transfer-encoding", *coding)));
            status("POST", "/", &lines)
        };
        assert_eq!(with(&["Chunked"]), None);
        for codings in [&["gzip, chunked"][..], &["chunked", "chunked"], &["identity"]] {
            assert_eq!(with(codings), Some(501), "{codings:?}");
        }
    }
}
