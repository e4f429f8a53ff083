//! From a socket to a session: Noise, certificates, Hello, and whether the other is wanted.
//!
//! The dialer speaks its Hello first, so that the acceptor can answer for the same kind and
//! purpose, or say why it refuses.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use cluster::MemberId;
use domain::{ClusterId, Incarnation, NodeId};
use snow::HandshakeState;
use thiserror::Error;
use tokio::{sync::watch, time::timeout};

use super::{
    frame::{Elsewhere, Frame, FrameError},
    hello::{self, About, Hello, HelloState, Kind, PROTOCOL_VERSION, Purpose},
    noise::{self, MAX_NOISE_BYTES, Opener, Role, SealError, Sealer},
    socket::{Lost, Socket},
};
use crate::node::identity::{Certificate, Identity};

/// Time for everything between the WebSocket and the second Hello.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// No session came about; nothing was changed.
#[derive(Debug, Error)]
pub enum HandshakeError {
    /// The other side closed it, or does not speak our protocol. A wrong secret looks like this
    /// to the dialer, because the acceptor says nothing to strangers.
    #[error("the connection closed during the handshake (is the cluster secret the same?)")]
    Lost,
    /// The other side did not answer in time.
    #[error("no answer within {} s", HANDSHAKE.as_secs())]
    TimedOut,
    /// Another secret, or not a node.
    #[error("the handshake failed (is the cluster secret the same?): {0}")]
    Seal(#[from] SealError),
    /// The certificate is not for the Noise key of this connection.
    #[error("the certificate of the other side is not good")]
    Certificate,
    /// It spoke another language, or out of turn.
    #[error("no Hello: {0}")]
    Frame(#[from] FrameError),
    /// It said something else first.
    #[error("no Hello came first")]
    OutOfTurn,
    /// It does not want us.
    #[error("refused by the other side: {reason}")]
    RefusedByPeer {
        /// Why, in its words.
        reason: String,
        /// Its cluster, if that is why.
        elsewhere: Option<Elsewhere>,
    },
    /// It belongs to another cluster, or to one that this node has left.
    #[error("refused: {refusal}")]
    Elsewhere {
        /// What it said of itself.
        hello: Box<Hello>,
        /// Why.
        refusal: Refusal,
    },
    /// We do not want it.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
}

/// Why a node is not wanted on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It speaks another version.
    #[error("it speaks version {0} of the link protocol, this node {PROTOCOL_VERSION}")]
    OtherProtocol(u32),
    /// It belongs elsewhere.
    #[error("it is in cluster {theirs}, this node in {ours}")]
    OtherCluster {
        /// Its cluster.
        theirs: ClusterId,
        /// Ours.
        ours: ClusterId,
    },
    /// It belongs to a cluster that this node has left.
    #[error("it is in cluster {0}, which this node has left")]
    LeftCluster(ClusterId),
    /// It wants to join, and this node is in no cluster.
    #[error("this node is in no cluster yet")]
    NoCluster,
    /// It is in no roster of ours.
    #[error("it is not in this node's roster")]
    NotAMember,
    /// It says it is another node than its certificate.
    #[error("its Hello names another node than its certificate")]
    NotItself,
    /// We dialed ourselves.
    #[error("it is this node itself, or a copy of its keys")]
    Myself,
    /// Another node lives at this address.
    #[error("{found:?} answers where {expected} should")]
    OtherNode {
        /// Whom we dialed.
        expected: NodeId,
        /// Who answered.
        found: MemberId,
    },
    /// It answered for another kind or purpose.
    #[error("it answered for another kind of connection")]
    OtherKind,
    /// It did too much of what no node does.
    #[error("it misbehaved and is cut off for a while")]
    CutOff,
    /// The lower node's connection stays (protocol 2).
    #[error("a connection from the lower node is in use")]
    Doubled,
    /// Another run of it answers too (protocol 2).
    #[error("another run of that node answers too: its disk was copied")]
    Cloned,
    /// This node has another life of its disk than it said.
    #[error("this node has taken a new incarnation")]
    Renewed,
}

impl From<Lost> for HandshakeError {
    fn from(_: Lost) -> Self {
        Self::Lost
    }
}

/// What this node says and how it judges.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) identity: Arc<Identity>,
    pub(super) secret: [u8; 32],
    pub(super) about: About,
    pub(super) state: watch::Receiver<HelloState>,
}

