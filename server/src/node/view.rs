//! What the node's task publishes for everybody to read: files, peers, counts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use cluster::{Draft, MemberId, Roster};
use domain::{
    FileName, ObjectId, Root, Serial,
    words::{NodeRole, SwishState},
};
use gitty::Object;

use super::{
    audit::AuditLog,
    divergence::Divergence,
    filing::{Filed, Filing},
    pace::CatchUpView,
    recent::Recent,
};

/// State of one file on this node and, as each of them said, on its peers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileEntry {
    /// Decided head here.
    pub decided: Option<ObjectId>,
    /// A newer head that is known to be decided, and whose objects are not all here yet.
    pub newer: Option<ObjectId>,
    /// Head found in the store at the start; served until the cluster has decided one.
    pub imported: Option<ObjectId>,
    /// A save under way, the open branch of this node, or a head of the store that is proposed.
    pub draft: Option<Draft>,
    /// Its sides, when somebody has to choose between them.
    pub divergence: Option<Arc<Divergence>>,
    /// Greatest `time` of its commits that this node knows, in milliseconds since 1970; a new
    /// commit's is greater (protocol 4.5).
    pub latest_ms: u64,
    /// When a save of it began to be held, in milliseconds since 1970.
    pub waiting_since_ms: Option<u64>,
    /// What peers said of this file in particular; see [`FileEntry::on`] for those that did not.
    pub reported: BTreeMap<MemberId, Option<ObjectId>>,
    /// Author of the served head.
    pub author: Option<String>,
    /// `time` of the served head, in milliseconds since 1970.
    pub changed_ms: u64,
}

impl FileEntry {
    /// Decided head on a peer, as far as it said so.
    #[must_use]
    pub fn on(&self, peer: &PeerView) -> Option<ObjectId> {
        let as_ours = || if peer.has_ours { self.decided } else { None };
        self.reported.get(&peer.id).copied().unwrap_or_else(as_ours)
    }

    fn is_nothing(&self) -> bool {
        let is_named = self.newer.is_some() || !self.reported.is_empty();
        self.served().is_none() && self.draft.is_none() && !is_named
    }

    /// The served head (protocol 1): the tip of the own open branch, else the decided one, or the
    /// store's before there is any.
    #[must_use]
    pub fn served(&self) -> Option<ObjectId> {
        match self.draft {
            Some(Draft { tip, kind, .. }) if kind.is_served() => Some(tip),
            Some(_) | None => self.decided.or(self.imported),
        }
    }
}

/// A node of the roster, as this node sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerView {
    /// Its identity, in the life of its disk that it was heard in last.
    pub id: MemberId,
    /// What it may do in that life.
    pub role: NodeRole,
    /// Its name.
    pub name: String,
    /// Where its links are dialed.
    pub address: String,
    /// Whether its control link is up.
    pub linked: bool,
    /// Last frame on a control link, in milliseconds since 1970.
    pub last_frame_ms: Option<u64>,
    /// Round trip of the control link.
    pub round_trip_ms: Option<f64>,
    /// Its clock less ours, when it said Hello.
    pub clock_offset_ms: Option<i64>,
    /// Its software version.
    pub version: Option<String>,
    /// Digest of its decided heads and tips, as it said last.
    pub root: Option<Root>,
    /// Milliseconds since 1970 when its digest last equalled ours.
    pub equal_ms: Option<u64>,
    /// Last position of its change log, as it said.
    pub serial: Serial,
    /// Position in it up to which it is known here.
    pub seen: Serial,
    /// Files with a decided head there.
    pub files: u64,
    /// Files with a save that is held there.
    pub waiting: u64,
    /// Whether it takes no new pages.
    pub draining: bool,
    /// Whether it has the decided heads of this node, but for files of which it said otherwise.
    pub has_ours: bool,
    /// Whether its disk was found to be an older one, and it has no vote since.
    pub rolled_back: bool,
}

/// An object that somebody needs and no linked peer has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingObject {
    /// Who was asked, each for its time.
    pub asked: Vec<MemberId>,
    /// When they are asked again, in milliseconds since 1970; at once if another peer links.
    pub again_ms: u64,
}

/// This node in short.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeView {
    /// Name of this node.
    pub name: String,
    /// Its identity.
    pub me: Option<MemberId>,
    /// How the SWISH beside it answers, if there is one.
    pub swish: Option<SwishState>,
    /// What it may do; none before it is in a cluster.
    pub role: Option<NodeRole>,
    /// Whether it takes no new pages.
    pub draining: bool,
    /// Nodes that ask to join and are not approved.
    pub asking: Vec<cluster::Member>,
    /// Keys read again after a change of members, of how many; none while the roster is steady.
    pub repair: Option<(usize, usize)>,
    /// The roster, once it is in a cluster.
    pub roster: Option<Roster>,
    /// The other nodes of the roster.
    pub peers: Vec<PeerView>,
    /// Digest of the decided heads and tips here.
    pub root: Option<Root>,
    /// Files with a decided head here.
    pub files: u64,
    /// Files with a save that is held here.
    pub waiting: u64,
    /// Heads of the own store that are still being proposed.
    pub importing: u64,
    /// Saves decided here, per minute since 1970, for the last 15 minutes.
    pub saves_per_minute: BTreeMap<u64, u64>,
    /// Latest moves of heads: milliseconds since 1970, file, commit. Newest last, at most 20.
    pub latest: Vec<(u64, FileName, ObjectId)>,
    /// Alarms raised since the start, oldest first, at most 100.
    pub alarms: Vec<cluster::Alarm>,
    /// Objects that somebody needs and no linked peer has; at most 100 are listed.
    pub missing: BTreeMap<ObjectId, MissingObject>,
    /// Files that a SWISH saved without a whole object, which is named; at most 100 are listed.
    pub unread: BTreeMap<FileName, ObjectId>,
    /// Catching up with the other nodes, while that lasts.
    pub catch_up: Option<CatchUpView>,
    /// Durable batches since the start.
    pub batches: u64,
    /// How this node found out that its disk was an older one, in the life before.
    pub rolled_back: Option<cluster::RolledBack>,
    /// Why files and journal lines cannot be written into the store, if so.
    pub store_failure: Option<String>,
}

