//! Which connection of each peer and kind is in use.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use cluster::MemberId;
use domain::{Incarnation, NodeId, Run};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::Instant,
};

use super::{
    clock::{now_ms, offset_ms},
    conduct::{Conduct, Offence},
    handshake::Refusal,
    hello::{Hello, Kind},
    meter::{Counters, LinkView, Meter},
    outbox::Outbox,
    rival::Clashes,
};
use crate::shutdown::Stop;

/// Bytes that may wait for a control connection.
const CONTROL_BYTES: usize = 4 << 20;
/// Bytes that may wait for a bulk connection.
const BULK_BYTES: usize = 8 << 20;
/// Kilobytes that came from one peer and may wait for the driver.
const ROOM_KB: usize = 8 << 10;
/// Kilobytes of what a peer's hub said that may wait for ours; what comes then is dropped, so that
/// no vote waits behind it.
const RELAY_ROOM_KB: usize = 4 << 10;

/// A connection that is in use, or waits for the one that it replaces to end.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    number: u64,
    dialer: NodeId,
    /// The start of the program at the other end.
    run: Run,
    /// Time in the newest ping that it answered.
    pub(super) answered: Arc<watch::Sender<u64>>,
    pub(super) outbox: Arc<Outbox>,
    /// Given to end it.
    pub(super) close: Stop,
    /// Given when it has ended and nobody will hear of it again.
    pub(super) ended: Stop,
}

/// A new connection's place in the table.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) peer: MemberId,
    pub(super) kind: Kind,
    pub(super) slot: Slot,
    pub(super) replaces: Option<Slot>,
    pub(super) meter: Arc<Meter>,
    room: Arc<Semaphore>,
    relay_room: Arc<Semaphore>,
}

/// Why a connection has no place.
#[derive(Debug)]
pub(super) enum Denied {
    /// It is not wanted.
    Refused(Refusal),
    /// Connections of another run of that node, which may still answer.
    Rivals(Vec<Slot>),
}

/// All connections; no lock is held across an await.
#[derive(Debug)]
pub(super) struct Table {
    me: NodeId,
    places: Mutex<Places>,
    changed: watch::Sender<u64>,
    refused: AtomicU64,
    unlinked: AtomicU64,
}

#[derive(Debug, Default)]
struct Places {
    /// Who is dialed where; the life of its disk is only what it was.
    listed: BTreeMap<NodeId, (MemberId, String)>,
    /// Who may link and is not dialed.
    guests: BTreeSet<NodeId>,
    peers: BTreeMap<MemberId, Peer>,
    clashes: Clashes,
    /// The life of this node's disk, if it has another one than it began with.
    life: Option<Incarnation>,
    last_number: u64,
}

#[derive(Debug, Default)]
struct Peer {
    slots: BTreeMap<Kind, Slot>,
    hello: Option<Hello>,
    meter: Arc<Meter>,
    conduct: Conduct,
    room: Room<ROOM_KB>,
    relay_room: Room<RELAY_ROOM_KB>,
}

/// Kilobytes of a peer's frames that may wait.
#[derive(Debug)]
struct Room<const KB: usize>(Arc<Semaphore>);

impl<const KB: usize> Default for Room<KB> {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(KB)))
    }
}

impl Entry {
    /// Waits until so many bytes of this peer may wait for the driver. The largest frame takes all
    /// the room that there is.
    pub(super) async fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let kilobytes = (bytes >> 10).clamp(1, ROOM_KB);
        let kilobytes = u32::try_from(kilobytes).ok()?;
        Arc::clone(&self.room).acquire_many_owned(kilobytes).await.ok()
    }

    /// Room for so many bytes of what the peer's hub says, if there is any now.
    pub(super) fn relay_room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let kilobytes = u32::try_from((bytes >> 10).clamp(1, RELAY_ROOM_KB)).ok()?;
        Arc::clone(&self.relay_room).try_acquire_many_owned(kilobytes).ok()
    }

    /// Asks the connection in whose place this one is to end, and waits until it has.
    pub(super) async fn replace(&mut self) {
        if let Some(old) = self.replaces.take() {
            old.close.stop();
            old.ended.stopped().await;
        }
    }
}

impl Table {
    pub(super) fn new(me: NodeId) -> Self {
        Self {
            me,
            places: Mutex::default(),
            changed: watch::Sender::new(0),
            refused: AtomicU64::default(),
            unlinked: AtomicU64::default(),
        }
    }

    /// Replaces the list of members; closes the connections of those that are on it no more.
    pub(super) fn list(
        &self,
        listed: BTreeMap<NodeId, (MemberId, String)>,
        guests: BTreeSet<NodeId>,
    ) {
        let mut places = self.places();
        places.listed = listed;
        places.guests = guests;
        let Places { listed, guests, peers, .. } = &mut *places;
        let welcome = |node: &NodeId| listed.contains_key(node) || guests.contains(node);
        for (_, peer) in peers.iter().filter(|(id, _)| !welcome(&id.node)) {
            peer.slots.values().for_each(|slot| slot.close.stop());
        }
        peers.retain(|id, peer| listed.contains_key(&id.node) || !peer.slots.is_empty());
    }

