//! A SWISH page's socket, as its script uses it: what it says, and what it hears, in order.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use http::header::{COOKIE, SEC_WEBSOCKET_PROTOCOL, SET_COOKIE};
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

/// Nothing that a test waits for comes later, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// A thousand pages in one process need small buffers.
const READ_BYTES: usize = 4 << 10;

/// How a page opens its socket.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Cookies that it has.
    pub cookie: Option<String>,
    /// The token of its last `welcome`, if it comes back.
    pub reconnect: Option<String>,
    /// Where it comes from: any address of the loopback.
    pub from: IpAddr,
}

/// An open socket. Dropped, its connection is lost without a goodbye.
#[derive(Debug)]
pub struct ChatPage {
    stream: WebSocketStream<TcpStream>,
    /// The first frame.
    pub welcome: Value,
    /// What to send the next time, if it was given one.
    pub cookie: Option<String>,
}

impl Default for Opening {
    fn default() -> Self {
        Self { cookie: None, reconnect: None, from: Ipv4Addr::LOCALHOST.into() }
    }
}

impl Opening {
    /// Opens a socket at `host:port` and hears its `welcome`.
    ///
    /// # Errors
    /// It is refused, or the first frame is another one.
    pub async fn open(&self, address: &str) -> Result<ChatPage> {
        let query = self.reconnect.as_ref().map_or(String::new(), |it| format!("?reconnect={it}"));
        let mut request = format!("ws://{address}/chat{query}").into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, "v1.chat.swish.swi-prolog.org".parse()?);
        if let Some(cookie) = &self.cookie {
            headers.insert(COOKIE, cookie.parse()?);
        }
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        socket.set_nodelay(true)?;
        let stream = timeout(PATIENCE, socket.connect(address.parse()?)).await??;
        let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
        let opened = client_async_with_config(request, stream, Some(config));
        let (stream, response) = timeout(PATIENCE, opened).await??;
        let set = response.headers().get_all(SET_COOKIE).into_iter();
        let pairs = set.filter_map(|line| line.to_str().ok()?.split(';').next());
        let cookies: Vec<_> = pairs.map(str::to_owned).chain(self.cookie.clone()).collect();
        let cookie = (!cookies.is_empty()).then(|| cookies.join("; "));
        let mut page = ChatPage { stream, welcome: Value::Null, cookie };
        page.welcome = page.hear().await?;
        anyhow::ensure!(page.welcome["type"] == "welcome", "{}", page.welcome);
        Ok(page)
    }
}

impl ChatPage {
    /// A page of a new visitor.
    ///
    /// # Errors
    /// It is refused.
    pub async fn open(address: &str) -> Result<Self> {
        Opening::default().open(address).await
    }

    /// How this page would come back after its connection was lost.
    #[must_use]
    pub fn opening(&self) -> Opening {
        let reconnect = self.welcome["reconnect"].as_str().map(str::to_owned);
        Opening { cookie: self.cookie.clone(), reconnect, ..Opening::default() }
    }

    /// Its name among pages.
    #[must_use]
    pub fn wsid(&self) -> &str {
        self.welcome["wsid"].as_str().unwrap_or_default()
    }

    /// Says anything.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn say(&mut self, frame: &Value) -> Result<()> {
        Ok(self.stream.send(Message::text(frame.to_string())).await?)
    }

    /// Has these files open from now on.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn has_open(&mut self, files: &[&str]) -> Result<()> {
        let files: Vec<_> = files.iter().map(|file| json!({ "file": file })).collect();
        self.say(&json!({ "type": "has-open-files", "files": files })).await
    }

    /// Posts a text in the chat of a file.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn post(&mut self, file: &str, text: &str) -> Result<()> {
        let docid = format!("gitty:{file}");
        self.say(&json!({ "type": "chat-message", "docid": docid, "text": text })).await
    }

    /// The next frame.
    ///
    /// # Errors
    /// There is none in time, or the connection is closed.
    pub async fn hear(&mut self) -> Result<Value> {
        self.hear_within(PATIENCE).await
    }

    /// The next frame within a time.
    ///
    /// # Errors
    /// There is none, or the connection is closed.
    pub async fn hear_within(&mut self, patience: Duration) -> Result<Value> {
        let next = async {
            loop {
                match self.stream.next().await.context("the socket has ended")?? {
                    Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                    Message::Close(why) => bail!("closed: {why:?}"),
                    Message::Binary(_)
                    | Message::Ping(_)
                    | Message::Pong(_)
                    | Message::Frame(_) => {}
                }
            }
        };
        timeout(patience, next).await.with_context(|| format!("nothing in {patience:?}"))?
    }

    /// The next frame of this type; those before it are passed over.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn hear_of(&mut self, kind: &str) -> Result<Value> {
        loop {
            let frame = self.hear().await.with_context(|| format!("waiting for {kind}"))?;
            if frame["type"] == kind {
                return Ok(frame);
            }
        }
    }

    /// Says goodbye, as a page does that is closed.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn unload(mut self) -> Result<()> {
        self.say(&json!({ "type": "unload" })).await?;
        Ok(self.stream.close(None).await?)
    }
}
