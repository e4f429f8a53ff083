//! The links under a microphone: a forwarder between nodes that keeps every byte.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

type Tape = Arc<Mutex<Vec<u8>>>;

/// A listener in front of one node's link port.
#[derive(Debug)]
pub struct Wire {
    address: String,
    /// One for each direction of each connection, so that no text is torn apart.
    tapes: Arc<Mutex<Vec<Tape>>>,
    task: JoinHandle<()>,
}

impl Wire {
    /// Forwards everybody who comes to the node at `target`.
    ///
    /// # Errors
    /// No port is free.
    pub async fn open(target: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let tapes = Arc::default();
        let task = tokio::spawn(accept(listener, target.to_owned(), Arc::clone(&tapes)));
        Ok(Self { address, tapes, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Bytes that passed, in both directions.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.tapes().iter().map(|tape| lock(tape).len()).sum()
    }

    /// True if these bytes passed in one piece.
    #[must_use]
    pub fn carried(&self, needle: &[u8]) -> bool {
        let holds = |tape: &Tape| lock(tape).windows(needle.len()).any(|window| window == needle);
        self.tapes().iter().any(holds)
    }

    fn tapes(&self) -> Vec<Tape> {
        lock(&self.tapes).clone()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: String, tapes: Arc<Mutex<Vec<Tape>>>) {
    while let Ok((near, _)) = listener.accept().await {
        // A node that is down: whoever came is sent away, as by the node's own port.
        let Ok(far) = TcpStream::connect(&target).await else {
            continue;
        };
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        let (near_in, near_out) = near.into_split();
        let (far_in, far_out) = far.into_split();
        tokio::spawn(copy(near_in, far_out, new_tape(&tapes)));
        tokio::spawn(copy(far_in, near_out, new_tape(&tapes)));
    }
}

fn new_tape(tapes: &Mutex<Vec<Tape>>) -> Tape {
    let tape = Tape::default();
    lock(tapes).push(Arc::clone(&tape));
    tape
}

/// Until either side ends; the other side hears of it when the halves are dropped.
async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, tape: Tape) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        lock(&tape).extend_from_slice(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_passes_is_kept_in_one_piece() {
        let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Wire::open(&echo.local_addr().unwrap().to_string()).await.unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = echo.accept().await.unwrap();
            let (mut reader, mut writer) = stream.split();
            tokio::io::copy(&mut reader, &mut writer).await.unwrap();
        });
        let mut stream = TcpStream::connect(wire.address()).await.unwrap();
        for piece in ["a text in ", "two pieces"] {
            stream.write_all(piece.as_bytes()).await.unwrap();
            let mut heard = vec![0; piece.len()];
            stream.read_exact(&mut heard).await.unwrap();
            assert_eq!(heard, piece.as_bytes());
        }
        assert!(wire.carried(b"text in two"));
        assert!(!wire.carried(b"three"));
        assert_eq!(wire.bytes(), 40);
    }
}
