//! What a peer that compares is told: buckets, documents, ranges, messages.

use domain::MemberId;

use super::documents::BUCKETS;
use crate::{Below, Core, DocumentId, Output, Place, RelayMessage, Span, turn::Turn};

impl Core {
    pub(crate) fn tell_buckets(&self, to: MemberId, ask: u64, turn: &mut Turn) {
        let buckets = (0..BUCKETS).filter_map(|bucket| u8::try_from(bucket).ok());
        let digests = buckets.map(|bucket| self.documents.bucket(bucket)).collect();
        turn.send(to, RelayMessage::BucketsAre { ask, digests });
    }

    pub(crate) fn tell_documents(
        &self,
        to: MemberId,
        ask: u64,
        bucket: u8,
        after: Option<&DocumentId>,
        turn: &mut Turn,
    ) {
        let mut rest = self.documents.in_bucket(bucket, after);
        let page = rest.by_ref().take(self.config.page_documents);
        let documents =
            page.map(|(document, history)| (document.clone(), history.summary())).collect();
        let more = rest.next().is_some();
        turn.send(to, RelayMessage::DocumentsAre { ask, documents, more });
    }

    pub(crate) fn tell_spans(
        &self,
        to: MemberId,
        ask: u64,
        document: &DocumentId,
        spans: &[Span],
        turn: &mut Turn,
    ) {
        let below = spans.iter().map(|span| self.below(document, span)).collect();
        turn.send(to, RelayMessage::SpansAre { ask, below });
    }

    /// A range entry by entry when it has few, in parts when it has many.
    fn below(&self, document: &DocumentId, span: &Span) -> Below {
        let Some(history) = self.documents.get(document) else { return Below::Rows(Vec::new()) };
        let order = history.order();
        if order.count_in(span) <= self.config.page_rows {
            let serial = |position: usize| u64::try_from(position + 1).unwrap_or(u64::MAX);
            let rows = order.rows(span).map(|(position, row)| (serial(position), *row));
            return Below::Rows(rows.collect());
        }
        let parts = order.parts(span, self.config.parts);
        Below::Parts(parts.into_iter().map(|part| (part, history.measure(&part))).collect())
    }

    /// Has messages sent that are here; those that are not are left out.
    pub(crate) fn serve(
        &self,
        to: MemberId,
        ask: u64,
        document: DocumentId,
        places: Vec<Place>,
        turn: &mut Turn,
    ) {
        let history = self.documents.get(&document);
        let is_here = |place: &Place| history.is_some_and(|history| history.has(place));
        let places = places.into_iter().filter(is_here).collect();
        let after = (self.issued > self.persisted).then_some(self.issued);
        turn.output(Output::Serve { to, ask, document, places, after });
    }
}
