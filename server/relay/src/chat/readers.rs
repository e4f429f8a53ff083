//! Local pages that read documents, and what each of them has seen.
//!
//! A page that reads has seen all that was delivered here, so nothing is kept of that; a page that
//! comes from another node may have seen more, and is not given that again. What a page has seen
//! is put together when it stops reading.

use std::collections::{BTreeMap, BTreeSet};

use domain::Incarnation;

use super::{Cursor, Numbers, history::History};
use crate::{
    Core, DocumentId, Missed, Number, Place, Reply, Row, Stamp, Token, Wsid, config::Mutant,
    turn::Turn,
};

/// Who reads what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Readers {
    /// With what each has seen elsewhere that was not delivered here.
    by_document: BTreeMap<DocumentId, BTreeMap<Wsid, Cursor>>,
    by_page: BTreeMap<Wsid, BTreeSet<DocumentId>>,
}

impl Readers {
    /// Pages that read a document.
    pub(crate) fn of(&self, document: &DocumentId) -> Vec<Wsid> {
        let readers = self.by_document.get(document);
        readers.into_iter().flat_map(|readers| readers.keys().cloned()).collect()
    }

    /// Pages that read a document and have not seen a message of it.
    pub(crate) fn who_lack(&self, document: &DocumentId, row: &Row) -> Vec<Wsid> {
        let readers = self.by_document.get(document).into_iter().flatten();
        let lack = readers.filter(|(_, ahead)| row.origin.is_none_or(|origin| !ahead.has(&origin)));
        lack.map(|(wsid, _)| wsid.clone()).collect()
    }

    fn add(&mut self, wsid: Wsid, document: DocumentId, ahead: Cursor) {
        self.by_page.entry(wsid.clone()).or_default().insert(document.clone());
        self.by_document.entry(document).or_default().insert(wsid, ahead);
    }

    fn remove(&mut self, wsid: &Wsid, document: &DocumentId) -> Option<Cursor> {
        let readers = self.by_document.get_mut(document)?;
        let ahead = readers.remove(wsid);
        if readers.is_empty() {
            self.by_document.remove(document);
        }
        let documents = self.by_page.get_mut(wsid)?;
        documents.remove(document);
        if documents.is_empty() {
            self.by_page.remove(wsid);
        }
        ahead
    }
}

impl Core {
    pub(crate) fn on_read(
        &mut self,
        token: Token,
        wsid: Wsid,
        document: DocumentId,
        cursor: Option<Cursor>,
        turn: &mut Turn,
    ) {
        let (mut missed, mut elsewhere) = (Missed::default(), Cursor::default());
        if let Some(cursor) = cursor {
            let delivered = self.delivered(&document);
            missed = match self.documents.get(&document) {
                None => Missed::default(),
                Some(history) if self.config.broken(Mutant::CursorBySerial) => {
                    self.missed_by_serial(&document, history, &cursor)
                }
                Some(history) => self.missed(&document, history, &delivered, &cursor),
            };
            elsewhere = cursor.without(&delivered);
        }
        self.readers.add(wsid, document, elsewhere);
        turn.reply(token, Reply::Reading(missed));
    }

    pub(crate) fn on_unread(
        &mut self,
        token: Token,
        wsid: &Wsid,
        document: &DocumentId,
        turn: &mut Turn,
    ) {
        let cursor = self.stop(wsid, document).unwrap_or_default();
        turn.reply(token, Reply::Seen(cursor));
    }

    /// A page reads nothing any more: what it has seen of each document.
    pub(crate) fn stop_reading(&mut self, wsid: &Wsid) -> Vec<(DocumentId, Cursor)> {
        let documents = self.readers.by_page.get(wsid).cloned().unwrap_or_default();
        let stop = |document| Some((self.stop(wsid, &document)?, document));
        let seen = documents.into_iter().filter_map(stop);
        seen.map(|(cursor, document)| (document, cursor)).collect()
    }

