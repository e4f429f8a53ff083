//! Objects that a register leads to and the index has not heard of, read at a start after a kill.
//!
//! The index is kept now and then, and grows by the lines that the journal got since. No line tells
//! of a side that was never served here: without this a divergence would not be one until somebody
//! has looked at every file of the store.

use std::collections::BTreeMap;

use cluster::Durable;
use domain::{Link, ObjectId, ObjectKind};
use gitty::{Commit, Object};
use store::{Index, Store};

/// Adds them to the index, with what is before them; `unfiled` are those that only the database has.
pub(super) fn index_named(
    index: &mut Index,
    store: &Store,
    durable: &Durable,
    unfiled: &BTreeMap<ObjectId, Object>,
) {
    for id in durable.keys.values().flat_map(cluster::KeyState::named) {
        let mut at = Some(id);
        while let Some(id) = at.filter(|id| !index.holds(id)) {
            let kept = unfiled.get(&id);
            let read = if kept.is_none() { store.read(&id).ok() } else { None };
            // Neither file nor row: a gap.
            let Some(link) = kept.or(read.as_ref()).and_then(link) else { break };
            if kept.is_none() {
                index_read(index, store, id, &link);
            }
            at = link.previous;
        }
    }
}

fn index_read(index: &mut Index, store: &Store, id: ObjectId, link: &Link) {
    if !index.holds(&link.blob) && store.read(&link.blob).is_ok() {
        index.insert_blob(link.blob);
    }
    index.insert_commit(id, link.clone());
}

fn link(object: &Object) -> Option<Link> {
    let commit = Commit::parse(&object.content).ok().filter(|_| object.kind == ObjectKind::Commit);
    commit.map(|commit| commit.link())
}
