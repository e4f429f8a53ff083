//! What the hub gives to sockets and screens.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use domain::{MemberId, NodeId};
use relay::{Agreement, Census, Cursor, DocumentId, Gazer, Message, Place, Summary, Visitor, Wsid};
use serde::{Deserialize, Serialize};

use super::Frames;

/// Number of one stay of a page on this node: a page that came back has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Visit(pub(super) u64);

/// A page that has joined.
#[derive(Debug)]
pub struct Page {
    /// This stay; to be named when it ends.
    pub visit: Visit,
    /// What the page is to be sent, in order.
    pub frames: Frames,
    /// How many pages are open, this one included.
    pub census: Census,
    /// Whether it was here, or somewhere else, before: its cursors are known.
    pub is_back: bool,
    /// What it missed in the hangout. Of other chats: [`OpenedFile::missed`].
    pub missed: Missed,
}

/// A page has opened a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenedFile {
    /// Who else has it open, on all nodes.
    pub gazers: Gazers,
    /// What the page has missed of its chat, if it has come back.
    pub missed: Missed,
}

/// Pages that have a file open, each once.
pub type Gazers = Vec<Visiting>;

/// A page that is open somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visiting {
    /// On which node.
    pub node: NodeId,
    /// Which page.
    pub wsid: Wsid,
    /// What is known of it.
    pub visitor: Visitor,
    /// Whether its node was not heard for a while.
    pub is_marked: bool,
}

impl From<Gazer<'_>> for Visiting {
    fn from(gazer: Gazer<'_>) -> Self {
        Self {
            node: gazer.node,
            wsid: gazer.wsid.clone(),
            visitor: gazer.visitor.clone(),
            is_marked: gazer.is_marked,
        }
    }
}

/// Part of a history, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Each message with its serial on this node.
    pub rows: Vec<(u64, Message)>,
    /// Messages in the whole document.
    pub total: u64,
}

/// What a page that comes back has not seen of a document, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// The messages.
    pub messages: Vec<MissedMessage>,
    /// Earlier ones that were left out, because there are too many.
    pub skipped: u64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedMessage {
    /// Its serial on this node.
    pub serial: u64,
    /// The message that it comes after; none at the beginning.
    pub after: Option<Place>,
    /// The message.
    pub message: Message,
}

/// What a page has seen of each document that it followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursors(pub BTreeMap<DocumentId, Cursor>);

impl Cursors {
    /// Adds what somebody else knows that it has seen.
    pub fn merge(&mut self, other: Self) {
        for (document, cursor) in other.0 {
            self.0.entry(document).or_default().merge(&cursor);
        }
    }
}

/// A document in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentLine {
    /// Which.
    pub document: DocumentId,
    /// Count, digest, and last message.
    pub summary: Summary,
}

/// Something that screens may want to show; they ask the hub for the new state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubEvent {
    /// The number of messages in a document is another.
    DocumentChanged(DocumentId),
    /// A document was compared with a node's.
    Compared {
        /// Whose.
        peer: MemberId,
        /// Which.
        document: DocumentId,
        /// How they agree.
        agreement: Agreement,
    },
    /// All documents of a node equal ours.
    InStep(MemberId),
    /// The totals are others, as [`super::Hub::census`] says; at most once a second.
    Counted(Census),
    /// Visitors of this or another node came, went, or opened or closed a file that a page here
    /// has open; at most once a second.
    Visitors,
    /// The visitors of a node are marked, as it was not heard for a while; or not any more.
    Marked {
        /// Which node.
        node: NodeId,
        /// Whether they are.
        is_marked: bool,
    },
    /// The visitors of a node were dropped.
    Dropped {
        /// Which node.
        node: NodeId,
        /// How many there were.
        visitors: u64,
    },
    /// An alarm was raised: [`super::Hub::alarms`].
    Alarm,
}

/// Sums since the start, for metrics.
#[derive(Debug, Default)]
pub struct Counts {
    /// Messages that pages of this node posted.
    pub posts: AtomicU64,
    /// Of these, the ones that were answered before another node had them.
    pub alone: AtomicU64,
    /// Frames that were put into the queues of pages.
    pub frames: AtomicU64,
    /// Pages that were dropped because they did not read.
    pub dropped_pages: AtomicU64,
    /// Documents that were compared with a node's and told.
    pub compares: AtomicU64,
    /// Messages of peers that were not what a node sends.
    pub rejected: AtomicU64,
    /// Messages now, in all documents.
    pub messages: AtomicU64,
    /// Documents now.
    pub documents: AtomicU64,
    /// Pages now.
    pub pages: AtomicU64,
}

impl Counts {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set(gauge: &AtomicU64, value: u64) {
        gauge.store(value, Ordering::Relaxed);
    }
}
