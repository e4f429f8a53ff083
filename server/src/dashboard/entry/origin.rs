//! Whether a request that changes something comes from one of the dashboard's own pages.

use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};

use crate::config::PublicUrl;

/// True for the dashboard's own pages. Browsers name the origin of every such request; whoever
/// names none is no browser with our cookie, and is refused as well.
pub(super) fn is_own(headers: &HeaderMap, public: Option<&PublicUrl>) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // Two of them are somebody's trick.
    if headers.get_all(ORIGIN).iter().count() != 1 {
        return false;
    }
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    if site.is_some_and(|site| site != b"same-origin") {
        return false;
    }
    let (Some(origin), Some(host)) = (text(ORIGIN), text(HOST)) else { return false };
    match public {
        Some(public) if public.authority().eq_ignore_ascii_case(host) => {
            origin.eq_ignore_ascii_case(&public.to_string())
        }
        _ => origin.strip_prefix("http://").is_some_and(|own| own.eq_ignore_ascii_case(host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(public: Option<&str>, lines: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        is_own(&headers, public.map(|url| url.parse().unwrap()).as_ref())
    }

    #[test]
    fn only_the_page_of_the_same_origin_is_own() {
        let host = ("host", "127.0.0.1:7051");
        assert!(own(None, &[host, ("origin", "http://127.0.0.1:7051")]));
        for origin in [
            "http://127.0.0.1:7052",
            "https://127.0.0.1:7051",
            "http://evil.example",
            "null",
            "http://127.0.0.1:7051.evil.example",
            "",
        ] {
            assert!(!own(None, &[host, ("origin", origin)]), "{origin}");
        }
        let good = ("origin", "http://127.0.0.1:7051");
        assert!(!own(None, &[host]));
        assert!(!own(None, &[host, good, good]));
        assert!(!own(None, &[host, good, ("sec-fetch-site", "same-site")]));
        assert!(own(None, &[host, good, ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn behind_a_proxy_the_public_address_counts() {
        let public = Some("https://cluster.example");
        let host = ("host", "cluster.example");
        assert!(own(public, &[host, ("origin", "https://cluster.example")]));
        assert!(!own(public, &[host, ("origin", "http://cluster.example")]));
        assert!(own(public, &[("host", "127.0.0.1:7050"), ("origin", "http://127.0.0.1:7050")]));
    }
}
