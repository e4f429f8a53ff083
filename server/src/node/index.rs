//! The store's index as the core sees it.

use cluster::Objects;
use domain::{Link, ObjectId};
use store::Index;

/// Lends the index to the core for one call.
pub(super) struct IndexedObjects<'a>(pub(super) &'a mut Index);

impl Objects for IndexedObjects<'_> {
    fn link(&self, id: &ObjectId) -> Option<Link> {
        self.0.link(id)
    }

    fn holds(&self, id: &ObjectId) -> bool {
        self.0.holds(id)
    }

    fn insert(&mut self, id: ObjectId, link: Option<Link>) {
        match link {
            Some(link) => self.0.insert_commit(id, link),
            None => self.0.insert_blob(id),
        }
    }
}
