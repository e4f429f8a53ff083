//! Who SWISH says somebody is, as a cookie that every node of the cluster believes.
//!
//! A login belongs to the SWISH where it was made; the cookie carries it to the other nodes and over
//! SWISH's restarts. It is what SWISH's `/user_info` said, with a MAC under the cluster's secret.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cookie::{Cookie, SameSite, time::Duration};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::front::Scheme;

/// Name of the cookie.
pub(super) const NAME: &str = "swish_cluster_login";
/// A login that SWISH has not confirmed for this long has to be made again.
const VALID_MS: u64 = 12 * 60 * 60 * 1000;
/// A node's clock may be this much behind that of the node that made the cookie.
const AHEAD_MS: u64 = 5 * 60 * 1000;
/// Browsers keep cookies of 4 kB.
const MAX_BYTES: usize = 3_800;
/// Kept of what SWISH said if all of it is too long.
const NEEDED: [&str; 8] = [
    "user",
    "name",
    "email",
    "avatar",
    "auth_method",
    "identity_provider",
    "external_identity",
    "profile_id",
];

/// Somebody who has an account at a SWISH of this cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct Login {
    /// As commits have it: `local:ann`.
    pub(in crate::gateway) identity: String,
    /// Of their profile, where SWISH keeps profiles.
    pub(in crate::gateway) profile_id: Option<String>,
    /// What `/user_info` said.
    info: Map<String, Value>,
}

impl Login {
    /// Reads an answer of `/user_info` (spec E.3): a profile names its provider, without profiles
    /// it is the user of the password file. `null` is nobody.
    pub(in crate::gateway) fn read(info: &Value) -> Option<Self> {
        let info = info.as_object()?;
        let text = |key: &str| info.get(key).and_then(Value::as_str).filter(|it| !it.is_empty());
        let identity = match (text("identity_provider"), text("external_identity")) {
            (Some(provider), Some(id)) => format!("{provider}:{id}"),
            _ => format!("local:{}", text("user")?),
        };
        let profile_id = text("profile_id").map(str::to_owned);
        Some(Self { identity, profile_id, info: info.clone() })
    }

    /// What `/user_info` says of them.
    pub(super) fn info(&self) -> Value {
        Value::Object(self.info.clone())
    }

    /// One field of what `/user_info` says, if it is there and not empty.
    pub(in crate::gateway) fn text(&self, key: &str) -> Option<&str> {
        self.info.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// True if this is who logs in by that name in HTTP's own way.
    pub(super) fn is_local(&self, user: &str) -> bool {
        self.identity.strip_prefix("local:") == Some(user)
    }
}

/// Makes and knows the cookies of one cluster.
#[derive(Clone, Debug)]
pub(super) struct Vouchers {
    key: [u8; 32],
}

/// What a cookie says.
#[derive(Serialize, Deserialize)]
struct Voucher {
    at: u64,
    info: Map<String, Value>,
}

impl Vouchers {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The line that gives it to the browser, if it fits into one.
    pub(super) fn line(&self, login: &Login, scheme: Scheme, now_ms: u64) -> Option<HeaderValue> {
        let mut info = login.info.clone();
        let mut value = self.seal(&info, now_ms)?;
        if value.len() > MAX_BYTES {
            info.retain(|key, _| NEEDED.contains(&key.as_str()));
            value = self.seal(&info, now_ms)?;
        }
        if value.len() > MAX_BYTES {
            tracing::warn!("what SWISH says of a user is too long for a cookie");
            return None;
        }
        let age = i64::try_from(VALID_MS / 1000).unwrap_or(i64::MAX);
        let cookie = Cookie::build((NAME, value)).max_age(Duration::seconds(age));
        let cookie = cookie.secure(scheme == Scheme::Https);
        HeaderValue::try_from(protected(cookie)).ok()
    }

    /// The line that takes it away.
    pub(super) fn end() -> HeaderValue {
        let line = protected(Cookie::build((NAME, "")).max_age(Duration::ZERO));
        HeaderValue::try_from(line).unwrap_or(HeaderValue::from_static(""))
    }

