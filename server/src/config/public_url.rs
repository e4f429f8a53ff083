//! Where people really open something that a proxy stands before.

use std::{fmt, str::FromStr};

use serde::Deserialize;
use thiserror::Error;
use url::Url;

/// Scheme and authority, nothing more: `https://cluster.example.org`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl {
    is_https: bool,
    authority: String,
}

/// It is no such address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("wanted an address such as https://cluster.example.org, without a path: {0}")]
pub struct UrlError(String);

impl PublicUrl {
    /// Whether browsers talk to the proxy by TLS.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.is_https
    }

    /// Host, and port unless it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_https { "https" } else { "http" }, self.authority)
    }
}

impl FromStr for PublicUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let wrong = || UrlError(text.to_owned());
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong()),
        };
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_plain = url.username().is_empty() && url.password().is_none();
        let host = url.host_str().filter(|_| is_bare && is_plain).ok_or_else(wrong)?;
        // The library leaves out a port that is the scheme's own, as browsers do.
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { is_https, authority: format!("{host}{port}") })
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, UrlError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_and_authority_are_taken() {
        let read = |text: &str| text.parse::<PublicUrl>().map(|url| url.to_string());
        assert_eq!(
            read("https://Cluster.example.org:443/"),
            Ok("https://cluster.example.org".into())
        );
        assert_eq!(read("http://10.0.0.7:7050"), Ok("http://10.0.0.7:7050".into()));
        for wrong in ["ftp://a", "https://a/path", "https://u@a", "a.example", "https://a/?q"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
