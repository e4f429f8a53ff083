//! What is to be done, as a frozen list.

use domain::{
    FileName, NodeId, ObjectId,
    view::{ItemResult, NodeAnswer, Settle, SettlePlan, SyncPlan},
    words::{NodeAction, SettleVerb, count},
};
use leptos::prelude::*;

/// Something that a person asked for and has not confirmed yet.
#[derive(Clone)]
pub(crate) struct Job {
    /// The list.
    pub(crate) work: Work,
    /// The decided head now, where the page follows it: the dialog goes stale when it moves.
    pub(crate) head_now: Option<Signal<Option<ObjectId>>>,
    /// Told of each result.
    pub(crate) done: Option<Callback<ItemResult>>,
    /// Text that is edited before it is saved: the page of a merge.
    pub(crate) merge_of: Option<ObjectId>,
    /// Name of the other file that is asked for.
    pub(crate) asks_name: bool,
}

/// The kinds of lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Settlements.
    Settle(Vec<Settle>),
    /// Force syncs.
    Sync(Vec<FileName>),
    /// An action on a node, with the node's name.
    Node(NodeId, String, NodeAction),
}

/// The dry run's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plans {
    /// For settlements.
    Settle(Vec<SettlePlan>),
    /// For force syncs.
    Sync(Vec<SyncPlan>),
    /// For a node's action.
    Node(NodeAnswer),
}

impl Job {
    /// Without anything that follows a page.
    pub(crate) const fn new(work: Work) -> Self {
        Self { work, head_now: None, done: None, merge_of: None, asks_name: false }
    }
}

impl Work {
    /// Items of it.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Settle(items) => items.len(),
            Self::Sync(files) => files.len(),
            Self::Node(..) => 1,
        }
    }

    /// The head that the only item was chosen on.
    pub(crate) fn expected_head(&self) -> Option<ObjectId> {
        match self {
            Self::Settle(items) => items.first().map(|item| item.expected_head),
            Self::Sync(_) | Self::Node(..) => None,
        }
    }

    /// Heading of the dialog.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Settle(items) => {
                let verb = items.first().map_or(SettleVerb::Pick, |item| item.choice.verb());
                let what = match verb {
                    SettleVerb::Pick => "Pick the head of",
                    SettleVerb::Merge => "Save a merged text of",
                    SettleVerb::KeepBoth => "Keep both sides of",
                    SettleVerb::Undo => "Undo the settlement of",
                };
                format!("{what} {}", subject(items.iter().map(|item| &item.file)))
            }
            Self::Sync(files) => format!("Force sync {}", subject(files.iter())),
            Self::Node(_, name, action) => format!("{action} {name}"),
        }
    }
}

/// The file's name, or how many there are.
fn subject<'a>(mut files: impl ExactSizeIterator<Item = &'a FileName>) -> String {
    match (files.len(), files.next()) {
        (1, Some(file)) => file.to_string(),
        (many, _) => count(u64::try_from(many).unwrap_or(u64::MAX), "file", "files"),
    }
}
