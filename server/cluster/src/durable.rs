//! What a node must still know after a crash, and the records that change it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ClusterId, Incarnation, Link, ObjectId, Serial};
use gitty::Object;
use serde::{Deserialize, Serialize};

use crate::{
    AuditEntry, Ballot, ChainEnds, Council, Key, MemberId, RolledBack, Roster, Tip, catch_up::Tree,
};

/// One change of the durable state. A batch of them becomes durable as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The acceptor promised.
    Promised {
        /// The register.
        key: Key,
        /// Nothing below it any more.
        ballot: Ballot,
    },
    /// The acceptor accepted, and promised the ballot after.
    Accepted {
        /// The register.
        key: Key,
        /// Under which ballot.
        ballot: Ballot,
        /// What.
        head: ObjectId,
    },
    /// A save began or changed its kind; none: it ended.
    Draft {
        /// The register.
        key: Key,
        /// The draft now.
        draft: Option<Draft>,
    },
    /// Written by an earlier version: a save that it kept by its hash only. A tip since.
    Kept {
        /// The register.
        key: Key,
        /// Its commit.
        tip: ObjectId,
    },
    /// Somebody was told that a branch is saved; its objects are here (protocol 1).
    Tip {
        /// The register.
        key: Key,
        /// The branch, and who said so.
        tip: Tip,
        /// Position in the change log.
        serial: Serial,
    },
    /// The decided head moved.
    Decided {
        /// The register.
        key: Key,
        /// The head now.
        head: ObjectId,
        /// Position in the change log.
        serial: Serial,
    },
    /// Bytes of a new object.
    Object {
        /// Its hash.
        id: ObjectId,
        /// Its content.
        object: Object,
        /// For a commit.
        link: Option<Link>,
    },
    /// Objects that no node has: the path of this key's import ends there (protocol 3).
    Gaps {
        /// The register.
        key: Key,
        /// Their hashes.
        ids: Vec<ObjectId>,
    },
    /// A roster was adopted.
    Roster(Roster),
    /// Acceptor state for the roster after it.
    Council(Council),
    /// Ballot counters up to this may have been used (docs/decisions/0002).
    Reserved(u64),
    /// Somebody did something, here or on another node.
    Audit(AuditEntry),
    /// A node told what is durable there (protocol 2).
    Remembered {
        /// Who, in which life of its disk.
        member: MemberId,
        /// Its durable count.
        count: u64,
    },
    /// This node writes without having compared counts since it started, or has compared them
    /// (protocol 2).
    Unchecked {
        /// Its durable count when the first of these runs started; none: it has compared.
        count: Option<u64>,
    },
    /// This disk was found to be an older one: its life ended and another begins. Registers are
    /// gone, decided heads are heads that are brought in.
    Renewed {
        /// The new life.
        incarnation: Incarnation,
        /// How it was found out.
        rolled_back: RolledBack,
    },
    /// This node left a cluster: its life there ended and another begins, in no cluster so far.
    /// Registers are gone as with [`Record::Renewed`].
    Left {
        /// The new life.
        incarnation: Incarnation,
        /// The cluster that it does not link with any more.
        cluster: ClusterId,
        /// One that it had left before and wants to be let into again, or for the first time.
        to: Option<ClusterId>,
    },
}

impl Record {
    /// The key it changes.
    #[must_use]
    pub const fn key(&self) -> Option<&Key> {
        match self {
            Self::Promised { key, .. }
            | Self::Accepted { key, .. }
            | Self::Draft { key, .. }
            | Self::Kept { key, .. }
            | Self::Tip { key, .. }
            | Self::Decided { key, .. }
            | Self::Gaps { key, .. } => Some(key),
            Self::Object { .. }
            | Self::Roster(_)
            | Self::Council(_)
            | Self::Reserved(_)
            | Self::Audit(_)
            | Self::Remembered { .. }
            | Self::Unchecked { .. }
            | Self::Renewed { .. }
            | Self::Left { .. } => None,
        }
    }
}

/// What was accepted under which ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Accepted {
    /// Under which ballot.
    pub ballot: Ballot,
    /// What.
    pub head: ObjectId,
}

