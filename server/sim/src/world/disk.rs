//! A disk: a log of batches, each durable as a whole or not at all, in order.

use std::collections::BTreeSet;

use cluster::{AuditEntry, Durable, Key, MemberId, PeerMessage, Record, Roster, Urgency, WriteNo};
use domain::{ClusterId, Incarnation, Link, NodeId, ObjectId};
use gitty::Object;

use crate::oracle::Vote;

/// Records written together.
pub(crate) type Batch = (WriteNo, Vec<Record>);

/// Disk of one node.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    /// The life it was made with.
    made: Incarnation,
    /// The life it has now.
    life: Incarnation,
    /// Number of its newest durable write.
    count: WriteNo,
    log: Vec<Record>,
    /// Objects in the log.
    held: BTreeSet<ObjectId>,
    /// Epoch of the last roster in the log.
    epoch: u64,
    /// Accepts that became durable and were not counted yet.
    votes: Vec<Vote>,
    /// The next batch, while one is being synced or nobody is in a hurry.
    pending: Option<Batch>,
    urgent: bool,
    syncing: Option<Batch>,
    /// The last write of the life that the pending batch, or the one being synced, ends.
    before_left: Option<WriteNo>,
    /// Whether the batch is to be flushed although nobody is in a hurry.
    pub(crate) flush_armed: bool,
}

impl Disk {
    /// A disk that has just been made.
    pub(crate) const fn new(made: Incarnation) -> Self {
        Self {
            made,
            life: made,
            count: WriteNo(0),
            log: Vec::new(),
            held: BTreeSet::new(),
            epoch: 0,
            votes: Vec::new(),
            pending: None,
            urgent: false,
            syncing: None,
            before_left: None,
            flush_armed: false,
        }
    }

    /// What is durable on it now.
    pub(crate) fn copy(&self) -> Self {
        let (log, held) = (self.log.clone(), self.held.clone());
        let Self { life, count, epoch, .. } = *self;
        Self { life, count, epoch, log, held, ..Self::new(self.made) }
    }

    /// Number of its newest durable write.
    pub(crate) const fn count(&self) -> WriteNo {
        self.count
    }

    /// The node that has it, in the life that is on it.
    pub(crate) const fn member(&self, node: NodeId) -> MemberId {
        MemberId { node, incarnation: self.life }
    }

    /// The durable count that it remembers of a node.
    pub(crate) fn remembers(&self, id: &MemberId) -> u64 {
        let counts = self.log.iter().filter_map(|record| match record {
            Record::Remembered { member, count } if member == id => Some(*count),
            _ => None,
        });
        counts.max().unwrap_or(0)
    }

    /// Puts records on a disk before the story begins.
    pub(crate) fn preset(&mut self, records: Vec<Record>) {
        for record in records {
            self.keep(record);
        }
    }

    /// True if its node has left a cluster.
    pub(crate) fn left(&self) -> bool {
        self.log.iter().any(|record| matches!(record, Record::Left { .. }))
    }

    /// The roster of its node; none if it is in no cluster.
    pub(crate) fn roster(&self) -> Option<&Roster> {
        let newest = self.log.iter().rev().find_map(|record| match record {
            Record::Roster(roster) => Some(Some(roster)),
            Record::Left { .. } => Some(None),
            _ => None,
        });
        newest.flatten()
    }

    /// The cluster of its node.
    pub(crate) fn cluster(&self) -> Option<ClusterId> {
        self.roster().map(|roster| roster.cluster)
    }

