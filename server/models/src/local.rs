//! The local state of one node: the production core, its disk, and what waits for a write.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{
    Ballot, Core, Durable, Heartbeat, Input, MemberId, Objects, Output, PeerMessage, Phase, Record,
    Roster, Timer, Token, Urgency, Version, WriteNo,
};
use domain::{Link, Millis, ObjectId, Run, Serial};

use crate::{
    Promise, Scenario, Tick, Witness,
    library::{Library, key},
    scenario::member_id,
    table::{Packet, Stepped},
};

/// Everything about one node that its next step depends on, and what it did in the past as far as
/// promises are judged by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) id: MemberId,
    pub(crate) core: Core,
    /// Objects that are here: on the disk, or in a write that was issued.
    pub(crate) shelf: BTreeSet<ObjectId>,
    pub(crate) disk: Disk,
    /// What waits for a write.
    pub(crate) waiting: Vec<(WriteNo, Output)>,
    /// Armed timers that the story lets fire.
    pub(crate) armed: BTreeSet<Timer>,
    /// How often they may still.
    pub(crate) ticks: BTreeMap<Tick, u8>,
    /// How often it may still crash.
    pub(crate) crashes: u8,
    /// Nothing it does by itself depends on when its writes are durable: they are at once.
    pub(crate) prompt: bool,
    /// Deeds of this node that were answered, as bits.
    pub(crate) answered: u16,
    pub(crate) past: Past,
}

/// What became durable, and what is being written, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Disk {
    pub(crate) durable: Durable,
    pub(crate) objects: BTreeSet<ObjectId>,
    pub(crate) queue: Vec<(WriteNo, Vec<Record>, Urgency)>,
}

/// What a node did that no crash undoes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Past {
    /// Accepts that became durable.
    pub(crate) votes: BTreeSet<Vote>,
    /// Rosters that were adopted.
    pub(crate) rosters: BTreeMap<Version, Roster>,
    /// What was proposed under each own ballot.
    pub(crate) proposed: BTreeMap<(u64, Ballot), ObjectId>,
    /// Saves that were answered "held" here.
    pub(crate) held: BTreeSet<ObjectId>,
    /// The commit of each save and settling that was asked for here.
    pub(crate) asked: BTreeMap<Token, ObjectId>,
    /// Saves that were refused here.
    pub(crate) refused: BTreeSet<ObjectId>,
    /// Commits that were listed as divergences here.
    pub(crate) listed: BTreeSet<ObjectId>,
    /// Objects on earlier disks.
    pub(crate) lost: BTreeSet<ObjectId>,
}

/// A durable accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Vote {
    pub(crate) voter: MemberId,
    pub(crate) epoch: u64,
    pub(crate) ballot: Ballot,
    pub(crate) head: ObjectId,
}

/// The objects of a node, lent to its core.
struct Shelf<'a> {
    ids: &'a mut BTreeSet<ObjectId>,
    library: &'a Library,
}

impl Objects for Shelf<'_> {
    fn link(&self, id: &ObjectId) -> Option<Link> {
        self.library.link(id).filter(|_| self.ids.contains(id)).cloned()
    }

    fn holds(&self, id: &ObjectId) -> bool {
        self.ids.contains(id)
    }

    fn insert(&mut self, id: ObjectId, _link: Option<Link>) {
        self.ids.insert(id);
    }
}

/// What a step may look up.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) library: &'a Library,
}

impl Node {
    /// A node that has just been started with these records on its disk, all peers linked.
    pub(crate) fn new(seat: usize, crashes: u8, records: &[Record], around: Around<'_>) -> Self {
        let scenario = around.scenario;
        let id = member_id(seat, 0);
        let mut durable = Durable::new(id.incarnation);
        records.iter().for_each(|record| durable.apply(record));
        let objects: BTreeSet<ObjectId> = records.iter().filter_map(object_of).collect();
        let core = Core::recover(scenario.config.clone(), id.node, durable.clone());
        let mut past = Past::default();
        if let Some(roster) = &durable.roster {
            past.rosters.insert(roster.version(), roster.clone());
        }
        let mut node = Self {
            id,
            core,
            shelf: objects.clone(),
            disk: Disk { durable, objects, queue: Vec::new() },
            waiting: Vec::new(),
            armed: BTreeSet::new(),
            ticks: scenario.ticks_of(seat).collect(),
            crashes,
            prompt: !scenario.acts(seat),
            answered: 0,
            past,
        };
        node.start(around, &mut Stepped::default());
        node
    }

