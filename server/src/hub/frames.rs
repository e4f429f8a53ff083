//! Frames to browsers: each is made once, and given to all pages that get it (spec C.3).
//!
//! Nothing here has an e-mail address: [`PublicUser`] cannot hold one.

use axum::extract::ws::Utf8Bytes;
use domain::ObjectId;
use relay::{
    Body, Census, Delivery, DocumentId, Happening, LeaveReason, Message, PublicUser, UpdateReason,
    VisitorEvent, Wsid,
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::json_of;

/// A message to a page.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type")]
pub enum ServerFrame<'a> {
    /// The first one: who the page is, and how it comes back.
    #[serde(rename = "welcome")]
    Welcome {
        /// Name and picture.
        #[serde(flatten)]
        visitor: Map<String, Value>,
        /// Of the session.
        uid: &'a str,
        /// Of the page.
        wsid: &'a Wsid,
        /// By which it is the same page again.
        reconnect: &'a str,
        /// Pages that are open, on all nodes.
        visitors: u64,
        /// Whether the page should ask who is logged in.
        check_login: bool,
    },
    /// A page has come; without a page, how many there are now.
    #[serde(rename = "joined")]
    Joined(Arrival<'a>),
    /// A page has come back.
    #[serde(rename = "rejoined")]
    Rejoined(Arrival<'a>),
    /// A page has gone.
    #[serde(rename = "removeUser")]
    RemoveUser {
        /// Which.
        wsid: &'a str,
        /// `unload` or `close`.
        reason: &'static str,
        /// Pages that are open now; none if that did not change.
        #[serde(skip_serializing_if = "Option::is_none")]
        visitors: Option<u64>,
    },
    /// Who has the files open that the page has just opened.
    #[serde(rename = "gazers")]
    Gazers {
        /// One for each file and page.
        gazers: Vec<GazerFields<'a>>,
    },
    /// Something to be shown for a while.
    #[serde(rename = "notify")]
    Notify(Notice<'a>),
    /// Somebody is called something else now, or looks otherwise.
    #[serde(rename = "profile")]
    Profile {
        /// Whose page.
        wsid: &'a Wsid,
        /// Why.
        reason: &'static str,
        /// The name now.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        /// The picture now.
        #[serde(skip_serializing_if = "Option::is_none")]
        avatar: Option<&'a str>,
    },
    /// What the page wanted is not done.
    #[serde(rename = "forbidden")]
    Forbidden {
        /// What it wanted.
        action: &'static str,
        /// Where.
        about: &'a DocumentId,
        /// Why not.
        message: String,
    },
    /// The page's session has ended.
    #[serde(rename = "session_closed")]
    SessionClosed,
}

/// A page that has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Arrival<'a> {
    /// Name and picture.
    #[serde(flatten)]
    pub visitor: Map<String, Value>,
    /// Which page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wsid: Option<&'a Wsid>,
    /// Pages that are open now, on all nodes.
    pub visitors: u64,
}

/// Somebody who has a file open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GazerFields<'a> {
    /// The file.
    pub file: &'a str,
    /// The page.
    pub wsid: &'a Wsid,
    /// Who.
    #[serde(flatten)]
    pub who: Who<'a>,
}

/// Who it is, as others are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Who<'a> {
    /// Of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    /// Name, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// Picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<&'a str>,
}

/// Something to be shown for a while.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Notice<'a> {
    /// Whose page, or a name that only this notice has.
    pub wsid: &'a str,
    /// Who.
    #[serde(flatten)]
    pub who: Who<'a>,
    /// What is shown.
    pub html: String,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<&'static str>,
    /// To what: the file, and more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_argv: Option<Vec<Value>>,
    /// The same, as SWISH names it for `reloaded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argv: Option<Vec<Value>>,
}

impl ServerFrame<'_> {
    /// As it is sent.
    #[must_use]
    pub fn text(&self) -> Utf8Bytes {
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

impl<'a> From<&'a PublicUser> for Who<'a> {
    fn from(user: &'a PublicUser) -> Self {
        Self { uid: user.get("uid"), name: user.get("name"), avatar: user.get("avatar") }
    }
}