/// Shared state; the node's task writes, everybody reads. No lock is held across an await.
#[derive(Debug, Default)]
pub struct Shared {
    files: RwLock<BTreeMap<FileName, FileEntry>>,
    /// The files with a divergence, so that nobody passes over all for them.
    diverged: RwLock<BTreeSet<FileName>>,
    unfiled: RwLock<HashMap<ObjectId, Object>>,
    filed: Filed,
    recent: Recent,
    node: RwLock<NodeView>,
    audit: RwLock<AuditLog>,
}

impl Shared {
    /// One file.
    #[must_use]
    pub fn file(&self, name: &FileName) -> Option<FileEntry> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Reads all files in order of their names.
    pub fn with_files<T>(&self, read: impl FnOnce(&BTreeMap<FileName, FileEntry>) -> T) -> T {
        read(&self.files.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes one file; an entry without head and draft is dropped.
    pub fn change_file(&self, name: &FileName, change: impl FnOnce(&mut FileEntry)) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let entry = files.entry(name.clone()).or_default();
        change(entry);
        let mut diverged = self.diverged.write().unwrap_or_else(PoisonError::into_inner);
        match entry.divergence {
            Some(_) if !diverged.contains(name) => drop(diverged.insert(name.clone())),
            Some(_) => {}
            None => drop(diverged.remove(name)),
        }
        if entry.is_nothing() {
            files.remove(name);
        }
    }

    /// Puts these in place of all files.
    pub fn replace_files(&self, files: BTreeMap<FileName, FileEntry>) {
        let diverged = files.iter().filter(|(_, entry)| entry.divergence.is_some());
        let diverged = diverged.map(|(name, _)| name.clone()).collect();
        *self.files.write().unwrap_or_else(PoisonError::into_inner) = files;
        *self.diverged.write().unwrap_or_else(PoisonError::into_inner) = diverged;
    }

    /// Drops what a peer said of files in particular.
    pub fn forget_reported(&self, peer: &MemberId) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        files.retain(|_, entry| entry.reported.remove(peer).is_none() || !entry.is_nothing());
    }

    /// Notes who made versions, of those that are served.
    pub fn set_authors(&self, authors: Vec<(FileName, ObjectId, Option<String>)>) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        for (name, head, author) in authors {
            if let Some(entry) = files.get_mut(&name).filter(|entry| entry.served() == Some(head)) {
                entry.author = author;
            }
        }
    }

    /// The files that need a choice, with their entries, in order of their names.
    #[must_use]
    pub fn diverged(&self) -> Vec<(FileName, FileEntry)> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let names = self.diverged.read().unwrap_or_else(PoisonError::into_inner);
        names.iter().filter_map(|name| Some((name.clone(), files.get(name)?.clone()))).collect()
    }

    /// An object that is durable in the database and has no file yet.
    #[must_use]
    pub fn unfiled(&self, id: &ObjectId) -> Option<Object> {
        self.unfiled.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Whether a SWISH on the store of this node finds a commit.
    #[must_use]
    pub fn filing(&self, commit: &ObjectId) -> Filing {
        self.filed.of(commit, self.unfiled(commit).is_none())
    }

    /// These have got their files, and their lines in the journal.
    pub(super) fn note_filed(&self, ids: &[ObjectId]) {
        self.filed.note(ids, Instant::now());
    }

    /// An object that need not be read from the disk.
    #[must_use]
    pub fn in_memory(&self, id: &ObjectId) -> Option<Object> {
        self.unfiled(id).or_else(|| self.recent.get(id))
    }

    /// Keeps an object in memory for a while; its hash was checked.
    pub fn remember(&self, id: ObjectId, object: Object) {
        self.recent.put(id, object);
    }

    /// Changes the set of objects without a file.
    pub fn change_unfiled<T>(&self, change: impl FnOnce(&mut HashMap<ObjectId, Object>) -> T) -> T {
        change(&mut self.unfiled.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the audit.
    pub fn with_audit<T>(&self, read: impl FnOnce(&AuditLog) -> T) -> T {
        read(&self.audit.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the audit.
    pub fn change_audit<T>(&self, change: impl FnOnce(&mut AuditLog) -> T) -> T {
        change(&mut self.audit.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// This node in short.
    #[must_use]
    pub fn node(&self) -> NodeView {
        self.node.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is shown of this node.
    pub fn change_node(&self, change: impl FnOnce(&mut NodeView)) {
        change(&mut self.node.write().unwrap_or_else(PoisonError::into_inner));
    }
}