    pub(super) fn is_listed(&self, node: NodeId) -> bool {
        let places = self.places();
        places.listed.contains_key(&node) || places.guests.contains(&node)
    }

    /// Whether a new connection would get a place.
    pub(super) fn admits(&self, hello: &Hello, dialer: NodeId) -> Result<(), Refusal> {
        self.places().admits(self.me, hello, dialer)
    }

    /// Gives a new connection its place. The caller runs it, and calls [`Table::leave`] at its end.
    ///
    /// `said` is the life of this node's disk that the other was told; `silent` are the numbers of
    /// connections of other runs of it that did not answer: they end.
    pub(super) fn enter(
        &self,
        hello: &Hello,
        (dialer, said): (NodeId, Incarnation),
        silent: &BTreeSet<u64>,
    ) -> Result<Entry, Denied> {
        let mut places = self.places();
        places.admits(self.me, hello, dialer).map_err(Denied::Refused)?;
        if places.life.is_some_and(|life| life != said) {
            return Err(Denied::Refused(Refusal::Renewed));
        }
        let rivals = places.rivals(hello);
        if rivals.iter().any(|rival| !silent.contains(&rival.number)) {
            return Err(Denied::Rivals(rivals));
        }
        rivals.iter().for_each(|rival| rival.close.stop());
        places.last_number += 1;
        let slot = Slot::new(places.last_number, dialer, hello);
        let (peer, kind) = (hello.member(), hello.kind);
        places.leave_behind(peer);
        let place = places.peers.entry(peer).or_default();
        let replaces = place.slots.insert(kind, slot.clone());
        let (meter, room) = (Arc::clone(&place.meter), Arc::clone(&place.room.0));
        let relay_room = Arc::clone(&place.relay_room.0);
        if kind == Kind::Control {
            meter.clock(offset_ms(hello.wall_ms, now_ms()));
            place.hello = Some(hello.clone());
        }
        drop(places);
        self.announce_change();
        Ok(Entry { peer, kind, slot, replaces, meter, room, relay_room })
    }

    /// Two runs of a node answer: all its connections end, and others are refused until one run
    /// has been gone for a while.
    pub(super) fn clash(&self, hello: &Hello, rivals: &[Slot]) {
        let mut places = self.places();
        let runs = rivals.iter().map(|rival| rival.run).chain([hello.run]);
        places.clashes.found(hello.node, runs);
        for (_, peer) in places.peers.iter().filter(|(id, _)| id.node == hello.node) {
            peer.slots.values().for_each(|slot| slot.close.stop());
        }
    }

    /// All connections end; those that said another life of this node's disk are refused.
    pub(super) fn renew(&self, life: Incarnation) {
        let mut places = self.places();
        places.life = Some(life);
        let slots = places.peers.values().flat_map(|peer| peer.slots.values());
        slots.for_each(|slot| slot.close.stop());
    }

    /// Ends the connections of a peer.
    pub(super) fn close(&self, peer: &MemberId) {
        let places = self.places();
        let slots = places.peers.get(peer).into_iter().flat_map(|peer| peer.slots.values());
        slots.for_each(|slot| slot.close.stop());
    }

    /// Gives the place back, unless a newer connection has it.
    pub(super) fn leave(&self, entry: &Entry) {
        let mut places = self.places();
        let Places { listed, peers, .. } = &mut *places;
        if let Some(peer) = peers.get_mut(&entry.peer) {
            if peer.slots.get(&entry.kind).is_some_and(|slot| slot.number == entry.slot.number) {
                peer.slots.remove(&entry.kind);
            }
            if peer.slots.is_empty() && !listed.contains_key(&entry.peer.node) {
                peers.remove(&entry.peer);
            }
        }
        drop(places);
        self.announce_change();
    }

    /// Queues an encoded frame; false when there is no connection or no room.
    pub(super) fn push(&self, to: &MemberId, kind: Kind, frame: Vec<u8>) -> bool {
        let found = self.places().peers.get(to).map(|peer| {
            let outbox = peer.slots.get(&kind).map(|slot| Arc::clone(&slot.outbox));
            (outbox, Arc::clone(&peer.meter))
        });
        let Some((outbox, meter)) = found else {
            self.unlinked.fetch_add(1, Ordering::Relaxed);
            return false;
        };
        let queued = outbox.is_some_and(|outbox| outbox.push(frame).is_ok());
        if !queued {
            meter.lost();
        }
        queued
    }

    /// True when no connection has anything left to send.
    pub(super) fn are_drained(&self) -> bool {
        let places = self.places();
        let mut slots = places.peers.values().flat_map(|peer| peer.slots.values());
        slots.all(|slot| slot.outbox.is_empty())
    }

    /// Notes what a peer did; true if it is cut off for that: its connections end, and others are
    /// refused for a while.
    pub(super) fn offend(&self, peer: &MemberId, offence: Offence) -> bool {
        let mut places = self.places();
        let Some(place) = places.peers.get_mut(peer) else { return false };
        place.meter.offended(offence);
        let is_enough = place.conduct.offend(Instant::now(), offence);
        if is_enough {
            place.meter.cut_off();
            place.slots.values().for_each(|slot| slot.close.stop());
        }
        is_enough
    }

