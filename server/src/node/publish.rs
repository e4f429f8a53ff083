//! What the node shows of itself: files, peers, counts, and the events that say what changed.

use std::sync::Arc;

use cluster::{DraftKind, MemberId, PeerStatus, Roster, Standing};
use domain::{FileName, Millis, ObjectId, ObjectKind, words::NodeRole};
use gitty::{Commit, Object, Term};

use super::{
    divergence::{Divergence, Reading},
    driver::Driver,
    handle::NodeEvent,
    link::{HelloState, LinkView, now_ms},
    view::{FileEntry, PeerView},
};

/// Moves shown as the latest.
const LATEST: usize = 20;
/// Minutes for which saves are counted.
const MINUTES: u64 = 15;

/// What is said of this node and never changes while it runs.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) name: String,
}

impl Driver {
    pub(super) fn note_move(&mut self, name: &FileName, head: ObjectId) {
        self.changed.insert(name.clone());
        let now = now_ms();
        self.shared.change_node(|node| {
            node.latest.push((now, name.clone(), head));
            if node.latest.len() > LATEST {
                node.latest.remove(0);
            }
            let minute = now / 60_000;
            *node.saves_per_minute.entry(minute).or_default() += 1;
            node.saves_per_minute = node.saves_per_minute.split_off(&(minute - MINUTES));
        });
    }

    /// Brings the files that changed since the last time into the shared state.
    pub(super) fn publish_changes(&mut self) {
        if self.changed.is_empty() {
            return;
        }
        let changed: Vec<FileName> = std::mem::take(&mut self.changed).into_iter().collect();
        for name in &changed {
            self.publish_file(name);
        }
        let _ = self.events.send(NodeEvent::Files(Arc::from(changed)));
    }

    pub(super) fn publish_file(&self, name: &FileName) {
        let status = self.core.file(&Self::key_of(name));
        let now = now_ms();
        let latest = self.core.latest_ms(&Self::key_of(name), |id| self.index.link(id));
        let divergence = self.divergence(name).map(Arc::new);
        self.shared.change_file(name, |entry| {
            let before = entry.served();
            entry.decided = status.decided.map(|decided| decided.head);
            entry.newer = status.newer;
            entry.draft = status.draft;
            entry.divergence = divergence;
            entry.latest_ms = latest;
            let held = status.draft.is_some_and(|draft| draft.kind == DraftKind::Held);
            entry.waiting_since_ms = held.then(|| entry.waiting_since_ms.unwrap_or(now));
            entry.reported = status.reported.into_iter().collect();
            if entry.served() != before {
                self.describe(entry);
            }
        });
    }

    /// The sides of a file, when there are several.
    fn divergence(&self, name: &FileName) -> Option<Divergence> {
        let key = Self::key_of(name);
        if self.core.diverging(&key) == 0 {
            return None;
        }
        let object = |id: &ObjectId| self.shared.in_memory(id).or_else(|| self.store.read(id).ok());
        let reading = Reading { name, link: &|id| self.index.link(id), object: &object };
        reading.divergence(&self.core.sides(&key))
    }

    /// Author and time of the served head.
    fn describe(&self, entry: &mut FileEntry) {
        let Some(head) = entry.served() else { return };
        if let Some(object) = self.shared.in_memory(&head).or_else(|| self.store.read(&head).ok()) {
            describe(entry, &object);
        }
    }

    /// Publishes what changed about the peers and this node; twice a second.
    pub(super) fn publish_node(&mut self) {
        let now = self.now();
        let links = self.links.links.views();
        let peers = self.core.peers();
        let durable = self.core.durable();
        let (root, roster) = (durable.root(), durable.roster.clone());
        let waiting = durable.draft_count(DraftKind::Held);
        let importing = durable.draft_count(DraftKind::Import);
        let files = durable.decided_count();
        let me = self.core.me();
        let named = roster.iter().flat_map(|roster| roster.everybody());
        let views: Vec<PeerView> = named
            .filter(|member| member.id.node != me.node)
            .map(|member| {
                let lives = peers.iter().filter(|peer| peer.id.node == member.id.node);
                let status = lives.max_by_key(|peer| (peer.linked, peer.heard));
                let id = status.map_or(member.id, |status| status.id);
                let link = links.iter().find(|link| link.peer == id);
                let view = peer_view(now, member, status, link);
                PeerView { id, role: role(roster.as_ref(), id), ..view }
            })
            .collect();
        let catch_up = self.pace.look(now, self.core.catch_up());
        let rolled_back = self.core.rolled_back();
        let as_u64 = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        self.shared.change_node(|node| {
            node.name.clone_from(&self.about.name);
            node.me = Some(me);
            node.role = roster.as_ref().map(|roster| role(Some(roster), me));
            node.roster = roster;
            node.peers = views;
            node.root = Some(root);
            node.files = as_u64(files);
            node.waiting = as_u64(waiting);
            node.importing = as_u64(importing);
            node.catch_up = catch_up;
            node.batches = self.batches;
            node.rolled_back = rolled_back;
            node.asking = self.core.asking();
            node.repair = self.core.repair().map(|(of, done)| (done, of));
            node.missing.retain(|id, _| self.core.is_wanted(id));
        });
        self.say_hello();
        if std::mem::take(&mut self.peers_changed) {
            let _ = self.events.send(NodeEvent::Peers);
        }
    }

