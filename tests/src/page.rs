//! A page of SWISH as its server sees it: one WebSocket, and a cookie.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use http::{
    HeaderValue, StatusCode,
    header::{COOKIE, ORIGIN, SET_COOKIE},
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

/// No frame of these tests may be waited for longer.
const DEADLINE: Duration = Duration::from_secs(15);
/// Silence that counts as "nothing more".
const SILENCE: Duration = Duration::from_millis(300);
/// Thousands of pages in one process need small buffers.
const READ_BYTES: usize = 4 << 10;
const PROTOCOL: &str = "v1.chat.swish.swi-prolog.org";

/// A page that is open.
#[derive(Debug)]
pub struct Page {
    socket: WebSocketStream<TcpStream>,
    /// Its session's cookie.
    pub cookie: String,
    /// The first frame.
    pub welcome: Value,
}

/// A socket that is not opened: with what status.
pub async fn refused(address: &str, origin: Option<&str>, cookie: &str) -> Result<StatusCode> {
    match open((Ipv4Addr::LOCALHOST.into(), address), "", origin, cookie).await? {
        Ok(_) => bail!("it was opened"),
        Err(status) => Ok(status),
    }
}

type Opened = (WebSocketStream<TcpStream>, Option<String>);

async fn open(
    (from, address): (IpAddr, &str),
    query: &str,
    origin: Option<&str>,
    cookie: &str,
) -> Result<Result<Opened, StatusCode>> {
    let mut request = format!("ws://{address}/chat{query}").into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", HeaderValue::from_static(PROTOCOL));
    if let Some(origin) = origin {
        headers.insert(ORIGIN, HeaderValue::try_from(origin)?);
    }
    if !cookie.is_empty() {
        headers.insert(COOKIE, HeaderValue::try_from(cookie)?);
    }
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.set_nodelay(true)?;
    let stream = timeout(DEADLINE, socket.connect(address.parse()?)).await??;
    let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
    let opened = client_async_with_config(request, stream, Some(config));
    match timeout(DEADLINE, opened).await? {
        Ok((socket, answer)) => {
            let protocol = answer.headers().get("sec-websocket-protocol");
            ensure!(protocol.is_some_and(|it| it == PROTOCOL), "{protocol:?}");
            let lines = answer.headers().get_all(SET_COOKIE).iter();
            let mut lines = lines.filter_map(|line| line.to_str().ok()?.split(';').next());
            let own = lines.find(|line| line.starts_with("swish_cluster_visitor="));
            Ok(Ok((socket, own.map(str::to_owned))))
        }
        Err(tungstenite::Error::Http(answer)) => Ok(Err(answer.status())),
        Err(error) => Err(error.into()),
    }
}

impl Page {
    /// Opens a page in a new browser.
    ///
    /// # Errors
    /// The socket is not opened, or not welcomed.
    pub async fn open(address: &str) -> Result<Self> {
        Self::open_as(address, "", "").await
    }

    /// Opens a page with a query, in the browser with this cookie.
    ///
    /// # Errors
    /// The socket is not opened, or not welcomed.
    pub async fn open_as(address: &str, query: &str, cookie: &str) -> Result<Self> {
        Self::open_from(Ipv4Addr::LOCALHOST.into(), address, query, cookie).await
    }

    /// The same from some address of the loopback.
    ///
    /// # Errors
    /// The socket is not opened, or not welcomed.
    pub async fn open_from(from: IpAddr, address: &str, query: &str, cookie: &str) -> Result<Self> {
        let origin = format!("http://{address}");
        let opened = open((from, address), query, Some(&origin), cookie).await?;
        let (socket, given) = opened.map_err(|status| anyhow::anyhow!("refused: {status}"))?;
        let cookie = given.unwrap_or_else(|| cookie.to_owned());
        let mut page = Self { socket, cookie, welcome: Value::Null };
        page.welcome = page.next().await?;
        ensure!(page.welcome["type"] == "welcome", "{}", page.welcome);
        Ok(page)
    }

