//! The SWISH beside this node.

use std::{fmt, path::PathBuf, str::FromStr};

use clap::Args;
use serde::Deserialize;
use thiserror::Error;
use url::Url;

/// What was said about it.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SaidSwish {
    /// Where the unmodified SWISH beside this node listens; with a path where SWISH has it as
    /// `http:prefix`. Without one, only files are served.
    #[arg(long = "swish", env = "SWISH_CLUSTER_SWISH", value_name = "URL")]
    pub url: Option<SwishUrl>,
    /// Directory of SWISH's chat files (its `data/chat`). They are read, and every message of the
    /// cluster is appended to them, so that SWISH has its chats without this node too. Only one
    /// node may have it.
    #[arg(long, env = "SWISH_CLUSTER_CHAT_DIR", value_name = "DIR")]
    #[serde(rename = "chat-dir")]
    pub chat_dir: Option<PathBuf>,
}

impl SaidSwish {
    /// What is not said here is taken from there.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { url: self.url.or(other.url), chat_dir: self.chat_dir.or(other.chat_dir) }
    }
}

/// Where it listens: `http://127.0.0.1:3050`, or with its prefix `http://127.0.0.1:3050/swish`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SwishUrl {
    authority: String,
    /// Without a slash at its end.
    prefix: String,
}

/// It is no such address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "wanted the address of a SWISH, such as http://127.0.0.1:3050 or http://127.0.0.1:3050/swish: {0}"
)]
pub struct SwishUrlError(String);

impl SwishUrl {
    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path below which it answers: empty, or such as `/swish`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for SwishUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.prefix)
    }
}

impl FromStr for SwishUrl {
    type Err = SwishUrlError;

    fn from_str(text: &str) -> Result<Self, SwishUrlError> {
        let wrong = || SwishUrlError(text.to_owned());
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_bare = url.query().is_none() && url.fragment().is_none();
        let prefix = url.path().trim_end_matches('/');
        let is_part = |part: &str| !part.is_empty() && part.bytes().all(is_plain_byte);
        let is_bare = is_bare && (prefix.is_empty() || prefix.split('/').skip(1).all(is_part));
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_local = url.scheme() == "http" && is_bare && is_plain;
        let host = url.host_str().filter(|_| is_local).ok_or_else(wrong)?;
        let authority = format!("{host}:{}", url.port_or_known_default().ok_or_else(wrong)?);
        Ok(Self { authority, prefix: prefix.to_owned() })
    }
}

/// What needs no encoding in a path.
const fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
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
    fn host_port_and_prefix_are_taken() {
        let read = |text: &str| text.parse::<SwishUrl>().map(|url| url.to_string());
        assert_eq!(read("http://127.0.0.1:3050"), Ok("http://127.0.0.1:3050".into()));
        assert_eq!(read("http://swish.local/"), Ok("http://swish.local:80".into()));
        assert_eq!(read("http://[::1]:3050"), Ok("http://[::1]:3050".into()));
        assert_eq!(read("http://h/swish/"), Ok("http://h:80/swish".into()));
        assert_eq!(read("http://h/a/b"), Ok("http://h:80/a/b".into()));
        let wrong = ["127.0.0.1:3050", "https://h", "http://u:p@h", "http://h?x"];
        for wrong in wrong.into_iter().chain(["http://h//a", "http://h/a%20b", "http://h/a#b"]) {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