    /// Whom the request's cookie names, if a node of this cluster made it within the last 12 hours.
    pub(super) fn read(&self, headers: &HeaderMap, now_ms: u64) -> Option<Login> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|it| it.split_once('='));
        let (_, value) = pairs.find(|(name, _)| name.trim() == NAME)?;
        let (body, mac) = value.trim().split_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        self.hmac(body).verify_slice(&mac).ok()?;
        let voucher: Voucher = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        let is_valid = voucher.at <= now_ms.saturating_add(AHEAD_MS)
            && now_ms <= voucher.at.saturating_add(VALID_MS);
        is_valid.then(|| Login::read(&Value::Object(voucher.info)))?
    }

    fn seal(&self, info: &Map<String, Value>, now_ms: u64) -> Option<String> {
        let voucher = Voucher { at: now_ms, info: info.clone() };
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&voucher).ok()?);
        let mac = URL_SAFE_NO_PAD.encode(self.hmac(&body).finalize().into_bytes());
        Some(format!("{body}.{mac}"))
    }

    #[expect(clippy::expect_used, reason = "an HMAC takes keys of every length")]
    fn hmac(&self, body: &str) -> Hmac<Sha256> {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length");
        hmac.update(b"swish-cluster login 1 ");
        hmac.update(body.as_bytes());
        hmac
    }
}

fn protected(cookie: cookie::CookieBuilder<'_>) -> String {
    cookie.path("/").http_only(true).same_site(SameSite::Lax).build().to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_795_397_620_000;

    fn ann() -> Login {
        Login::read(&json!({ "user": "ann", "name": "Ann Lee", "email": "a@x.org" })).unwrap()
    }

    fn sent(line: &HeaderValue) -> HeaderMap {
        let pair = line.to_str().unwrap().split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(format!("a=b; {pair}")).unwrap())])
    }

    #[test]
    fn what_swish_says_of_somebody_is_their_identity() {
        assert_eq!(ann().identity, "local:ann");
        let profile = json!({
            "identity_provider": "google", "external_identity": "123", "profile_id": "e8fa", "user": "x",
        });
        let login = Login::read(&profile).unwrap();
        assert_eq!(
            (login.identity.as_str(), login.profile_id.as_deref()),
            ("google:123", Some("e8fa"))
        );
        for nobody in [json!(null), json!({}), json!({ "user": "" }), json!("ann"), json!([1])] {
            assert_eq!(Login::read(&nobody), None, "{nobody}");
        }
    }

    #[test]
    fn every_node_believes_it_and_for_a_while_only() {
        let line = Vouchers::new([1; 32]).line(&ann(), Scheme::Unknown, NOW).unwrap();
        let text = line.to_str().unwrap();
        assert!(text.contains("; HttpOnly; SameSite=Lax; Path=/; Max-Age=43200"), "{text}");
        let by_tls = Vouchers::new([1; 32]).line(&ann(), Scheme::Https, NOW).unwrap();
        assert!(by_tls.to_str().unwrap().contains("; Secure"), "{by_tls:?}");
        let other = Vouchers::new([1; 32]);
        assert_eq!(other.read(&sent(&line), NOW + VALID_MS), Some(ann()));
        assert_eq!(other.read(&sent(&line), NOW - AHEAD_MS), Some(ann()));
        assert_eq!(other.read(&sent(&line), NOW + VALID_MS + 1), None);
        assert_eq!(other.read(&sent(&line), NOW - AHEAD_MS - 1), None);
        assert_eq!(Vouchers::new([2; 32]).read(&sent(&line), NOW), None);
        assert_eq!(other.read(&sent(&Vouchers::end()), NOW), None);
    }

    #[test]
    fn nobody_else_can_make_one() {
        let vouchers = Vouchers::new([1; 32]);
        let line = vouchers.line(&ann(), Scheme::Unknown, NOW).unwrap();
        let value = line.to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
        let (body, mac) = value.split_once('.').unwrap();
        let bob =
            URL_SAFE_NO_PAD.encode(json!({ "at": NOW, "info": { "user": "bob" } }).to_string());
        for forged in [
            format!("{bob}.{mac}"),
            format!("{body}."),
            body.to_owned(),
            format!("{body}.{}", &mac[1..]),
        ] {
            let line = HeaderValue::try_from(format!("{NAME}={forged}")).unwrap();
            assert_eq!(vouchers.read(&sent(&line), NOW), None, "{forged}");
        }
    }

    #[test]
    fn a_long_answer_is_cut_down_to_what_is_needed() {
        let mut info = json!({ "user": "ann", "about": "x".repeat(5_000) });
        let vouchers = Vouchers::new([1; 32]);
        let line = vouchers.line(&Login::read(&info).unwrap(), Scheme::Unknown, NOW).unwrap();
        assert_eq!(vouchers.read(&sent(&line), NOW).unwrap().info(), json!({ "user": "ann" }));
        info["name"] = "y".repeat(5_000).into();
        assert_eq!(vouchers.line(&Login::read(&info).unwrap(), Scheme::Unknown, NOW), None);
    }
}
