//! Paths: chains of predecessors within one key (protocol 1).

use std::collections::BTreeSet;

use domain::{Link, ObjectId};

use crate::{Key, Objects};

/// Where the way back from a head leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// To the commit looked for, or to the beginning if none was; every object is here.
    Reaches,
    /// Objects are missing before that can be said.
    Missing,
    /// To the beginning, past no commit looked for.
    Elsewhere,
}

/// The commit before `id` on the path of `key`: none at the beginning, and where a fork began.
fn link_of(objects: &dyn Objects, key: &Key, id: &ObjectId) -> Option<Link> {
    objects.link(id).filter(|link| &link.name == key.file())
}

/// A walk back from a head that goes on where it stood when what it missed has come, so that a long
/// path costs its length and not the square of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Way {
    /// Where it stands: at a stop, at a commit that is not here, or at the end of the path.
    pub(crate) at: Option<ObjectId>,
    /// What it passed and is not here, and the commit it stands at if that is not.
    pub(crate) missing: BTreeSet<ObjectId>,
}

impl Way {
    pub(crate) fn from(head: ObjectId) -> Self {
        Self { at: Some(head), missing: BTreeSet::new() }
    }

    /// Walks on to the next stop, and says which objects it misses that were not known before.
    ///
    /// A commit of another name ends the path. `gaps` are objects that the proposer lacks too: a
    /// path ends there as well.
    pub(crate) fn go_on(
        &mut self,
        objects: &dyn Objects,
        key: &Key,
        gaps: &[ObjectId],
        stops: impl Fn(&ObjectId) -> bool,
    ) -> Vec<ObjectId> {
        let mut found = Vec::new();
        while let Some(id) = self.at.filter(|id| !stops(id)) {
            let Some(link) = objects.link(&id) else {
                // What is here and is no commit ends the path; it would not help to fetch it again.
                if !gaps.contains(&id) && !objects.holds(&id) {
                    found.push(id);
                }
                break;
            };
            if &link.name != key.file() {
                break;
            }
            if !objects.holds(&link.blob) && !gaps.contains(&link.blob) {
                found.push(link.blob);
            }
            self.at = link.previous;
        }
        self.missing.extend(&found);
        found
    }

    /// Notes that an object has come; true if the walk can go on or is complete now.
    pub(crate) fn came(&mut self, id: &ObjectId) -> bool {
        self.missing.remove(id) && (self.at == Some(*id) || self.missing.is_empty())
    }
}

/// Walks from `head` back to `until` (exclusive) and looks for every commit and blob between, as
/// [`Way::go_on`].
pub(crate) fn walk(
    objects: &dyn Objects,
    key: &Key,
    head: ObjectId,
    until: Option<ObjectId>,
    gaps: &[ObjectId],
) -> Walk {
    let mut way = Way::from(head);
    let missing = way.go_on(objects, key, gaps, |id| Some(*id) == until);
    match (missing.is_empty(), until.is_none() || way.at == until) {
        (false, _) => Walk::Missing,
        (true, true) => Walk::Reaches,
        (true, false) => Walk::Elsewhere,
    }
}

/// True if `ancestor` is on the path of `head`, as far as this node knows it.
pub(crate) fn is_ancestor(
    objects: &dyn Objects,
    key: &Key,
    ancestor: ObjectId,
    head: ObjectId,
) -> bool {
    back(objects, key, head).any(|(id, _)| id == ancestor)
}

/// The commits from `head` back to the beginning of its path, or to the first one missing.
pub(crate) fn back<'a>(
    objects: &'a dyn Objects,
    key: &'a Key,
    head: ObjectId,
) -> impl Iterator<Item = (ObjectId, Link)> + 'a {
    let first = link_of(objects, key, &head).map(|link| (head, link));
    std::iter::successors(first, move |(_, link)| {
        let id = link.previous?;
        link_of(objects, key, &id).map(|link| (id, link))
    })
}

/// Objects of the path of `head` that are not here: what an import proposes as `gaps`.
pub(crate) fn gaps(objects: &dyn Objects, key: &Key, head: ObjectId) -> Vec<ObjectId> {
    let mut gaps = Vec::new();
    let mut last = None;
    for (_, link) in back(objects, key, head) {
        if !objects.holds(&link.blob) {
            gaps.push(link.blob);
        }
        last = link.previous;
    }
    gaps.extend(last.filter(|id| !objects.holds(id)));
    gaps
}
