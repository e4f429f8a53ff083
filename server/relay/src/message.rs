//! What nodes say to each other about chat and visitors.

use domain::Run;
use serde::{Deserialize, Serialize};

use crate::{
    Body, Census, Digest, DocumentId, Measure, Message, Place, Rejection, Row, Span, Summary,
    VisitorChange, Wsid, presence::Visitor, row::MAX_BODY_BYTES,
};

/// Documents in one answer.
pub const MAX_PAGE_DOCUMENTS: usize = 200;
/// Ranges in one request.
pub const MAX_SPANS: usize = 16;
/// Parts that a range is cut into.
pub const MAX_PARTS: usize = 16;
/// Entries of a range that is told entry by entry, and messages in one answer.
pub const MAX_PAGE_ROWS: usize = 128;
/// Bytes of text in one answer, about.
pub const MAX_PAGE_BYTES: usize = 256 << 10;
/// Visitors in one page of a snapshot.
pub const MAX_PAGE_VISITORS: usize = 200;

/// A message from one node to another (protocol 6, 7).
///
/// None names its sender, who is the link's: so a node cannot speak for another one's visitors.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayMessage {
    /// Everyone, every second, and when a link comes up.
    Beat(Beat),
    /// The origin, when its message is durable: answered by Have.
    Posted {
        /// Where.
        document: DocumentId,
        /// What.
        message: Message,
    },
    /// Whoever was told of a message, when it is durable there.
    Have {
        /// Where.
        document: DocumentId,
        /// Which.
        places: Vec<Place>,
    },
    /// Whoever has another digest over all messages: which buckets of documents have you?
    BucketsRequest {
        /// Number of the request.
        ask: u64,
    },
    /// In answer: the digest of each of 256 buckets.
    BucketsAre {
        /// Number of the request.
        ask: u64,
        /// In order.
        digests: Vec<Digest>,
    },
    /// Then: which documents are in that bucket?
    DocumentsRequest {
        /// Number of the request.
        ask: u64,
        /// Which bucket.
        bucket: u8,
        /// Only those after this one.
        after: Option<DocumentId>,
    },
    /// In answer: a page of them, in order.
    DocumentsAre {
        /// Number of the request.
        ask: u64,
        /// Each in short.
        documents: Vec<(DocumentId, Summary)>,
        /// Whether there are others behind.
        more: bool,
    },
    /// Then: what is in these ranges of that document? The last ranges first.
    SpansRequest {
        /// Number of the request.
        ask: u64,
        /// Which document.
        document: DocumentId,
        /// Which ranges.
        spans: Vec<Span>,
    },
    /// In answer, range by range.
    SpansAre {
        /// Number of the request.
        ask: u64,
        /// In the order of the request.
        below: Vec<Below>,
    },
    /// Then, by whoever lacks them: please send these messages.
    MessagesRequest {
        /// Number of the request.
        ask: u64,
        /// Of which document.
        document: DocumentId,
        /// Which.
        places: Vec<Place>,
    },
    /// In answer: those of them that fit in one message.
    MessagesAre {
        /// Number of the request.
        ask: u64,
        /// Of which document.
        document: DocumentId,
        /// The messages.
        messages: Vec<Message>,
    },
    /// Whoever passes something to all who read a document now.
    Pass {
        /// Which document.
        document: DocumentId,
        /// What.
        body: Body,
    },
    /// A change of the sender's visitors, at once.
    Changed {
        /// The sender's run.
        run: Run,
        /// One more than that of the change before.
        version: u64,
        /// What changed.
        change: Box<VisitorChange>,
        /// The sender's totals after it.
        census: Census,
    },
    /// Whoever missed a change, or has just linked: who are your visitors?
    SnapshotRequest {
        /// The sender's run, as it is known.
        run: Run,
        /// Only those after this one.
        after: Option<Wsid>,
    },
    /// In answer: all visitors after one and up to another, as of a version.
    Snapshot {
        /// The sender's run.
        run: Run,
        /// The version.
        version: u64,
        /// They come after this one.
        after: Option<Wsid>,
        /// In order.
        visitors: Vec<(Wsid, Visitor)>,
        /// Whether there are others behind.
        more: bool,
        /// The sender's totals.
        census: Census,
    },
    /// Whoever stops in order: its visitors are gone.
    Leaving {
        /// The sender's run.
        run: Run,
    },
}

/// Everyone, every second: what the sender has, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Beat {
    /// Its run.
    pub run: Run,
    /// Digest over all its messages.
    pub root: Digest,
    /// How many messages it has.
    pub messages: u64,
    /// Version of its visitors.
    pub version: u64,
    /// Its totals.
    pub census: Census,
}

/// What is in a range of a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Below {
    /// Many messages: the range in parts, one after the other, each in short.
    Parts(Vec<(Span, Measure)>),
    /// Few messages: all their entries in order, each with its serial on the sender.
    Rows(Vec<(u64, Row)>),
}

impl RelayMessage {
    /// The answer to a request for messages: as many as fit.
    pub fn messages(
        ask: u64,
        document: DocumentId,
        messages: impl IntoIterator<Item = Message>,
    ) -> Self {
        let mut bytes = 0;
        let fits = |message: &Message| {
            bytes += message.body.0.len();
            bytes <= MAX_PAGE_BYTES
        };
        let messages = messages.into_iter().take(MAX_PAGE_ROWS).take_while(fits).collect();
        Self::MessagesAre { ask, document, messages }
    }

    /// Whether a peer of this program may have sent it.
    ///
    /// # Errors
    ///
    /// When it holds more than it may.
    pub fn check(&self) -> Result<(), Rejection> {
        let is_within = match self {
            Self::Beat(_)
            | Self::BucketsRequest { .. }
            | Self::DocumentsRequest { .. }
            | Self::SnapshotRequest { .. }
            | Self::Leaving { .. } => true,
            Self::Posted { message, .. } => message.body.is_good(),
            Self::Have { places, .. } | Self::MessagesRequest { places, .. } => {
                places.len() <= MAX_PAGE_ROWS
            }
            Self::BucketsAre { digests, .. } => digests.len() == crate::chat::BUCKETS,
            Self::DocumentsAre { documents, .. } => documents.len() <= MAX_PAGE_DOCUMENTS,
            Self::SpansRequest { spans, .. } => spans.len() <= MAX_SPANS,
            Self::SpansAre { below, .. } => {
                below.len() <= MAX_SPANS && below.iter().all(Below::is_within)
            }
            Self::MessagesAre { messages, .. } => {
                messages.len() <= MAX_PAGE_ROWS && messages.iter().all(|m| m.body.is_good())
            }
            Self::Pass { body, .. } => body.is_good(),
            Self::Changed { change, .. } => change.is_within(),
            Self::Snapshot { visitors, .. } => {
                visitors.len() <= MAX_PAGE_VISITORS
                    && visitors.iter().all(|(_, visitor)| visitor.is_within())
            }
        };
        if is_within { Ok(()) } else { Err(Rejection::TooMuch) }
    }
}

impl Below {
    fn is_within(&self) -> bool {
        match self {
            Self::Parts(parts) => parts.len() <= MAX_PARTS,
            Self::Rows(rows) => rows.len() <= MAX_PAGE_ROWS,
        }
    }
}

impl Body {
    /// True if it is neither empty nor too long.
    pub(crate) fn is_good(&self) -> bool {
        (1..=MAX_BODY_BYTES).contains(&self.0.len())
    }
}
