//! Divergences and what settles them, as far as this node knows any.
//!
//! This version's core keeps no side of a file besides the decided head: the list is empty, and
//! whatever would choose a side is answered with the reason. Everything that has to be asked from
//! the core later stands in this file.

use domain::{
    FileName, ObjectId,
    view::{
        ActionOutcome, DivergencePage, DivergencesPage, DivergencesQuery, ItemResult, MergeDraft,
        Problem, Settle, SettlePlan, SyncPlan,
    },
};

use super::{picture::Picture, site::Answered};

/// Why nothing is settled or synced by hand yet.
const NOT_BUILT: &str =
    "this version keeps one head of a file only, so there is nothing to choose between";

/// The list: empty.
pub(super) fn list(picture: &Picture, query: &DivergencesQuery) -> DivergencesPage {
    DivergencesPage {
        at_ms: picture.at_ms,
        nodes: picture.columns(),
        rows: Vec::new(),
        total: 0,
        shown: 0,
        offset: query.offset,
    }
}

/// One of them: none is known.
pub(super) fn find(picture: &Picture, name: &FileName) -> Answered<DivergencePage> {
    Err(none(picture, name))
}

/// Two sides merged.
pub(super) fn merge(picture: &Picture, name: &FileName, _side: ObjectId) -> Answered<MergeDraft> {
    Err(none(picture, name))
}

/// What each settlement would do: nothing.
pub(super) fn plan_settle(items: Vec<Settle>) -> Vec<SettlePlan> {
    let plan = |item: Settle| SettlePlan {
        verb: item.choice.verb(),
        file: item.file,
        expected_head: item.expected_head,
        winner: None,
        losers: Vec::new(),
        new_file: None,
        nodes: Vec::new(),
        expect: ActionOutcome::failed(NOT_BUILT),
    };
    items.into_iter().map(plan).collect()
}

/// Settles nothing, and says why for each item.
pub(super) fn settle(items: Vec<Settle>) -> Vec<ItemResult> {
    items.into_iter().map(|item| refused(item.file)).collect()
}

/// The steps of each force sync: none.
pub(super) fn plan_sync(files: Vec<FileName>) -> Vec<SyncPlan> {
    let plan =
        |file| SyncPlan { file, steps: Vec::new(), expect: ActionOutcome::failed(NOT_BUILT) };
    files.into_iter().map(plan).collect()
}

/// Syncs nothing, and says why for each file.
pub(super) fn sync(files: Vec<FileName>) -> Vec<ItemResult> {
    files.into_iter().map(refused).collect()
}

fn refused(file: FileName) -> ItemResult {
    ItemResult { file, outcome: ActionOutcome::failed(NOT_BUILT) }
}

fn none(picture: &Picture, name: &FileName) -> Problem {
    let message = format!("{} knows of no other side of “{name}”.", picture.node.name);
    Problem { code: "not_found".to_owned(), message }
}
