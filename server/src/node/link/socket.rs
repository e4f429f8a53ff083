//! A WebSocket as two ends for bytes, whichever side made it.

use std::{future::ready, pin::Pin, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{Message as AcceptedMessage, WebSocket, WebSocketUpgrade},
};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Error as WsError, Message as DialedMessage, protocol::WebSocketConfig},
};

use super::noise::MAX_NOISE_BYTES;

/// The path that a node's link listener answers.
pub(super) const PATH: &str = "/link";
/// Time for one TCP connection and its WebSocket handshake.
const CONNECT: Duration = Duration::from_millis(1_500);
/// The library's 128 KiB per socket would be most of what a quiet link costs.
const READ_BUFFER_BYTES: usize = 16 << 10;
const WRITE_BUFFER_BYTES: usize = 64 << 10;
/// A full write buffer, and one more message.
const MAX_WRITE_BUFFER_BYTES: usize = 512 << 10;

/// The connection is gone, or the other side does not speak our protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost;

pub(super) type Incoming = Pin<Box<dyn Stream<Item = Result<Bytes, Lost>> + Send>>;
pub(super) type Outgoing = Pin<Box<dyn Sink<Bytes, Error = Lost> + Send>>;

/// Both ends of one connection.
pub(super) struct Socket {
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
}

impl Socket {
    /// Waits for the next message.
    pub(super) async fn next(&mut self) -> Result<Bytes, Lost> {
        self.incoming.next().await.unwrap_or(Err(Lost))
    }

    /// Sends one message at once.
    pub(super) async fn send(&mut self, message: Bytes) -> Result<(), Lost> {
        self.outgoing.send(message).await
    }

    /// Wraps a connection that came in.
    pub(super) fn accepted(socket: WebSocket) -> Self {
        let (outgoing, incoming) = socket.split();
        Self {
            incoming: Box::pin(incoming.filter_map(|message| ready(accepted_bytes(message)))),
            outgoing: Box::pin(
                outgoing
                    .sink_map_err(|_| Lost)
                    .with(|bytes| ready(Ok::<_, Lost>(AcceptedMessage::Binary(bytes)))),
            ),
        }
    }

    fn dialed(socket: WebSocketStream<TcpStream>) -> Self {
        let (outgoing, incoming) = socket.split();
        Self {
            incoming: Box::pin(incoming.filter_map(|message| ready(dialed_bytes(message)))),
            outgoing: Box::pin(
                outgoing
                    .sink_map_err(|_| Lost)
                    .with(|bytes| ready(Ok::<_, Lost>(DialedMessage::Binary(bytes)))),
            ),
        }
    }
}

/// Connects to a node's link listener.
pub(super) async fn connect(address: &str) -> Result<Socket, ConnectError> {
    timeout(CONNECT, connect_without_end(address)).await.map_err(|_| ConnectError::TimedOut)?
}

/// Sets an accepted socket's bounds before it is one.
pub(super) fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(MAX_NOISE_BYTES)
        .max_frame_size(MAX_NOISE_BYTES)
}

/// Nobody answers there.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not within the time.
    #[error("no answer within {} ms", CONNECT.as_millis())]
    TimedOut,
    /// The address is wrong, or nothing listens there.
    #[error("{0}")]
    Tcp(#[from] std::io::Error),
    /// Something else than a node listens there.
    #[error("not a link listener: {0}")]
    WebSocket(#[from] Box<WsError>),
}

async fn connect_without_end(address: &str) -> Result<Socket, ConnectError> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(MAX_NOISE_BYTES))
        .max_frame_size(Some(MAX_NOISE_BYTES));
    let url = format!("ws://{address}{PATH}");
    let (socket, _) =
        client_async_with_config(url, stream, Some(config)).await.map_err(Box::new)?;
    Ok(Socket::dialed(socket))
}

fn accepted_bytes(message: Result<AcceptedMessage, axum::Error>) -> Option<Result<Bytes, Lost>> {
    match message {
        Ok(AcceptedMessage::Binary(bytes)) => Some(Ok(bytes)),
        Ok(AcceptedMessage::Ping(_) | AcceptedMessage::Pong(_)) => None,
        Ok(AcceptedMessage::Text(_) | AcceptedMessage::Close(_)) | Err(_) => Some(Err(Lost)),
    }
}

fn dialed_bytes(message: Result<DialedMessage, WsError>) -> Option<Result<Bytes, Lost>> {
    match message {
        Ok(DialedMessage::Binary(bytes)) => Some(Ok(bytes)),
        Ok(DialedMessage::Ping(_) | DialedMessage::Pong(_)) => None,
        Ok(DialedMessage::Text(_) | DialedMessage::Close(_) | DialedMessage::Frame(_)) | Err(_) => {
            Some(Err(Lost))
        }
    }
}
