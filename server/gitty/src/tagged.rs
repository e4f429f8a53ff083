//! Terms as JSON that keeps every type, so that two readers of a store can be compared.
//!
//! SWISH's own JSON ([`crate::json`]) says the same of `true` and `"true"`; this one does not:
//! atoms are `{"prolog_atom":…}`, strings are strings. It is what `verify --json` prints.

use domain::{ObjectId, ObjectKind};
use serde_json::{Map, Number, Value, json};
use sha1_checked::{Digest, Sha1};

use crate::{
    Commit, Object,
    term::{Dict, Tag, Term},
};

/// An object: what it is and what its content is; of a commit also its text and metadata.
#[must_use]
pub fn object(id: ObjectId, object: &Object) -> Value {
    let mut sha1 = Sha1::builder().detect_collision(false).build();
    sha1.update(&object.content);
    let of_data = ObjectId::from_bytes((*sha1.try_finalize().hash()).into());
    let mut entry = json!({
        "hash": id,
        "type": object.kind.as_str(),
        "utf8_bytes": object.content.len(),
        "sha1_of_data": of_data,
    });
    if object.kind == ObjectKind::Commit
        && let Ok(commit) = Commit::parse(&object.content)
    {
        entry["text"] = object.text().into();
        entry["meta"] = dict(commit.dict());
    }
    entry
}

/// A term; lists and dicts in full, other compounds as their text.
#[must_use]
pub fn term(value: &Term) -> Value {
    match value {
        Term::Atom(text) => json!({ "prolog_atom": text }),
        Term::String(text) => text.as_str().into(),
        Term::Integer(digits) => {
            digits.parse::<i64>().map_or_else(|_| json!({ "prolog_integer": digits }), Value::from)
        }
        Term::Float(number) => Number::from_f64(*number)
            .map_or_else(|| json!({ "prolog_float": value.to_string() }), Value::Number),
        Term::Variable(_) => "UNBOUND_VARIABLE".into(),
        Term::List { items, tail: None } => items.iter().map(term).collect(),
        Term::Dict(value) => dict(value),
        Term::List { .. }
        | Term::Rational(_)
        | Term::Compound { .. }
        | Term::ListCompound { .. } => {
            json!({ "prolog_term": value.to_string() })
        }
    }
}

/// A dict with its tag; none is `null`.
#[must_use]
pub fn dict(value: &Dict) -> Value {
    let pairs: Map<String, Value> =
        value.pairs.iter().map(|(key, value)| (key.to_string(), term(value))).collect();
    let tag = match &value.tag {
        Tag::Atom(text) => Value::String(text.clone()),
        Tag::Variable(_) => Value::Null,
    };
    json!({ "tag": tag, "prolog_dict": pairs })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    /// Numbers the variables of a text in the order they come: their names differ at each reading.
    fn numbered(text: &str) -> String {
        let mut names: Vec<&str> = Vec::new();
        let mut parts = text.split('_');
        let mut out = parts.next().unwrap_or("").to_owned();
        for part in parts {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let (name, rest) = part.split_at(digits);
            let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            out += &format!("_{at}{rest}");
        }
        out
    }

    fn same_variables(value: &mut Value) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(text)) = map.get_mut("prolog_term") {
                    *text = numbered(text);
                }
                map.values_mut().for_each(same_variables);
            }
            Value::Array(items) => items.iter_mut().for_each(same_variables),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn each_object_is_what_swish_says_it_is() {
        for manifest in ["manifest.json", "manifest-packed.json"] {
            let mut checked = 0;
            for theirs in fixtures::json(manifest)["objects"].as_array().unwrap() {
                let id = theirs["hash"].as_str().unwrap();
                let ours = object(id.parse().unwrap(), &fixtures::object(id));
                for (key, value) in ours.as_object().unwrap() {
                    let (mut ours, mut theirs) = (value.clone(), theirs[key].clone());
                    same_variables(&mut ours);
                    same_variables(&mut theirs);
                    assert_eq!(ours, theirs, "{id} {key}");
                    checked += 1;
                }
                let keys = if theirs["type"] == "commit" { 6 } else { 4 };
                assert_eq!(ours.as_object().unwrap().len(), keys);
            }
            assert!(checked > 1000);
        }
    }
}
