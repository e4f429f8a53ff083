//! A browser's session: our own cookie, which every node of the cluster knows.
//!
//! SWISH's own sessions are another thing (`swish::sessions`): they are SWISH's to make.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use cookie::{Cookie, SameSite, time::Duration};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{
    ids::{new_uuid, uuid_bytes, uuid_text},
    seal::Seal,
};
use crate::front::Scheme;

/// Name of the cookie.
const NAME: &str = "swish_cluster_visitor";
/// SWISH keeps the session of an open page for as long.
const VALID_MS: u64 = 100 * 24 * 60 * 60 * 1000;
/// A browser that still comes gets it anew after this time.
const RENEW_MS: u64 = VALID_MS / 2;
/// A node's clock may be this much behind that of the node that made the cookie.
const AHEAD_MS: u64 = 5 * 60 * 1000;
/// Generated avatars are numbers below this: what a face looks like, as bits (spec E.1).
const AVATARS: u32 = 1 << 21;

/// Somebody's browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::gateway) struct Session {
    /// Names the session; nobody else may know it.
    #[serde(rename = "s")]
    pub(super) id: String,
    /// Names the visitor; everybody may know it.
    #[serde(rename = "u")]
    pub(super) uid: String,
    /// Number of the face that was drawn for it.
    #[serde(rename = "a")]
    pub(super) face: u32,
    /// When its cookie was made, in milliseconds since 1970.
    #[serde(rename = "t")]
    at_ms: u64,
}

/// Makes and knows the cookies of one cluster.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Sessions(Seal);

impl Session {
    fn new(now_ms: u64) -> Self {
        Self {
            id: uuid_text(new_uuid()),
            uid: uuid_text(new_uuid()),
            face: rand::rng().random_range(0..AVATARS),
            at_ms: now_ms,
        }
    }

    fn is_good(&self, now_ms: u64) -> bool {
        self.at_ms <= now_ms.saturating_add(AHEAD_MS)
            && now_ms <= self.at_ms.saturating_add(VALID_MS)
            && uuid_bytes(&self.uid).is_some()
            && self.face < AVATARS
    }
}

impl Sessions {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self(Seal::new(key, b"visitor"))
    }

    /// The session of a browser that has one of this cluster.
    pub(in crate::gateway) fn read(&self, headers: &HeaderMap, now_ms: u64) -> Option<Session> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|it| it.split_once('='));
        let (_, value) = pairs.find(|(name, _)| name.trim() == NAME)?;
        let body = self.0.open(b"", value.trim())?;
        let session: Session = serde_json::from_slice(&body).ok()?;
        session.is_good(now_ms).then_some(session)
    }

    /// The session of a browser, a new one if it has none; and the line that gives it to it.
    pub(super) fn enter(
        &self,
        headers: &HeaderMap,
        scheme: Scheme,
        now_ms: u64,
    ) -> (Session, Option<HeaderValue>, bool) {
        let known = self.read(headers, now_ms);
        let is_new = known.is_none();
        let mut session = known.unwrap_or_else(|| Session::new(now_ms));
        let is_old = now_ms.saturating_sub(session.at_ms) > RENEW_MS;
        if is_old {
            session.at_ms = now_ms;
        }
        let line = (is_new || is_old).then(|| self.line(&session, scheme)).flatten();
        (session, line, is_new)
    }

    fn line(&self, session: &Session, scheme: Scheme) -> Option<HeaderValue> {
        let value = self.0.seal(b"", &serde_json::to_vec(session).ok()?);
        let age = Duration::seconds(i64::try_from(VALID_MS / 1000).unwrap_or(i64::MAX));
        let cookie = Cookie::build((NAME, value)).path("/").http_only(true).max_age(age);
        // A browser gives it back by TLS only, if it came so.
        let cookie = cookie.same_site(SameSite::Lax).secure(scheme == Scheme::Https).build();
        HeaderValue::try_from(cookie.to_string()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_397_620_000;

    fn sent(line: &HeaderValue) -> HeaderMap {
        let pair = line.to_str().unwrap().split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(format!("a=b; {pair}")).unwrap())])
    }

    #[test]
    fn every_node_knows_a_browser_again() {
        let here = Sessions::new([1; 32]);
        let (session, line, is_new) = here.enter(&HeaderMap::new(), Scheme::Https, NOW);
        let line = line.unwrap();
        let text = line.to_str().unwrap();
        assert!(is_new && text.contains("; HttpOnly; SameSite=Lax; Secure; Path=/"), "{text}");
        let there = Sessions::new([1; 32]);
        let again = there.enter(&sent(&line), Scheme::Https, NOW + RENEW_MS);
        assert_eq!(again, (session.clone(), None, false));
        let (later, line, is_new) = there.enter(&sent(&line), Scheme::Https, NOW + RENEW_MS + 1);
        assert!(line.is_some() && !is_new && later.id == session.id && later.uid == session.uid);
    }

    #[test]
    fn an_old_one_and_a_forged_one_are_none() {
        let here = Sessions::new([1; 32]);
        let (_, line, _) = here.enter(&HeaderMap::new(), Scheme::Unknown, NOW);
        let line = line.unwrap();
        assert!(here.read(&sent(&line), NOW + VALID_MS).is_some());
        assert_eq!(here.read(&sent(&line), NOW + VALID_MS + 1), None);
        assert_eq!(here.read(&sent(&line), NOW - AHEAD_MS - 1), None);
        assert_eq!(Sessions::new([2; 32]).read(&sent(&line), NOW), None);
        let forged = HeaderValue::from_static("swish_cluster_visitor=eyJzIjoiMSJ9AAAAAAAAAAAAAAAA");
        assert_eq!(here.read(&sent(&forged), NOW), None);
    }
}
