//! The work that is left in a comparison with one peer: one request at a time, the newest first.

use domain::Millis;

use crate::{DocumentId, Place, RelayMessage, Span};

/// One thing to ask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The digests of all buckets.
    Buckets,
    /// The documents of a bucket after one of them.
    Bucket { bucket: u8, after: Option<DocumentId> },
    /// Everything in a document.
    Document(DocumentId),
    /// What is in ranges of the document that is looked at.
    Spans { document: DocumentId, spans: Vec<Span> },
    /// Messages that are not here.
    Messages { document: DocumentId, places: Vec<Place> },
    /// The document that was looked at is done. Asks nothing.
    Done(DocumentId),
}

/// Looking for what a peer has and this node has not. It keeps nothing that is needed later: what
/// has come stays, and another comparison goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Comparison {
    /// The step that was asked, under which number and when.
    pub(crate) sent: Option<(u64, Step)>,
    pub(crate) asked_at: Millis,
    /// What is left; the last one comes first.
    pub(crate) steps: Vec<Step>,
    /// Requests so far.
    pub(crate) requests: u64,
    /// What was found of the document that is looked at.
    pub(crate) found: Found,
}

/// How a peer's document differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Found {
    /// The first message that only one of the two has.
    pub(crate) first: Option<Place>,
    /// How many messages this node lacked.
    pub(crate) lacking: u64,
    /// How many messages the peer has.
    pub(crate) theirs: u64,
}

impl Found {
    /// Notes a message that only one of the two has.
    pub(crate) fn differs_at(&mut self, place: Place) {
        self.first = Some(self.first.map_or(place, |first| first.min(place)));
    }
}

impl Comparison {
    pub(crate) fn new(first: Step, now: Millis) -> Self {
        let (steps, found) = (vec![first], Found::default());
        Self { sent: None, asked_at: now, steps, requests: 0, found }
    }

    /// Takes the step that an answer belongs to; none for one that was not asked, or before.
    pub(crate) fn answered(&mut self, ask: u64) -> Option<Step> {
        self.sent.take_if(|(sent, _)| *sent == ask).map(|(_, step)| step)
    }
}

impl Step {
    /// The request for it; none when there is nothing to ask.
    pub(crate) fn request(&self, ask: u64) -> Option<RelayMessage> {
        Some(match self.clone() {
            Self::Buckets => RelayMessage::BucketsRequest { ask },
            Self::Bucket { bucket, after } => RelayMessage::DocumentsRequest { ask, bucket, after },
            Self::Spans { document, spans } => RelayMessage::SpansRequest { ask, document, spans },
            Self::Messages { document, places } => {
                RelayMessage::MessagesRequest { ask, document, places }
            }
            Self::Document(_) | Self::Done(_) => return None,
        })
    }
}
