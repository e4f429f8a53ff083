//! The SWISH beside this node.

use std::{fmt, str::FromStr};

use clap::Args;
use serde::Deserialize;
use thiserror::Error;
use url::Url;

/// What was said about it.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SaidSwish {
    /// Where the unmodified SWISH beside this node listens; without one, only files are served.
    #[arg(long = "swish", env = "SWISH_CLUSTER_SWISH", value_name = "URL")]
    pub url: Option<SwishUrl>,
}

impl SaidSwish {
    /// What is not said here is taken from there.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { url: self.url.or(other.url) }
    }
}

/// Where it listens: `http://127.0.0.1:3050`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SwishUrl(String);

/// It is no such address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("wanted the address of a SWISH, such as http://127.0.0.1:3050, without a path: {0}")]
pub struct SwishUrlError(String);

impl SwishUrl {
    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SwishUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

impl FromStr for SwishUrl {
    type Err = SwishUrlError;

    fn from_str(text: &str) -> Result<Self, SwishUrlError> {
        let wrong = || SwishUrlError(text.to_owned());
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_local = url.scheme() == "http" && is_bare && is_plain;
        let host = url.host_str().filter(|_| is_local).ok_or_else(wrong)?;
        Ok(Self(format!("{host}:{}", url.port_or_known_default().ok_or_else(wrong)?)))
    }
}

impl TryFrom<String> for SwishUrl {
    type Error = SwishUrlError;

    fn try_from(text: String) -> Result<Self, SwishUrlError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_host_and_port_are_taken() {
        let read = |text: &str| text.parse::<SwishUrl>().map(|url| url.authority().to_owned());
        assert_eq!(read("http://127.0.0.1:3050"), Ok("127.0.0.1:3050".into()));
        assert_eq!(read("http://swish.local/"), Ok("swish.local:80".into()));
        assert_eq!(read("http://[::1]:3050"), Ok("[::1]:3050".into()));
        for wrong in ["127.0.0.1:3050", "https://h", "http://h/swish", "http://u:p@h", "http://h?x"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
