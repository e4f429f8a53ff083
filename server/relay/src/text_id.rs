//! Identifiers that are texts of people and browsers: bounded, and shared instead of copied.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text that cannot be an identifier; nothing was kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an identifier: empty, too long, or with control characters")]
pub struct TextIdError;

/// Defines an identifier of 1 to `$max` bytes without control characters.
macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident, $max:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Longest text, in bytes.
            pub const MAX_BYTES: usize = $max;

            /// Takes a text.
            ///
            /// # Errors
            ///
            /// When it is empty, too long, or has control characters.
            pub fn new(text: &str) -> Result<Self, TextIdError> {
                let is_good = !text.is_empty()
                    && text.len() <= Self::MAX_BYTES
                    && !text.chars().any(char::is_control);
                is_good.then(|| Self(text.into())).ok_or(TextIdError)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextIdError;

            fn try_from(text: String) -> Result<Self, TextIdError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().into()
            }
        }
    };
}

text_id! {
    /// What a chat is about, in SWISH's form: `gitty:` and the name of a file (SWISH's `docid`).
    DocumentId, 1024
}
text_id! {
    /// One page in one browser, as SWISH names its WebSocket.
    Wsid, 64
}

impl DocumentId {
    /// The chat that every page takes part in, whatever it has open.
    pub const HANGOUT: &str = "gitty:Hangout.swinb";

    /// True for the chat of everybody.
    #[must_use]
    pub fn is_hangout(&self) -> bool {
        self.as_str() == Self::HANGOUT
    }
}
