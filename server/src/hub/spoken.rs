//! A message of SWISH's pages as people read it outside of them: nothing of it is ever markup.

use domain::VisitorKey;
use relay::PublicUser;
use serde_json::{Map, Value};

/// Longest text that a moderator is shown, in characters; SWISH lets people write 500.
const MAX_CHARS: usize = 4_000;
/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 200;

/// What a message says, for people to read.
pub struct Spoken {
    /// What its author is called, if anything.
    pub name: Option<String>,
    /// By what its author is known, if it says so.
    pub who: Option<VisitorKey>,
    /// The page it came from, while that is known.
    pub wsid: Option<String>,
    /// Its text, or that of its markup; never more than a page can show.
    pub text: String,
    /// What is attached, each once: "a query", "a selection".
    pub attached: Vec<String>,
}

impl Spoken {
    /// Reads a message's JSON; what is not there is none.
    #[must_use]
    pub fn of(json: &Map<String, Value>) -> Self {
        let user = json.get("user").and_then(Value::as_object);
        let field = |name: &str| user.and_then(|user| user.get(name)).and_then(Value::as_str);
        let fields = ["profile_id", "uid"].map(|name| (name, field(name)));
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let known =
            PublicUser::new(fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let name = field("name").filter(|name| !name.is_empty());
        Self {
            name: name.map(|name| cut(name, MAX_NAME_CHARS)),
            who: super::keys_of(&known).next(),
            wsid: field("wsid").map(str::to_owned),
            text: text(json),
            attached: attached(json),
        }
    }
}

fn text(json: &Map<String, Value>) -> String {
    let field = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
    match field("text") {
        "" => cut(plain(field("html")).trim(), MAX_CHARS),
        text => cut(text, MAX_CHARS),
    }
}

fn attached(json: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    let all = json.get("payload").and_then(Value::as_array).into_iter().flatten();
    for kind in all.filter_map(|one| one.get("type")).filter_map(Value::as_str) {
        let words = match kind {
            "query" => "a query",
            "selection" => "a selection",
            "about" => "a link to another chat",
            "update" => "a new version",
            _ => "something else",
        };
        if !found.iter().any(|known| known == words) {
            found.push(words.to_owned());
        }
    }
    found
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text of some markup, as a browser would show it without any.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(begin) = rest.find('<') {
        text.push_str(&rest[..begin]);
        rest = rest[begin..].find('>').map_or("", |end| &rest[begin + end + 1..]);
    }
    text.push_str(rest);
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    known.iter().fold(text, |text, (code, sign)| text.replace(code, sign))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(message: Value) -> Map<String, Value> {
        let Value::Object(message) = message else { panic!("no object") };
        message
    }

    #[test]
    fn a_message_of_a_page_is_read() {
        let message = read(json!({
            "type": "chat-message", "docid": "gitty:a.pl", "text": "<b>hi</b>",
            "user": {"name": "Ann", "profile_id": "p-1", "wsid": "w", "email": "a@b.c"},
            "payload": [{"type": "query"}, {"type": "query"}, {"type": "x"}, 7],
        }));
        let Spoken { name, who, wsid, .. } = Spoken::of(&message);
        assert_eq!(name.as_deref(), Some("Ann"));
        assert_eq!(who, Some(VisitorKey::Profile("p-1".into())));
        assert_eq!(wsid.as_deref(), Some("w"));
        assert_eq!(text(&message), "<b>hi</b>");
        assert_eq!(attached(&message), ["a query", "something else"]);
    }

    #[test]
    fn a_notices_markup_goes_and_its_text_stays() {
        let message = read(json!({
            "html": "<b>Saved</b> new version: <span class=\"x\">1 &lt; 2 &amp;amp;</span><img src=",
        }));
        assert_eq!(text(&message), "Saved new version: 1 < 2 &amp;");
    }

    #[test]
    fn nonsense_is_an_empty_message_of_nobody() {
        for message in [json!({}), json!({"user": 7, "payload": {}, "text": 3, "html": null})] {
            let message = read(message);
            let Spoken { name, who, wsid, .. } = Spoken::of(&message);
            assert_eq!((name, who, wsid), (None, None, None));
            assert_eq!((text(&message), attached(&message).len()), (String::new(), 0));
        }
        let long = read(json!({"text": "ä".repeat(10_000), "user": {"name": "n".repeat(1_000)}}));
        assert_eq!(text(&long).chars().count(), MAX_CHARS + 1);
        assert_eq!(Spoken::of(&long).name.unwrap().chars().count(), MAX_NAME_CHARS + 1);
    }
}
