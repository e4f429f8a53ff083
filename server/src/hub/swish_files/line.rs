//! One line of a chat file: a dict `chat{…}` as SWISH writes it, and a message.

use std::fmt::Write as _;

use domain::MessageId;
use gitty::{
    json,
    term::{self, Dict, Key, Term},
};
use relay::{Body, DocumentId, Message, Place, message_id};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::hub::{body_of, json_of, message_json::stamp};

/// A line that is no message; it is skipped.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum LineError {
    /// It is no term.
    #[error("it is no term: {0}")]
    Term(#[from] term::ReadError),
    /// It is another term than SWISH writes.
    #[error("it is no dict chat{{…}} with {0}")]
    Shape(&'static str),
    /// It is about another document than its file.
    #[error("it is about {0}, whose file is another one")]
    Elsewhere(String),
    /// It is longer than a message of the cluster may be.
    #[error("it is longer than a message may be")]
    TooLong,
}

/// A message of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) document: DocumentId,
    pub(super) place: Place,
    pub(super) body: Body,
}

/// Reads a line.
pub(super) fn read(text: &str) -> Result<Line, LineError> {
    let term = term::read(text.trim_end())?;
    let dict = term.as_dict().filter(|dict| dict.tag == term::Tag::Atom("chat".into()));
    let dict = dict.ok_or(LineError::Shape("tag chat"))?;
    let text = |key| dict.get(key).and_then(Term::as_text);
    let document = text("docid").and_then(|docid| DocumentId::new(docid).ok());
    let document = document.ok_or(LineError::Shape("docid"))?;
    let id = message_id(text("id").ok_or(LineError::Shape("id"))?);
    let time = dict.get("time").and_then(Term::as_f64).and_then(stamp);
    let place = Place { stamp: time.ok_or(LineError::Shape("time"))?, id };
    let Value::Object(json) = json::term(&term) else { return Err(LineError::Shape("keys")) };
    let body = body_of(json).ok_or(LineError::TooLong)?;
    Ok(Line { document, place, body })
}

/// Writes a line, with its end. Its document and id are those that the message is known by,
/// whatever its body says.
pub(super) fn write(document: &DocumentId, message: &Message) -> String {
    let mut json = json_of(message);
    json.remove("create");
    let id = id_text(&json, message.row.place.id);
    let mut dict = Dict::tagged("chat");
    for (key, value) in &json {
        let term = match (key.as_str(), value) {
            ("user", Value::Object(user)) => user_term(user),
            (_, value) => term_of(value),
        };
        dict.pairs.insert(Key::atom(key), term);
    }
    dict.set("docid", Term::string(document.as_str()));
    dict.set("id", Term::atom(id));
    format!("{}.\n", Term::Dict(dict))
}

/// The id as its page or its file has it, if that is this message's; else its bytes as a UUID.
fn id_text(json: &Map<String, Value>, id: MessageId) -> String {
    let said = json.get("id").and_then(Value::as_str).filter(|said| message_id(said) == id);
    said.map_or_else(|| uuid(id), str::to_owned)
}

/// The bytes of an id as the text of a UUID.
fn uuid(id: MessageId) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in id.as_bytes().iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// SWISH does not keep on which page it was.
fn user_term(user: &Map<String, Value>) -> Term {
    let mut dict = Dict::tagged("u");
    let kept = user.iter().filter(|(key, _)| *key != "wsid");
    dict.pairs.extend(kept.map(|(key, value)| (Key::atom(key), term_of(value))));
    Term::Dict(dict)
}

fn term_of(value: &Value) -> Term {
    match value {
        Value::Null => Term::atom("null"),
        Value::Bool(is_true) => Term::atom(if *is_true { "true" } else { "false" }),
        Value::String(text) => Term::string(text),
        Value::Array(items) => Term::list(items.iter().map(term_of)),
        Value::Object(map) => {
            let mut dict = Dict::anonymous();
            dict.pairs.extend(map.iter().map(|(key, value)| (Key::atom(key), term_of(value))));
            Term::Dict(dict)
        }
        Value::Number(number) if number.is_f64() => {
            Term::Float(number.as_f64().unwrap_or_default())
        }
        Value::Number(number) => Term::Integer(number.to_string()),
    }
}
