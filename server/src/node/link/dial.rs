//! Dialing the members: a task for each peer and kind, as long as the peer is on the list.

use std::{sync::Arc, time::Duration};

use domain::NodeId;
use rand::Rng;
use thiserror::Error;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    connection,
    handshake::{HandshakeError, Refusal, Session},
    hello::{Hello, Kind, Purpose},
    links::{LinkEvent, Shared, Stranger},
    socket::{self, ConnectError},
};

/// The higher node waits this long for the lower one to dial.
const HIGHER_WAITS: Duration = Duration::from_secs(4);
/// Pause between tries at first, in milliseconds, drawn from this range.
const SOON_MS: (u64, u64) = (800, 1_200);
/// Pause after [`PERSIST`] without success.
const LATER_MS: (u64, u64) = (2_000, 3_000);
const PERSIST: Duration = Duration::from_secs(60);
/// A connection that was lost is tried again after this.
const AGAIN_MS: (u64, u64) = (20, 100);

/// The tasks that dial one peer; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Dialing {
    address: String,
    _listed: watch::Sender<()>,
}

impl Dialing {
    pub(super) const fn address(&self) -> &String {
        &self.address
    }
}

/// Starts to dial a peer, once for each kind.
pub(super) fn start(shared: &Arc<Shared>, peer: NodeId, address: String) -> Dialing {
    let (listed, watched) = watch::channel(());
    for kind in [Kind::Control, Kind::Bulk] {
        let dialer = Dialer {
            shared: Arc::clone(shared),
            peer,
            kind,
            address: address.clone(),
            last_error: String::new(),
        };
        let watched = watched.clone();
        tokio::spawn(dialer.run_while_listed(watched));
    }
    Dialing { address, _listed: listed }
}

struct Dialer {
    shared: Arc<Shared>,
    peer: NodeId,
    kind: Kind,
    address: String,
    last_error: String,
}

/// A try that failed.
#[derive(Debug, Error)]
enum DialError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
}

impl Dialer {
    async fn run_while_listed(mut self, mut listed: watch::Receiver<()>) {
        let stop = self.shared.stop.clone();
        tokio::select! {
            () = self.run() => {}
            // An error says that the sender is gone: the peer is on the list no more.
            _ = listed.changed() => {}
            () = stop.stopped() => {}
        }
    }

    /// Keeps a connection, whoever dialed it.
    async fn run(&mut self) {
        loop {
            self.while_linked().await;
            if self.shared.local.me().node > self.peer {
                self.linked_within(HIGHER_WAITS).await;
            }
            self.try_until_linked().await;
        }
    }

    async fn while_linked(&self) {
        let mut changes = self.shared.table.changes();
        let linked = self.linked();
        let _ = changes.wait_for(|_| !self.linked()).await;
        if linked {
            sleep(drawn(AGAIN_MS)).await;
        }
    }

    async fn try_until_linked(&mut self) {
        let began = Instant::now();
        while !self.linked() {
            if self.shared.table.is_cut_off(self.peer) {
                // It would be refused.
            } else if let Err(error) = self.try_once().await {
                self.report(&error);
                self.tell_of(&error).await;
            }
            let pause = if began.elapsed() < PERSIST { SOON_MS } else { LATER_MS };
            self.linked_within(drawn(pause)).await;
        }
    }

    /// One connection; it runs on its own when it stands.
    async fn try_once(&mut self) -> Result<(), DialError> {
        let session = self.session().await?;
        self.last_error.clear();
        let dialer = self.shared.local.me().node;
        tokio::spawn(connection::run(Arc::clone(&self.shared), session, dialer));
        Ok(())
    }

    async fn session(&self) -> Result<Session, DialError> {
        let socket = socket::connect(&self.address).await?;
        let judge = |hello: &Hello| self.wanted(hello);
        Ok(self.shared.local.greet(socket, (self.kind, Purpose::Member), judge).await?)
    }

    fn wanted(&self, hello: &Hello) -> Result<(), Refusal> {
        let (expected, found) = (self.peer, hello.member());
        if found.node != expected {
            return Err(Refusal::OtherNode { expected, found });
        }
        self.shared.table.admits(hello, self.shared.local.me().node)
    }

    fn linked(&self) -> bool {
        self.shared.table.has(self.peer, self.kind)
    }

    /// Waits for a connection, or until the time is over.
    async fn linked_within(&self, length: Duration) {
        let mut changes = self.shared.table.changes();
        let _ = tokio::time::timeout(length, changes.wait_for(|_| self.linked())).await;
    }

    /// Tells the driver that the peer is in another cluster now.
    async fn tell_of(&self, error: &DialError) {
        let DialError::Handshake(HandshakeError::RefusedByPeer {
            elsewhere: Some(elsewhere), ..
        }) = error
        else {
            return;
        };
        let stranger = Stranger {
            node: self.peer,
            name: None,
            address: self.address.clone(),
            cluster: elsewhere.cluster,
            has_left: elsewhere.has_left,
        };
        // When the driver is gone the program is stopping.
        let _ = self.shared.events.send(LinkEvent::Elsewhere(stranger)).await;
    }

    /// Each reason is logged once, not each second.
    fn report(&mut self, error: &DialError) {
        let text = error.to_string();
        if text != self.last_error {
            let (peer, kind) = (self.peer, self.kind);
            tracing::info!(peer.id = ?peer, ?kind, "no link to {}: {text}", self.address);
            self.last_error = text;
        }
    }
}

fn drawn((earliest, latest): (u64, u64)) -> Duration {
    Duration::from_millis(rand::rng().random_range(earliest..=latest))
}
