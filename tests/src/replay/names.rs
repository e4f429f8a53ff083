//! What has another name on our side: the versions that a replay makes, and files without a name.

use serde_json::Value;

/// Their name and ours, in the order in which they were learned.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<(String, String)>);

impl Names {
    /// Their text with our names.
    #[must_use]
    pub fn translate(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
    }

    /// Learns from two answers to one request what the same thing is called.
    pub fn learn(&mut self, theirs: &Value, ours: &Value) {
        for pointer in ["/meta/commit", "/file"] {
            let name = |answer: &Value| answer.pointer(pointer)?.as_str().map(str::to_owned);
            if let (Some(theirs), Some(ours)) = (name(theirs), name(ours))
                && theirs != ours
                && self.0.iter().all(|(known, _)| *known != theirs)
            {
                self.0.push((theirs, ours));
            }
        }
    }

    /// Replaces what no two stores have in common: times, and hashes that nobody has learned.
    pub fn forget(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match (key.as_str(), &value) {
                        ("time" | "modified" | "cpu", Value::Number(_)) => *value = "number".into(),
                        ("commit" | "previous", Value::String(hash)) if !self.is_ours(hash) => {
                            *value = "hash".into();
                        }
                        _ => self.forget(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.forget(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn is_ours(&self, name: &str) -> bool {
        self.0.iter().any(|(_, ours)| ours == name)
    }
}
