//! What a client may say about a save, filtered as SWISH filters it.

use domain::ObjectId;
use serde_json::Value;

use crate::term::{Dict, Term};

/// Metadata of a save: what the client sent and SWISH accepts, and who saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Meta {
    dict: Dict,
}

impl Default for Meta {
    fn default() -> Self {
        Self { dict: Dict::tagged("gitty") }
    }
}

impl Meta {
    /// Takes the keys SWISH knows whose values have the right type; the others are dropped.
    ///
    /// `has_identity` is whether the saver is logged in: then the avatar is the account's.
    #[must_use]
    pub fn from_json(meta: &Value, has_identity: bool) -> Self {
        let mut accepted = Self::default();
        for (key, value) in meta.as_object().into_iter().flatten() {
            let term = match key.as_str() {
                "public" | "example" => value.as_bool().map(|flag| Term::atom(flag.to_string())),
                "author" | "email" | "title" | "description" | "commit_message" => string(value),
                "avatar" if !has_identity => string(value),
                "tags" => list(value, string),
                "modify" => list(value, atom),
                _ => None,
            };
            if let Some(term) = term {
                accepted.dict.set(key, term);
            }
        }
        accepted
    }

    /// Sets the address of a saver who is nobody else.
    #[must_use]
    pub fn peer(self, address: &str) -> Self {
        self.with("peer", address)
    }

    /// Sets who saved, as `provider:id`.
    #[must_use]
    pub fn identity(self, identity: &str) -> Self {
        self.with("identity", identity)
    }

    /// Sets the saver's profile.
    #[must_use]
    pub fn profile_id(self, id: &str) -> Self {
        self.with("profile_id", id)
    }

    /// Sets the tips of other branches that the commit settles (protocol 4.5).
    #[must_use]
    pub fn settles(mut self, tips: &[ObjectId]) -> Self {
        let tips = tips.iter().map(|tip| Term::atom(tip.to_string()));
        self.dict.set(super::SETTLES, Term::list(tips));
        self
    }

    /// Value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Term> {
        self.dict.get(key)
    }

    fn with(mut self, key: &str, atom: &str) -> Self {
        self.dict.set(key, Term::atom(atom));
        self
    }

    pub(super) fn into_dict(self) -> Dict {
        self.dict
    }
}

fn string(value: &Value) -> Option<Term> {
    value.as_str().map(Term::string)
}

/// Any atomic value becomes an atom of its text.
fn atom(value: &Value) -> Option<Term> {
    match value {
        Value::String(text) => Some(Term::atom(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(Term::atom(value.to_string())),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// All elements or nothing.
fn list(value: &Value, element: fn(&Value) -> Option<Term>) -> Option<Term> {
    let items: Option<Vec<Term>> = value.as_array()?.iter().map(element).collect();
    items.map(Term::list)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_the_wrong_type_and_unknown_keys_are_dropped() {
        let sent = json!({
            "public": "yes", "example": true, "tags": "x", "title": "T", "author": 1,
            "modify": ["any", 1, true], "avatar": "/a.svg", "name": "n", "follow": true,
        });
        let written = |meta: Meta| Term::Dict(meta.into_dict()).to_string();
        assert_eq!(
            written(Meta::from_json(&sent, false)),
            r#"gitty{avatar:"/a.svg",example:true,modify:[any,'1',true],title:"T"}"#
        );
        assert_eq!(
            written(Meta::from_json(&sent, true).identity("local:ann")),
            r#"gitty{example:true,identity:'local:ann',modify:[any,'1',true],title:"T"}"#
        );
    }
}
