//! What the core must know of the objects a node holds.

use domain::{Link, ObjectId};

/// The objects of this node: durable, or part of a write that was issued.
///
/// Lent to [`crate::Core::handle`], because a large store keeps them better than a map would.
/// Whatever depends on an object also depends on the write that holds it, so it is enough that
/// the core releases promises only after its newest write.
pub trait Objects {
    /// The commit `id`, if it is here and intact.
    fn link(&self, id: &ObjectId) -> Option<Link>;

    /// True if object `id`, of any kind, is here.
    fn holds(&self, id: &ObjectId) -> bool;

    /// Notes an object that the write being made holds; `link` for a commit.
    fn insert(&mut self, id: ObjectId, link: Option<Link>);
}
