//! Lines of the journal that a SWISH wrote itself: their objects are read, then the core judges
//! where they lead (protocol 9).
//!
//! ```text
//!   watcher, filer ─▶ on_foreign ─▶ reader (a thread of the pool) ─▶ on_read ─▶ Input::Foreign
//! ```
//!
//! A SWISH writes objects before their line, in place: what is missing or short is looked at again
//! for 5 s.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use cluster::{DraftKind, Foreign, Input};
use domain::{FileName, ObjectId, ObjectKind};
use gitty::{Commit, HeadUpdate, Object};
use store::Store;
use tracing::{info, warn};

use super::{driver::Driver, filer::Report, handle::NodeEvent, index::IndexedObjects, open};

/// Time for a SWISH to finish the objects of a line that it has appended.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two looks at an object that is not whole yet.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Commits of one line that are taken; SWISH writes a line for each.
const MAX_COMMITS: usize = 10_000;

/// Files of which it is shown that a line of a SWISH names an object that is not whole.
const MAX_UNREAD: usize = 100;

/// A line whose objects were read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) update: HeadUpdate,
    /// New objects, each commit after what it was made from; or the one that is not there.
    pub(super) objects: Result<Vec<Object>, ObjectId>,
}

impl Driver {
    /// A line that this node did not write. What is on the path of what this node serves or of a
    /// tip is no news.
    pub(super) fn on_foreign(&mut self, update: HeadUpdate) {
        if open::is_known(&self.index, self.core.durable(), &update.name, update.new) {
            return self.lead_when_durable(update.name);
        }
        let (store, reports) = (Arc::clone(&self.store), self.reports.clone());
        let known = self.known_near(&update);
        tokio::task::spawn_blocking(move || {
            let objects = read(&store, &update, &known);
            // The driver is gone only when the program ends.
            let _ = reports.send(Report::Read(Read { update, objects }));
        });
    }

    /// Where the reading of a line may stop: commits of the file that are here.
    fn known_near(&self, update: &HeadUpdate) -> BTreeSet<ObjectId> {
        let old = update.old.filter(|old| self.index.holds(old));
        let served = self.core.served(&Self::key_of(&update.name));
        old.into_iter().chain(served).collect()
    }

    /// The objects of a line were read.
    pub(super) fn on_read(&mut self, read: Read) {
        let Read { update: HeadUpdate { name, old, new }, objects } = read;
        let objects = match objects {
            Ok(objects) => objects,
            Err(id) => {
                warn!(object = %id, file.name = %name, "a SWISH saved {name} as {new}, and {id} is not whole");
                return self.shared.change_node(|node| {
                    if node.unread.len() < MAX_UNREAD || node.unread.contains_key(&name) {
                        node.unread.insert(name, id);
                    }
                });
            }
        };
        self.shared.change_node(|node| {
            node.unread.remove(&name);
        });
        if self.core.durable().roster.is_none() {
            return self.before_founding(name, new, &objects);
        }
        info!(file.name = %name, %new, "a SWISH saved {name} by itself");
        let key = Self::key_of(&name);
        self.input(Input::Foreign(Foreign { key, old, new, objects }));
        // Nobody may listen.
        let _ = self.events.send(NodeEvent::Foreign(name.clone(), new));
        self.lead_when_durable(name);
    }

    /// Before founding a line is one more head of the store.
    fn before_founding(&mut self, name: FileName, new: ObjectId, objects: &[Object]) {
        for object in objects {
            let Ok(id) = object.id() else { continue };
            let commit = Commit::parse(&object.content);
            let link = commit.ok().filter(|_| object.kind == ObjectKind::Commit);
            let link = link.map(|commit| commit.link());
            cluster::Objects::insert(&mut IndexedObjects(&mut self.index), id, link);
        }
        self.shared.change_file(&name, |entry| entry.imported = Some(new));
        self.changed.insert(name.clone());
        self.store_heads.insert(name, new);
    }

    /// A SWISH that stands elsewhere is led to the served head, once what was recorded up to now is
    /// durable. A save under way leads by itself when it ends.
    fn lead_when_durable(&mut self, name: FileName) {
        let state = self.core.durable().get(&Self::key_of(&name));
        let draft = state.and_then(|state| state.draft).map(|draft| draft.kind);
        if matches!(draft, Some(DraftKind::Fresh | DraftKind::Settle)) {
            return;
        }
        let waits_for = match &self.writing {
            _ if !self.pending.records.is_empty() => self.pending.upto.0,
            Some(writing) => writing.number,
            None => return self.lead_again(&name),
        };
        self.to_lead.entry(waits_for).or_default().insert(name);
    }
}

/// Reads what a line brings, waiting for objects that are not whole yet.
fn read(
    store: &Store,
    update: &HeadUpdate,
    known: &BTreeSet<ObjectId>,
) -> Result<Vec<Object>, ObjectId> {
    let deadline = Instant::now() + PATIENCE;
    let mut found = Vec::new();
    let mut next = Some(update.new);
    while let Some(id) = next.filter(|id| !known.contains(id) && found.len() < 2 * MAX_COMMITS) {
        let (object, commit) = loop {
            let object = store.read(&id).ok();
            let commit = object.and_then(|o| Some((Commit::parse(&o.content).ok()?, o)));
            match commit {
                Some((commit, object)) => break (object, commit),
                // What is before the first new version may be a gap of an old store.
                None if id != update.new => return Ok(reversed(found)),
                None if Instant::now() >= deadline => return Err(id),
                None => std::thread::sleep(LOOK_EVERY),
            }
        };
        // A fork begins with another file's commit, which is not part of its path.
        if commit.name() != update.name {
            break;
        }
        let blob = loop {
            match store.read(&commit.data()) {
                Ok(blob) => break Some(blob),
                Err(_) if id != update.new => break None,
                Err(_) if Instant::now() >= deadline => return Err(commit.data()),
                Err(_) => std::thread::sleep(LOOK_EVERY),
            }
        };
        next = commit.previous();
        found.push(object);
        found.extend(blob);
    }
    Ok(reversed(found))
}

fn reversed(mut objects: Vec<Object>) -> Vec<Object> {
    objects.reverse();
    objects
}