    /// Its name.
    #[must_use]
    pub fn wsid(&self) -> &str {
        self.welcome["wsid"].as_str().unwrap_or_default()
    }

    /// By which it comes back.
    #[must_use]
    pub fn reconnect(&self) -> String {
        format!("?reconnect={}", self.welcome["reconnect"].as_str().unwrap_or_default())
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The socket has ended.
    pub async fn send(&mut self, message: &Value) -> Result<()> {
        self.send_raw(Message::text(message.to_string())).await
    }

    /// Sends anything.
    ///
    /// # Errors
    /// The socket has ended.
    pub async fn send_raw(&mut self, message: Message) -> Result<()> {
        Ok(timeout(DEADLINE, self.socket.send(message)).await??)
    }

    /// Says which files it has open.
    ///
    /// # Errors
    /// The socket has ended.
    pub async fn has_open(&mut self, files: &[&str]) -> Result<()> {
        let files: Vec<_> = files.iter().map(|file| json!({ "file": file })).collect();
        self.send(&json!({ "type": "has-open-files", "files": files })).await
    }

    /// Says something in the chat of a file.
    ///
    /// # Errors
    /// The socket has ended.
    pub async fn says(&mut self, file: &str, text: &str) -> Result<()> {
        let docid = format!("gitty:{file}");
        self.send(&json!({
            "type": "chat-message", "docid": docid, "text": text, "uuid": text, "payload": [],
        }))
        .await
    }

    /// The next frame.
    ///
    /// # Errors
    /// The socket has ended, or there is none in time.
    pub async fn next(&mut self) -> Result<Value> {
        self.next_within(DEADLINE).await
    }

    /// The next frame within a time.
    ///
    /// # Errors
    /// The socket has ended, or there is none in time.
    pub async fn next_within(&mut self, patience: Duration) -> Result<Value> {
        loop {
            let message = timeout(patience, self.socket.next()).await.context("no frame")?;
            match message.context("the socket has ended")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(close) => bail!("closed: {close:?}"),
                _ => {}
            }
        }
    }

    /// The next frame for which this is true; others are passed over.
    ///
    /// # Errors
    /// The socket has ended, or there is none in time.
    pub async fn find(&mut self, is_it: impl Fn(&Value) -> bool) -> Result<Value> {
        let mut passed = Vec::new();
        loop {
            match self.next().await {
                Ok(frame) if is_it(&frame) => return Ok(frame),
                Ok(frame) => passed.push(frame),
                Err(error) => return Err(error.context(format!("after {passed:?}"))),
            }
        }
    }

    /// The next frame of a type.
    ///
    /// # Errors
    /// The socket has ended, or there is none in time.
    pub async fn expect(&mut self, kind: &str) -> Result<Value> {
        let found = self.find(|frame| frame["type"] == kind).await;
        found.with_context(|| format!("waiting for {kind}"))
    }

    /// Texts of chat messages that come before it is silent.
    ///
    /// # Errors
    /// A frame is no JSON.
    pub async fn hears(&mut self) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        while let Ok(Some(Ok(message))) = timeout(SILENCE, self.socket.next()).await {
            let Message::Text(text) = message else { continue };
            let frame: Value = serde_json::from_str(&text)?;
            if frame["type"] == "chat-message" {
                texts.push(frame["text"].as_str().unwrap_or_default().to_owned());
            }
        }
        Ok(texts)
    }

    /// The code with which the node ends the socket.
    ///
    /// # Errors
    /// It does not end it in time.
    pub async fn closed(&mut self) -> Result<Option<u16>> {
        loop {
            match timeout(DEADLINE, self.socket.next()).await.context("it is not closed")? {
                Some(Ok(Message::Close(close))) => return Ok(close.map(|it| it.code.into())),
                None | Some(Err(_)) => return Ok(None),
                Some(Ok(_)) => {}
            }
        }
    }
}
