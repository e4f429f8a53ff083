//! Paths: chains of predecessors within one key (protocol 1).

use domain::{Link, ObjectId};

use crate::{Key, Objects};

/// Where the way back from a head leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// To the commit looked for, or to the beginning if none was; every object is here.
    Reaches,
    /// Objects are missing before that can be said.
    Missing(Vec<ObjectId>),
    /// To the beginning, past no commit looked for.
    Elsewhere,
}

/// The commit before `id` on the path of `key`: none at the beginning, and where a fork began.
fn link_of(objects: &dyn Objects, key: &Key, id: &ObjectId) -> Option<Link> {
    objects.link(id).filter(|link| &link.name == key.file())
}

/// Walks from `head` back to `until` (exclusive) and looks for every commit and blob between.
///
/// A commit of another name ends the path. `gaps` are objects that the proposer lacks too: a path
/// ends there as well.
pub(crate) fn walk(
    objects: &dyn Objects,
    key: &Key,
    head: ObjectId,
    until: Option<ObjectId>,
    gaps: &[ObjectId],
) -> Walk {
    let mut missing = Vec::new();
    let mut at = Some(head);
    let mut reached = until.is_none();
    while let Some(id) = at {
        if at == until {
            reached = true;
            break;
        }
        let Some(link) = objects.link(&id) else {
            // What is here and is no commit ends the path; it would not help to fetch it again.
            if !gaps.contains(&id) && !objects.holds(&id) {
                missing.push(id);
            }
            break;
        };
        if &link.name != key.file() {
            break;
        }
        if !objects.holds(&link.blob) && !gaps.contains(&link.blob) {
            missing.push(link.blob);
        }
        at = link.previous;
    }
    match (missing.is_empty(), reached) {
        (false, _) => Walk::Missing(missing),
        (true, true) => Walk::Reaches,
        (true, false) => Walk::Elsewhere,
    }
}

/// Objects on the path of `head` that are not here, back to `until` (exclusive) if it is on it. An
/// empty answer means that everything is here but for `gaps`.
pub(crate) fn missing(
    objects: &dyn Objects,
    key: &Key,
    head: ObjectId,
    until: Option<ObjectId>,
    gaps: &[ObjectId],
) -> Vec<ObjectId> {
    match walk(objects, key, head, until, gaps) {
        Walk::Missing(ids) => ids,
        Walk::Reaches | Walk::Elsewhere => Vec::new(),
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
