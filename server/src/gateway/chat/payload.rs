//! What is attached to a chat message: the kinds that SWISH's pages know, and their keys (spec C.5).

use domain::ObjectId;
use relay::DocumentId;
use serde_json::{Map, Value, json};

/// Attachments of one message; further ones are left out.
const MAX_PAYLOADS: usize = 16;
/// Selections of one attachment; further ones are left out.
const MAX_SELECTIONS: usize = 64;
/// Cells of a notebook are inside of cells at most so deep.
const MAX_DEPTH: usize = 4;
/// Longest name of a cell, in bytes.
const MAX_CELL: usize = 64;

/// One attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// A query to try.
    Query(String),
    /// Part of a program or notebook.
    Selection(Vec<Selection>),
    /// Another document that this is about.
    About(DocumentId),
    /// Two versions of a file.
    Update {
        /// The file.
        name: String,
        /// The later one.
        commit: ObjectId,
        /// The earlier one.
        previous: ObjectId,
    },
}

/// One selected part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// Text of a program.
    Text {
        /// Line and column of its ends.
        ends: [Option<(u64, u64)>; 2],
        /// The text itself.
        string: Option<String>,
        /// Around it.
        context: Option<String>,
    },
    /// Parts of a cell of a notebook.
    Cell {
        /// Its name.
        cell: Option<String>,
        /// Its parts.
        selections: Vec<Self>,
    },
}

/// The attachments that can be read.
pub(super) fn read(value: &Value) -> Option<Vec<Payload>> {
    let payloads = value.as_array()?.iter().filter_map(|it| Payload::of(it.as_object()?));
    Some(payloads.take(MAX_PAYLOADS).collect())
}

/// As pages get them.
pub(super) fn to_json(payloads: &[Payload]) -> Value {
    payloads.iter().map(Payload::json).collect()
}

impl Payload {
    fn of(fields: &Map<String, Value>) -> Option<Self> {
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        match text("type")? {
            "query" => Some(Self::Query(text("query")?.to_owned())),
            "selection" => Some(Self::Selection(selections(fields.get("selection")?, 0))),
            "about" => {
                let docid = DocumentId::new(text("docid")?).ok()?;
                docid.as_str().starts_with("gitty:").then_some(Self::About(docid))
            }
            "update" => Some(Self::Update {
                name: text("name").filter(|name| name.len() <= DocumentId::MAX_BYTES)?.to_owned(),
                commit: text("commit")?.parse().ok()?,
                previous: text("previous")?.parse().ok()?,
            }),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Query(query) => json!({ "type": "query", "query": query }),
            Self::Selection(all) => {
                let all: Vec<_> = all.iter().map(Selection::json).collect();
                json!({ "type": "selection", "selection": all })
            }
            Self::About(docid) => json!({ "type": "about", "docid": docid }),
            Self::Update { name, commit, previous } => {
                json!({ "type": "update", "name": name, "commit": commit, "previous": previous })
            }
        }
    }

    /// Every selected text, in whatever cell.
    pub(super) fn selected(&self) -> Vec<&str> {
        let mut found = Vec::new();
        if let Self::Selection(selections) = self {
            selections.iter().for_each(|selection| selection.texts(&mut found));
        }
        found
    }
}

fn selections(value: &Value, depth: usize) -> Vec<Selection> {
    let all = value.as_array().into_iter().flatten();
    let all = all.filter_map(|it| Selection::of(it.as_object()?, depth));
    all.take(MAX_SELECTIONS).collect()
}

impl Selection {
    fn of(fields: &Map<String, Value>, depth: usize) -> Option<Self> {
        let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
        if let Some(inner) = fields.get("selections") {
            let cell = text("cell").filter(|cell| cell.len() <= MAX_CELL);
            let selections =
                if depth < MAX_DEPTH { selections(inner, depth + 1) } else { Vec::new() };
            return Some(Self::Cell { cell, selections });
        }
        let end = |key: &str| {
            let end = fields.get(key)?;
            Some((end.get("line")?.as_u64()?, end.get("ch")?.as_u64()?))
        };
        let ends = [end("from"), end("to")];
        Some(Self::Text { ends, string: text("string"), context: text("context") })
    }

    fn json(&self) -> Value {
        let mut json = Map::new();
        match self {
            Self::Text { ends, string, context } => {
                for (key, end) in ["from", "to"].into_iter().zip(ends) {
                    let end = end.map(|(line, ch)| json!({ "line": line, "ch": ch }));
                    json.extend(end.map(|end| (key.to_owned(), end)));
                }
                for (key, text) in [("string", string), ("context", context)] {
                    json.extend(text.clone().map(|text| (key.to_owned(), text.into())));
                }
            }
            Self::Cell { cell, selections } => {
                json.extend(cell.clone().map(|cell| ("cell".to_owned(), cell.into())));
                let inner = selections.iter().map(Self::json).collect();
                json.insert("selections".to_owned(), inner);
            }
        }
        Value::Object(json)
    }

    fn texts<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Text { string, context, .. } => {
                found.extend([string, context].into_iter().flatten().map(String::as_str));
            }
            Self::Cell { selections, .. } => {
                selections.iter().for_each(|selection| selection.texts(found));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_pages_know_come_out_as_they_went_in() {
        let program = json!({
            "from": { "line": 1, "ch": 0 }, "to": { "line": 2, "ch": 3 },
            "string": "p(X)", "context": "p(X) :- q.",
        });
        let sent = json!([
            { "type": "query", "query": "p(X)." },
            { "type": "selection", "selection": [program.clone()] },
            { "type": "selection", "selection": [{ "cell": "p1", "selections": [program] }] },
            { "type": "about", "docid": "gitty:a.pl" },
            {
                "type": "update", "name": "a.pl",
                "commit": "31fc383a600fd9ae4b4e58926edd45699cb01382",
                "previous": "c6233a3305d5a944bce58fdca337e4649c41450e",
            },
        ]);
        assert_eq!(to_json(&read(&sent).unwrap()), sent);
    }

    #[test]
    fn other_kinds_and_keys_are_left_out() {
        let sent = json!([
            { "type": "query", "query": "p.", "more": "x" },
            { "type": "script", "src": "x" },
            { "type": "about", "docid": "javascript:1" },
            { "type": "update", "name": "a.pl", "commit": "x", "previous": "y" },
            "text", 1,
        ]);
        let wanted = json!([{ "type": "query", "query": "p." }]);
        assert_eq!(to_json(&read(&sent).unwrap()), wanted);
        let many: Vec<_> = (0..100).map(|_| json!({ "type": "query", "query": "p" })).collect();
        assert_eq!(read(&many.into()).map(|all| all.len()), Some(MAX_PAYLOADS));
        let mut deep = json!([{ "string": "x" }]);
        for _ in 0..20 {
            deep = json!([{ "selections": deep }]);
        }
        let read = read(&json!([{ "type": "selection", "selection": deep }])).unwrap();
        assert!(read.first().is_some_and(|one| one.selected().is_empty()));
    }
}
