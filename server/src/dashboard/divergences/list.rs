//! The list of divergences, oldest first.

use domain::{
    FileName,
    view::{DivergenceView, DivergencesPage, DivergencesQuery, NodeRef, Side},
};

use crate::{
    dashboard::picture::{Picture, head},
    node::{Branch, FileEntry, Shared},
};

/// One page of the list. Looks only at files that have a divergence.
pub(in crate::dashboard) fn list(
    picture: &Picture,
    shared: &Shared,
    query: &DivergencesQuery,
) -> DivergencesPage {
    let all = listed(picture, shared);
    let filter = query.filter();
    let total = as_u64(all.len());
    let found: Vec<_> =
        all.into_iter().filter(|found| filter.wants(found, picture.at_ms)).collect();
    let shown = as_u64(found.len());
    let [skip, take] =
        [query.offset, query.limit].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    DivergencesPage {
        at_ms: picture.at_ms,
        nodes: picture.columns(),
        rows: found.into_iter().skip(skip).take(take).collect(),
        total,
        shown,
        offset: query.offset,
    }
}

/// All of them, oldest first; names break ties.
pub(super) fn listed(picture: &Picture, shared: &Shared) -> Vec<DivergenceView> {
    let diverged = shared.diverged();
    let mut all: Vec<_> =
        diverged.iter().filter_map(|(name, entry)| view(picture, name, entry)).collect();
    all.sort_by(|one, other| (one.since_ms, &one.name).cmp(&(other.since_ms, &other.name)));
    all
}

/// The divergence of a file; none if it has none.
pub(super) fn view(
    picture: &Picture,
    name: &FileName,
    entry: &FileEntry,
) -> Option<DivergenceView> {
    let divergence = entry.divergence.as_ref()?;
    let serves = |seat: &&crate::dashboard::picture::Seat| {
        head(seat, entry) == Some(divergence.decided.head)
    };
    let on = picture.seats.iter().filter(serves).map(|seat| seat.node_ref()).collect();
    let mut others: Vec<Side> =
        divergence.others.iter().map(|branch| side(branch, reporters(picture, branch))).collect();
    others.sort_by_key(|side| (std::cmp::Reverse(side.on.len()), side.at_ms, side.head));
    Some(DivergenceView {
        name: name.clone(),
        since_ms: divergence.since_ms(),
        decided: side(&divergence.decided, on),
        others,
        waiting: divergence.waiting.clone(),
    })
}

fn side(branch: &Branch, on: Vec<NodeRef>) -> Side {
    Side {
        head: branch.head,
        data: branch.data,
        author: branch.author.clone(),
        message: branch.message.clone(),
        at_ms: branch.at_ms,
        on,
        ancestor: branch.ancestor,
        commits: branch.commits,
    }
}

/// The nodes that were told of, this one first; one that is no member any more has only its id.
fn reporters(picture: &Picture, branch: &Branch) -> Vec<NodeRef> {
    let reports = |node| branch.reporters.iter().any(|reporter| reporter.node == node);
    let seats = picture.seats.iter().map(super::super::picture::Seat::node_ref);
    let mut named: Vec<NodeRef> = seats.filter(|node| reports(node.id)).collect();
    for reporter in &branch.reporters {
        if !named.iter().any(|node| node.id == reporter.node) {
            named.push(NodeRef { id: reporter.node, name: reporter.node.to_string() });
        }
    }
    named
}

pub(super) fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
