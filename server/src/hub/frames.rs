//! Frames to browsers: each is made once, and given to all pages that get it.

use axum::extract::ws::Utf8Bytes;
use relay::{Body, Census, Delivery, DocumentId, Happening, LeaveReason, VisitorEvent};
use serde_json::{Value, json};

use super::json_of;

/// A message of a chat, for those who read it.
#[must_use]
pub fn delivered(delivery: &Delivery) -> Utf8Bytes {
    Value::Object(json_of(&delivery.message)).to_string().into()
}

/// What was passed and is kept nowhere; none if it is no text.
#[must_use]
pub fn passed(_document: &DocumentId, body: &Body) -> Option<Utf8Bytes> {
    Some(std::str::from_utf8(&body.0).ok()?.into())
}

/// What happened to a visitor, for pages that share a file with it.
#[must_use]
pub fn told(event: &VisitorEvent, census: Census) -> Vec<Utf8Bytes> {
    let wsid = event.wsid.as_str();
    let visitors = census.visitors;
    let frame = match &event.what {
        Happening::Joined(_) => json!({ "type": "joined", "wsid": wsid, "visitors": visitors }),
        Happening::Left(reason) => {
            let reason = if *reason == LeaveReason::Unload { "unload" } else { "close" };
            json!({ "type": "removeUser", "wsid": wsid, "reason": reason, "visitors": visitors })
        }
        Happening::Opened(file) => {
            json!({ "type": "notify", "wsid": wsid, "event": "opened", "event_argv": [file] })
        }
        Happening::Closed(file) => {
            json!({ "type": "notify", "wsid": wsid, "event": "closed", "event_argv": [file] })
        }
        Happening::Updated(reason) => {
            json!({ "type": "profile", "wsid": wsid, "reason": reason })
        }
    };
    vec![frame.to_string().into()]
}

/// The totals are others, for everybody.
#[must_use]
pub fn counted(census: Census) -> Utf8Bytes {
    json!({ "type": "visitors", "visitors": census.visitors }).to_string().into()
}
