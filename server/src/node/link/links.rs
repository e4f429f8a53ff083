//! The handle that the driver holds, and what all connections share.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use cluster::{Bytes, MemberId, PeerMessage};
use domain::{ClusterId, Incarnation, NodeId};
use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
};

use super::{
    accept,
    asking::{Asked, Asking},
    conduct::Offence,
    dial::{self, Dialing},
    frame::Frame,
    handshake::Local,
    hello::{About, Hello, HelloState, Kind, Purpose},
    meter::{Counters, LinkView},
    probe::{self, ProbeError},
    table::Table,
};
use crate::{node::identity::Identity, shutdown::Stop};

/// Strangers that may be in their handshake at once.
const HANDSHAKES: usize = 64;

/// What links need to start.
#[derive(Debug)]
pub struct LinkConfig {
    /// The keys of this node.
    pub identity: Arc<Identity>,
    /// The cluster secret.
    pub secret: [u8; 32],
    /// Where other nodes connect.
    pub listener: TcpListener,
    /// What this node always says of itself.
    pub about: About,
    /// What it says of itself now.
    pub hello: watch::Receiver<HelloState>,
    /// For the driver. It must be read all the time: a full channel holds back the peers.
    pub events: mpsc::Sender<LinkEvent>,
    /// For the driver: what founders ask of its store.
    pub asked: mpsc::Sender<Asked>,
    /// Ends all connections, the listener and the dialing.
    pub stop: Stop,
}

/// Something happened on a link.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkEvent {
    /// The control connection to a peer is up.
    Up {
        /// Who.
        peer: MemberId,
        /// What it said of itself.
        hello: Box<Hello>,
        /// The life of this node's disk that it was told.
        said: Incarnation,
    },
    /// The control connection to a peer is gone.
    Down {
        /// Who.
        peer: MemberId,
    },
    /// A node that is not listed asks to join.
    Knock {
        /// What it said of itself.
        hello: Box<Hello>,
    },
    /// A peer says something, on either connection.
    Frame {
        /// Who.
        from: MemberId,
        /// What, in order.
        messages: Vec<PeerMessage>,
        /// Memory that it takes until it is handled.
        load: Load,
    },
    /// What a peer's hub says, on the control connection.
    Relay {
        /// Who.
        from: MemberId,
        /// To be read by the hub.
        frame: Bytes,
        /// Memory that it takes until it is handled.
        load: Load,
    },
    /// A node of another cluster was refused, or refused this one.
    Elsewhere(Stranger),
    /// A node runs twice: both runs of it answer, and neither is linked.
    Cloned {
        /// Which, in the life of the run that came last.
        peer: MemberId,
    },
    /// A peer did too much of what no peer does; it is refused for a while.
    CutOff {
        /// Who.
        peer: MemberId,
    },
}

/// A node of another cluster that tried to link, or that this node dialed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Which.
    pub node: NodeId,
    /// Its name, if it said one.
    pub name: Option<String>,
    /// Where its links are reached.
    pub address: String,
    /// Its cluster.
    pub cluster: ClusterId,
    /// Whether it has left this node's cluster, so that its own is the newer one.
    pub has_left: bool,
}

/// Room that a frame takes in the line to the driver, given back when this is dropped.
#[derive(Clone, Debug, Default)]
pub struct Load(#[expect(dead_code, reason = "held, not read")] Option<Arc<OwnedSemaphorePermit>>);

impl Load {
    pub(super) fn of(permit: OwnedSemaphorePermit) -> Self {
        Self(Some(Arc::new(permit)))
    }
}

/// What is told matters, not what it weighs.
impl PartialEq for Load {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What became of something to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It waits for its turn; a connection that is lost may still lose it.
    Queued,
    /// There is no connection of that kind, or no room; counted.
    Dropped,
}

/// All links of this node; clones share them.
#[derive(Clone)]
pub struct Links(pub(super) Arc<Shared>);

/// What every connection can reach.
pub(super) struct Shared {
    pub(super) local: Local,
    pub(super) table: Table,
    pub(super) events: mpsc::Sender<LinkEvent>,
    pub(super) asked: mpsc::Sender<Asked>,
    pub(super) stop: Stop,
    pub(super) handshakes: Arc<Semaphore>,
    dialing: Mutex<BTreeMap<NodeId, Dialing>>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("table", &self.0.table).finish_non_exhaustive()
    }
}

