//! The body of a POST or PUT.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use domain::ObjectId;
use serde_json::{Map, Value};

use crate::gateway::error::Refusal;

/// Longest text of a file.
const MAX_TEXT_BYTES: usize = 4 << 20;
/// Longest metadata, as JSON.
const MAX_META_BYTES: usize = 64 << 10;

/// What a client posted, checked for form and size.
#[derive(Debug, PartialEq)]
pub(super) struct Posted {
    /// Text of the file; empty when the client sends none, as in SWISH.
    pub(super) data: String,
    /// Extension of a new file's name.
    pub(super) kind: String,
    /// Metadata as sent; `gitty` drops what SWISH drops.
    pub(super) meta: Value,
    /// The version the client's page was made from.
    pub(super) previous: Option<ObjectId>,
    /// Keep the text, change only the metadata.
    pub(super) meta_only: bool,
}

impl Posted {
    /// Reads a body.
    pub(super) fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, Refusal> {
        let body = body.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => Refusal::Malformed("the request's body could not be read".into()),
        })?;
        let value = serde_json::from_slice(&body)
            .map_err(|error| Refusal::Malformed(format!("the body is not JSON: {error}")))?;
        let Value::Object(fields) = value else {
            return Err(Refusal::Malformed("the body is not a JSON object".into()));
        };
        Self::of(fields)
    }

    fn of(mut fields: Map<String, Value>) -> Result<Self, Refusal> {
        let data = text(&mut fields, "data")?.unwrap_or_default();
        if data.len() > MAX_TEXT_BYTES {
            return Err(Refusal::TooLarge { what: "The text", limit: "4 MiB" });
        }
        let previous = text(&mut fields, "previous")?.map(|hash| hash.parse());
        Ok(Self {
            data,
            kind: text(&mut fields, "type")?.unwrap_or_else(|| "pl".into()),
            meta: meta(fields.remove("meta"))?,
            previous: previous.transpose().map_err(|_| {
                Refusal::Malformed("\"previous\" must be 40 hexadecimal digits".into())
            })?,
            meta_only: fields.get("update").is_some_and(|update| update == "meta-data"),
        })
    }

    /// The version that an update names.
    pub(super) fn required_previous(&self) -> Result<ObjectId, Refusal> {
        self.previous.ok_or_else(|| {
            Refusal::Malformed("\"previous\" is missing: the version that was edited".into())
        })
    }
}

/// A body that is not read to its end.
pub(super) const fn too_large() -> Refusal {
    Refusal::TooLarge { what: "The request", limit: "8 MiB" }
}

fn text(fields: &mut Map<String, Value>, key: &str) -> Result<Option<String>, Refusal> {
    match fields.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::Malformed(format!("\"{key}\" must be a string"))),
    }
}

fn meta(sent: Option<Value>) -> Result<Value, Refusal> {
    let meta = match sent {
        None | Some(Value::Null) => Value::Object(Map::new()),
        Some(meta @ Value::Object(_)) => meta,
        Some(_) => return Err(Refusal::Malformed("\"meta\" must be an object".into())),
    };
    if meta.to_string().len() > MAX_META_BYTES {
        return Err(Refusal::TooLarge { what: "The metadata", limit: "64 KiB" });
    }
    Ok(meta)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> Result<Posted, String> {
        Posted::read(Ok(Bytes::copy_from_slice(body.as_bytes()))).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_sent_has_swishs_defaults() {
        let posted = Posted {
            data: String::new(),
            kind: "pl".into(),
            meta: json!({}),
            previous: None,
            meta_only: false,
        };
        assert_eq!(read("{}"), Ok(posted));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(read("{").unwrap_err().starts_with("the body is not JSON"));
        assert_eq!(read("[]"), Err("the body is not a JSON object".into()));
        assert_eq!(read(r#"{"data":1}"#), Err("\"data\" must be a string".into()));
        assert_eq!(read(r#"{"meta":[]}"#), Err("\"meta\" must be an object".into()));
        let wrong = "\"previous\" must be 40 hexadecimal digits";
        assert_eq!(read(r#"{"previous":"abc"}"#), Err(wrong.into()));
        assert!(read("{}").unwrap().required_previous().is_err());
    }

    #[test]
    fn long_texts_and_metadata_are_refused() {
        let text = json!({ "data": "x".repeat(MAX_TEXT_BYTES + 1) });
        assert_eq!(read(&text.to_string()), Err("The text is longer than 4 MiB".into()));
        let meta = json!({ "meta": { "title": "x".repeat(MAX_META_BYTES) } });
        assert_eq!(read(&meta.to_string()), Err("The metadata is longer than 64 KiB".into()));
    }
}
