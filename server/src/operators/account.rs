//! Names of accounts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Most characters of a name.
const MAX: usize = 64;

/// A name in the form in which it is compared: lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountName(String);

/// A name that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("A name has 1 to 64 letters, digits or . _ - @, without accents.")]
pub struct NameError;

impl AccountName {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let good = |sign: char| sign.is_ascii_alphanumeric() || "._-@".contains(sign);
        let is_good = !text.is_empty() && text.len() <= MAX && text.chars().all(good);
        is_good.then(|| Self(text.to_ascii_lowercase())).ok_or(NameError)
    }
}

impl TryFrom<String> for AccountName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> Self {
        name.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
