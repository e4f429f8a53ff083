//! A SWISH that keeps what it hears, byte by byte, and answers what a test wrote down.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What it answers where nothing is written down.
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
const HEAD_END: &[u8] = b"\r\n\r\n";

/// One request, read as strictly as can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its first line.
    pub line: String,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body; none if it never was whole.
    pub body: Option<Vec<u8>>,
}

/// A server in this process; it ends when dropped.
#[derive(Debug)]
pub struct RawSwish {
    address: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    server: JoinHandle<()>,
}

impl Heard {
    /// A header's values.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl RawSwish {
    /// Starts one with these answers by path.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(answers: HashMap<&'static str, Vec<u8>>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers) = (Arc::clone(&heard), Arc::new(answers));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&kept), Arc::clone(&answers)));
            }
        });
        Ok(Self { address, heard, server })
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it heard since this was asked last, but for the node's own questions.
    #[must_use]
    pub fn take(&self) -> Vec<Heard> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = std::mem::take(&mut *heard);
        taken.retain(|heard| heard.all("x-forwarded-for").next().is_some());
        taken
    }
}

impl Drop for RawSwish {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn converse(
    mut stream: TcpStream,
    kept: Arc<Mutex<Vec<Heard>>>,
    answers: Arc<HashMap<&'static str, Vec<u8>>>,
) {
    let mut bytes = Vec::new();
    while let Some(heard) = hear(&mut stream, &mut bytes).await {
        let target = heard.line.split(' ').nth(1).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let answer = answers.get(path).map_or(OK, Vec::as_slice).to_vec();
        let is_cut = heard.body.is_none();
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
        if is_cut || stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// The next request; none at the end of the connection.
async fn hear(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Heard> {
    let end = loop {
        if let Some(at) = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END) {
            break at;
        }
        more(stream, bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    bytes.drain(..end + HEAD_END.len());
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        (name.to_lowercase(), value.to_owned())
    };
    let mut heard = Heard { line, headers: lines.map(pair).collect(), body: None };
    let length: Option<usize> = heard.all("content-length").next().and_then(|it| it.parse().ok());
    let is_chunked = heard.all("transfer-encoding").next() == Some("chunked");
    heard.body = match (is_chunked, length) {
        (true, _) => chunks(stream, bytes).await,
        (false, length) => exactly(stream, bytes, length.unwrap_or_default()).await,
    };
    Some(heard)
}

async fn chunks(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = bytes.windows(2).position(|window| window == b"\r\n") {
                break at;
            }
            more(stream, bytes).await?;
        };
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).ok()?, 16).ok()?;
        bytes.drain(..end + 2);
        body.extend(exactly(stream, bytes, size).await?);
        if exactly(stream, bytes, 2).await? != b"\r\n" {
            return None;
        }
        if size == 0 {
            return Some(body);
        }
    }
}

async fn exactly(stream: &mut TcpStream, bytes: &mut Vec<u8>, length: usize) -> Option<Vec<u8>> {
    while bytes.len() < length {
        more(stream, bytes).await?;
    }
    Some(bytes.drain(..length).collect())
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(bytes).await.ok()?;
    (read > 0).then_some(())
}
