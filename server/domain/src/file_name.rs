//! Names of files as users and SWISH see them; on disk a name is never a path.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Name of a file in the store, with its extension.
///
/// Any text, because a store may hold anything; [`FileName::for_create`] is what new names obey.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(Arc<str>);

/// A name that no new file may get; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CreateNameError {
    /// Empty, or over 200 bytes.
    #[error("a name has 1 to 200 bytes, this one has {0}")]
    Length(usize),
    /// A control character.
    #[error("a name has no control characters")]
    Control,
    /// A space at the beginning or end.
    #[error("a name has no space at its beginning or end")]
    OuterSpace,
    /// An empty, `.` or `..` segment between slashes.
    #[error("a name has no empty, \".\" or \"..\" part between slashes")]
    Segment,
    /// It reads as a hash.
    #[error("40 hexadecimal digits would be taken for a version")]
    Hash,
}

impl FileName {
    /// Longest name of a new file, in bytes.
    pub const MAX_BYTES: usize = 200;

    /// Wraps the name of a file that exists, or that somebody asks for.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Accepts a name for a new file (architecture, "Names and sizes").
    ///
    /// # Errors
    /// The rule that the name breaks. Unicode composition is the caller's: it hands in NFC.
    pub fn for_create(text: &str) -> Result<Self, CreateNameError> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(CreateNameError::Length(text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(CreateNameError::Control);
        }
        if text.trim() != text {
            return Err(CreateNameError::OuterSpace);
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(CreateNameError::Segment);
        }
        if text.parse::<crate::ObjectId>().is_ok() {
            return Err(CreateNameError::Hash);
        }
        Ok(Self::new(text))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last dot, empty without one.
    #[must_use]
    pub fn extension(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl From<&str> for FileName {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_new_files_are_checked() {
        let refused = |text: &str| FileName::for_create(text).unwrap_err();
        assert_eq!(FileName::for_create("a/b c.pl"), Ok(FileName::from("a/b c.pl")));
        assert_eq!(refused(""), CreateNameError::Length(0));
        assert_eq!(refused(&"x".repeat(201)), CreateNameError::Length(201));
        assert_eq!(refused("a\nb.pl"), CreateNameError::Control);
        assert_eq!(refused(" a.pl"), CreateNameError::OuterSpace);
        assert_eq!(refused("../q.exe"), CreateNameError::Segment);
        assert_eq!(refused("a//b.pl"), CreateNameError::Segment);
        assert_eq!(refused("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), CreateNameError::Hash);
    }
}
