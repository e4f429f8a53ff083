//! `GET /chat`: from a request to a socket (spec C.1).

use std::sync::Arc;

use axum::{
    body::HttpBody,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{
        HeaderMap, StatusCode,
        header::{ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, SET_COOKIE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use url::form_urlencoded::parse;

use super::{Chat, client_frame::MAX_FRAME_BYTES, person::Person, socket};
use crate::{
    front::{Place, Scheme, Visitor},
    gateway::{Gateway, error::Refusal, swish::is_same_origin},
    node::link::now_ms,
};

/// What SWISH's pages name, and what SWISH takes as well.
const PROTOCOLS: [&str; 2] = ["v1.chat.swish.swi-prolog.org", "chat"];
/// Bytes that a socket has for reading, as long as it is open.
const READ_BYTES: usize = 2 << 10;
/// Bytes that may be on their way to a page; a frame is written at once.
const WRITE_BYTES: usize = 256 << 10;

/// Opens a page's socket.
pub(super) async fn connect(State(gateway): State<Gateway>, request: Request) -> Response {
    let has_body = !request.body().is_end_stream();
    let (parts, _) = request.into_parts();
    let headers = parts.headers.clone();
    match enter(&gateway, parts, has_body).await {
        Ok(response) => response,
        Err(Denied::Answer(response)) => *response,
        Err(Denied::Refusal(refusal)) => refusal.into_response(&headers),
    }
}

/// Pages of every site may ask what is allowed, as in SWISH.
pub(super) async fn options() -> impl IntoResponse {
    let headers = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (ACCESS_CONTROL_ALLOW_METHODS, "GET")];
    (StatusCode::OK, headers)
}

/// No socket is opened.
enum Denied {
    Refusal(Refusal),
    /// SWISH wants a login first.
    Answer(Box<Response>),
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

async fn enter(gateway: &Gateway, mut parts: Parts, has_body: bool) -> Result<Response, Denied> {
    let chat = &gateway.chat;
    let visitor = parts.extensions.get::<Visitor>();
    let scheme = visitor.map_or(Scheme::Unknown, |visitor| visitor.scheme);
    if !is_same_origin(&parts.headers, visitor) {
        return Err(Refusal::ForeignOrigin.into());
    }
    if has_body {
        return Err(Refusal::Malformed("A WebSocket is opened without a body".into()).into());
    }
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let upgrade = upgrade.map_err(|_| Refusal::Malformed("This is for WebSockets".into()))?;
    chat.takes_pages()?;
    let login = match &gateway.swish {
        Some(swish) => {
            swish.who(&parts).await.map_err(|answer| Denied::Answer(Box::new(answer)))?
        }
        None => None,
    };
    let now = now_ms();
    let (session, line, is_new) = chat.0.sessions.enter(&parts.headers, scheme, now);
    if !chat.0.connects.count(&session.id, now) {
        return Err(Refusal::TooFrequent.into());
    }
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let text = |name: &str| parse(query).find(|(key, _)| key == name).map(|(_, value)| value);
    let (nick_name, avatar) = (text("nickname"), text("avatar"));
    let back = text("reconnect").and_then(|it| chat.0.tokens.read(&session.id, &it, now));
    let person = Person::new(
        &session,
        login.as_ref(),
        nick_name.as_deref(),
        avatar.as_deref(),
        &chat.0.prefix,
    );
    let beside = match &gateway.swish {
        Some(swish) => swish.open_session(&parts).await,
        None => None,
    };
    let (cookies, beside) = beside.map_or((HeaderMap::new(), None), |it| (it.headers, it.socket));
    let place = parts.extensions.get::<Arc<Place>>().cloned();
    let start = socket::Start {
        chat: chat.clone(),
        swish: gateway.swish.clone(),
        session,
        is_new,
        person,
        back,
    };
    let mut response = upgrade
        .protocols(PROTOCOLS)
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .max_message_size(MAX_FRAME_BYTES)
        .on_upgrade(async move |web_socket| {
            socket::run(web_socket, start).await;
            drop((place, beside));
        });
    response.headers_mut().extend(line.map(|line| (SET_COOKIE, line)));
    for cookie in cookies.get_all(SET_COOKIE) {
        response.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    Ok(response)
}

impl Chat {
    /// True as long as this node takes new pages.
    fn takes_pages(&self) -> Result<(), Refusal> {
        let is_leaving = self.0.stop.is_stopped() || self.0.node.shared().node().draining;
        match is_leaving {
            true => Err(Refusal::Unavailable("This server takes no new pages".into())),
            false => Ok(()),
        }
    }
}
