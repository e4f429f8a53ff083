//! The session's cookie.

use axum::http::{HeaderMap, header::COOKIE};
use cookie::{Cookie, SameSite, time::Duration};

use crate::{
    app::App,
    operators::{SESSION_SECONDS, Secret},
};

/// How this node's cookie is called and what it needs.
#[derive(Debug)]
pub(super) struct Cookies {
    /// Browsers share cookies between all ports of a host, and each node has sessions of its own.
    name: String,
    is_secure: bool,
}

impl Cookies {
    pub(super) fn of(app: &App) -> Self {
        let is_secure = app.config.listen.dashboard_url.as_ref().is_some_and(|url| url.is_https());
        let prefix = if is_secure { "__Host-" } else { "" };
        Self { name: format!("{prefix}swish_cluster_{}", app.me().node), is_secure }
    }

    /// The session that a request carries.
    pub(super) fn read(&self, headers: &HeaderMap) -> Option<Secret> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
        let mut own = pairs.filter(|pair| pair.name() == self.name);
        own.find_map(|pair| Secret::parse(pair.value()))
    }

    /// Lets the browser in.
    pub(super) fn set(&self, session: &Secret) -> String {
        self.line(session.text(), i64::try_from(SESSION_SECONDS).unwrap_or(i64::MAX))
    }

    /// Takes it back.
    pub(super) fn clear(&self) -> String {
        self.line(String::new(), 0)
    }

    fn line(&self, value: String, seconds: i64) -> String {
        Cookie::build((self.name.as_str(), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.is_secure)
            .max_age(Duration::seconds(seconds))
            .to_string()
    }
}
