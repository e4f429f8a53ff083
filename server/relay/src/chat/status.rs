//! How documents stand: counts, gaps, and how each peer agrees.

use domain::MemberId;

use super::{Gap, Summary};
use crate::{
    Core, DocumentId, Event, Page, Place, Reply, Row, Token, message::MAX_PAGE_ROWS, turn::Turn,
};

/// How a document of a peer agrees with the one here, as of the last comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Agreement {
    /// The agreement serial: length of the common beginning.
    pub serial: u64,
    /// Messages here, then.
    pub ours: u64,
    /// Messages there, as far as they were looked at.
    pub theirs: u64,
    /// Messages that this node lacked, and asked for.
    pub lacked: u64,
}

/// A document of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerDocument {
    /// It equals the one here.
    InStep,
    /// It does not.
    Differs(Agreement),
    /// It was not compared yet, or the peer is not linked.
    Unknown,
}

/// A document here, and at the peers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DocumentStatus {
    /// Count and digest, and the last message.
    pub summary: Summary,
    /// Numbers that are missing below known ones.
    pub gaps: Vec<Gap>,
    /// Whether no linked node has them: each of them was compared and is in step.
    pub are_gaps_final: bool,
    /// How the document of each linked peer is.
    pub peers: Vec<(MemberId, PeerDocument)>,
}

impl Core {
    /// Every document, in short.
    pub fn documents(&self) -> impl Iterator<Item = (&DocumentId, Summary)> {
        self.documents.iter().map(|(document, history)| (document, history.summary()))
    }

    /// How many documents and messages there are.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        let documents = u64::try_from(self.documents.count()).unwrap_or(u64::MAX);
        (documents, self.documents.messages())
    }

    /// One document, here and at the peers; none if it has no message.
    #[must_use]
    pub fn document(&self, document: &DocumentId) -> Option<DocumentStatus> {
        let history = self.documents.get(document)?;
        let linked = self.peers.iter().filter(|(_, peer)| peer.linked);
        let peers: Vec<_> = linked
            .map(|(id, peer)| {
                let known = peer.documents.get(document).copied();
                let all = if peer.in_step { PeerDocument::InStep } else { PeerDocument::Unknown };
                (*id, known.unwrap_or(all))
            })
            .collect();
        let are_gaps_final = peers.iter().all(|(_, peer)| *peer == PeerDocument::InStep);
        let (summary, gaps) = (history.summary(), history.gaps().collect());
        Some(DocumentStatus { summary, gaps, are_gaps_final, peers })
    }

    /// Up to `last` messages before a place, or the last ones; without those that wait to be safe.
    #[must_use]
    pub fn page(&self, document: &DocumentId, last: usize, before: Option<Place>) -> Page {
        let Some(history) = self.documents.get(document) else { return Page::default() };
        let order = history.order();
        let end = before.map_or(order.len(), |place| order.rank(&place));
        let visible = |(_, row): &(usize, &Row)| !self.waiting.hides(document, &row.place);
        let back = order.back_from(before).enumerate().filter(visible);
        let serial = |back: usize| u64::try_from(end - back).unwrap_or(u64::MAX);
        let rows = back.take(last.min(MAX_PAGE_ROWS)).map(|(back, row)| (serial(back), *row));
        let mut rows: Vec<_> = rows.collect();
        rows.reverse();
        Page { rows, total: history.summary().measure.count }
    }

    pub(crate) fn on_range(
        &self,
        token: Token,
        document: &DocumentId,
        last: usize,
        before: Option<Place>,
        turn: &mut Turn,
    ) {
        turn.reply(token, Reply::Page(self.page(document, last, before)));
    }

    /// Notes how a document of a peer agrees; none when it is equal.
    pub(crate) fn note_agreement(
        &mut self,
        peer: MemberId,
        document: DocumentId,
        agreement: Option<Agreement>,
        turn: &mut Turn,
    ) {
        let limit = self.config.differing;
        let Some(known) = self.peers.get_mut(&peer) else { return };
        let state = agreement.map_or(PeerDocument::InStep, PeerDocument::Differs);
        let is_known = known.documents.contains_key(&document);
        if (is_known || known.documents.len() < limit)
            && known.documents.insert(document.clone(), state) != Some(state)
        {
            let agreement = match agreement {
                Some(agreement) => agreement,
                None => self.whole(&document),
            };
            turn.emit(Event::Compared { peer, document, agreement });
        }
    }

    /// A document that is equal agrees up to its end.
    fn whole(&self, document: &DocumentId) -> Agreement {
        let history = self.documents.get(document);
        let count = history.map_or(0, |history| history.summary().measure.count);
        Agreement { serial: count, ours: count, theirs: count, lacked: 0 }
    }
}
