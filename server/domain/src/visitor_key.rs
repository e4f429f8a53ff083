//! By what a visitor is known from one page, and one day, to the next.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Whom a muting is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitorKey {
    /// Somebody with a login: the profile's id.
    Profile(String),
    /// Somebody without one: what SWISH calls the visitor of a browser's session.
    Uid(String),
}

/// A text that names no visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a visitor is profile:… or uid:…, with 1 to 200 bytes after the colon")]
pub struct VisitorKeyError;

impl VisitorKey {
    /// Longest id, in bytes; SWISH's own are UUIDs.
    pub const MAX_BYTES: usize = 200;

    /// Whether the id is one that can be written into the audit.
    #[must_use]
    pub fn is_within(&self) -> bool {
        let (Self::Profile(id) | Self::Uid(id)) = self;
        (1..=Self::MAX_BYTES).contains(&id.len()) && !id.chars().any(char::is_control)
    }
}

impl fmt::Display for VisitorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(id) => write!(f, "profile:{id}"),
            Self::Uid(id) => write!(f, "uid:{id}"),
        }
    }
}

impl FromStr for VisitorKey {
    type Err = VisitorKeyError;

    fn from_str(text: &str) -> Result<Self, VisitorKeyError> {
        let key = match text.split_once(':') {
            Some(("profile", id)) => Self::Profile(id.to_owned()),
            Some(("uid", id)) => Self::Uid(id.to_owned()),
            _ => return Err(VisitorKeyError),
        };
        key.is_within().then_some(key).ok_or(VisitorKeyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_nonsense_is_none() {
        for text in ["profile:e8fa0dc0", "uid:a:b"] {
            assert_eq!(text.parse::<VisitorKey>().unwrap().to_string(), text);
        }
        for text in ["", "uid:", "name:x", "uid:\u{7}", &format!("uid:{}", "x".repeat(201))] {
            assert_eq!(text.parse::<VisitorKey>(), Err(VisitorKeyError), "{text}");
        }
    }
}
