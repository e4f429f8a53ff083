//! A member that speaks the real links and says whatever a test wants, in whatever bytes.
//!
//! Written from the protocol and not with the server's code: keys and secret of a node that is down,
//! Noise, the certificate, both Hellos; from then on frames as the test makes them.

use std::{fs, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use cluster::{PeerMessage, Phase};
use domain::{ClusterId, Incarnation, NodeId, Run};
use ed25519_dalek::{Signer, SigningKey};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::Value;
use snow::{
    Builder, StatelessTransportState,
    params::DHChoice,
    resolvers::{CryptoResolver, DefaultResolver},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::node::Setup;

const PATTERN: &str = "Noise_XXpsk3_25519_ChaChaPoly_SHA256";
const PROLOGUE: &[u8] = b"swish-cluster link 1";
const CERTIFIES: &[u8] = b"swish-cluster link key 1";
const FRAME_VERSION: u8 = 1;
const NOISE_BYTES: usize = 65_535;
/// Bytes of a frame in one Noise message.
pub const PIECE_BYTES: usize = NOISE_BYTES - 17;
const PATIENCE: Duration = Duration::from_secs(5);

/// What a connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Votes and heartbeats.
    Control,
    /// Objects.
    Bulk,
}

/// Keys and place of a member.
#[derive(Clone, Debug)]
pub struct Impostor {
    signing: SigningKey,
    link: [u8; 32],
    secret: [u8; 32],
    cluster: ClusterId,
    node: NodeId,
    incarnation: Incarnation,
    run: Run,
}

/// One connection.
#[derive(Debug)]
pub struct Line {
    sends: SplitSink<WebSocketStream<TcpStream>, Message>,
    hears: SplitStream<WebSocketStream<TcpStream>>,
    noise: Arc<StatelessTransportState>,
    sent: u64,
    heard: u64,
    frame: Vec<u8>,
}

#[derive(Debug, Serialize)]
struct Hello {
    kind: Kind,
    purpose: &'static str,
    protocol: u32,
    cluster: Option<ClusterId>,
    node: NodeId,
    incarnation: Incarnation,
    run: Run,
    name: &'static str,
    address: &'static str,
    epoch: u64,
    phase: Option<Phase>,
    files: u64,
    has_roster: bool,
    durable_count: u64,
    version: &'static str,
    wall_ms: u64,
}

#[derive(Serialize)]
struct Certificate {
    key: ByteBuf,
    signature: ByteBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Said<'a> {
    Hello(&'a Hello),
    Messages(&'a [PeerMessage]),
}

/// As much of the other side's frames as a test looks at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Heard {
    Hello(serde::de::IgnoredAny),
    Refused { reason: String },
    Ping {},
    Pong {},
    Messages(Vec<PeerMessage>),
}

impl Impostor {
    /// Takes the keys of a node that is down, and its place from the roster in `status`.
    ///
    /// # Errors
    /// The node was never up, or is not in that roster.
    pub fn of(setup: &Setup, status: &Value) -> Result<Self> {
        let roster = &status["roster"];
        let members = roster["members"].as_array().context("no members")?;
        let named = |member: &&Value| member["name"] == setup.name.as_str();
        let member = members.iter().find(named).context("not a member")?;
        let id = |value: &Value| value.as_str().context("no id").map(str::to_owned);
        Ok(Self {
            signing: SigningKey::from_bytes(&key(&setup.data.join("node.key"))?),
            link: key(&setup.data.join("link.key"))?,
            secret: key(&setup.secret)?,
            cluster: id(&roster["cluster"])?.parse()?,
            node: id(&member["id"]["node"])?.parse()?,
            incarnation: id(&member["id"]["incarnation"])?.parse()?,
            run: Run::from_bytes(rand::random()),
        })
    }

    /// Links with the node at an address.
    ///
    /// # Errors
    /// It refuses; the text says why.
    pub async fn link(&self, address: &str, kind: Kind) -> Result<Line> {
        timeout(PATIENCE, self.link_without_end(address, kind)).await.context("no answer")?
    }

    async fn link_without_end(&self, address: &str, kind: Kind) -> Result<Line> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (mut socket, _) = client_async(format!("ws://{address}/link"), stream).await?;
        let mut noise = Builder::new(PATTERN.parse()?)
            .local_private_key(&self.link)?
            .psk(3, &self.secret)?
            .prologue(PROLOGUE)?
            .build_initiator()?;
        let mut buffer = vec![0; NOISE_BYTES];
        let length = noise.write_message(&[], &mut buffer)?;
        socket.send(Message::binary(buffer[..length].to_vec())).await?;
        let answer = socket.next().await.context("closed")??.into_data();
        noise.read_message(&answer, &mut buffer)?;
        let length = noise.write_message(&self.certificate()?, &mut buffer)?;
        socket.send(Message::binary(buffer[..length].to_vec())).await?;
        let noise = Arc::new(noise.into_stateless_transport_mode()?);
        let (sends, hears) = socket.split();
        let mut line = Line { sends, hears, noise, sent: 0, heard: 0, frame: Vec::new() };
        line.say_frame(&encode(&Said::Hello(&self.hello(kind)))?).await?;
        match line.hear_frame().await? {
            Heard::Hello(_) => Ok(line),
            Heard::Refused { reason } => bail!("refused: {reason}"),
            other => bail!("no Hello: {other:?}"),
        }
    }

    fn certificate(&self) -> Result<Vec<u8>> {
        let mut dh = DefaultResolver.resolve_dh(&DHChoice::Curve25519).context("no Curve25519")?;
        dh.set(&self.link);
        let signature = self.signing.sign(&[CERTIFIES, dh.pubkey()].concat());
        Ok(rmp_serde::to_vec_named(&Certificate {
            key: ByteBuf::from(self.signing.verifying_key().to_bytes()),
            signature: ByteBuf::from(signature.to_bytes()),
        })?)
    }

    const fn hello(&self, kind: Kind) -> Hello {
        Hello {
            kind,
            purpose: "member",
            protocol: 1,
            cluster: Some(self.cluster),
            node: self.node,
            incarnation: self.incarnation,
            run: self.run,
            name: "impostor",
            address: "127.0.0.1:1",
            epoch: 1,
            phase: Some(Phase::Steady),
            files: 0,
            has_roster: true,
            durable_count: 0,
            version: "0",
            wall_ms: 0,
        }
    }
}

impl Line {
    /// Says these messages in one frame.
    ///
    /// # Errors
    /// The other side has closed the connection.
    pub async fn say(&mut self, messages: &[PeerMessage]) -> Result<()> {
        self.say_frame(&encode(&Said::Messages(messages))?).await
    }

    /// Says any bytes as a frame.
    ///
    /// # Errors
    /// The other side has closed the connection.
    pub async fn say_frame(&mut self, frame: &[u8]) -> Result<()> {
        let pieces: Vec<_> = frame.chunks(PIECE_BYTES).collect();
        for (number, piece) in pieces.iter().enumerate() {
            self.say_piece(piece, number + 1 == pieces.len()).await?;
        }
        Ok(())
    }

    /// Says a piece of a frame, and whether it is the last.
    ///
    /// # Errors
    /// The other side has closed the connection.
    pub async fn say_piece(&mut self, piece: &[u8], is_last: bool) -> Result<()> {
        let plain = [&[u8::from(!is_last)], piece].concat();
        let mut sealed = vec![0; plain.len() + 16];
        self.noise.write_message(self.sent, &plain, &mut sealed)?;
        self.sent += 1;
        self.say_bytes(sealed).await
    }

    /// Says bytes that are not even sealed.
    ///
    /// # Errors
    /// The other side has closed the connection.
    pub async fn say_bytes(&mut self, bytes: Vec<u8>) -> Result<()> {
        let sent = timeout(PATIENCE, self.sends.send(Message::binary(bytes))).await;
        Ok(sent.context("nothing is taken")??)
    }

    /// Waits for messages of the other side.
    ///
    /// # Errors
    /// It has closed the connection.
    pub async fn hear(&mut self) -> Result<Vec<PeerMessage>> {
        loop {
            match self.hear_frame().await? {
                Heard::Messages(messages) => return Ok(messages),
                Heard::Refused { reason } => bail!("refused: {reason}"),
                Heard::Hello(_) | Heard::Ping {} | Heard::Pong {} => {}
            }
        }
    }

    /// Waits for the first message that is looked for.
    ///
    /// # Errors
    /// It does not come, or the other side has closed the connection.
    pub async fn hear_one<T>(&mut self, wanted: impl Fn(&PeerMessage) -> Option<T>) -> Result<T> {
        timeout(PATIENCE, async {
            loop {
                if let Some(found) = self.hear().await?.iter().find_map(&wanted) {
                    return Ok(found);
                }
            }
        })
        .await
        .context("not heard")?
    }

    /// Waits until the other side has closed the connection.
    ///
    /// # Errors
    /// It does not.
    pub async fn is_closed(&mut self) -> Result<()> {
        let closed = timeout(PATIENCE, async { while self.hear().await.is_ok() {} }).await;
        closed.context("it stays open")
    }

    async fn hear_frame(&mut self) -> Result<Heard> {
        let mut plain = vec![0; NOISE_BYTES];
        loop {
            let message = self.hears.next().await.context("closed")??;
            if !message.is_binary() {
                ensure!(!message.is_close(), "closed");
                continue;
            }
            let length = self.noise.read_message(self.heard, &message.into_data(), &mut plain)?;
            self.heard += 1;
            let (mark, piece) = plain[..length].split_first().context("no mark")?;
            self.frame.extend_from_slice(piece);
            if *mark == 0 {
                let frame = std::mem::take(&mut self.frame);
                return Ok(rmp_serde::from_slice(frame.get(1..).context("an empty frame")?)?);
            }
        }
    }
}

fn encode(said: &Said<'_>) -> Result<Vec<u8>> {
    let mut frame = vec![FRAME_VERSION];
    rmp_serde::encode::write_named(&mut frame, said)?;
    Ok(frame)
}

fn key(path: &Path) -> Result<[u8; 32]> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut key = [0; 32];
    for (byte, digits) in key.iter_mut().zip(text.trim().as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits)?, 16)?;
    }
    Ok(key)
}