    /// Starts the program: every other node is linked at once.
    pub(crate) fn start(&mut self, around: Around<'_>, step: &mut Stepped) {
        self.give(Input::Started, around, step);
        for seat in 0..around.scenario.nodes() {
            let peer = member_id(seat, 0);
            if peer.node != self.id.node {
                self.meet(peer, around, step);
            }
        }
    }

    pub(crate) fn meet(&mut self, peer: MemberId, around: Around<'_>, step: &mut Stepped) {
        let epoch = self.core.durable().roster.as_ref().map_or(0, |roster| roster.epoch);
        let run = Run::from_bytes([1; 8]);
        self.give(Input::PeerUp { peer, epoch, run, count: 0, remembered: 0 }, around, step);
        if around.scenario.tells_caught_up() {
            // A learner may be promoted, and a store proposed, at any time: that somebody has caught up
            // is no matter of safety.
            let heartbeat = self.caught_up(epoch);
            self.give(Input::Message { from: peer, message: heartbeat }, around, step);
        }
    }

    /// What a peer says that has everything that is here, and nothing else.
    fn caught_up(&self, epoch: u64) -> PeerMessage {
        let durable = self.core.durable();
        PeerMessage::Heartbeat(Heartbeat {
            epoch,
            phase: durable.roster.as_ref().map(|roster| roster.phase),
            serial: Serial(0),
            root: durable.root(),
            files: 0,
            waiting: 0,
            importing: 0,
            applied: Some(Serial(u64::MAX)),
            asking: Vec::new(),
            draining: false,
            audit: Vec::new(),
            count: 0,
            remembered: 0,
            rolled_back: None,
        })
    }

    /// The power is cut and comes back: what was not durable is gone.
    pub(crate) fn crash(&mut self, around: Around<'_>, step: &mut Stepped) {
        self.crashes = self.crashes.saturating_sub(1);
        if !self.disk.queue.is_empty() {
            step.saw(Witness::LostWrite);
        }
        self.prompt = false;
        self.restart(around, step);
    }

    /// Begins again from what the disk has.
    pub(crate) fn restart(&mut self, around: Around<'_>, step: &mut Stepped) {
        self.disk.queue.clear();
        self.waiting.clear();
        self.armed.clear();
        self.shelf = self.disk.objects.clone();
        let durable = self.disk.durable.clone();
        self.core = Core::recover(around.scenario.config.clone(), self.id.node, durable);
        self.start(around, step);
    }

    /// Hands an input to the core and does what it says.
    pub(crate) fn give(&mut self, input: Input, around: Around<'_>, step: &mut Stepped) {
        let mut out = Vec::new();
        let mut shelf = Shelf { ids: &mut self.shelf, library: around.library };
        self.core.handle(Millis(0), input, &mut shelf, &mut out);
        for output in out {
            self.perform(output, around, step);
        }
    }

    fn perform(&mut self, output: Output, around: Around<'_>, step: &mut Stepped) {
        match output {
            Output::Persist { no, records, urgency } => {
                self.note_records(&records, around, step);
                self.disk.queue.push((no, records, urgency));
            }
            Output::Send { to, message, after: Some(no) } if self.is_queued(no) => {
                if let Some(message) = around.scenario.sent(message) {
                    self.wait(no, Output::Send { to, message, after: None });
                }
            }
            Output::Reply { token, reply, after: Some(no) } if self.is_queued(no) => {
                self.wait(no, Output::Reply { token, reply, after: None });
            }
            Output::Send { to, message, .. } => {
                if let Some(message) = around.scenario.sent(message) {
                    self.note_sent(&message, step);
                    step.sends.push(Packet { from: self.id, to, message });
                }
            }
            Output::Reply { token, reply, .. } => self.answer(token, &reply, around, step),
            Output::Arm { timer, .. } => {
                if Tick::of(&timer).is_some_and(|tick| self.ticks.contains_key(&tick)) {
                    self.armed.insert(timer);
                }
            }
            Output::Disarm(timer) => {
                self.armed.remove(&timer);
            }
            Output::Serve { to, ids } => {
                for id in ids {
                    let here = self.shelf.contains(&id);
                    let absent = cluster::PeerMessage::Absent { id };
                    let message = if here { around.library.announce(id) } else { absent };
                    step.sends.push(Packet { from: self.id, to, message });
                }
            }
            Output::ServeChunks { .. } | Output::ServeAudit { .. } => {}
            Output::Emit(event) => self.note_event(event, around, step),
            Output::Renew | Output::Raise(_) => step.breaks(Promise::Alarm),
        }
    }