/// A save that is not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Draft {
    /// Its commit.
    pub tip: ObjectId,
    /// What it was made from.
    pub base: Option<ObjectId>,
    /// What was said about it.
    pub kind: DraftKind,
}

/// What was said to whom about a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftKind {
    /// Nobody was answered; dropped when it loses.
    Fresh,
    /// Somebody was told that it is saved: the open branch of this node. Its tip stays when it
    /// loses. Earlier versions told that it waits.
    #[serde(alias = "waiting")]
    Held,
    /// A head of the store that this node brought into the cluster: a tip when it loses.
    Import,
    /// A settling commit (protocol 4.5): never held, dropped when it loses.
    Settle,
}

/// A decided head and when it was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decided {
    /// The head.
    pub head: ObjectId,
    /// Position in the change log.
    pub serial: Serial,
}

/// Durable state of one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyState {
    /// Acceptor: nothing below it any more.
    pub promised: Ballot,
    /// Acceptor: what it accepted last.
    pub accepted: Option<Accepted>,
    /// Proposer: the save that is under way.
    pub draft: Option<Draft>,
    /// The greatest head known to be decided, whose objects are here.
    pub decided: Option<Decided>,
    /// Of an earlier version: saves that lost there. The start makes tips of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<ObjectId>,
    /// Objects of imports that no node has.
    #[serde(default)]
    pub gaps: Vec<ObjectId>,
    /// Branches that somebody was told are saved, here or elsewhere. Only grows.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tips: BTreeSet<Tip>,
    /// Position in the change log of the newest tip.
    #[serde(default)]
    pub tipped: Serial,
}

impl Default for KeyState {
    fn default() -> Self {
        Self {
            promised: Ballot::ZERO,
            accepted: None,
            draft: None,
            decided: None,
            kept: Vec::new(),
            gaps: Vec::new(),
            tips: BTreeSet::new(),
            tipped: Serial(0),
        }
    }
}

impl KeyState {
    /// Latest position in the change log; zero if neither head nor tip is known.
    #[must_use]
    pub fn changed(&self) -> Serial {
        self.decided.map_or(self.tipped, |decided| decided.serial.max(self.tipped))
    }

    /// The served head (protocol 1): the tip of the own open branch, otherwise the decided head.
    #[must_use]
    pub fn served(&self) -> Option<ObjectId> {
        let branch = self.draft.filter(|draft| draft.kind.is_served()).map(|draft| draft.tip);
        branch.or(self.decided.map(|decided| decided.head))
    }

    /// Whether peers are told of it: there is a decided head or a tip.
    fn is_told(&self) -> bool {
        self.decided.is_some() || !self.tips.is_empty()
    }

    /// Every commit that this state leads to: it, and all before it, must stay. A gap names what is
    /// not here.
    pub fn named(&self) -> impl Iterator<Item = ObjectId> {
        let decided = self.decided.map(|decided| decided.head);
        let accepted = self.accepted.map(|accepted| accepted.head);
        let draft = self.draft.map(|draft| draft.tip);
        [decided, accepted, draft]
            .into_iter()
            .flatten()
            .chain(self.kept.iter().copied())
            .chain(self.tips.iter().map(|tip| tip.commit))
    }
}

/// Everything a node knows after a crash; objects are kept by the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Durable {
    /// Made with this state.
    pub incarnation: Incarnation,
    /// The greatest decided roster known here.
    pub roster: Option<Roster>,
    /// Acceptor state for the roster that follows it.
    pub council: Council,
    /// Ballot counters up to this may have been used.
    pub reserved: u64,
    /// The registers.
    pub keys: BTreeMap<Key, KeyState>,
    /// The last entry of each chain of the audit.
    pub audit: ChainEnds,
    /// Number of the newest write: the durable count, when that is durable (protocol 2).
    pub count: u64,
    /// The highest durable count that each node told, in each life of its disk.
    pub remembered: BTreeMap<MemberId, u64>,
    /// Durable count at the start of the first run that wrote and opened no gate (protocol 2).
    pub unchecked: Option<u64>,
    /// Why this life began, if the one before was rolled back.
    pub rolled_back: Option<RolledBack>,
    /// Clusters that this node left (protocol 11): it takes no roster of theirs.
    pub left: BTreeSet<ClusterId>,
    /// The change log: the latest position of each key.
    changes: BTreeMap<Serial, Key>,
    /// The decided heads and the tips.
    tree: Tree,
    /// Keys with a decided head.
    decided: usize,
    /// Drafts of each kind.
    drafts: BTreeMap<DraftKind, usize>,
}