/// A message of a chat as a page shows it.
#[must_use]
pub fn message(message: &Message) -> Utf8Bytes {
    Value::Object(json_of(message)).to_string().into()
}

/// A message of a chat, for those who read it.
#[must_use]
pub fn delivered(delivery: &Delivery) -> Utf8Bytes {
    message(&delivery.message)
}

/// What was passed and is kept nowhere; none if it is no text.
#[must_use]
pub fn passed(_document: &DocumentId, body: &Body) -> Option<Utf8Bytes> {
    Some(std::str::from_utf8(&body.0).ok()?.into())
}

/// What happened to a visitor, for pages that share a file with it.
#[must_use]
pub fn told(event: &VisitorEvent, census: Census) -> Vec<Utf8Bytes> {
    let VisitorEvent { wsid, user, .. } = event;
    let visitors = census.visitors;
    match &event.what {
        Happening::Joined(files) => {
            let visitor = visitor_data(user);
            let arrival = Arrival { visitor, wsid: Some(wsid), visitors };
            let joined = ServerFrame::Joined(arrival).text();
            let opened = files.iter().map(|file| file_event("opened", file, wsid, user));
            std::iter::once(joined).chain(opened).collect()
        }
        Happening::Left(reason) => {
            let reason = match reason {
                LeaveReason::Unload => "unload",
                LeaveReason::Close | LeaveReason::Node => "close",
            };
            let visitors = Some(visitors);
            vec![ServerFrame::RemoveUser { wsid: wsid.as_str(), reason, visitors }.text()]
        }
        Happening::Opened(file) => vec![file_event("opened", file, wsid, user)],
        Happening::Closed(file) => vec![file_event("closed", file, wsid, user)],
        Happening::Updated(reason) => vec![profile(wsid, *reason, user)],
    }
}

/// The totals are others, for everybody.
#[must_use]
pub fn counted(census: Census) -> Utf8Bytes {
    let arrival = Arrival { visitors: census.visitors, ..Arrival::default() };
    ServerFrame::Joined(arrival).text()
}

/// A page has opened or closed a file.
#[must_use]
pub fn file_event(
    event: &'static str,
    document: &DocumentId,
    wsid: &Wsid,
    user: &PublicUser,
) -> Utf8Bytes {
    let file = file_of(document);
    let word = if event == "opened" { "Opened" } else { "Closed" };
    ServerFrame::Notify(Notice {
        wsid: wsid.as_str(),
        who: user.into(),
        html: format!("{word} {}", link(file)),
        event: Some(event),
        event_argv: Some(vec![file.into()]),
        ..Notice::default()
    })
    .text()
}

/// A page shows another version of a file now.
#[must_use]
pub fn reloaded(document: &DocumentId, commit: ObjectId, wsid: &Wsid) -> Utf8Bytes {
    let file = file_of(document);
    ServerFrame::Notify(Notice {
        wsid: wsid.as_str(),
        html: format!("Reloaded {}", link(file)),
        event: Some("reloaded"),
        argv: Some(vec![file.into(), commit.to_string().into()]),
        ..Notice::default()
    })
    .text()
}

/// The user of a page is called something else now, or looks otherwise.
#[must_use]
pub fn profile(wsid: &Wsid, reason: UpdateReason, user: &PublicUser) -> Utf8Bytes {
    let reason = match reason {
        UpdateReason::Login => "login",
        UpdateReason::Logout => "logout",
        UpdateReason::SetNickName => "set-nick-name",
        UpdateReason::ProfileEdit | UpdateReason::Snapshot => "profile-edit",
    };
    let (name, avatar) = (user.get("name"), user.get("avatar"));
    ServerFrame::Profile { wsid, reason, name, avatar }.text()
}

