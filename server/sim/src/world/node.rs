//! One node: a core, its disk, its objects, its timers.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{Config, Core, Durable, Input, MemberId, Objects, Output, Timer, WriteNo};
use domain::{Incarnation, Millis, NodeId, ObjectId, Run};

use super::{disk::Disk, shelf::Shelf};

/// A node, running or not.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: MemberId,
    pub(crate) up: bool,
    /// Number of its start.
    pub(crate) run: u64,
    /// Number of the last start with an earlier disk.
    pub(crate) wiped_after: Option<u64>,
    /// An old copy of its disk.
    pub(crate) copy: Option<Disk>,
    /// The life of a copy that was put back.
    old: Option<Incarnation>,
    /// Lost with its majority: it does not start before it comes back.
    pub(crate) gone: bool,
    /// Lives that it had because of copies, and of leaving a cluster.
    pub(crate) lives: u8,
    /// What earlier disks held.
    pub(crate) lost: BTreeSet<ObjectId>,
    pub(crate) core: Core,
    pub(crate) disk: Disk,
    pub(crate) shelf: Shelf,
    /// Armed timers; a fired one counts only with the same stamp.
    pub(crate) timers: BTreeMap<Timer, u64>,
    /// What waits for a write.
    pub(crate) held_back: Vec<(WriteNo, Output)>,
    pub(crate) persisted: WriteNo,
    /// Stands still until then.
    pub(crate) asleep_until: u64,
    /// Its disk is slow until then: a sync takes 100 ms to 2 s.
    pub(crate) slow_until: u64,
    /// Crashes after performing so many more outputs.
    pub(crate) dies_in: Option<u64>,
    /// What the clock of the program is ahead by, in milliseconds. It never goes back in a run.
    pub(crate) ahead_ms: u64,
    /// What the wall clock is off by, in milliseconds.
    pub(crate) clock_ms: i64,
}

impl Node {
    pub(crate) fn new(at: usize, config: &Config) -> Self {
        let byte = u8::try_from(at + 1).unwrap_or(u8::MAX);
        let id = MemberId {
            node: NodeId::from_bytes([byte; 8]),
            incarnation: Incarnation::from_bytes([byte; 8]),
        };
        let durable = Durable::new(id.incarnation);
        Self {
            id,
            up: false,
            run: 0,
            wiped_after: None,
            copy: None,
            old: None,
            lives: 0,
            gone: false,
            lost: BTreeSet::new(),
            core: Core::recover(config.clone(), id.node, durable),
            disk: Disk::new(id.incarnation),
            shelf: Shelf::default(),
            timers: BTreeMap::new(),
            held_back: Vec::new(),
            persisted: WriteNo(0),
            asleep_until: 0,
            slow_until: 0,
            dies_in: None,
            ahead_ms: 0,
            clock_ms: 0,
        }
    }

    /// Starts the program again from what is on the disk.
    pub(crate) fn start(&mut self, config: &Config, ahead_ms: u64) {
        let durable = self.disk.recover();
        self.shelf = Shelf::default();
        for (id, object, link) in self.disk.stored() {
            self.shelf.insert(id, link.clone());
            self.shelf.put(id, object.clone());
        }
        self.core = Core::recover(config.clone(), self.id.node, durable);
        self.id = self.core.me();
        self.up = true;
        self.run += 1;
        self.persisted = self.disk.count();
        self.ahead_ms = ahead_ms;
    }

    /// Stops it, as by a cut of the power; true if that took back something that was written.
    pub(crate) fn crash(&mut self, lucky: bool) -> bool {
        self.up = false;
        let torn = self.disk.crash(lucky);
        self.timers.clear();
        self.held_back.clear();
        self.dies_in = None;
        self.asleep_until = 0;
        torn
    }

    /// Takes its disk away; it comes back as the same node with a new one (protocol 1).
    pub(crate) fn wipe(&mut self) {
        let mut incarnation = *self.id.incarnation.as_bytes();
        incarnation[1] = incarnation[1].wrapping_add(100);
        self.id.incarnation = Incarnation::from_bytes(incarnation);
        let disk = std::mem::replace(&mut self.disk, Disk::new(self.id.incarnation));
        self.lost.extend(disk.objects());
        self.wiped_after = Some(self.run);
    }

    /// Puts an old disk in place of its disk.
    pub(crate) fn put_back(&mut self, copy: Disk) {
        self.lost.extend(self.disk.objects());
        self.disk = copy;
        self.id = self.disk.member(self.id.node);
        self.old = Some(self.id.incarnation);
    }

    /// True while its disk is an old one, and that is not known durably.
    pub(crate) fn is_old(&self) -> bool {
        self.old.is_some_and(|old| self.disk.member(self.id.node).incarnation == old)
    }

    /// True if this life of its disk began because an old one was put back.
    pub(crate) const fn was_old(&self) -> bool {
        self.old.is_some()
    }

    /// True if its disk holds an object, or an earlier one did.
    pub(crate) fn held(&self, id: &ObjectId) -> bool {
        self.disk.holds(id) || self.lost.contains(id)
    }

    pub(crate) fn handle(&mut self, now_us: u64, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        let now = Millis(now_us / 1_000 + self.ahead_ms);
        self.core.handle(now, input, &mut self.shelf, &mut out);
        self.id = self.core.me();
        out
    }

    /// Outputs that this write, or an earlier one, was in the way of.
    pub(crate) fn release(&mut self, no: WriteNo) -> Vec<Output> {
        self.persisted = self.persisted.max(no);
        let waiting = std::mem::take(&mut self.held_back);
        let (free, held) = waiting.into_iter().partition(|(after, _)| *after <= no);
        self.held_back = held;
        let free: Vec<(WriteNo, Output)> = free;
        free.into_iter().map(|(_, output)| output).collect()
    }

    /// True if the object is here: on the disk, or in a write that was issued.
    pub(crate) fn disk_or_shelf_holds(&self, id: &ObjectId) -> bool {
        self.disk.holds(id) || self.shelf.holds(id)
    }

    pub(crate) fn run_id(&self) -> Run {
        let mut bytes = self.run.to_be_bytes();
        bytes[0] = self.id.node.as_bytes()[0];
        Run::from_bytes(bytes)
    }

    pub(crate) fn epoch(&self) -> u64 {
        let roster = self.core.durable().roster.as_ref();
        roster.map_or(0, |roster| roster.epoch)
    }
}
