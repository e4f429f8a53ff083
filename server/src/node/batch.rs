//! Group commit: the records of all inputs that are waiting become one row and one sync.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{
    AuditEntry, Council, Durable, Key, KeyState, MemberId, PeerMessage, Record, Reply, Roster,
    Token, Urgency, WriteNo,
};
use domain::{ClusterId, FileName, Millis, ObjectId};

use super::audit::Unapplied;
use crate::db::Life;

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
    /// State of each key after the last of them.
    pub(super) states: BTreeMap<Key, KeyState>,
    /// What peers told of their counts: of each only the last one is written.
    remembered: BTreeMap<MemberId, u64>,
    /// Last write number among them.
    pub(super) upto: WriteNo,
    /// When they have to be written at the latest; none while there are none.
    pub(super) by: Option<Millis>,
}

impl Pending {
    /// Adds the records of a turn; `durable` is the core's state right after that turn.
    pub(super) fn add(
        &mut self,
        now: Millis,
        (no, records): (WriteNo, Vec<Record>),
        urgency: Urgency,
        durable: &Durable,
    ) {
        let begins_life =
            |record: &Record| matches!(record, Record::Renewed { .. } | Record::Left { .. });
        if records.iter().any(begins_life) {
            // It changes every key there is.
            self.states = durable.keys.clone();
        }
        let keys = records.iter().filter_map(Record::key);
        self.states.extend(keys.filter_map(|key| Some((key.clone(), durable.get(key)?.clone()))));
        for record in records {
            match record {
                Record::Remembered { member, count } => {
                    self.remembered.insert(member, count);
                }
                record => self.records.push(record),
            }
        }
        self.upto = no;
        let by = match urgency {
            Urgency::Now => now,
            Urgency::Soon => now + SOON,
        };
        self.by = Some(self.by.map_or(by, |before| before.min(by)));
    }

    /// What is written, in order.
    pub(super) fn take_records(&mut self) -> Vec<Record> {
        let mut records = std::mem::take(&mut self.records);
        let remembered = std::mem::take(&mut self.remembered).into_iter();
        records.extend(remembered.map(|(member, count)| Record::Remembered { member, count }));
        records
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
    pub(super) states: BTreeMap<Key, KeyState>,
    /// The write of the hub that is in it.
    pub(super) chat: Option<u64>,
}

/// What of a batch SWISH should see.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Files whose served head is another one.
    pub(super) served: Vec<(FileName, ObjectId)>,
    /// Tips that came: their objects are files too (protocol 3).
    pub(super) tips: Vec<(FileName, ObjectId)>,
}

/// What is durable and the tables do not have yet.
///
/// The core's own state runs ahead of the disk; tables may only be filled from this.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    /// Durable state of the dirty keys, and the last batch that changed each.
    states: BTreeMap<Key, (u64, KeyState)>,
    /// Keys that each batch changed. What the tables get for one may be of a later batch, whose
    /// row stays and is applied again.
    dirty: BTreeMap<u64, BTreeSet<Key>>,
    pub(super) roster: Option<Roster>,
    /// Ballot counters reserved.
    pub(super) reserved: u64,
    /// Acceptor state for the next roster.
    pub(super) council: Council,
    /// The highest durable count that each node told.
    pub(super) remembered: BTreeMap<MemberId, u64>,
    /// Durable count from which on nothing was compared, if so.
    pub(super) unchecked: Option<u64>,
    /// Clusters that this node left.
    left: BTreeSet<ClusterId>,
    /// Another life of this disk, and the batch that has it.
    life: Option<(u64, Life)>,
    /// Objects of each batch, until they have a file that is on the disk or a row of their own.
    pub(super) objects: BTreeMap<u64, Vec<ObjectId>>,
    /// Entries of the audit of each batch, until they are in their table.
    audit: Unapplied,
}

/// What the tables lack: keys with their state, objects, and entries of the audit.
pub(super) type Due = (Vec<(Key, KeyState)>, Vec<ObjectId>, Vec<AuditEntry>);

impl Shadow {
    pub(super) fn new(durable: &Durable) -> Self {
        let (reserved, council) = (durable.reserved, durable.council.clone());
        let (remembered, left) = (durable.remembered.clone(), durable.left.clone());
        let (roster, unchecked) = (durable.roster.clone(), durable.unchecked);
        Self { roster, unchecked, reserved, council, remembered, left, ..Self::default() }
    }

