//! What is to be done, as a frozen list.

use domain::{
    FileName, NodeId, ObjectId,
    view::{
        ItemResult, Moderate, NodeAnswer, Settle, SettlePlan, SyncPlan, document_file,
        document_name,
    },
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
    /// Chats that are compared with all nodes.
    Fetch(Vec<String>),
    /// An action on a message, a gap or a visitor.
    Moderate(Moderate),
}

/// The dry run's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plans {
    /// For settlements.
    Settle(Vec<SettlePlan>),
    /// For force syncs.
    Sync(Vec<SyncPlan>),
    /// For an action on a node, on chats or on a visitor.
    Said(NodeAnswer),
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
            Self::Fetch(chats) => chats.len(),
            Self::Node(..) | Self::Moderate(_) => 1,
        }
    }

    /// The head that the only item was chosen on.
    pub(crate) fn expected_head(&self) -> Option<ObjectId> {
        match self {
            Self::Settle(items) => items.first().map(|item| item.expected_head),
            Self::Sync(_) | Self::Node(..) | Self::Fetch(_) | Self::Moderate(_) => None,
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
            Self::Moderate(item) => item.title(),
            Self::Fetch(chats) => match chats.as_slice() {
                [chat] => format!("Fetch the chat of {} now", document_name(chat)),
                many => format!("Fetch {} now", chats_text(many.len())),
            },
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

/// "3 chats".
pub(super) fn chats_text(number: usize) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), "chat", "chats")
}

/// What results call a chat: the name of its file.
pub(super) fn chat_file(document: &str) -> FileName {
    document_file(document).unwrap_or_else(|| document.into())
}
