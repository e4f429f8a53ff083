//! Finding what a peer has and this node has not (protocol 6).
//!
//! ```text
//! beat: digest over everything ─▶ 256 buckets ─▶ documents of those that differ
//!       ─▶ ranges of a document, the last first ─▶ entries ─▶ messages
//! ```
//!
//! Each side looks for itself and takes what the other has; only what differs is gone into. Where
//! the first difference was is the agreement serial. A lost request or answer ends a comparison,
//! and the next beat that differs begins another.

use std::collections::BTreeSet;

use domain::MemberId;

use super::{
    Summary,
    post::Source,
    status::Agreement,
    steps::{Comparison, Step},
};
use crate::{
    Below, Core, Digest, DocumentId, Event, Message, Place, Rejection, Reply, Row, Span, Token,
    chat::history::Verdict, config::Mutant, message::MAX_SPANS, turn::Turn,
};

impl Core {
    /// Begins to look for what a peer has and this node has not.
    pub(crate) fn begin_comparison(&mut self, peer: MemberId, turn: &mut Turn) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.comparison = Some(Comparison::new(Step::Buckets, turn.at()));
            self.go_on(peer, turn);
        }
    }

    /// An operator wants one document: it is looked at next, with every linked peer.
    pub(crate) fn on_fetch(&mut self, token: Token, document: &DocumentId, turn: &mut Turn) {
        let linked = self.linked();
        turn.reply(token, Reply::Fetching(linked.len()));
        for peer in linked {
            let step = Step::Document(document.clone());
            let Some(known) = self.peers.get_mut(&peer) else { continue };
            match &mut known.comparison {
                // After the document that is looked at now.
                Some(comparison) => {
                    let is_end = |step: &Step| matches!(step, Step::Done(_));
                    let at = comparison.steps.iter().position(is_end);
                    let at = at.unwrap_or(comparison.steps.len());
                    comparison.steps.insert(at, step);
                }
                None => {
                    known.comparison = Some(Comparison::new(step, turn.at()));
                    self.go_on(peer, turn);
                }
            }
        }
    }

    /// Ends comparisons whose peer does not answer.
    pub(crate) fn end_slow_comparisons(&mut self, turn: &Turn) {
        for peer in self.peers.values_mut() {
            let is_slow = |comparison: &mut Comparison| {
                turn.at().since(comparison.asked_at) > self.config.answer
            };
            peer.comparison.take_if(is_slow);
        }
    }

    /// Asks for the next step, or ends the comparison.
    fn go_on(&mut self, peer: MemberId, turn: &mut Turn) {
        loop {
            let Some(known) = self.peers.get_mut(&peer) else { return };
            let Some(comparison) = &mut known.comparison else { return };
            let Some(step) = comparison.steps.pop() else {
                known.comparison = None;
                return;
            };
            match step {
                Step::Done(document) => self.end_document(peer, document, turn),
                Step::Document(document) => {
                    comparison.found = super::steps::Found::default();
                    comparison.steps.push(Step::Done(document.clone()));
                    comparison.steps.push(Step::Spans { document, spans: vec![Span::ALL] });
                }
                step => {
                    if comparison.requests >= self.config.requests {
                        known.comparison = None;
                        return;
                    }
                    comparison.requests += 1;
                    comparison.asked_at = turn.at();
                    known.ask += 1;
                    let ask = known.ask;
                    if let Some(request) = step.request(ask) {
                        turn.send(peer, request);
                    }
                    comparison.sent = Some((ask, step));
                    return;
                }
            }
        }
    }

    /// The step that an answer belongs to, if it was asked.
    fn answered(&mut self, peer: MemberId, ask: u64) -> Option<Step> {
        self.peers.get_mut(&peer)?.comparison.as_mut()?.answered(ask)
    }

    /// Adds steps, the last of which is the next one; those without room are left to later.
    fn push(&mut self, peer: MemberId, steps: impl IntoIterator<Item = Step>) {
        let limit = self.config.steps;
        let Some(known) = self.peers.get_mut(&peer) else { return };
        let Some(comparison) = &mut known.comparison else { return };
        for step in steps {
            if comparison.steps.len() < limit {
                comparison.steps.push(step);
            }
        }
    }

    pub(crate) fn on_buckets(
        &mut self,
        from: MemberId,
        ask: u64,
        digests: &[Digest],
        turn: &mut Turn,
    ) {
        let Some(Step::Buckets) = self.answered(from, ask) else { return };
        let numbered = (0..=u8::MAX).zip(digests);
        let differing =
            numbered.filter(|(bucket, digest)| self.documents.bucket(*bucket) != **digest);
        let steps: Vec<Step> =
            differing.map(|(bucket, _)| Step::Bucket { bucket, after: None }).collect();
        self.push(from, steps);
        self.go_on(from, turn);
    }

    pub(crate) fn on_documents(
        &mut self,
        from: MemberId,
        ask: u64,
        documents: Vec<(DocumentId, Summary)>,
        more: bool,
        turn: &mut Turn,
    ) {
        let Some(Step::Bucket { bucket, after }) = self.answered(from, ask) else { return };
        let last = documents.last().map(|(document, _)| document.clone());
        if more && let Some(last) = last.clone().filter(|last| after.as_ref() < Some(last)) {
            self.push(from, [Step::Bucket { bucket, after: Some(last) }]);
        }
        let theirs: BTreeSet<&DocumentId> =
            documents.iter().map(|(document, _)| document).collect();
        let upto = last.filter(|_| more);
        let only_here: Vec<(DocumentId, u64)> = self
            .documents
            .in_bucket(bucket, after.as_ref())
            .take_while(|(document, _)| upto.as_ref().is_none_or(|upto| *document <= upto))
            .filter(|(document, _)| !theirs.contains(document))
            .map(|(document, history)| (document.clone(), history.summary().measure.count))
            .collect();
        for (document, ours) in only_here {
            let agreement = Agreement { ours, ..Agreement::default() };
            self.note_agreement(from, document, Some(agreement), turn);
        }
        for (document, summary) in documents {
            let ours = self.documents.get(&document).map(|history| history.summary());
            if self.is_equal(ours.unwrap_or_default(), summary) {
                self.note_agreement(from, document, None, turn);
            } else {
                self.push(from, [Step::Document(document)]);
            }
        }
        self.go_on(from, turn);
    }

    /// Equal last messages do not prove that what is before them is equal (C1); the digest does.
    fn is_equal(&self, ours: Summary, theirs: Summary) -> bool {
        if self.config.broken(Mutant::LastIsEnough) {
            return ours.last == theirs.last;
        }
        ours == theirs
    }

    pub(crate) fn on_spans(
        &mut self,
        from: MemberId,
        ask: u64,
        below: Vec<Below>,
        turn: &mut Turn,
    ) {
        let Some(Step::Spans { document, spans }) = self.answered(from, ask) else { return };
        let is_answer = below.len() == spans.len()
            && spans.iter().zip(&below).all(|(span, below)| below.fits(span));
        if !is_answer {
            let rejection = Rejection::WrongRange;
            self.peers.get_mut(&from).into_iter().for_each(|peer| peer.comparison = None);
            return turn.emit(Event::Rejected { peer: from, rejection });
        }
        let mut deeper = Vec::new();
        let mut lacking = Vec::new();
        for (span, below) in spans.iter().zip(below) {
            match below {
                Below::Parts(parts) => deeper.extend(self.differing(&document, parts)),
                Below::Rows(rows) => lacking.extend(self.lacking(from, &document, span, &rows)),
            }
        }
        // The last ranges come first, and what is missing before them.
        let spans = deeper
            .chunks(MAX_SPANS)
            .map(|spans| Step::Spans { document: document.clone(), spans: spans.to_vec() });
        let messages = lacking
            .chunks(self.config.page_rows)
            .map(|places| Step::Messages { document: document.clone(), places: places.to_vec() });
        self.push(from, spans.chain(messages).collect::<Vec<_>>());
        self.go_on(from, turn);
    }

    /// Parts that are not equal here.
    fn differing(
        &self,
        document: &DocumentId,
        parts: Vec<(Span, crate::Measure)>,
    ) -> impl Iterator<Item = Span> {
        let history = self.documents.get(document);
        let parts = parts.into_iter().filter(move |(span, theirs)| {
            history.map(|history| history.measure(span)).unwrap_or_default() != *theirs
        });
        parts.map(|(span, _)| span)
    }

    /// Messages of a range that the peer has and this node has not; notes where they differ.
    fn lacking(
        &mut self,
        from: MemberId,
        document: &DocumentId,
        span: &Span,
        rows: &[(u64, Row)],
    ) -> Vec<Place> {
        let theirs = rows.iter().map(|(_, row)| *row);
        let lacks = |row: &Row| self.documents.judge(document, row) != Verdict::Known;
        let lacking: Vec<Place> = theirs.clone().filter(lacks).map(|row| row.place).collect();
        let history = self.documents.get(document);
        let ours = history.into_iter().flat_map(|history| history.order().rows(span));
        let mut ours = ours.map(|(_, row)| *row);
        let mut both = theirs.map(Some).chain(std::iter::once(None));
        let first = both.find_map(|theirs| {
            let ours = ours.next();
            let places = ours.into_iter().chain(theirs).map(|row| row.place);
            (ours != theirs).then(|| places.min()).flatten()
        });
        let known = self.peers.get_mut(&from).and_then(|peer| peer.comparison.as_mut());
        if let Some(comparison) = known {
            first.into_iter().for_each(|place| comparison.found.differs_at(place));
            comparison.found.lacking += u64::try_from(lacking.len()).unwrap_or(u64::MAX);
            let last = rows.last().map_or(0, |(serial, _)| *serial);
            comparison.found.theirs = comparison.found.theirs.max(last);
        }
        lacking
    }

    pub(crate) fn on_messages(
        &mut self,
        from: MemberId,
        ask: u64,
        document: &DocumentId,
        messages: Vec<Message>,
        turn: &mut Turn,
    ) {
        let asked = match self.answered(from, ask) {
            Some(Step::Messages { document: asked, places }) if asked == *document => places,
            _ => return,
        };
        let asked: BTreeSet<Place> = asked.into_iter().collect();
        let mut came = BTreeSet::new();
        for message in messages {
            if asked.contains(&message.row.place) && came.insert(message.row.place) {
                self.take_in(from, document, message, &Source::Asked, turn);
            }
        }
        let places: Vec<Place> = asked.difference(&came).copied().collect();
        if !came.is_empty() && !places.is_empty() {
            // They did not fit in one answer.
            self.push(from, [Step::Messages { document: document.clone(), places }]);
        }
        self.go_on(from, turn);
    }

    /// A document was looked at: what was found is how the two agree.
    fn end_document(&mut self, peer: MemberId, document: DocumentId, turn: &mut Turn) {
        let comparison = self.peers.get(&peer).and_then(|peer| peer.comparison.as_ref());
        let Some(found) = comparison.map(|comparison| comparison.found) else { return };
        let Some(history) = self.documents.get(&document) else { return };
        let ours = history.summary().measure.count;
        let agreement = found.first.map(|first| Agreement {
            serial: history.serial(&first) - 1,
            ours,
            theirs: found.theirs,
            lacked: found.lacking,
        });
        self.note_agreement(peer, document, agreement, turn);
    }
}

impl Below {
    /// True if it answers for that range, and goes on within it.
    fn fits(&self, span: &Span) -> bool {
        match self {
            Self::Rows(rows) => {
                rows.iter().all(|(_, row)| span.has(&row.place))
                    && rows.windows(2).all(|pair| pair[0].1.place < pair[1].1.place)
            }
            Self::Parts(parts) => {
                let is_chain = parts.windows(2).all(|pair| {
                    let end = pair[0].0.upto;
                    end.is_some()
                        && end == pair[1].0.after
                        && pair[1].0.upto.is_none_or(|upto| Some(upto) > end)
                });
                let ends = parts.first().zip(parts.last());
                parts.len() > 1
                    && is_chain
                    && ends.is_some_and(|((first, _), (last, _))| {
                        first.after == span.after
                            && last.upto == span.upto
                            && first.upto > first.after
                    })
            }
        }
    }
}
