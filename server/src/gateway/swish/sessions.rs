//! Sessions: the browser's cookie is the cluster's and good on every node; towards SWISH each browser
//! has the session that SWISH gave it (architecture, "Sessions").
//!
//! Our cookie has SWISH's form, `XXXX-XXXX-XXXX-XXXX.route`. Its route ends with a MAC under the
//! cluster's secret, so that any node knows it for one of ours and nobody else can make one.
//! Which session of SWISH belongs to it is known only on the node that asked, and only until it
//! stops: SWISH opens another at the next socket.

use std::sync::Arc;

use axum::http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use cookie::{Cookie, SameSite};
use hmac::{Hmac, Mac};
use quick_cache::sync::Cache;
use sha2::Sha256;

use crate::front::Scheme;

/// Name of SWISH's cookie.
const NAME: &str = "swipl_session";
/// Cookies of the cluster begin so: they are nothing to SWISH.
const OURS: &str = "swish_cluster_";
/// Browsers whose session of SWISH is remembered; one that is forgotten gets another.
const BROWSERS: usize = 100_000;
/// Longest session of SWISH that is kept.
const MAX_BYTES: usize = 256;
/// Bytes of the MAC that are kept.
const MAC_BYTES: usize = 16;

/// Sessions of the browsers that come here; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    key: [u8; 32],
    node: Arc<str>,
    upstream: Arc<Cache<String, String>>,
}

/// A browser's session, as its cookie has it; none before the first socket.
pub(super) type Session = Option<String>;

impl Sessions {
    /// Sessions of this node, under a key that every node of the cluster has.
    pub(super) fn new(key: [u8; 32], node: &str) -> Self {
        let node: String = node.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        Self { key, node: node.into(), upstream: Arc::new(Cache::new(BROWSERS)) }
    }