impl Links {
    /// Begins to accept connections; dials nobody before [`Links::dial`].
    #[must_use]
    pub fn start(config: LinkConfig) -> Self {
        let LinkConfig { identity, secret, listener, about, hello, events, asked, stop } = config;
        let shared = Arc::new(Shared {
            table: Table::new(identity.node()),
            local: Local { identity, secret, about, state: hello },
            events,
            asked,
            stop,
            handshakes: Arc::new(Semaphore::new(HANDSHAKES)),
            dialing: Mutex::default(),
        });
        tokio::spawn(accept::serve(Arc::clone(&shared), listener));
        Self(shared)
    }

    /// Replaces the list of the roster's other nodes and where each is dialed.
    ///
    /// Connections to anybody else are closed, and no longer accepted once this node is in a
    /// cluster. A listed node is taken in whatever life of its disk: the core judges that. Guests, who were removed,
    /// are let in and not dialed.
    pub fn dial(&self, peers: Vec<(MemberId, String)>, guests: BTreeSet<NodeId>) {
        let listed: BTreeMap<_, _> =
            peers.into_iter().map(|(id, address)| (id.node, (id, address))).collect();
        self.0.table.list(listed.clone(), guests);
        let mut dialing = self.0.dialing.lock().unwrap_or_else(PoisonError::into_inner);
        dialing.retain(|node, dialed| {
            listed.get(node).is_some_and(|(_, address)| address == dialed.address())
        });
        for (node, (_, address)) in listed {
            dialing.entry(node).or_insert_with(|| dial::start(&self.0, node, address));
        }
    }

    /// Ends all connections: this node has another life from now on, and says so in its next Hello.
    pub fn renew(&self, incarnation: Incarnation) {
        self.0.table.renew(incarnation);
    }

    /// Ends the connections of a peer.
    pub fn close(&self, peer: &MemberId) {
        self.0.table.close(peer);
    }

    /// Sends messages as one frame; never waits.
    pub fn send(&self, to: MemberId, kind: Kind, messages: Vec<PeerMessage>) -> Sent {
        self.push(to, kind, &Frame::Messages(messages))
    }

    /// Sends what the hub says, on the control connection; never waits.
    pub fn send_relay(&self, to: MemberId, bytes: Vec<u8>) -> Sent {
        self.push(to, Kind::Control, &Frame::Relay(Bytes(bytes.into())))
    }

    fn push(&self, to: MemberId, kind: Kind, frame: &Frame) -> Sent {
        let queued = match frame.encode() {
            Ok(frame) => self.0.table.push(&to, kind, frame),
            Err(error) => {
                tracing::error!(peer.id = ?to, %error, "a frame was not sent: {error}");
                false
            }
        };
        if queued { Sent::Queued } else { Sent::Dropped }
    }

    /// True when no connection has anything left to send.
    #[must_use]
    pub fn are_drained(&self) -> bool {
        self.0.table.are_drained()
    }

    /// Holds something against a peer whose frame the hub could not read; the driver is told if it
    /// is cut off for that.
    pub fn accuse(&self, peer: MemberId, offence: Offence) {
        if self.offend(&peer, offence) {
            // A full line: the connections are closed all the same, and that is counted.
            let _ = self.0.events.try_send(LinkEvent::CutOff { peer });
        }
    }

    /// Notes what a peer did; true if it is cut off for that.
    #[must_use]
    pub fn offend(&self, peer: &MemberId, offence: Offence) -> bool {
        self.0.table.offend(peer, offence)
    }

    /// Asks whoever listens at `address` what it is, before a cluster is founded; more can be asked
    /// of its store.
    ///
    /// # Errors
    /// When nobody answers there, or not as a node with our secret.
    pub async fn ask(&self, address: &str) -> Result<Asking, ProbeError> {
        probe::ask(&self.0.local, address, Purpose::Founding).await
    }

    /// Asks whoever listens at `address` to be let into its cluster; an operator decides there.
    ///
    /// # Errors
    /// When nobody answers there, or not as a node of a cluster with our secret.
    pub async fn knock(&self, address: &str) -> Result<Hello, ProbeError> {
        let asking = probe::ask(&self.0.local, address, Purpose::Joining).await?;
        Ok(asking.hello().clone())
    }

    /// This node, in this life of its disk.
    #[must_use]
    pub fn me(&self) -> MemberId {
        self.0.local.me()
    }

    /// What this node says of itself on every connection.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.0.local.about
    }

    /// What this node says of itself now.
    #[must_use]
    pub fn state(&self) -> HelloState {
        self.0.local.state.borrow().clone()
    }

    /// Every member and every linked peer, in order of their ids.
    #[must_use]
    pub fn views(&self) -> Vec<LinkView> {
        self.0.table.views()
    }

    /// Sums over all links since the start.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.table.counters()
    }
}
