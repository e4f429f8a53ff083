//! `GET /chat/messages` and `/chat/status`: what pages ask about a chat (spec D).

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use relay::{DocumentId, MAX_PAGE_ROWS, Message};
use serde_json::{Map, Value, json};

use super::{
    Chat,
    client_frame::document_of,
    html::sanitised,
    person::{is_foreign_picture, is_own_picture},
};
use crate::{
    gateway::{Gateway, error::Refusal, search::Parameters, storage::reply},
    hub::json_of,
};

/// Messages that are given to whoever does not say how many.
const LAST: usize = 25;
/// Messages that are read for one answer.
const MOST: usize = 1_000;

/// The last messages of a chat, the oldest first.
pub(super) async fn messages(State(gateway): State<Gateway>, request: Request) -> Response {
    let asked = Asked::read(&gateway, request).await;
    answer(asked, async |asked: &Asked| gateway.chat.messages(asked).await).await
}

/// How many messages a chat has, and how many of them are new.
pub(super) async fn status(State(gateway): State<Gateway>, request: Request) -> Response {
    let asked = Asked::read(&gateway, request).await;
    answer(asked, async |asked: &Asked| gateway.chat.status(asked).await).await
}

async fn answer(
    asked: Result<Asked, Box<Response>>,
    made: impl AsyncFnOnce(&Asked) -> Result<Value, Refusal>,
) -> Response {
    let asked = match asked {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    match made(&asked).await {
        Ok(body) => reply::ok(&body),
        Err(refusal) => refusal.into_response(&asked.headers),
    }
}

/// What is asked.
struct Asked {
    headers: axum::http::HeaderMap,
    document: DocumentId,
    max: Option<usize>,
    after: Option<f64>,
}

impl Asked {
    async fn read(gateway: &Gateway, request: Request) -> Result<Self, Box<Response>> {
        let (parts, _) = request.into_parts();
        gateway.admit(&parts).await.map_err(Box::new)?;
        let parameters = Parameters::read(parts.uri.query(), &axum::body::Bytes::new());
        let headers = parts.headers;
        Self::of(&parameters, headers.clone())
            .map_err(|refusal| Box::new(refusal.into_response(&headers).into_response()))
    }

    fn of(parameters: &Parameters, headers: axum::http::HeaderMap) -> Result<Self, Refusal> {
        let malformed = |text: &str| Refusal::Malformed(text.to_owned());
        let docid = parameters.text("docid");
        let docid = docid.ok_or_else(|| malformed("Parameter \"docid\" is missing"))?;
        let document = DocumentId::new(docid)
            .map_err(|_| malformed("Parameter \"docid\" must name a document"))?;
        let given = |name| parameters.text(name).is_some();
        let max = parameters.number("max", LAST)?;
        let after = parameters.number("after", 0.0)?;
        let (max, after) = (given("max").then_some(max), given("after").then_some(after));
        Ok(Self { headers, document, max, after })
    }

    /// True for a message that is as new as it was asked for.
    fn is_new(&self, message: &Map<String, Value>) -> bool {
        let time = message.get("time").and_then(Value::as_f64).unwrap_or_default();
        self.after.is_none_or(|after| time > after)
    }
}

impl Chat {
    async fn messages(&self, asked: &Asked) -> Result<Value, Refusal> {
        let (rows, _) = self.last(&asked.document, asked.max.unwrap_or(LAST)).await?;
        let rows = rows.into_iter().map(|message| self.shown(&message));
        Ok(rows.filter(|message| asked.is_new(message)).map(Value::Object).collect())
    }

    async fn status(&self, asked: &Asked) -> Result<Value, Refusal> {
        // Without either, SWISH says how many there are; with one, those that the list would have.
        let wanted = match (asked.max, asked.after) {
            (None, None) => 0,
            (max, _) => max.unwrap_or(LAST),
        };
        let (rows, total) = self.last(&asked.document, wanted).await?;
        let count = match wanted {
            0 => total,
            _ => {
                let new = rows.iter().filter(|message| asked.is_new(&json_of(message)));
                u64::try_from(new.count()).unwrap_or(u64::MAX)
            }
        };
        Ok(json!({ "docid": asked.document, "total": total, "count": count }))
    }

    /// The last messages that visitors may see, and how many there are in all.
    async fn last(
        &self,
        document: &DocumentId,
        max: usize,
    ) -> Result<(Vec<Message>, u64), Refusal> {
        let stopping = |error: crate::hub::HubError| Refusal::Unavailable(error.to_string());
        let (mut found, mut total, mut before) = (Vec::new(), None, None);
        loop {
            let left = max.min(MOST).saturating_sub(found.len()).min(MAX_PAGE_ROWS);
            let page = self.0.hub.range(document.clone(), left, before).await.map_err(stopping)?;
            total = total.or(Some(page.total));
            before = page.rows.first().map(|(_, message)| message.row.place);
            let is_end = page.rows.len() < left || left == 0;
            let shown =
                |message: &Message| !self.0.moderation.is_hidden(document, &message.row.place.id);
            let rows = page.rows.into_iter().rev().map(|(_, message)| message);
            found.extend(rows.filter(shown));
            if is_end || found.len() >= max.min(MOST) {
                break;
            }
        }
        found.reverse();
        Ok((found, total.unwrap_or_default()))
    }

    /// A message as SWISH's file has it; what an old file holds is made harmless.
    fn shown(&self, message: &Message) -> Map<String, Value> {
        let mut json = json_of(message);
        json.remove("create");
        if message.row.origin.is_none()
            && let Some(html) = json.get("html").and_then(Value::as_str).map(sanitised)
        {
            json.insert("html".into(), html.into());
        }
        if let Some(user) = json.get_mut("user").and_then(Value::as_object_mut) {
            user.remove("wsid");
            user.remove("uid");
            let avatar = user.get("avatar").and_then(Value::as_str);
            let is_good = |it: &str| is_own_picture(it, &self.0.prefix) || is_foreign_picture(it);
            if avatar.is_some_and(|avatar| !is_good(avatar)) {
                user.remove("avatar");
            }
        }
        json
    }

    /// How many messages a file's chat has; 0 if that cannot be said.
    pub(in crate::gateway) async fn total(&self, file: &str) -> u64 {
        let Some(document) = document_of(file) else { return 0 };
        self.last(&document, 0).await.map_or(0, |(_, total)| total)
    }
}