    fn stop(&mut self, wsid: &Wsid, document: &DocumentId) -> Option<Cursor> {
        let ahead = self.readers.remove(wsid, document)?;
        let mut seen = self.delivered(document);
        if self.config.broken(Mutant::CursorBySerial) {
            return Some(serial_as_cursor(self.documents.get(document)));
        }
        seen.merge(&ahead);
        Some(seen)
    }

    /// What every page that reads a document from before has seen of it.
    fn delivered(&self, document: &DocumentId) -> Cursor {
        let mut delivered = self.documents.get(document).map(|history| history.numbers().clone());
        for origin in self.waiting.hidden(document).filter_map(|row| row.origin) {
            delivered.iter_mut().for_each(|cursor| cursor.remove(&origin));
        }
        delivered.unwrap_or_default()
    }

    /// What a page has seen that read everything until `since`, and nothing later: for one whose
    /// node is gone with its cursor.
    #[must_use]
    pub fn seen_until(&self, document: &DocumentId, since: Stamp) -> Cursor {
        let mut seen = self.delivered(document);
        let Some(history) = self.documents.get(document) else { return seen };
        let later = history.order().back_from(None).take_while(|row| row.place.stamp > since);
        for origin in later.filter_map(|row| row.origin) {
            seen.remove(&origin);
        }
        seen
    }

    /// What was delivered and a cursor does not have, in order: found from the end backwards.
    fn missed(
        &self,
        document: &DocumentId,
        history: &History,
        delivered: &Cursor,
        cursor: &Cursor,
    ) -> Missed {
        let lacking = delivered.without(cursor);
        let count: u64 = lacking.0.values().map(Numbers::count).sum();
        let mut found: Vec<(u64, Option<Place>, Row)> = Vec::new();
        if count == 0 {
            return Missed::default();
        }
        let mut left = count.min(u64::try_from(self.config.missed).unwrap_or(u64::MAX));
        let mut follows = false;
        for (back, row) in history.order().back_from(None).enumerate() {
            if self.waiting.hides(document, &row.place) {
                continue;
            }
            if std::mem::take(&mut follows)
                && let Some((_, after, _)) = found.last_mut()
            {
                *after = Some(row.place);
            }
            if left == 0 {
                break;
            }
            if row.origin.is_some_and(|origin| lacking.has(&origin)) {
                let serial = u64::try_from(history.order().len() - back).unwrap_or(u64::MAX);
                found.push((serial, None, *row));
                (left, follows) = (left - 1, true);
            }
        }
        found.reverse();
        let skipped = count.saturating_sub(u64::try_from(found.len()).unwrap_or(0));
        Missed { rows: found, skipped }
    }

    /// As it must not be: everything after the serial that a page had.
    fn missed_by_serial(
        &self,
        document: &DocumentId,
        history: &History,
        cursor: &Cursor,
    ) -> Missed {
        let seen = cursor.0.values().filter_map(Numbers::greatest).map(Number::get).max();
        let seen = usize::try_from(seen.unwrap_or(0)).unwrap_or(usize::MAX);
        let mut after = None;
        let mut rows = Vec::new();
        for (position, row) in history.order().rows(&super::Span::ALL) {
            if !self.waiting.hides(document, &row.place) {
                if position >= seen {
                    rows.push((u64::try_from(position + 1).unwrap_or(u64::MAX), after, *row));
                }
                after = Some(row.place);
            }
        }
        Missed { rows, skipped: 0 }
    }
}

/// The mutant's cursor: a count, as a number of nobody.
fn serial_as_cursor(history: Option<&History>) -> Cursor {
    let count = history.map_or(0, |history| history.order().len());
    let number = u32::try_from(count).ok().and_then(Number::new);
    let mut cursor = Cursor::default();
    if let Some(number) = number {
        let incarnation = Incarnation::from_bytes([0; 8]);
        cursor.add(crate::Origin { incarnation, number });
    }
    cursor
}