    pub(crate) fn holds(&self, id: &ObjectId) -> bool {
        self.held.contains(id)
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = ObjectId> {
        self.held.iter().copied()
    }

    pub(crate) fn write(&mut self, no: WriteNo, records: Vec<Record>, urgency: Urgency) {
        let batch = self.pending.get_or_insert_with(|| (no, Vec::new()));
        if records.iter().any(|record| matches!(record, Record::Left { .. })) {
            self.before_left = (batch.0 < no).then_some(batch.0);
        }
        batch.0 = no;
        batch.1.extend(records);
        self.urgent |= urgency == Urgency::Now;
    }

    /// Somebody waits for the pending batch from now on.
    pub(crate) fn hurry(&mut self) {
        self.flush_armed = false;
        self.urgent = self.pending.is_some();
    }

    /// True if everything that was written is durable.
    pub(crate) const fn is_idle(&self) -> bool {
        self.pending.is_none() && self.syncing.is_none()
    }

    /// True if a batch waits that nobody is in a hurry for.
    pub(crate) fn idles(&self) -> bool {
        self.pending.is_some() && !self.urgent && !self.flush_armed
    }

    /// Begins to sync the pending batch, if the disk is free and somebody waits.
    pub(crate) fn begin_sync(&mut self) -> bool {
        if self.syncing.is_some() || !self.urgent {
            return false;
        }
        self.urgent = false;
        self.syncing = self.pending.take();
        self.syncing.is_some()
    }

    /// The sync is done: everything up to this number is durable.
    pub(crate) fn synced(&mut self) -> Option<WriteNo> {
        let (no, records) = self.syncing.take()?;
        self.count = no;
        for record in records {
            self.keep(record);
        }
        Some(no)
    }

    /// Power is cut; what was being synced may have become durable, without anybody knowing.
    /// True if something was lost that had been written.
    pub(crate) fn crash(&mut self, lucky: bool) -> bool {
        if lucky {
            self.synced();
        }
        let torn = !self.is_idle();
        self.syncing = None;
        self.pending = None;
        self.before_left = None;
        self.urgent = false;
        self.flush_armed = false;
        torn
    }

    /// Entries of the audit that are durable.
    pub(crate) fn audit(&self) -> impl Iterator<Item = &AuditEntry> {
        self.log.iter().filter_map(|record| match record {
            Record::Audit(entry) => Some(entry),
            _ => None,
        })
    }

    /// A page of a chain: two entries, so that pages have to be asked for. Only what is durable is
    /// served: another entry could get its number after a crash.
    pub(crate) fn audit_after(&self, origin: MemberId, after: u64) -> PeerMessage {
        let chain = || self.audit().filter(|entry| entry.origin == origin);
        let upto = chain().last().map_or(after, |entry| entry.number);
        let page = chain().filter(|entry| entry.number > after).take(2);
        PeerMessage::AuditIs { entries: page.cloned().collect(), upto }
    }

    /// What a start of the program reads back.
    pub(crate) fn recover(&self) -> Durable {
        let mut durable = Durable::new(self.made);
        for record in &self.log {
            durable.apply(record);
        }
        durable.count = self.count.0;
        durable
    }

    /// The head that its acceptor voted for last, before its node left the cluster if it did.
    pub(crate) fn voted(&self, key: &Key) -> Option<ObjectId> {
        let before = self.log.iter().take_while(|record| !matches!(record, Record::Left { .. }));
        let votes = before.filter_map(|record| match record {
            Record::Accepted { key: of, head, .. } if of == key => Some(*head),
            _ => None,
        });
        votes.last()
    }

    /// The objects in the log, with what was read of them as they were written.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (ObjectId, &Object, &Option<Link>)> {
        self.log.iter().filter_map(|record| match record {
            Record::Object { id, object, link } => Some((*id, object, link)),
            _ => None,
        })
    }

    /// The last write of the old life in the batch that became durable, if there was one.
    pub(crate) fn take_before_left(&mut self) -> Option<WriteNo> {
        let durable = self.count;
        self.before_left.take_if(|last| *last <= durable)
    }

    /// Accepts that became durable since the last time.
    pub(crate) fn take_votes(&mut self) -> Vec<Vote> {
        std::mem::take(&mut self.votes)
    }

    fn keep(&mut self, record: Record) {
        match &record {
            Record::Roster(roster) => self.epoch = roster.epoch,
            Record::Left { incarnation, .. } => {
                self.life = *incarnation;
                self.epoch = 0;
                // Votes of the old life in the same batch are none of the next cluster's.
                self.votes.clear();
            }
            Record::Renewed { incarnation, .. } => self.life = *incarnation,
            Record::Accepted { key, ballot, head } => {
                let (key, ballot, head, epoch) = (key.clone(), *ballot, *head, self.epoch);
                self.votes.push(Vote { epoch, key, ballot, head });
            }
            _ => {}
        }
        if let Record::Object { id, .. } = &record {
            self.held.insert(*id);
        }
        self.log.push(record);
    }
}
