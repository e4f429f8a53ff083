//! What other nodes and pages may know of the user of a page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Public fields of a user by their names in SWISH's messages.
///
/// Only fields of [`PublicUser::FIELDS`] can be in it, however it is made: `email` never leaves
/// the node (protocol 7).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct PublicUser(BTreeMap<String, String>);

impl PublicUser {
    /// Every field that others may know.
    pub const FIELDS: [&str; 7] = [
        "anonymous_avatar",
        "anonymous_name",
        "avatar",
        "avatar_source",
        "name",
        "profile_id",
        "uid",
    ];

    /// Longest value, in bytes; longer ones are left out.
    pub const MAX_VALUE_BYTES: usize = 2_048;

    /// The public ones of some fields.
    #[must_use]
    pub fn new(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_public = |(name, value): &(String, String)| {
            Self::FIELDS.contains(&name.as_str()) && value.len() <= Self::MAX_VALUE_BYTES
        };
        Self(fields.into_iter().filter(is_public).collect())
    }

    /// One field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All fields, by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl From<BTreeMap<String, String>> for PublicUser {
    fn from(fields: BTreeMap<String, String>) -> Self {
        Self::new(fields)
    }
}

impl From<PublicUser> for BTreeMap<String, String> {
    fn from(user: PublicUser) -> Self {
        user.0
    }
}
