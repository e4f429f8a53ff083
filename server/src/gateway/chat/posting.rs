//! From what a page says to a message in a chat.

use axum::extract::ws::Utf8Bytes;
use domain::MessageId;
use futures_util::future::BoxFuture;
use relay::{Body, DocumentId, PostOutcome};
use serde_json::{Map, Value};
use tokio::sync::oneshot::{self, error::RecvError};

use super::{
    Chat,
    backends::seconds,
    client_frame::Said,
    ids::{Uuid, new_uuid, uuid_text},
    judge::{Forbidden, Poster, judge},
    payload,
    socket::Socket,
};
use crate::{
    hub::{HubError, body_of, frames::ServerFrame},
    node::link::now_ms,
};

/// Part of the limit of posts that visitors without an account have.
const OF_STRANGERS: f64 = 0.5;

/// A message that was handed in; ends with what to tell its page, if it was not taken.
pub(super) type Posting = BoxFuture<'static, Option<Utf8Bytes>>;

impl Socket {
    /// Posts, or says why not. The page sees its message when it is delivered, as everybody; it does
    /// not wait for that before it posts the next one.
    pub(super) async fn post(&mut self, said: Said) -> Option<Utf8Bytes> {
        let document = said.document.clone();
        let handed_in = match judge(&said, self.poster()) {
            Ok(()) => self.hand_in(said).await,
            Err(forbidden) => Err(forbidden),
        };
        match handed_in {
            Ok(None) => None,
            Ok(Some(ended)) => {
                let told = async move { Some(refusal(&document, judged(ended.await).err()?)) };
                self.posting.push(Box::pin(told));
                None
            }
            Err(forbidden) => Some(refusal(&document, forbidden)),
        }
    }

    fn poster(&self) -> Poster {
        let is_known = self.person.is_known();
        let share = if is_known { 1.0 } else { OF_STRANGERS };
        Poster {
            is_known,
            wants_login: self.swish.as_ref().is_some_and(|swish| swish.protects_chat()),
            is_muted: self.chat.0.moderation.is_muted(&self.person.public()),
            has_room: cfg!(feature = "unlimited")
                || self.chat.0.posts.has_room(self.person.key(), share, now_ms()),
        }
    }

    /// What is volatile is kept nowhere, and nothing comes after it.
    async fn hand_in(&mut self, said: Said) -> Result<Option<Ended>, Forbidden> {
        self.chat.0.posts.count(self.person.key(), now_ms());
        let id = new_uuid();
        let (document, is_volatile) = (said.document.clone(), said.is_volatile);
        let mut json = message(said, id, self.person.author(&self.wsid));
        if is_volatile {
            json.insert("time".into(), seconds(now_ms()));
            let text = Value::Object(json).to_string();
            let passed = self.chat.pass(&document, &text.into()).await;
            return passed.map(|()| None).map_err(|_| Forbidden::NotTaken);
        }
        let body = body_of(json).ok_or(Forbidden::TooLong)?;
        let handed_in = self.chat.0.hub.hand_in(document, MessageId::from_bytes(id), body).await;
        handed_in.map(Some).map_err(|_| Forbidden::NotTaken)
    }
}

type Ended = oneshot::Receiver<Result<PostOutcome, HubError>>;

fn judged(ended: Result<Result<PostOutcome, HubError>, RecvError>) -> Result<(), Forbidden> {
    match ended {
        Ok(Ok(PostOutcome::Safe(_) | PostOutcome::Alone(_))) => Ok(()),
        Ok(Ok(PostOutcome::TooLong)) => Err(Forbidden::TooLong),
        Ok(Ok(PostOutcome::Busy) | Err(_)) | Err(_) => Err(Forbidden::NotTaken),
    }
}

fn refusal(document: &DocumentId, forbidden: Forbidden) -> Utf8Bytes {
    let message = forbidden.to_string();
    ServerFrame::Forbidden { action: "chat_post", about: document, message }.text()
}

impl Chat {
    /// Gives a frame to everybody who reads a document now, on all nodes.
    pub(super) async fn pass(
        &self,
        document: &DocumentId,
        frame: &Utf8Bytes,
    ) -> Result<(), HubError> {
        let body = Body(frame.as_bytes().into());
        self.0.hub.pass(document.clone(), body).await
    }
}

/// What is kept of a message: all but its time.
fn message(said: Said, id: Uuid, user: Value) -> Map<String, Value> {
    let mut json = Map::new();
    json.insert("type".into(), "chat-message".into());
    json.insert("docid".into(), said.document.as_str().into());
    json.insert("id".into(), uuid_text(id).into());
    json.insert("user".into(), user);
    let payload = said.payload.map(|payload| payload::to_json(&payload));
    let texts =
        [("text", said.text), ("uuid", said.uuid), ("class", said.class), ("html", said.html)];
    json.extend(texts.into_iter().filter_map(|(key, text)| Some((key.into(), text?.into()))));
    json.extend(payload.map(|payload| ("payload".into(), payload)));
    json
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gateway::chat::client_frame::ClientFrame;

    #[test]
    fn a_message_has_swishs_keys_and_no_others() {
        let sent = json!({
            "type": "chat-message", "docid": "gitty:a.pl", "text": "hi", "uuid": "u-4",
            "payload": [], "create": false, "volatile": true,
        });
        let Ok(Some(ClientFrame::ChatMessage(said))) = ClientFrame::read(&sent.to_string()) else {
            panic!()
        };
        let user = json!({ "avatar": "/icons/avatar.svg#7", "wsid": "w" });
        let made = Value::Object(message(*said, [0x11; 16], user.clone()));
        let wanted = json!({
            "type": "chat-message", "docid": "gitty:a.pl", "text": "hi", "uuid": "u-4",
            "payload": [], "user": user, "id": "11111111-1111-1111-1111-111111111111",
        });
        assert_eq!(made, wanted);
        assert_eq!(seconds(1_795_397_724_681).to_string(), "1795397724.681");
    }
}
