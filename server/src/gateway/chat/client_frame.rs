//! What a page says over its socket: known types and keys only, each bounded.
//!
//! As in SWISH, what has an unknown type or lacks a key is ignored; what is no JSON ends the socket.

use std::collections::BTreeSet;

use domain::ObjectId;
use relay::DocumentId;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    html::sanitised,
    payload::{self, Payload},
};

/// Longest frame, in bytes.
pub(super) const MAX_FRAME_BYTES: usize = 64 << 10;
/// Files that one page has open; further ones are not told of.
pub(super) const MAX_FILES: usize = 256;
/// Longest name of a visitor, in characters.
const MAX_NAME: usize = 100;
/// Longest `uuid` and `class`, in bytes.
const MAX_WORD: usize = 64;
/// Documents of chats and channels of files are named so.
const CHANNEL: &str = "gitty";

/// The frame is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not JSON")]
pub(super) struct NotJson;

/// One message of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ClientFrame {
    /// The files that it has open now; at most [`MAX_FILES`].
    HasOpenFiles(BTreeSet<DocumentId>),
    /// It wants to hear of a file without having it open.
    Subscribe(DocumentId),
    /// Not any more.
    Unsubscribe(DocumentId),
    /// It shows another version of a file now.
    Reloaded {
        /// The file.
        document: DocumentId,
        /// Its version.
        commit: ObjectId,
    },
    /// Its visitor wants to be called so.
    SetNickName(String),
    /// A message for a chat.
    ChatMessage(Box<Said>),
    /// It is about to go.
    Unload,
}

/// A message for a chat, as far as a page may make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Which chat.
    pub(super) document: DocumentId,
    /// What is said.
    pub(super) text: Option<String>,
    /// By which the page knows its own message again.
    pub(super) uuid: Option<String>,
    /// What is attached.
    pub(super) payload: Option<Vec<Payload>>,
    /// How pages show it.
    pub(super) class: Option<String>,
    /// What is shown instead of the text; without anything that could act.
    pub(super) html: Option<String>,
    /// It is kept nowhere.
    pub(super) is_volatile: bool,
}

impl ClientFrame {
    /// Reads a frame; none for what is ignored.
    ///
    /// # Errors
    /// It is no JSON.
    pub(super) fn read(text: &str) -> Result<Option<Self>, NotJson> {
        let value: Value = serde_json::from_str(text).map_err(|_| NotJson)?;
        let Value::Object(fields) = value else { return Ok(None) };
        Ok(Self::of(&fields))
    }

    fn of(fields: &Map<String, Value>) -> Option<Self> {
        match fields.get("type")?.as_str()? {
            "has-open-files" => {
                let files = fields.get("files")?.as_array()?.iter();
                let files = files.filter_map(|file| document_of(file.get("file")?.as_str()?));
                Some(Self::HasOpenFiles(files.take(MAX_FILES).collect()))
            }
            "subscribe" => channel(fields).map(Self::Subscribe),
            "unsubscribe" => channel(fields).map(Self::Unsubscribe),
            "reloaded" => Some(Self::Reloaded {
                document: document_of(fields.get("file")?.as_str()?)?,
                commit: fields.get("commit")?.as_str()?.parse().ok()?,
            }),
            "set-nick-name" => name(fields.get("name")?.as_str()?).map(Self::SetNickName),
            "chat-message" => Some(Self::ChatMessage(Box::new(Said::of(fields)?))),
            "unload" => Some(Self::Unload),
            _ => None,
        }
    }
}

impl Said {
    fn of(fields: &Map<String, Value>) -> Option<Self> {
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        let word = |key: &str| text(key).filter(|word| is_word(word)).map(str::to_owned);
        let docid = text("docid")?.strip_prefix(CHANNEL)?.strip_prefix(':')?;
        Some(Self {
            document: document_of(docid)?,
            text: text("text").map(str::to_owned),
            uuid: word("uuid"),
            payload: fields.get("payload").and_then(payload::read),
            // Those of nodes and of SWISH itself.
            class: word("class").filter(|class| class != "update"),
            html: text("html").map(sanitised),
            is_volatile: fields.get("volatile") == Some(&Value::Bool(true)),
        })
    }
}

/// The document of a file.
pub(super) fn document_of(file: &str) -> Option<DocumentId> {
    DocumentId::new(&format!("{CHANNEL}:{file}")).ok().filter(|_| !file.is_empty())
}

/// A name for a visitor: one line, not too long, and not nothing.
pub(super) fn name(text: &str) -> Option<String> {
    let letters = text.trim().chars().filter(|letter| !letter.is_control());
    let name: String = letters.take(MAX_NAME).collect();
    (!name.is_empty()).then_some(name)
}

