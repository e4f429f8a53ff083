//! Where an answer differs from the recorded one.

use serde_json::Value;

use super::recording::Recorded;
use crate::client::Answer;

/// What differs: `status`, the name of a header, `body`, or a pointer into the JSON.
#[must_use]
pub fn differences(theirs: &Recorded, ours: &Answer) -> Vec<String> {
    if theirs.status != u64::from(ours.status) {
        // Another status has another body.
        return vec!["status".to_owned()];
    }
    let mut found = Vec::new();
    for (name, value) in &theirs.headers {
        let header = ours.headers.get(*name).and_then(|value| value.to_str().ok());
        if header != Some(value.as_str()) {
            found.push((*name).to_owned());
        }
    }
    let len = u64::try_from(ours.body.len()).unwrap_or(u64::MAX);
    let text = theirs.text.as_ref();
    if text.is_some_and(|text| text.as_bytes() != ours.body)
        || theirs.raw_len.is_some_and(|theirs| theirs != len)
    {
        found.push("body".to_owned());
    }
    if let Some(json) = &theirs.json {
        json_differences("", &comparable(json), &comparable(&ours.json()), &mut found);
    }
    found
}

/// Without what says nothing about the store: SWISH's clocks, its temporary files' names, and
/// chats.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(key, _)| *key != "chats");
            fields.map(|(key, value)| (key.clone(), comparable_field(key, value))).collect()
        }
        Value::Array(items) => items.iter().map(comparable).collect(),
        other => other.clone(),
    }
}

fn comparable_field(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("cpu" | "modified", Value::Number(_)) => "number".into(),
        ("data", Value::String(text)) if text.starts_with("--- ") && text.contains("\n+++ ") => {
            text.split_inclusive('\n').skip(2).collect::<String>().into()
        }
        _ => comparable(value),
    }
}

fn json_differences(at: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let keys: std::collections::BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
            for key in keys {
                let at = format!("{at}/{key}");
                match (theirs.get(key), ours.get(key)) {
                    (Some(theirs), Some(ours)) => json_differences(&at, theirs, ours, found),
                    _ => found.push(at),
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                json_differences(&format!("{at}/{index}"), theirs, ours, found);
            }
        }
        _ if theirs == ours => {}
        _ if at.is_empty() => found.push("body".to_owned()),
        _ => found.push(at.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_named_by_where_they_are() {
        let mut found = Vec::new();
        let theirs = json!({ "a": [1, { "b": 2 }], "c": [1], "d": 1, "cpu": 0.1 });
        let ours = json!({ "a": [1, { "b": 3 }], "c": [], "e": 1, "cpu": 0.2 });
        json_differences("", &comparable(&theirs), &comparable(&ours), &mut found);
        assert_eq!(found, ["/a/1/b", "/c", "/d", "/e"]);
    }
}