    /// Whether a node has to wait until it may link again, in whatever life of its disk.
    pub(super) fn is_cut_off(&self, node: NodeId) -> bool {
        let now = Instant::now();
        let places = self.places();
        let mut lives = places.peers.iter().filter(|(id, _)| id.node == node);
        lives.any(|(_, peer)| peer.conduct.is_cut_off(now))
    }

    /// Counts a connection that came in and did not become a link.
    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn has(&self, node: NodeId, kind: Kind) -> bool {
        let places = self.places();
        let mut lives = places.peers.iter().filter(|(id, _)| id.node == node);
        lives.any(|(_, peer)| peer.slots.contains_key(&kind))
    }

    /// Wakes whenever a connection comes or goes.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn views(&self) -> Vec<LinkView> {
        let places = self.places();
        let unknown = Peer::default();
        let silent = places
            .listed
            .values()
            .map(|(id, _)| *id)
            .filter(|listed| !places.peers.keys().any(|id| id.node == listed.node));
        let mut ids: Vec<_> = silent.chain(places.peers.keys().copied()).collect();
        ids.sort_unstable();
        let view = |id: MemberId| {
            let peer = places.peers.get(&id).unwrap_or(&unknown);
            let address = places.listed.get(&id.node).map(|(_, address)| address.clone());
            peer.view(id, address)
        };
        ids.into_iter().map(view).collect()
    }

    pub(super) fn counters(&self) -> Counters {
        let mut sum = Counters {
            refused: self.refused.load(Ordering::Relaxed),
            dropped: self.unlinked.load(Ordering::Relaxed),
            ..Counters::default()
        };
        for peer in self.places().peers.values() {
            peer.meter.add_to(&mut sum);
        }
        sum
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn announce_change(&self) {
        self.changed.send_modify(|number| *number += 1);
    }
}

impl Places {
    /// A node whose disk is new says Hello: what is left of its life before ends.
    fn leave_behind(&mut self, now: MemberId) {
        let earlier = |id: &MemberId| id.node == now.node && *id != now;
        for (_, peer) in self.peers.iter().filter(|(id, _)| earlier(id)) {
            peer.slots.values().for_each(|slot| slot.close.stop());
        }
        self.peers.retain(|id, peer| !earlier(id) || !peer.slots.is_empty());
    }

    /// Connections of another run of the node that says this Hello.
    fn rivals(&self, hello: &Hello) -> Vec<Slot> {
        let lives = self.peers.iter().filter(|(id, _)| id.node == hello.node);
        let slots = lives.flat_map(|(_, peer)| peer.slots.values());
        let open = slots.filter(|slot| slot.run != hello.run && !slot.ended.is_stopped());
        open.cloned().collect()
    }

    /// A newer connection of the same dialer replaces the older; else the lower node's stays.
    fn admits(&mut self, me: NodeId, hello: &Hello, dialer: NodeId) -> Result<(), Refusal> {
        if self.clashes.hears(hello.member(), hello.run) {
            return Err(Refusal::Cloned);
        }
        let peer = self.peers.get(&hello.member());
        if peer.is_some_and(|peer| peer.conduct.is_cut_off(Instant::now())) {
            return Err(Refusal::CutOff);
        }
        match peer.and_then(|peer| peer.slots.get(&hello.kind)) {
            // Of another run: it is asked whether it still answers.
            Some(slot) if slot.run != hello.run => Ok(()),
            Some(slot) if slot.dialer != dialer && dialer != me.min(hello.node) => {
                Err(Refusal::Doubled)
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Slot {
    /// Its number in the table.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    fn new(number: u64, dialer: NodeId, hello: &Hello) -> Self {
        let max_bytes = match hello.kind {
            Kind::Control => CONTROL_BYTES,
            Kind::Bulk => BULK_BYTES,
        };
        Self {
            number,
            dialer,
            run: hello.run,
            answered: Arc::new(watch::Sender::new(0)),
            outbox: Arc::new(Outbox::new(max_bytes)),
            close: Stop::new(),
            ended: Stop::new(),
        }
    }
}

impl Peer {
    fn view(&self, id: MemberId, address: Option<String>) -> LinkView {
        LinkView {
            peer: id,
            address,
            linked: self.slots.contains_key(&Kind::Control),
            bulk: self.slots.contains_key(&Kind::Bulk),
            version: self.hello.as_ref().map(|hello| hello.version.clone()),
            gateway: self.hello.as_ref().and_then(|hello| hello.gateway.clone()),
            clock_offset_ms: self.hello.as_ref().map(|_| self.meter.clock_offset_ms()),
            hello: self.hello.clone(),
            last_frame_ms: self.meter.last_frame_ms(),
            round_trip_ms: self.meter.round_trip_ms(),
            bytes_in: self.meter.bytes_in(),
            bytes_out: self.meter.bytes_out(),
            dropped: self.meter.dropped(),
        }
    }
}
