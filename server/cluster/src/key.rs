//! Keys of registers.

use std::fmt;

use domain::FileName;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a register is about (protocol 1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// The head of a file.
    File(FileName),
}

impl Key {
    /// The file, for a `file:` key.
    #[must_use]
    pub const fn file(&self) -> &FileName {
        match self {
            Self::File(name) => name,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name) => write!(f, "file:{name}"),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that names no register; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not the name of a register: {0:?}")]
pub struct KeyError(String);

impl std::str::FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text.split_once(':') {
            Some(("file", name)) => Ok(Self::File(FileName::new(name))),
            Some(_) | None => Err(KeyError(text.to_owned())),
        }
    }
}

impl From<FileName> for Key {
    fn from(name: FileName) -> Self {
        Self::File(name)
    }
}
