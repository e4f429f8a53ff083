//! Digest logins (RFC 7616) that were made at another node's SWISH.
//!
//! A browser answers one challenge for as long as it can; after it has come to another node, the
//! SWISH there refuses that challenge as it refuses a wrong password, and the browser would ask its
//! user again. A challenge that was never seen here is therefore refused as *stale*: the browser
//! answers the new one by itself. The answer to a challenge of this SWISH stays as it is.

use std::sync::Arc;

use axum::http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use quick_cache::sync::Cache;

/// Challenges that are remembered; SWISH makes one for each refused request.
const CHALLENGES: usize = 100_000;
const MAX_BYTES: usize = 256;

/// Challenges of the SWISH beside this node; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Nonces(Arc<Cache<String, ()>>);

impl Nonces {
    pub(super) fn new() -> Self {
        Self(Arc::new(Cache::new(CHALLENGES)))
    }

    /// Whether a request answers a challenge that another server made.
    pub(super) fn is_foreign(&self, asked: &HeaderMap) -> bool {
        asked.get(AUTHORIZATION).and_then(nonce).is_some_and(|nonce| self.0.get(nonce).is_none())
    }

    /// Notes the challenges of an answer, which are new to those who answered a foreign one.
    pub(super) fn follow(&self, is_foreign: bool, answer: &mut HeaderMap) {
        let lines: Vec<HeaderValue> = answer.get_all(WWW_AUTHENTICATE).iter().cloned().collect();
        answer.remove(WWW_AUTHENTICATE);
        for line in lines {
            let Some(nonce) = nonce(&line).filter(|nonce| nonce.len() <= MAX_BYTES) else {
                answer.append(WWW_AUTHENTICATE, line);
                continue;
            };
            self.0.insert(nonce.to_owned(), ());
            let says_so = line.to_str().is_ok_and(|line| line.contains("stale="));
            let stale = (is_foreign && !says_so)
                .then(|| HeaderValue::try_from([line.as_bytes(), b", stale=true"].concat()).ok());
            answer.append(WWW_AUTHENTICATE, stale.flatten().unwrap_or(line));
        }
    }
}

/// The challenge that is made or answered.
fn nonce(line: &HeaderValue) -> Option<&str> {
    let line = line.to_str().ok()?;
    let rest = line.strip_prefix("Digest ")?;
    // Not the client's own number, `cnonce`.
    let at = rest.match_indices("nonce=\"").map(|(at, _)| at);
    let at = at.into_iter().find(|at| !rest[..*at].ends_with('c'))?;
    rest[at..].split('"').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: axum::http::HeaderName, line: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(line))])
    }

    #[test]
    fn only_a_challenge_of_another_server_is_stale() {
        let nonces = Nonces::new();
        let challenge = "Digest realm=\"SWISH user\", nonce=\"abc\", qop=\"auth\"";
        let refused = |is_foreign| {
            let mut answer = headers(WWW_AUTHENTICATE, challenge);
            nonces.follow(is_foreign, &mut answer);
            answer[WWW_AUTHENTICATE].to_str().unwrap().to_owned()
        };
        let theirs = headers(AUTHORIZATION, "Digest username=\"ann\", cnonce=\"x\", nonce=\"abc\"");
        assert!(nonces.is_foreign(&theirs));
        assert_eq!(refused(true), format!("{challenge}, stale=true"));
        // Whoever answers this one wrongly has the wrong password.
        assert!(!nonces.is_foreign(&theirs));
        assert_eq!(refused(false), challenge);
        assert!(!nonces.is_foreign(&headers(AUTHORIZATION, "Basic YW5uOng=")));
        assert!(!nonces.is_foreign(&HeaderMap::new()));
    }
}
