//! The links under a microphone: a forwarder between nodes that keeps every byte, and can be cut.

use std::{
    collections::BTreeSet,
    fs,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

type Tape = Arc<Mutex<Vec<u8>>>;

/// A listener in front of one node's link port.
#[derive(Debug)]
pub struct Wire {
    address: String,
    /// One for each direction of each connection, so that no text is torn apart.
    tapes: Arc<Mutex<Vec<Tape>>>,
    /// Names of the nodes whose connections are cut.
    cut: watch::Sender<BTreeSet<String>>,
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
        let cut = watch::Sender::default();
        let forwarder = Forwarder {
            target: target.to_owned(),
            tapes: Arc::clone(&tapes),
            cut: cut.subscribe(),
        };
        let task = tokio::spawn(forwarder.run(listener));
        Ok(Self { address, tapes, cut, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Closes what comes from the node called `name`, and lets nothing of it in.
    pub fn cut(&self, name: &str) {
        self.cut.send_modify(|cut| {
            cut.insert(name.to_owned());
        });
    }

    /// Lets everybody in again.
    pub fn mend(&self) {
        self.cut.send_modify(BTreeSet::clear);
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

/// What a wire's task works with.
struct Forwarder {
    target: String,
    tapes: Arc<Mutex<Vec<Tape>>>,
    cut: watch::Receiver<BTreeSet<String>>,
}

impl Forwarder {
    async fn run(self, listener: TcpListener) {
        while let Ok((near, peer)) = listener.accept().await {
            let name = node_with_port(peer.port()).unwrap_or_default();
            // Cut, or a node that is down: whoever came is sent away, as by the node's own port.
            if self.cut.borrow().contains(&name) {
                continue;
            }
            let Ok(far) = TcpStream::connect(&self.target).await else { continue };
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            let (near_in, near_out) = near.into_split();
            let (far_in, far_out) = far.into_split();
            let there = copy(near_in, far_out, new_tape(&self.tapes));
            let back = copy(far_in, near_out, new_tape(&self.tapes));
            let mut cut = self.cut.clone();
            tokio::spawn(async move {
                let is_cut = cut.wait_for(|names| names.contains(&name));
                tokio::select! {
                    _ = async { tokio::join!(there, back) } => {}
                    _ = is_cut => {}
                }
            });
        }
    }
}

/// Name of the node that connected from this port of this machine: `serve --name NAME`.
fn node_with_port(port: u16) -> Option<String> {
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let local = format!(":{port:04X}");
    let socket = table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let inode = fields.get(9)?;
        // One that was closed before may have had the same port; it is nobody's any more.
        let is_open = fields.get(3) == Some(&"01");
        let is_it = is_open && fields.get(1)?.ends_with(&local);
        is_it.then(|| format!("socket:[{inode}]"))
    })?;
    let processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    processes.map(|entry| entry.path()).find_map(|process| {
        let arguments = fs::read(process.join("cmdline")).ok()?;
        let mut words = arguments.split(|byte| *byte == 0);
        words.find(|word| *word == b"--name")?;
        let name = String::from_utf8(words.next()?.to_vec()).ok()?;
        let files = fs::read_dir(process.join("fd")).ok()?.filter_map(Result::ok);
        let mut targets = files.filter_map(|file| fs::read_link(file.path()).ok());
        targets.any(|target| target.as_os_str() == socket.as_str()).then_some(name)
    })
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