impl Durable {
    /// State of a disk that has just been made.
    #[must_use]
    pub fn new(incarnation: Incarnation) -> Self {
        Self::restore(incarnation, None, 0, BTreeMap::new())
    }

    /// State as tables kept it; records of the log follow with [`Durable::apply`].
    #[must_use]
    pub fn restore(
        incarnation: Incarnation,
        roster: Option<Roster>,
        reserved: u64,
        keys: BTreeMap<Key, KeyState>,
    ) -> Self {
        let told = || keys.iter().filter(|(_, state)| state.is_told());
        let changes = told().map(|(key, state)| (state.changed(), key.clone())).collect();
        let tree = Tree::of(told().map(|(key, state)| (key.clone(), state)));
        let decided = keys.values().filter(|state| state.decided.is_some()).count();
        let mut drafts = BTreeMap::new();
        for draft in keys.values().filter_map(|state| state.draft) {
            *drafts.entry(draft.kind).or_default() += 1;
        }
        let (council, audit) = (Council::default(), ChainEnds::default());
        Self {
            incarnation,
            roster,
            council,
            reserved,
            keys,
            audit,
            count: 0,
            remembered: BTreeMap::new(),
            unchecked: None,
            rolled_back: None,
            left: BTreeSet::new(),
            changes,
            tree,
            decided,
            drafts,
        }
    }

