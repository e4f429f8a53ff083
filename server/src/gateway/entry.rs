//! The first look at a request: the path that is judged is the one that SWISH would read.
//!
//! SWISH decodes a path once and looks for the result. Ours are looked for in the same way, so that no
//! spelling of a path of the node (`/%70/a.pl`) slips through to SWISH. What is passed on goes as it was
//! sent.

use std::borrow::Cow;

use axum::{
    Router,
    extract::{Request, State},
    http::{Uri, uri::PathAndQuery},
    response::{IntoResponse, Response},
};
use tower::ServiceExt;

use super::{error::Refusal, prefix::Prefix};
use crate::front;

/// What load balancers ask for, with the prefix and without.
const HEALTH: &str = "/cluster/health";

/// Path and query as the visitor sent them; in the extensions of every request.
#[derive(Clone, Debug)]
pub(super) struct Sent(pub(super) PathAndQuery);

/// What is behind the first look.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    /// All routes, without the prefix.
    pub(super) routes: Router,
    /// See [`Prefix`].
    pub(super) prefix: Prefix,
}

/// Hands a request on under its decoded path, without the prefix.
pub(super) async fn enter(State(inside): State<Inside>, mut request: Request) -> Response {
    let headers = request.headers().clone();
    let prefix = inside.prefix.clone();
    let answered = prefix.clone().scope(async move {
        match own_address(request.uri(), &prefix) {
            Ok(own) => {
                if let Some(sent) = request.uri().path_and_query().cloned() {
                    request.extensions_mut().insert(Sent(sent));
                }
                *request.uri_mut() = own;
                let answered = inside.routes.oneshot(request).await;
                answered.unwrap_or_else(|never| match never {})
            }
            Err(refusal) => refusal.into_response(&headers),
        }
    });
    answered.await.into_response()
}

/// The address in the form that routes are written in.
fn own_address(uri: &Uri, prefix: &Prefix) -> Result<Uri, Refusal> {
    let cannot = || Refusal::Malformed("This address cannot be passed on".into());
    let decoded = decoded(uri.path()).ok_or_else(cannot)?;
    let own = match (&*decoded, prefix.strip(&decoded)) {
        (HEALTH, _) => HEALTH,
        (_, Some(own)) => own,
        (path, None) => return Err(Refusal::Outside(path.into(), prefix.as_str().into())),
    };
    // Names of files may have anything; nothing else has these for a good reason.
    if !own.starts_with("/p/") && (own.contains(char::is_control) || own.split('/').any(is_dots)) {
        return Err(cannot());
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", encode(own)).parse().map_err(|_| cannot())
}

fn decoded(path: &str) -> Option<Cow<'_, str>> {
    match path.contains('%') {
        true => front::decode(path).map(Cow::Owned),
        false => Some(path.into()),
    }
}

/// True for what a path on a disk would resolve.
pub(super) fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

/// A path, encoded as SWISH encodes it.
pub(super) fn encode(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(path: &'static str, prefix: &str) -> Option<String> {
        let uri = Uri::from_static(path);
        own_address(&uri, &Prefix::new(prefix)).ok().map(|own| own.to_string())
    }

    #[test]
    fn every_spelling_of_a_path_is_the_same_path() {
        for path in ["/p/a.pl?x=%2f", "/%70/a.pl?x=%2f", "/p%2fa.pl?x=%2f", "/%70%2F%61%2Epl?x=%2f"]
        {
            assert_eq!(own(path, "").as_deref(), Some("/p/a.pl?x=%2f"), "{path}");
        }
        assert_eq!(own("/%73wish/%70/a.pl", "/swish").as_deref(), Some("/p/a.pl"));
        // Decoded once: this is a file with a percent sign.
        assert_eq!(own("/p/%2561.pl", "").as_deref(), Some("/p/%2561.pl"));
        assert_eq!(own("/p/a%3Fformat=raw", "").as_deref(), Some("/p/a%3Fformat=raw"));
    }

    #[test]
    fn names_of_files_may_have_what_paths_have_not() {
        for name in ["/p/nl%0Aname.pl", "/p/..%2Fq.exe"] {
            assert!(own(name, "").is_some(), "{name}");
        }
        for path in ["/js/..%2F..%2Fserver.pl", "/js/a%0D%0AX:1", "/js/%7F"] {
            assert_eq!(own(path, ""), None, "{path}");
        }
    }

    #[test]
    fn health_is_answered_with_the_prefix_and_without() {
        assert_eq!(own("/cluster/health", "/swish").as_deref(), Some("/cluster/health"));
        assert_eq!(own("/swish/cluster/health", "/swish").as_deref(), Some("/cluster/health"));
        assert_eq!(own("/p/a.pl", "/swish"), None);
        assert_eq!(own("/swish", "/swish").as_deref(), Some("/"));
    }
}