    /// Takes in a batch that is durable; tells which served heads it may have moved, and which tips
    /// came.
    pub(super) fn take(&mut self, writing: Writing) -> Moved {
        let Writing { number, records, states, .. } = writing;
        let mut moved = Moved::default();
        for record in &records {
            if let Some(key) = record.key().filter(|_| moves(record))
                && let Some(head) = states.get(key).and_then(KeyState::served)
            {
                moved.served.push((key.file().clone(), head));
            }
            match record {
                Record::Tip { key, tip, .. } => {
                    moved.tips.push((key.file().clone(), tip.commit));
                }
                Record::Object { id, .. } => self.objects.entry(number).or_default().push(*id),
                Record::Roster(roster) => {
                    self.council = Council::default();
                    self.roster = Some(roster.clone());
                }
                Record::Council(council) => self.council = council.clone(),
                Record::Audit(entry) => {
                    self.audit.entry(number).or_default().push(entry.clone());
                }
                Record::Unchecked { count } => self.unchecked = *count,
                Record::Reserved(counter) => self.reserved = self.reserved.max(*counter),
                Record::Remembered { member, count } => {
                    let known = self.remembered.entry(*member).or_default();
                    *known = (*known).max(*count);
                }
                Record::Renewed { incarnation, rolled_back } => {
                    let left = std::mem::take(&mut self.left);
                    let rolled_back = Some(*rolled_back);
                    self.begin(number, Life { incarnation: *incarnation, rolled_back, left });
                }
                Record::Left { incarnation, cluster, to } => {
                    let mut left = std::mem::take(&mut self.left);
                    left.insert(*cluster);
                    if let Some(to) = to {
                        left.remove(to);
                    }
                    self.roster = None;
                    let life = Life { incarnation: *incarnation, rolled_back: None, left };
                    self.begin(number, life);
                }
                Record::Decided { .. }
                | Record::Promised { .. }
                | Record::Accepted { .. }
                | Record::Draft { .. }
                | Record::Kept { .. }
                | Record::Gaps { .. } => {}
            }
        }
        for (key, state) in states {
            self.dirty.entry(number).or_default().insert(key.clone());
            self.states.insert(key, (number, state));
        }
        moved
    }

    /// Entries of the audit in a batch.
    pub(super) fn audit_of(&self, number: u64) -> Vec<AuditEntry> {
        self.audit.get(&number).cloned().unwrap_or_default()
    }

    /// Takes out another life of this disk, if its batch is not after this one: the tables must not
    /// be of the new life while the batch is still to be replayed.
    pub(super) fn life(&mut self, upto: u64) -> Option<Life> {
        let (_, life) = self.life.take_if(|(number, _)| *number <= upto)?;
        Some(life)
    }

    /// A batch begins another life of this disk.
    fn begin(&mut self, number: u64, life: Life) {
        self.council = Council::default();
        self.unchecked = None;
        self.left.clone_from(&life.left);
        self.life = Some((number, life));
    }

    /// Takes out what the tables lack up to a batch.
    pub(super) fn split(&mut self, upto: u64) -> Due {
        let keys_after = self.dirty.split_off(&(upto + 1));
        let keys = std::mem::replace(&mut self.dirty, keys_after).into_values().flatten();
        let keys: BTreeSet<Key> = keys.collect();
        let state = |key: &Key| self.states.get(key).map(|(_, state)| state.clone());
        let registers = keys.iter().filter_map(|key| Some((key.clone(), state(key)?))).collect();
        self.states.retain(|_, (last, _)| *last > upto);
        let objects_after = self.objects.split_off(&(upto + 1));
        let objects = std::mem::replace(&mut self.objects, objects_after).into_values().flatten();
        let audit_after = self.audit.split_off(&(upto + 1));
        let audit = std::mem::replace(&mut self.audit, audit_after).into_values().flatten();
        (registers, objects.collect(), audit.collect())
    }
}

/// Whether a record may move the served head of its key.
pub(super) const fn moves(record: &Record) -> bool {
    match record {
        Record::Decided { .. } | Record::Draft { draft: None, .. } => true,
        Record::Draft { draft: Some(draft), .. } => draft.kind.is_served(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use cluster::Ballot;
    use domain::{Incarnation, Serial};

    use super::*;

    fn key(name: &str) -> Key {
        Key::File(name.into())
    }

    /// One batch of a core whose records are these.
    fn batch(shadow: &mut Shadow, durable: &mut Durable, number: u64, records: Vec<Record>) {
        let mut pending = Pending::default();
        records.iter().for_each(|record| durable.apply(record));
        pending.add(Millis(0), (WriteNo(number), records), Urgency::Now, durable);
        let records = pending.take_records();
        let Pending { states, upto, .. } = pending;
        shadow.take(Writing { number, upto, records, states, chat: None });
    }

    #[test]
    fn a_key_that_a_later_batch_changes_again_is_written_both_times() {
        let somebody = Incarnation::from_bytes([1; 8]);
        let mut durable = Durable::new(somebody);
        let mut shadow = Shadow::default();
        let head = ObjectId::from_bytes([2; 20]);
        let ballot = |counter| Ballot { counter, incarnation: somebody };
        let accepted = Record::Accepted { key: key("a.pl"), ballot: ballot(1), head };
        let decided = Record::Decided { key: key("b.pl"), head, serial: Serial(1) };
        batch(&mut shadow, &mut durable, 1, vec![accepted, decided]);
        let promised = Record::Promised { key: key("a.pl"), ballot: ballot(7) };
        batch(&mut shadow, &mut durable, 2, vec![promised, Record::Reserved(9)]);

        let (first, ..) = shadow.split(1);
        let state = |name| durable.get(&key(name)).unwrap().clone();
        assert_eq!(first, [(key("a.pl"), state("a.pl")), (key("b.pl"), state("b.pl"))]);
        let (second, ..) = shadow.split(2);
        assert_eq!(second, [(key("a.pl"), state("a.pl"))]);
        assert!(state("a.pl").accepted.is_some());
        assert_eq!((shadow.split(3).0, shadow.reserved), (Vec::new(), 9));
        assert!(shadow.states.is_empty());
    }
}
