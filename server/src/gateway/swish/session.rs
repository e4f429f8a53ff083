//! A session at the SWISH here for a page whose socket is the node's.
//!
//! A SWISH opens a session when a page opens its socket, keeps it as long as the socket is open, and lets
//! nobody with a profile log in without one. So there is a socket to it as well, on which nothing is
//! said but goodbye.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            AUTHORIZATION, COOKIE, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
            SEC_WEBSOCKET_VERSION, USER_AGENT,
        },
        request::Parts,
    },
};
use domain::words::SwishState;
use hyper::upgrade::on;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::oneshot,
    time::timeout,
};

use super::{
    Swish,
    forward::{ask, scheme_of},
    upgrade::add_upgrade,
};
use crate::gateway::entry::Sent;

/// Where its sockets are.
const PATH: &str = "/chat";
/// A page waits for it.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time for the goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// `{"type":"unload"}` and a close, as a client's frames with a mask of zeros.
const LAST_WORDS: &[u8] = b"\x81\x91\0\0\0\0{\"type\":\"unload\"}\x88\x82\0\0\0\0\x03\xe8";
/// Of the page's request; the rest is ours.
const KEPT: [HeaderName; 4] = [HOST, AUTHORIZATION, COOKIE, USER_AGENT];

/// A session that is open.
#[derive(Debug)]
pub(in crate::gateway) struct Opened {
    /// What the browser is given: cookies.
    pub(in crate::gateway) headers: HeaderMap,
    /// The session's socket: to be dropped with the page's.
    pub(in crate::gateway) socket: Option<oneshot::Sender<()>>,
}

impl Swish {
    /// Opens one; none if it does not answer.
    pub(in crate::gateway) async fn open_session(&self, parts: &Parts) -> Option<Opened> {
        if self.state() != SwishState::Up {
            return None;
        }
        timeout(PATIENCE, self.open(parts)).await.ok()?
    }

    async fn open(&self, parts: &Parts) -> Option<Opened> {
        let mut request = Request::builder().method(Method::GET);
        request = request.uri(format!("{}{PATH}", self.url.prefix()));
        let mut request = request.body(Body::empty()).ok()?;
        for name in KEPT {
            for value in parts.headers.get_all(&name) {
                request.headers_mut().append(&name, value.clone());
            }
        }
        for (name, value) in [
            (SEC_WEBSOCKET_VERSION, "13"),
            (SEC_WEBSOCKET_KEY, "c3dpc2gtY2x1c3Rlcg0KDQ=="),
            (SEC_WEBSOCKET_PROTOCOL, "v1.chat.swish.swi-prolog.org"),
        ] {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        *request.extensions_mut() = parts.extensions.clone();
        // It is our question, and not what was sent.
        request.extensions_mut().remove::<Sent>();
        add_upgrade(request.headers_mut());
        let session = self.sessions.enter(request.headers_mut());
        let mut answer = ask(self, request).await.ok()?;
        let upgraded = on(&mut answer);
        self.sessions.leave(session, scheme_of(parts), answer.headers_mut());
        let headers = answer.headers().clone();
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return None;
        }
        let (socket, dropped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let Ok(upgraded) = upgraded.await else { return };
            let (mut read, mut write) = tokio::io::split(TokioIo::new(upgraded));
            // What it says of its own visitors is for nobody.
            let mut unread = [0; 512];
            let silent =
                async { while read.read(&mut unread).await.is_ok_and(|bytes| bytes > 0) {} };
            tokio::select! {
                () = silent => {}
                _ = dropped => {
                    let _ = timeout(GOODBYE, async {
                        write.write_all(LAST_WORDS).await?;
                        write.shutdown().await
                    }).await;
                }
            }
        });
        Some(Opened { headers, socket: Some(socket) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_two_frames() {
        let text = br#"{"type":"unload"}"#;
        assert_eq!(LAST_WORDS.get(6..6 + text.len()), Some(text.as_slice()));
        assert_eq!(usize::from(LAST_WORDS[1] & 0x7f), text.len());
        assert_eq!(LAST_WORDS.len(), 6 + text.len() + 8);
    }
}
