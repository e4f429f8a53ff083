//! Metadata as the JSON that SWISH answers with.

use domain::ObjectId;
use serde_json::{Map, Number, Value};

use crate::{
    Commit,
    history::History,
    term::{Dict, Term},
};

/// Metadata of a commit, with its name, and `symbolic` when it is the file's head.
#[must_use]
pub fn commit(commit: &Commit, id: ObjectId, symbolic: Symbolic) -> Value {
    let mut meta = dict(commit.dict());
    meta.insert("commit".into(), id.to_string().into());
    if symbolic == Symbolic::Head {
        meta.insert("symbolic".into(), "HEAD".into());
    }
    Value::Object(meta)
}

/// The answer to `format=history`; `symbolic` says which commits are heads.
#[must_use]
pub fn history(history: &History, symbolic: impl Fn(ObjectId) -> Symbolic) -> Value {
    let metas: Vec<Value> =
        history.commits.iter().map(|(id, one)| commit(one, *id, symbolic(*id))).collect();
    serde_json::json!({ "history": metas, "skipped": history.skipped })
}

/// Whether a commit is shown as the head of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbolic {
    /// It is the head.
    Head,
    /// It is an older version, or another branch.
    No,
}

/// A term as JSON: text as strings, `true`, `false` and `null` as themselves.
///
/// What JSON cannot say (big integers, rationals, infinities, variables, compounds) becomes the
/// term's text, where SWISH fails with a server error.
#[must_use]
pub fn term(term: &Term) -> Value {
    match term {
        Term::Atom(text) => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => Value::String(text.clone()),
        },
        Term::String(text) => Value::String(text.clone()),
        Term::Integer(digits) => {
            digits.parse::<i64>().map_or_else(|_| digits.clone().into(), Value::from)
        }
        Term::Float(value) => {
            Number::from_f64(*value).map_or_else(|| term.to_string().into(), Value::Number)
        }
        Term::List { items, tail: None } => items.iter().map(self::term).collect(),
        Term::Dict(value) => Value::Object(dict(value)),
        Term::List { .. }
        | Term::Rational(_)
        | Term::Variable(_)
        | Term::Compound { .. }
        | Term::ListCompound { .. } => Value::String(term.to_string()),
    }
}

fn dict(dict: &Dict) -> Map<String, Value> {
    dict.pairs.iter().map(|(key, value)| (key.to_string(), term(value))).collect()
}