    /// Dials the other nodes of the roster.
    pub(super) fn dial(&self) {
        let me = self.core.me();
        let roster = self.core.durable().roster.as_ref();
        let named = roster.iter().flat_map(|roster| roster.everybody());
        let others = named.filter(|member| member.id.node != me.node);
        let others = others.map(|member| (member.id, member.address.clone())).collect();
        let removed = roster.iter().flat_map(|roster| &roster.removed);
        let guests = removed.map(|member| member.id.node).filter(|node| *node != me.node);
        self.links.links.dial(others, guests.collect());
        self.say_hello();
    }

    fn say_hello(&self) {
        let durable = self.core.durable();
        let roster = durable.roster.as_ref();
        let files = durable.decided_count().max(self.store_files).max(self.store_heads.len());
        let state = HelloState {
            cluster: roster.map(|roster| roster.cluster),
            incarnation: self.core.me().incarnation,
            epoch: roster.map_or(0, |roster| roster.epoch),
            phase: roster.map(|roster| roster.phase),
            files: u64::try_from(files).unwrap_or(u64::MAX),
            durable_count: self.core.hello_count(),
            remembered: self.core.all_remembered(),
            left: self.core.left().clone(),
        };
        self.links.hello.send_if_modified(|before| {
            let changed = *before != state;
            *before = state;
            changed
        });
    }
}

/// What a node, in this life of its disk, may do.
fn role(roster: Option<&Roster>, id: MemberId) -> NodeRole {
    match roster.map(|roster| roster.standing(&id)) {
        Some(Standing::Member) => NodeRole::Member,
        Some(Standing::Learner) => NodeRole::Learner,
        Some(Standing::Stranger) => NodeRole::Removed,
        None => NodeRole::New,
    }
}

/// Takes author and time out of a commit.
fn describe(entry: &mut FileEntry, object: &Object) {
    if object.kind != ObjectKind::Commit {
        return;
    }
    let Ok(commit) = Commit::parse(&object.content) else { return };
    entry.changed_ms = commit.time_ms();
    entry.author = match commit.get("author") {
        Some(Term::String(text) | Term::Atom(text)) => Some(text.to_string()),
        Some(_) | None => None,
    };
}

fn peer_view(
    now: Millis,
    member: &cluster::Member,
    status: Option<&PeerStatus>,
    link: Option<&LinkView>,
) -> PeerView {
    let wall = now_ms();
    let wall_of = |at: Millis| wall.saturating_sub(now.since(at).0);
    PeerView {
        id: member.id,
        role: NodeRole::Member,
        name: member.name.clone(),
        address: member.address.clone(),
        linked: status.is_some_and(|status| status.linked),
        last_frame_ms: link.and_then(|link| link.last_frame_ms),
        round_trip_ms: link.and_then(|link| link.round_trip_ms),
        clock_offset_ms: link.and_then(|link| link.clock_offset_ms),
        version: link.and_then(|link| link.version.clone()),
        root: status.and_then(|status| status.heard).map(|(_, root)| root),
        equal_ms: status.and_then(|status| status.equal_at).map(wall_of),
        serial: status.map(|status| status.serial).unwrap_or_default(),
        seen: status.map(|status| status.seen).unwrap_or_default(),
        files: status.map_or(0, |status| status.files),
        waiting: status.map_or(0, |status| status.waiting),
        draining: status.is_some_and(|status| status.draining),
        rolled_back: status.is_some_and(|status| status.rolled_back),
        has_ours: status.is_some_and(|status| status.has_ours),
    }
}
