//! One connection at work: frames in, frames out, a ping every second, and its end.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use axum::body::Bytes as Sealed;
use cluster::{Bytes, MemberId};
use domain::NodeId;
use futures_util::{SinkExt, StreamExt};
use thiserror::Error;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    clock::now_ms,
    conduct::Offence,
    frame::{Frame, FrameError},
    handshake::Session,
    hello::Kind,
    links::{LinkEvent, Load, Shared},
    noise::{Opener, SealError, Sealer},
    outbox::Outbox,
    rival,
    socket::{Incoming, Lost, Outgoing},
    table::{Denied, Entry, Slot},
};

/// A connection that says nothing for this long is closed (protocol 2).
const SILENT: Duration = Duration::from_secs(10);
/// A message that the other side does not take for this long ends the connection.
const STUCK: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(1);

/// What the times in pings count from.
static CLOCK: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Why a connection ended.
#[derive(Debug, Error)]
enum End {
    #[error("closed by the other side")]
    Lost,
    #[error("nothing heard for {} s", SILENT.as_secs())]
    Silent,
    #[error("nothing taken for {} s", STUCK.as_secs())]
    Stuck,
    #[error("refused by the other side: {0}")]
    Refused(String),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("replaced, or no member any more")]
    Closed,
    #[error("this node is stopping")]
    Stopping,
}

impl From<Lost> for End {
    fn from(_: Lost) -> Self {
        Self::Lost
    }
}

/// Gives a session its place in the table and runs it to its end; one too many is told so. One of
/// another run of a linked node waits until it is clear whether that run still answers.
pub(super) async fn run(shared: Arc<Shared>, mut session: Session, dialer: NodeId) {
    let mut silent = BTreeSet::new();
    let entry = loop {
        match shared.table.enter(&session.hello, (dialer, session.said), &silent) {
            Ok(entry) => break Ok(entry),
            Err(Denied::Refused(refusal)) => break Err(refusal),
            Err(Denied::Rivals(rivals)) => {
                let both = tokio::select! {
                    both = rival::answers(&rivals) => both,
                    () = shared.stop.stopped() => return,
                };
                if both {
                    shared.table.clash(&session.hello, &rivals);
                    tell(&shared, LinkEvent::Cloned { peer: session.hello.member() }).await;
                } else {
                    silent.extend(rivals.iter().map(Slot::number));
                }
            }
        }
    };
    match entry {
        Ok(entry) => run_entered(shared, session, entry).await,
        Err(refusal) => {
            let _ = session.say(&Frame::refused(refusal.to_string())).await;
        }
    }
}

async fn run_entered(shared: Arc<Shared>, session: Session, mut entry: Entry) {
    entry.replace().await;
    if !entry.slot.close.is_stopped() {
        work(&shared, session, &entry).await;
    }
    shared.table.leave(&entry);
    entry.slot.ended.stop();
}

/// From `Up` to `Down`.
async fn work(shared: &Shared, session: Session, entry: &Entry) {
    let Session { hello, said, socket, sealer, opener } = session;
    let (peer, kind) = (entry.peer, entry.kind);
    tracing::info!(peer.id = ?peer, peer.name = hello.name, ?kind, "link to {} is up", hello.name);
    let name = hello.name.clone();
    tell_control(shared, entry, |peer| LinkEvent::Up { peer, hello: Box::new(hello), said }).await;
    let mut reader = Reader { shared, entry, incoming: socket.incoming, opener };
    let mut writer =
        Writer { outbox: &entry.slot.outbox, entry, outgoing: socket.outgoing, sealer };
    let end = tokio::select! {
        end = reader.run() => end,
        end = writer.run() => end,
        () = entry.slot.close.stopped() => End::Closed,
        () = shared.stop.stopped() => End::Stopping,
    };
    tracing::info!(peer.id = ?peer, peer.name = name, ?kind, "link to {name} ended: {end}");
    if let End::Seal(_) = end {
        offend(shared, peer, Offence::Malformed).await;
    }
    tell_control(shared, entry, |peer| LinkEvent::Down { peer }).await;
}

/// Tells the driver about a control connection.
async fn tell_control(
    shared: &Shared,
    entry: &Entry,
    event: impl FnOnce(cluster::MemberId) -> LinkEvent,
) {
    if entry.kind == Kind::Control {
        tell(shared, event(entry.peer)).await;
    }
}

/// Holds something against a peer, and says so if it is cut off for that.
async fn offend(shared: &Shared, peer: MemberId, offence: Offence) {
    if shared.table.offend(&peer, offence) {
        tell(shared, LinkEvent::CutOff { peer }).await;
    }
}

/// A stopping node's driver may not listen.
async fn tell(shared: &Shared, event: LinkEvent) {
    tokio::select! {
        _ = shared.events.send(event) => {}
        () = shared.stop.stopped() => {}
    }
}

