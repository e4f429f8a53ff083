//! Terms as JSON that keeps every type, so that two readers of a store can be compared.
//!
//! SWISH's own JSON ([`crate::json`]) says the same of `true` and `"true"`; this one does not:
//! atoms are `{"prolog_atom":…}`, strings are strings. It is what `verify --json` prints.

use serde_json::{Map, Number, Value, json};

use crate::term::{Dict, Tag, Term};

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
        Term::List { .. } | Term::Rational(_) | Term::Compound { .. } => {
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
    fn each_commit_is_tagged_as_swish_tagged_it() {
        for manifest in ["manifest.json", "manifest-packed.json"] {
            let mut checked = 0;
            for entry in fixtures::json(manifest)["objects"].as_array().unwrap() {
                if entry["type"] == "commit" {
                    let id = entry["hash"].as_str().unwrap();
                    let mut ours = dict(fixtures::commit(id).dict());
                    let mut theirs = entry["meta"].clone();
                    same_variables(&mut ours);
                    same_variables(&mut theirs);
                    assert_eq!(ours, theirs, "{id}");
                    checked += 1;
                }
            }
            assert!(checked > 100);
        }
    }
}