/// A connection whose other end is known and wanted.
pub(super) struct Session {
    pub(super) hello: Hello,
    /// The life of this node's disk that the other was told.
    pub(super) said: Incarnation,
    pub(super) socket: Socket,
    pub(super) sealer: Sealer,
    pub(super) opener: Opener,
}

/// A sealed connection before the Hellos.
struct Channel {
    node: NodeId,
    socket: Socket,
    sealer: Sealer,
    opener: Opener,
}

impl Local {
    pub(super) fn me(&self) -> MemberId {
        let incarnation = self.state.borrow().incarnation;
        MemberId { node: self.identity.node(), incarnation }
    }

    /// Makes a session of a connection that we dialed.
    pub(super) async fn greet(
        &self,
        socket: Socket,
        wants: (Kind, Purpose),
        judge: impl FnOnce(&Hello) -> Result<(), Refusal>,
    ) -> Result<Session, HandshakeError> {
        within(async {
            let mut channel = self.seal(socket, Role::Dialer).await?;
            let (said, own) = self.hello(wants, channel.node);
            channel.say(&own).await?;
            let hello = channel.hear_hello().await?;
            let verdict = match (hello.kind, hello.purpose) == wants {
                true => self.judge(&hello, channel.node).and_then(|()| judge(&hello)),
                false => Err(Refusal::OtherKind),
            };
            let elsewhere = self.elsewhere(&hello);
            channel.conclude(hello, said, verdict, elsewhere).await
        })
        .await
    }

    /// Makes a session of a connection that came in.
    pub(super) async fn welcome(
        &self,
        socket: Socket,
        judge: impl FnOnce(&Hello) -> Result<(), Refusal>,
    ) -> Result<Session, HandshakeError> {
        within(async {
            let mut channel = self.seal(socket, Role::Acceptor).await?;
            let hello = channel.hear_hello().await?;
            let verdict = self.judge(&hello, channel.node).and_then(|()| judge(&hello));
            let (said, answer) = self.hello((hello.kind, hello.purpose), channel.node);
            let elsewhere = self.elsewhere(&hello);
            let mut session = channel.conclude(hello, said, verdict, elsewhere).await?;
            session.say(&answer).await?;
            Ok(session)
        })
        .await
    }

    /// What this node says to another, and the life of its disk in it.
    fn hello(&self, wants: (Kind, Purpose), to: NodeId) -> (Incarnation, Frame) {
        let state = self.state.borrow();
        let hello = hello::hello(&self.identity, &self.about, &state, wants, to);
        (state.incarnation, Frame::Hello(Box::new(hello)))
    }

    fn judge(&self, hello: &Hello, certified: NodeId) -> Result<(), Refusal> {
        if hello.protocol != PROTOCOL_VERSION {
            return Err(Refusal::OtherProtocol(hello.protocol));
        }
        if hello.node != certified {
            return Err(Refusal::NotItself);
        }
        if hello.node == self.identity.node() {
            return Err(Refusal::Myself);
        }
        let state = self.state.borrow();
        match (hello.purpose, hello.cluster, state.cluster) {
            (Purpose::Member, Some(theirs), Some(ours)) if theirs != ours => {
                Err(Refusal::OtherCluster { theirs, ours })
            }
            // Its roster may still name this node.
            (Purpose::Member, Some(theirs), None) if state.left.contains(&theirs) => {
                Err(Refusal::LeftCluster(theirs))
            }
            (Purpose::Member | Purpose::Founding | Purpose::Joining, _, _) => Ok(()),
        }
    }

    /// What a node of another cluster is told of this one's.
    fn elsewhere(&self, hello: &Hello) -> Option<Elsewhere> {
        let state = self.state.borrow();
        let (theirs, ours) = (hello.cluster?, state.cluster?);
        let has_left = state.left.contains(&theirs);
        (theirs != ours).then_some(Elsewhere { cluster: ours, has_left })
    }

