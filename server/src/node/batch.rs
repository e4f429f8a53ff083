//! Group commit: the records of all inputs that are waiting become one row and one sync.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{
    AuditEntry, Durable, Key, MemberId, PeerMessage, Record, Reply, Roster, Token, Urgency, WriteNo,
};
use domain::{FileName, Millis, ObjectId};

use super::audit::Unapplied;

/// A write that nobody waits for joins the next one, or goes by itself after this.
pub(super) const SOON: Millis = Millis(50);

/// What is held until a write is durable.
#[derive(Debug)]
pub(super) enum Held {
    /// A message to a peer.
    Send(MemberId, PeerMessage),
    /// The answer to a command.
    Reply(Token, Reply),
}

/// Records that wait for the write before theirs.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) records: Vec<Record>,
    /// Last write number among them.
    pub(super) upto: WriteNo,
    /// When they have to be written at the latest; none while there are none.
    pub(super) by: Option<Millis>,
}

impl Pending {
    pub(super) fn add(&mut self, now: Millis, no: WriteNo, records: Vec<Record>, urgency: Urgency) {
        self.records.extend(records);
        self.upto = no;
        let by = match urgency {
            Urgency::Now => now,
            Urgency::Soon => now + SOON,
        };
        self.by = Some(self.by.map_or(by, |before| before.min(by)));
    }

    pub(super) fn due(&self, now: Millis) -> bool {
        self.by.is_some_and(|by| by <= now)
    }
}

/// A batch that is being written.
#[derive(Debug)]
pub(super) struct Writing {
    /// Its row.
    pub(super) number: u64,
    /// Last write number in it.
    pub(super) upto: WriteNo,
    pub(super) records: Vec<Record>,
}

/// What of a batch SWISH should see.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Files whose served head is another one.
    pub(super) served: Vec<(FileName, ObjectId)>,
    /// Tips that came: their objects are files too (protocol 3).
    pub(super) tips: Vec<(FileName, ObjectId)>,
}

/// What is durable, and which of it the tables do not have yet.
///
/// The core's own state runs ahead of the disk; tables may only be filled from this.
#[derive(Debug)]
pub(super) struct Shadow {
    pub(super) durable: Durable,
    pub(super) dirty: BTreeMap<u64, BTreeSet<Key>>,
    pub(super) roster: Option<Roster>,
    /// Objects of each batch, until they have a file that is on the disk or a row of their own.
    pub(super) objects: BTreeMap<u64, Vec<ObjectId>>,
    /// Entries of the audit of each batch, until they are in their table.
    audit: Unapplied,
}

impl Shadow {
    pub(super) const fn new(durable: Durable) -> Self {
        Self {
            durable,
            dirty: BTreeMap::new(),
            roster: None,
            objects: BTreeMap::new(),
            audit: BTreeMap::new(),
        }
    }

    /// Takes in a batch that is durable; tells which served heads it moved, and which tips came.
    pub(super) fn take(&mut self, number: u64, records: &[Record]) -> Moved {
        let mut moved = Moved::default();
        let mut before: BTreeMap<&Key, Option<ObjectId>> = BTreeMap::new();
        let dirty = self.dirty.entry(number).or_default();
        for record in records {
            if let Some(key) = record.key().filter(|key| !before.contains_key(key)) {
                before.insert(key, self.durable.served(key));
            }
            self.durable.apply(record);
            dirty.extend(record.key().cloned());
            match record {
                Record::Tip { key, tip, .. } => {
                    moved.tips.push((key.file().clone(), tip.commit));
                }
                Record::Object { id, .. } => self.objects.entry(number).or_default().push(*id),
                Record::Roster(roster) => self.roster = Some(roster.clone()),
                Record::Audit(entry) => {
                    self.audit.entry(number).or_default().push(entry.clone());
                }
                Record::Decided { .. }
                | Record::Promised { .. }
                | Record::Accepted { .. }
                | Record::Draft { .. }
                | Record::Kept { .. }
                | Record::Gaps { .. }
                | Record::Reserved(_) => {}
            }
        }
        for (key, before) in before {
            let served = self.durable.served(key).filter(|head| Some(*head) != before);
            moved.served.extend(served.map(|head| (key.file().clone(), head)));
        }
        moved
    }

    /// Entries of the audit in a batch.
    pub(super) fn audit_of(&self, number: u64) -> Vec<AuditEntry> {
        self.audit.get(&number).cloned().unwrap_or_default()
    }

    /// Takes out what the tables lack up to a batch: keys, objects and entries of the audit.
    pub(super) fn split(&mut self, upto: u64) -> (BTreeSet<Key>, Vec<ObjectId>, Vec<AuditEntry>) {
        let keys_after = self.dirty.split_off(&(upto + 1));
        let keys = std::mem::replace(&mut self.dirty, keys_after).into_values().flatten();
        let objects_after = self.objects.split_off(&(upto + 1));
        let objects = std::mem::replace(&mut self.objects, objects_after).into_values().flatten();
        let audit_after = self.audit.split_off(&(upto + 1));
        let audit = std::mem::replace(&mut self.audit, audit_after).into_values().flatten();
        (keys.collect(), objects.collect(), audit.collect())
    }
}