    /// Packets have no order, and asked again a node says the same again: once is as good.
    fn wait(&mut self, no: WriteNo, output: Output) {
        if self.waiting.iter().any(|(_, other)| *other == output) {
            return;
        }
        self.waiting.push((no, output));
        if matches!(self.waiting.last(), Some((_, Output::Send { .. }))) {
            self.waiting.sort_by_cached_key(|(no, output)| (*no, format!("{output:?}")));
        }
    }

    fn is_queued(&self, no: WriteNo) -> bool {
        self.disk.queue.last().is_some_and(|(last, ..)| *last >= no)
            && self.disk.queue.first().is_some_and(|(first, ..)| *first <= no)
    }

    /// The next write is durable.
    pub(crate) fn sync(&mut self, around: Around<'_>, step: &mut Stepped) {
        if self.disk.queue.is_empty() {
            return;
        }
        let (no, records, _) = self.disk.queue.remove(0);
        self.write(no, &records, around, step);
        self.give(Input::Persisted(no), around, step);
    }

    /// Records are on the disk, and what waited for them leaves.
    fn write(&mut self, no: WriteNo, records: &[Record], around: Around<'_>, step: &mut Stepped) {
        records.iter().for_each(|record| self.keep(record));
        let waiting = std::mem::take(&mut self.waiting);
        let (free, held): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(at, _)| *at <= no);
        self.waiting = held;
        for (_, output) in free {
            self.perform(output, around, step);
        }
    }

    /// The writes of a node that does not crash any more are durable at once: what it sends then is
    /// as if it were sent later. Only when its own promises and accepts count is left open.
    pub(crate) fn settle(&mut self, around: Around<'_>, step: &mut Stepped) {
        while self.crashes == 0 && !self.disk.queue.is_empty() {
            let queue = std::mem::take(&mut self.disk.queue);
            let Some(last) = queue.last().map(|(no, ..)| *no) else { return };
            for (no, records, _) in &queue {
                self.write(*no, records, around, step);
            }
            if self.core.awaits_write() && !self.prompt {
                self.disk.queue = vec![(last, Vec::new(), Urgency::Now)];
                return;
            }
            self.give(Input::Persisted(last), around, step);
        }
    }

    /// True if a message of the same epoch changes nothing any more, whatever else happens here.
    ///
    /// Promises and heads on the disk only grow, and no ballot is begun twice; that the latter is so
    /// is a promise that is looked at, and where it is broken on purpose nothing is left out.
    pub(crate) fn is_past(&self, message: &PeerMessage) -> bool {
        let promised = || self.disk.durable.get(&key()).map(|state| state.promised);
        match message {
            PeerMessage::Prepare { ballot, .. } => promised() >= Some(*ballot),
            PeerMessage::Propose(propose) => promised() > Some(propose.ballot),
            PeerMessage::Promise { ballot, .. } | PeerMessage::Accept { ballot, .. } => {
                self.core.round(&key()) != Some(*ballot)
            }
            PeerMessage::Announce { id, .. } => self.disk.objects.contains(id),
            _ => false,
        }
    }

    /// Brings the core to one form with all that differ from it in nothing that matters.
    pub(crate) fn fold(&mut self) {
        let base = self.core.fold(self.ticks.contains_key(&Tick::Patience));
        let queue = self.disk.queue.iter_mut().map(|(no, ..)| no);
        for no in queue.chain(self.waiting.iter_mut().map(|(no, _)| no)) {
            no.0 = no.0.saturating_sub(base.0);
        }
    }

    fn keep(&mut self, record: &Record) {
        if let Record::Accepted { ballot, head, .. } = record {
            let epoch = self.disk.durable.roster.as_ref().map_or(0, |roster| roster.epoch);
            let (voter, ballot, head) = (self.id, *ballot, *head);
            self.past.votes.insert(Vote { voter, epoch, ballot, head });
        }
        self.disk.objects.extend(object_of(record));
        self.disk.durable.apply(record);
    }

    /// The disk is lost; the node comes back with a new one, which has the roster of before.
    pub(crate) fn wipe(&mut self, seat: usize, around: Around<'_>, step: &mut Stepped) {
        self.past.lost.extend(std::mem::take(&mut self.disk.objects));
        self.past.held.clear();
        self.id = member_id(seat, 1);
        let roster = self.past.rosters.values().find(|roster| roster.phase == Phase::Steady);
        self.disk.durable = Durable::new(self.id.incarnation);
        if let Some(roster) = roster {
            self.disk.durable.apply(&Record::Roster(roster.clone()));
        }
        self.restart(around, step);
    }
}

const fn object_of(record: &Record) -> Option<ObjectId> {
    match record {
        Record::Object { id, .. } => Some(*id),
        _ => None,
    }
}