    /// Takes in entries of the audit as tables kept them, each chain in order.
    pub fn restore_audit<'a>(&mut self, entries: impl IntoIterator<Item = &'a AuditEntry>) {
        entries.into_iter().for_each(|entry| self.audit.add(entry));
    }

    /// Makes one change; making it twice in order is the same as once.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Promised { key, ballot } => self.key(key).promised = *ballot,
            Record::Accepted { key, ballot, head } => {
                let state = self.key(key);
                state.promised = ballot.next();
                state.accepted = Some(Accepted { ballot: *ballot, head: *head });
            }
            Record::Draft { key, draft } => self.set_draft(key, *draft),
            Record::Kept { key, tip } => self.keep(key, *tip),
            Record::Tip { key, tip, serial } => self.tip(key, *tip, *serial),
            Record::Decided { key, head, serial } => self.decide(key, *head, *serial),
            Record::Object { .. } => {}
            Record::Gaps { key, ids } => self.key(key).gaps.clone_from(ids),
            Record::Roster(roster) => {
                // Each roster's successor is a decision of its own.
                self.council = Council::default();
                self.roster = Some(roster.clone());
            }
            Record::Council(council) => self.council = council.clone(),
            Record::Reserved(counter) => self.reserved = self.reserved.max(*counter),
            Record::Audit(entry) => self.audit.add(entry),
            Record::Remembered { member, count } => {
                let known = self.remembered.entry(*member).or_default();
                *known = (*known).max(*count);
            }
            Record::Unchecked { count } => self.unchecked = *count,
            Record::Renewed { incarnation, rolled_back } => {
                self.renew(*incarnation, Some(*rolled_back));
            }
            Record::Left { incarnation, cluster, to } => {
                if self.renew(*incarnation, None) {
                    self.roster = None;
                }
                self.left.insert(*cluster);
                if let Some(to) = to {
                    self.left.remove(to);
                }
            }
        }
    }

    /// State of a key; as new if nothing happened to it.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&KeyState> {
        self.keys.get(key)
    }

    /// Last position of the change log.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.changes.last_key_value().map_or(Serial(0), |(serial, _)| *serial)
    }

    /// Keys that changed after `serial`, in order.
    pub fn changes_after(&self, serial: Serial) -> impl Iterator<Item = (Serial, &Key)> {
        self.changes.range(serial.next()..).map(|(serial, key)| (*serial, key))
    }

    /// Digest of the decided heads and tips: that of the hash tree (protocol 5).
    #[must_use]
    pub const fn root(&self) -> domain::Root {
        self.tree.root()
    }

    pub(crate) const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// For a mutant: the tree is behind the heads.
    pub(crate) fn put_in_tree(&mut self, key: &Key, head: ObjectId) {
        let state = KeyState {
            decided: Some(Decided { head, serial: Serial(0) }),
            ..self.keys.get(key).cloned().unwrap_or_default()
        };
        self.tree.put(key, &state);
    }

    /// The served head of a key (protocol 1): the tip of the own open branch, otherwise the decided
    /// head.
    #[must_use]
    pub fn served(&self, key: &Key) -> Option<ObjectId> {
        self.keys.get(key)?.served()
    }

    /// Decided heads, in order of their keys.
    pub fn heads(&self) -> impl Iterator<Item = (&Key, ObjectId)> {
        self.keys.iter().filter_map(|(key, state)| Some((key, state.decided?.head)))
    }

    /// Drafts of a kind; counted as they come and go.
    #[must_use]
    pub fn draft_count(&self, kind: DraftKind) -> usize {
        self.drafts.get(&kind).copied().unwrap_or(0)
    }

    /// Files with a decided head.
    #[must_use]
    pub const fn decided_count(&self) -> usize {
        self.decided
    }

    fn key(&mut self, key: &Key) -> &mut KeyState {
        if !self.keys.contains_key(key) {
            self.keys.insert(key.clone(), KeyState::default());
        }
        self.keys.get_mut(key).expect("it was inserted above")
    }

    /// Once: made again, with the same incarnation, it would find drafts where heads were. False, if
    /// that is so.
    fn renew(&mut self, incarnation: Incarnation, rolled_back: Option<RolledBack>) -> bool {
        if self.incarnation == incarnation {
            return false;
        }
        let keys = std::mem::take(&mut self.keys);
        let keys = keys.into_iter().map(|(key, state)| (key, state.renewed())).collect();
        let anew = Self::restore(incarnation, self.roster.take(), self.reserved, keys);
        let audit = std::mem::take(&mut self.audit);
        let remembered = std::mem::take(&mut self.remembered);
        let left = std::mem::take(&mut self.left);
        *self = Self { audit, count: self.count, remembered, rolled_back, left, ..anew };
        true
    }

    fn set_draft(&mut self, key: &Key, draft: Option<Draft>) {
        let before = std::mem::replace(&mut self.key(key).draft, draft);
        if let Some(count) = before.and_then(|before| self.drafts.get_mut(&before.kind)) {
            *count = count.saturating_sub(1);
        }
        if let Some(draft) = draft {
            *self.drafts.entry(draft.kind).or_default() += 1;
        }
    }

    fn keep(&mut self, key: &Key, tip: ObjectId) {
        let state = self.key(key);
        if !state.kept.contains(&tip) {
            state.kept.push(tip);
        }
    }

    fn decide(&mut self, key: &Key, head: ObjectId, serial: Serial) {
        let before = self.key(key).changed();
        let decided = self.key(key).decided.replace(Decided { head, serial });
        self.decided += usize::from(decided.is_none());
        self.note_changed(key, before);
    }

    fn tip(&mut self, key: &Key, tip: Tip, serial: Serial) {
        let state = self.key(key);
        let before = state.changed();
        // Written twice, it is the same as once.
        if state.tips.insert(tip) || serial > state.tipped {
            state.tipped = serial;
            state.kept.retain(|kept| *kept != tip.commit);
            self.note_changed(key, before);
        }
    }

    /// Head or tips of `key` changed: brings change log and tree up to it.
    fn note_changed(&mut self, key: &Key, before: Serial) {
        let Some(state) = self.keys.get(key) else {
            return;
        };
        if self.changes.get(&before) == Some(key) {
            self.changes.remove(&before);
        }
        self.changes.insert(state.changed(), key.clone());
        self.tree.put(key, state);
    }
}