/// What a page may know of another's visitor, as `joined` has it.
fn visitor_data(user: &PublicUser) -> Map<String, Value> {
    let fields = user.fields().filter(|(name, _)| !matches!(*name, "uid" | "profile_id"));
    fields.map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// The file of a document.
#[must_use]
pub fn file_of(document: &DocumentId) -> &str {
    document.as_str().strip_prefix("gitty:").unwrap_or(document.as_str())
}

/// A link to a file, or to a version of one, as SWISH's notices have it: below its root.
#[must_use]
pub fn link(file: &str) -> String {
    linked(file, file)
}

/// A link to a file or version, with a text.
#[must_use]
pub fn linked(file: &str, text: &str) -> String {
    let mut address = String::new();
    for byte in file.bytes() {
        match byte {
            b'%' | b'?' | b'#' | b'\\' | 0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'&' | 0x7f => {
                address.push_str(&format!("%{byte:02X}"));
            }
            0x80.. => address.push_str(&format!("%{byte:02X}")),
            other => address.push(char::from(other)),
        }
    }
    format!("<a href=\"/p/{address}\">{}</a>", escaped(text))
}

/// A text as HTML.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::NodeId;
    use serde_json::json;

    use super::*;

    const CENSUS: Census = Census { local_visitors: 1, visitors: 3 };

    fn event(what: Happening) -> VisitorEvent {
        let fields = [
            ("avatar", "/icons/avatar.svg#7"),
            ("avatar_source", "generated"),
            ("email", "a@x.org"),
            ("name", "A <b>"),
            ("uid", "u1"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        VisitorEvent {
            wsid: Wsid::new("w1").unwrap(),
            node: NodeId::from_bytes([1; 8]),
            user: PublicUser::new(fields),
            what,
        }
    }

    fn frames(what: Happening) -> Vec<Value> {
        let frames = told(&event(what), CENSUS);
        frames.iter().map(|frame| serde_json::from_str(frame).unwrap()).collect()
    }

    fn file(name: &str) -> DocumentId {
        DocumentId::new(&format!("gitty:{name}")).unwrap()
    }

    #[test]
    fn pages_hear_of_others_as_swish_says_it() {
        let opened = json!({
            "type": "notify", "uid": "u1", "wsid": "w1", "name": "A <b>",
            "avatar": "/icons/avatar.svg#7", "event": "opened", "event_argv": ["demo5.pl"],
            "html": "Opened <a href=\"/p/demo5.pl\">demo5.pl</a>",
        });
        assert_eq!(frames(Happening::Opened(file("demo5.pl"))).first(), Some(&opened));
        let joined = json!({
            "type": "joined", "wsid": "w1", "visitors": 3, "name": "A <b>",
            "avatar": "/icons/avatar.svg#7", "avatar_source": "generated",
        });
        let came = frames(Happening::Joined(BTreeSet::from([file("demo5.pl")])));
        assert_eq!(came, [joined, opened]);
        let gone = json!({ "type": "removeUser", "wsid": "w1", "reason": "close", "visitors": 3 });
        assert_eq!(frames(Happening::Left(LeaveReason::Node)), [gone]);
        let profile = json!({
            "type": "profile", "wsid": "w1", "reason": "set-nick-name", "name": "A <b>",
            "avatar": "/icons/avatar.svg#7",
        });
        assert_eq!(frames(Happening::Updated(UpdateReason::SetNickName)), [profile]);
        let count: Value = serde_json::from_str(&counted(CENSUS)).unwrap();
        assert_eq!(count, json!({ "type": "joined", "visitors": 3 }));
    }

    #[test]
    fn names_of_files_are_no_html() {
        let html = link("<img src=x onerror=\"x\">'&#?.pl");
        let wanted = "<a href=\"/p/%3Cimg%20src=x%20onerror=%22x%22%3E%27%26%23%3F.pl\">\
                      &lt;img src=x onerror=&quot;x&quot;&gt;&#39;&amp;#?.pl</a>";
        assert_eq!(html, wanted);
        assert_eq!(link("größe/a.pl"), "<a href=\"/p/gr%C3%B6%C3%9Fe/a.pl\">größe/a.pl</a>");
    }

    #[test]
    fn what_is_not_there_is_left_out() {
        let frame =
            ServerFrame::Notify(Notice { wsid: "w", html: "x".into(), ..Notice::default() });
        assert_eq!(&*frame.text(), r#"{"type":"notify","wsid":"w","html":"x"}"#);
        assert_eq!(&*ServerFrame::SessionClosed.text(), r#"{"type":"session_closed"}"#);
    }
}