    /// Puts SWISH's session in the place of ours. What is none of ours does not reach SWISH.
    pub(super) fn enter(&self, headers: &mut HeaderMap) -> Session {
        let mut session = None;
        let mut kept = Vec::new();
        for line in headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            for pair in line.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
                match pair.split_once('=').filter(|(name, _)| name.trim() == NAME) {
                    Some((_, value)) => session = session.or_else(|| self.ours(value.trim())),
                    None if pair.starts_with(OURS) => {}
                    None => kept.push(pair.to_owned()),
                }
            }
        }
        if let Some(upstream) = session.as_ref().and_then(|ours| self.upstream.get(ours)) {
            kept.push(format!("{NAME}={upstream}"));
        }
        headers.remove(COOKIE);
        if let Ok(line) = HeaderValue::try_from(kept.join("; "))
            && !kept.is_empty()
        {
            headers.insert(COOKIE, line);
        }
        session
    }

    /// True if SWISH here opened a session for this browser.
    pub(super) fn is_known(&self, headers: &HeaderMap) -> bool {
        let mut headers = headers.clone();
        self.enter(&mut headers).is_some_and(|ours| self.upstream.get(&ours).is_some())
    }

    /// Notes a session that SWISH opened, and gives the browser ours instead, if it has none.
    pub(super) fn leave(&self, session: Session, scheme: Scheme, headers: &mut HeaderMap) {
        let lines: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
        let opened = |line: &HeaderValue| {
            let cookie = Cookie::parse(line.to_str().ok()?.to_owned()).ok()?;
            (cookie.name() == NAME).then(|| cookie.value().to_owned())
        };
        let Some(upstream) = lines.iter().rev().find_map(opened) else { return };
        headers.remove(SET_COOKIE);
        for line in lines.into_iter().filter(|line| opened(line).is_none()) {
            headers.append(SET_COOKIE, line);
        }
        let is_new = session.is_none();
        let ours = session.unwrap_or_else(|| self.make());
        if upstream.len() <= MAX_BYTES {
            self.upstream.insert(ours.clone(), upstream);
        }
        if is_new {
            let cookie = Cookie::build((NAME, ours)).path("/").http_only(true);
            // A browser gives it back by TLS only, if it came so.
            let cookie = cookie.same_site(SameSite::Lax).secure(scheme == Scheme::Https).build();
            headers.extend(HeaderValue::try_from(cookie.to_string()).map(|it| (SET_COOKIE, it)));
        }
    }

    fn make(&self) -> String {
        let id: [u16; 4] = rand::random();
        let id = id.map(|part| format!("{part:04x}")).join("-");
        let route = format!("{id}.{}", self.node);
        format!("{route}-{}", self.mac(&route))
    }

    /// The cookie's value, if a node of this cluster made it.
    fn ours(&self, value: &str) -> Session {
        let (route, mac) = value.rsplit_once('-')?;
        let digits =
            mac.len() == 2 * MAC_BYTES && mac.bytes().all(|digit| digit.is_ascii_hexdigit());
        let bytes =
            (0..mac.len()).step_by(2).map(|at| u8::from_str_radix(mac.get(at..at + 2)?, 16).ok());
        let bytes: Vec<u8> = bytes.collect::<Option<_>>().filter(|_| digits)?;
        self.hmac(route).verify_truncated_left(&bytes).ok()?;
        Some(value.to_owned())
    }

    fn mac(&self, route: &str) -> String {
        let mac = self.hmac(route).finalize().into_bytes();
        mac.iter().take(MAC_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }

    #[expect(clippy::expect_used, reason = "an HMAC takes keys of every length")]
    fn hmac(&self, route: &str) -> Hmac<Sha256> {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length");
        hmac.update(b"swish-cluster session 1 ");
        hmac.update(route.as_bytes());
        hmac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn cookies(line: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(line).unwrap())])
    }

    fn sent(headers: &HeaderMap) -> Option<&str> {
        headers.get(COOKIE).map(|line| line.to_str().unwrap())
    }

    /// What a browser has after SWISH opened a session for it.
    fn opened(sessions: &Sessions) -> String {
        let mut answer = HeaderMap::new();
        answer.append(SET_COOKIE, HeaderValue::from_static("theme=dark; path=/"));
        let line = "swipl_session=1a2b-3c4d-5e6f-7081.swish; path=/; version=1; samesite=lax";
        answer.append(SET_COOKIE, HeaderValue::from_static(line));
        sessions.leave(None, Scheme::Unknown, &mut answer);
        let lines: Vec<_> = answer.get_all(SET_COOKIE).iter().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], "theme=dark; path=/");
        let ours = lines[1].to_str().unwrap();
        assert!(ours.ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{ours}");
        ours.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn the_browser_has_our_session_and_swish_has_its_own() {
        let sessions = Sessions::new(KEY, "node-1");
        let ours = opened(&sessions);
        assert!(!ours.contains("1a2b"));
        let mut asked = cookies(&format!("a=1; {ours}; b=2"));
        let session = sessions.enter(&mut asked);
        assert!(session.is_some());
        assert_eq!(sent(&asked), Some("a=1; b=2; swipl_session=1a2b-3c4d-5e6f-7081.swish"));
        // SWISH was started again and opens another one: the browser keeps what it has.
        let line = "swipl_session=ffff-3c4d-5e6f-7081.swish; path=/";
        let mut answer = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static(line))]);
        sessions.leave(session, Scheme::Unknown, &mut answer);
        assert!(answer.is_empty());
        let mut asked = cookies(&ours);
        sessions.enter(&mut asked);
        assert_eq!(sent(&asked), Some("swipl_session=ffff-3c4d-5e6f-7081.swish"));
    }

    #[test]
    fn by_tls_it_is_for_tls_only() {
        let line = "swipl_session=1a2b-3c4d-5e6f-7081.swish; path=/";
        let mut answer = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static(line))]);
        Sessions::new(KEY, "node-1").leave(None, Scheme::Https, &mut answer);
        let ours = answer[SET_COOKIE].to_str().unwrap();
        assert!(ours.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"), "{ours}");
    }

    #[test]
    fn every_node_knows_it_and_nobody_else_can_make_one() {
        let (one, two) = (Sessions::new(KEY, "node-1"), Sessions::new(KEY, "node-2"));
        let ours = opened(&one);
        let mut asked = cookies(&ours);
        assert!(two.enter(&mut asked).is_some());
        assert_eq!(sent(&asked), None, "SWISH there has no session of it yet");
        assert!(Sessions::new([8; 32], "node-1").enter(&mut cookies(&ours)).is_none());
        let forged = ours.replacen(&ours[14..18], "0000", 1);
        for wrong in [forged.as_str(), "swipl_session=1a2b-3c4d-5e6f-7081.swish", "swipl_session="]
        {
            let mut asked = cookies(wrong);
            assert!(one.enter(&mut asked).is_none(), "{wrong}");
            assert_eq!(sent(&asked), None, "{wrong}");
        }
    }
}