    async fn seal(&self, mut socket: Socket, role: Role) -> Result<Channel, HandshakeError> {
        let mut noise = noise::begin(&self.identity, &self.secret, role)?;
        let certificate = self.certificate()?;
        let mut theirs = Vec::new();
        while !noise.is_handshake_finished() {
            if noise.is_my_turn() {
                // The first message is readable by anybody: nothing is said in it.
                let payload = if noise.was_write_payload_encrypted() || role == Role::Acceptor {
                    certificate.as_slice()
                } else {
                    &[]
                };
                socket.send(write(&mut noise, payload)?).await?;
            } else {
                theirs = read(&mut noise, &socket.next().await?)?;
            }
        }
        let node = certified(&theirs, &noise).ok_or(HandshakeError::Certificate)?;
        let (sealer, opener) = noise::channel(noise)?;
        Ok(Channel { node, socket, sealer, opener })
    }

    fn certificate(&self) -> Result<Vec<u8>, HandshakeError> {
        let public = noise::public_key(self.identity.link_key());
        let certificate = self.identity.certify(&public);
        Ok(rmp_serde::to_vec_named(&certificate).map_err(FrameError::Encode)?)
    }
}

impl Channel {
    async fn say(&mut self, frame: &Frame) -> Result<(), HandshakeError> {
        say(&mut self.socket, &mut self.sealer, frame).await
    }

    async fn hear_hello(&mut self) -> Result<Hello, HandshakeError> {
        match hear(&mut self.socket, &mut self.opener).await? {
            Frame::Hello(hello) => Ok(*hello),
            Frame::Refused { reason, elsewhere } => {
                Err(HandshakeError::RefusedByPeer { reason, elsewhere })
            }
            Frame::Ping { .. }
            | Frame::Pong { .. }
            | Frame::Messages(_)
            | Frame::Relay(_)
            | Frame::Question(_)
            | Frame::Answer(_) => Err(HandshakeError::OutOfTurn),
        }
    }

    /// The session, or a last word why not.
    async fn conclude(
        mut self,
        hello: Hello,
        said: Incarnation,
        verdict: Result<(), Refusal>,
        elsewhere: Option<Elsewhere>,
    ) -> Result<Session, HandshakeError> {
        if let Err(refusal) = verdict {
            self.say(&Frame::Refused { reason: refusal.to_string(), elsewhere }).await?;
            return Err(match refusal {
                Refusal::OtherCluster { .. } | Refusal::LeftCluster(_) => {
                    HandshakeError::Elsewhere { hello: Box::new(hello), refusal }
                }
                other => other.into(),
            });
        }
        let Self { socket, sealer, opener, .. } = self;
        Ok(Session { hello, said, socket, sealer, opener })
    }
}

impl Session {
    /// Sends one frame before the connection is at work.
    pub(super) async fn say(&mut self, frame: &Frame) -> Result<(), HandshakeError> {
        say(&mut self.socket, &mut self.sealer, frame).await
    }

    /// Waits for the next frame.
    pub(super) async fn hear(&mut self) -> Result<Frame, HandshakeError> {
        hear(&mut self.socket, &mut self.opener).await
    }
}

async fn within<T>(
    steps: impl Future<Output = Result<T, HandshakeError>>,
) -> Result<T, HandshakeError> {
    timeout(HANDSHAKE, steps).await.map_err(|_| HandshakeError::TimedOut)?
}

async fn say(
    socket: &mut Socket,
    sealer: &mut Sealer,
    frame: &Frame,
) -> Result<(), HandshakeError> {
    for message in sealer.seal(&frame.encode()?)? {
        socket.send(message).await?;
    }
    Ok(())
}

async fn hear(socket: &mut Socket, opener: &mut Opener) -> Result<Frame, HandshakeError> {
    loop {
        if let Some(frame) = opener.open(&socket.next().await?)? {
            return Ok(Frame::decode(&frame)?);
        }
    }
}

fn write(noise: &mut HandshakeState, payload: &[u8]) -> Result<Bytes, SealError> {
    let mut message = vec![0; MAX_NOISE_BYTES];
    let length = noise.write_message(payload, &mut message)?;
    message.truncate(length);
    Ok(message.into())
}

fn read(noise: &mut HandshakeState, message: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut payload = vec![0; MAX_NOISE_BYTES];
    let length = noise.read_message(message, &mut payload)?;
    payload.truncate(length);
    Ok(payload)
}

/// The node whose certificate this is, if it is for the Noise key of this connection.
fn certified(payload: &[u8], noise: &HandshakeState) -> Option<NodeId> {
    let certificate: Certificate = rmp_serde::from_slice(payload).ok()?;
    certificate.verify(noise.get_remote_static()?)
}