struct Reader<'a> {
    shared: &'a Shared,
    entry: &'a Entry,
    incoming: Incoming,
    opener: Opener,
}

impl Reader<'_> {
    async fn run(&mut self) -> End {
        loop {
            if let Err(end) = self.turn().await {
                return end;
            }
        }
    }

    async fn turn(&mut self) -> Result<(), End> {
        let next = timeout(SILENT, self.incoming.next()).await.map_err(|_| End::Silent)?;
        let sealed = next.unwrap_or(Err(Lost))?;
        self.entry.meter.received(self.entry.kind, sealed.len());
        let Some(frame) = self.opener.open(&sealed)? else {
            return Ok(());
        };
        // Before it is decoded: its messages take more room than its bytes, but not much more.
        let room = self.entry.room(frame.len()).await.ok_or(End::Stopping)?;
        match Frame::decode(&frame) {
            Ok(frame) => self.handle(frame, Load::of(room)).await,
            Err(error) => {
                self.skip(&error).await;
                Ok(())
            }
        }
    }

    /// A frame of a newer node, or a bug: the rest of the conversation is still good.
    async fn skip(&mut self, error: &FrameError) {
        tracing::debug!(peer.id = ?self.entry.peer, %error, "a frame was skipped: {error}");
        offend(self.shared, self.entry.peer, Offence::Undecodable).await;
    }

    async fn handle(&mut self, frame: Frame, load: Load) -> Result<(), End> {
        match frame {
            Frame::Messages(messages) => {
                let event = LinkEvent::Frame { from: self.entry.peer, messages, load };
                self.shared.events.send(event).await.map_err(|_| End::Stopping)?;
            }
            Frame::Relay(bytes) => self.relay(bytes).await?,
            Frame::Ping { micros } => self.answer(micros),
            Frame::Pong { micros, wall_ms } => self.measure(micros, wall_ms),
            Frame::Refused { reason, .. } => return Err(End::Refused(reason)),
            Frame::Hello(_) | Frame::Question(_) | Frame::Answer(_) => {}
        }
        Ok(())
    }

    /// What the peer's hub says. If ours is behind, it is dropped: the hubs compare.
    async fn relay(&mut self, frame: Bytes) -> Result<(), End> {
        if self.entry.kind != Kind::Control {
            offend(self.shared, self.entry.peer, Offence::Unasked).await;
            return Ok(());
        }
        let Some(room) = self.entry.relay_room(frame.0.len()) else {
            self.entry.meter.lost();
            return Ok(());
        };
        let load = Load::of(room);
        let event = LinkEvent::Relay { from: self.entry.peer, frame, load };
        self.shared.events.send(event).await.map_err(|_| End::Stopping)
    }

    fn answer(&self, micros: u64) {
        let pong = Frame::Pong { micros, wall_ms: now_ms() };
        if let Ok(bytes) = pong.encode() {
            // A full queue measures itself: the peer sees no round trip.
            let _ = self.entry.slot.outbox.push(bytes);
        }
    }

    fn measure(&self, micros: u64, wall_ms: u64) {
        let sent = Duration::from_micros(micros);
        self.entry.slot.answered.send_replace(micros);
        if self.entry.kind == Kind::Control
            && let Some(length) = CLOCK.elapsed().checked_sub(sent)
        {
            self.entry.meter.round_trip(length, wall_ms);
        }
    }
}

struct Writer<'a> {
    outbox: &'a Outbox,
    entry: &'a Entry,
    outgoing: Outgoing,
    sealer: Sealer,
}

impl Writer<'_> {
    async fn run(&mut self) -> End {
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let frames = tokio::select! {
                frames = self.outbox.take() => frames,
                _ = pings.tick() => ping().map(|(ping, _)| ping).into_iter().collect(),
            };
            if let Err(end) = self.write(frames).await {
                return end;
            }
        }
    }

    /// Seals and sends frames, with one flush for all of them.
    async fn write(&mut self, frames: Vec<Vec<u8>>) -> Result<(), End> {
        for frame in frames {
            self.entry.meter.sent(frame.len());
            for message in self.sealer.seal(&frame)? {
                self.feed(message).await?;
            }
        }
        timeout(STUCK, self.outgoing.flush()).await.map_err(|_| End::Stuck)??;
        Ok(())
    }

    async fn feed(&mut self, message: Sealed) -> Result<(), End> {
        timeout(STUCK, self.outgoing.feed(message)).await.map_err(|_| End::Stuck)??;
        Ok(())
    }
}

/// A ping, and the time in it.
pub(super) fn ping() -> Option<(Vec<u8>, u64)> {
    let micros = u64::try_from(CLOCK.elapsed().as_micros()).ok()?;
    Some((Frame::Ping { micros }.encode().ok()?, micros))
}