/// A subscription to one file; to all files of a channel there is none, as no page asks for it.
fn channel(fields: &Map<String, Value>) -> Option<DocumentId> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    document_of(text("sub_channel").filter(|_| text("channel") == Some(CHANNEL))?)
}

fn is_word(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=MAX_WORD).contains(&text.len()) && text.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Option<ClientFrame> {
        ClientFrame::read(&value.to_string()).unwrap()
    }

    fn document(file: &str) -> DocumentId {
        document_of(file).unwrap()
    }

    #[test]
    fn recorded_messages_are_read() {
        let files = json!([{ "file": "demo5.pl" }, { "file": "b.pl", "visible": true }]);
        let files = json!({ "type": "has-open-files", "files": files });
        let both = [document("demo5.pl"), document("b.pl")];
        assert_eq!(read(&files), Some(ClientFrame::HasOpenFiles(both.into())));
        let commit = "f758b08aac1c713a803326e43a53454c8109c7f0";
        let reloaded = json!({ "type": "reloaded", "file": "a.pl", "commit": commit });
        let wanted =
            ClientFrame::Reloaded { document: document("a.pl"), commit: commit.parse().unwrap() };
        assert_eq!(read(&reloaded), Some(wanted));
        assert_eq!(read(&json!({ "type": "unload" })), Some(ClientFrame::Unload));
        let nick = json!({ "type": "set-nick-name", "name": " Alice\n" });
        assert_eq!(read(&nick), Some(ClientFrame::SetNickName("Alice".into())));
        let channel = json!({ "type": "subscribe", "channel": "gitty", "sub_channel": "a.pl" });
        assert_eq!(read(&channel), Some(ClientFrame::Subscribe(document("a.pl"))));
    }

    #[test]
    fn a_chat_message_keeps_known_keys_only() {
        let sent = json!({
            "type": "chat-message", "docid": "gitty:a.pl", "text": "hi", "uuid": "u-4",
            "payload": [{ "type": "query", "query": "p(X)." }], "class": "update",
            "html": "<b onclick=x>b</b><script>1</script>", "volatile": true,
            "user": { "name": "root" }, "id": "x", "time": 0, "create": false, "more": [1],
        });
        let Some(ClientFrame::ChatMessage(said)) = read(&sent) else { panic!("{sent}") };
        let wanted = Said {
            document: document("a.pl"),
            text: Some("hi".into()),
            uuid: Some("u-4".into()),
            payload: Some(vec![Payload::Query("p(X).".into())]),
            class: None,
            html: Some("<b>b</b>".into()),
            is_volatile: true,
        };
        assert_eq!(*said, wanted);
    }

    #[test]
    fn what_lacks_a_key_or_has_a_wrong_one_is_ignored() {
        for sent in [
            json!([]),
            json!("unload"),
            json!({ "type": 1 }),
            json!({ "type": "nonsense" }),
            json!({ "type": "has-open-files", "files": "a.pl" }),
            json!({ "type": "reloaded", "file": "a.pl", "commit": "x" }),
            json!({ "type": "set-nick-name", "name": " \n" }),
            json!({ "type": "chat-message", "docid": "a.pl", "text": "x" }),
            json!({ "type": "chat-message", "docid": "gitty:", "text": "x" }),
            json!({ "type": "chat-message", "docid": format!("gitty:{}", "x".repeat(2_000)) }),
            json!({ "type": "chat-message", "docid": "gitty:a\nb" }),
            json!({ "type": "subscribe", "channel": "gitty" }),
        ] {
            assert_eq!(read(&sent), None, "{sent}");
        }
        assert_eq!(ClientFrame::read("{"), Err(NotJson));
        assert_eq!(ClientFrame::read(&"[".repeat(60_000)), Err(NotJson));
    }

    #[test]
    fn ten_thousand_files_are_not_taken() {
        let files: Vec<Value> = (0..10_000).map(|n| json!({ "file": n.to_string() })).collect();
        let sent = json!({ "type": "has-open-files", "files": files });
        let Some(ClientFrame::HasOpenFiles(files)) = read(&sent) else { panic!() };
        assert_eq!(files.len(), MAX_FILES);
    }

    #[test]
    fn a_name_is_one_line_and_not_too_long() {
        assert_eq!(name(&"ä".repeat(200)).map(|name| name.chars().count()), Some(100));
        assert_eq!(name("\u{0}\u{7f} "), None);
    }
}
