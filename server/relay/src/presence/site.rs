//! The visitors of one node, and who of them has which file open.

use std::collections::{BTreeMap, BTreeSet};

use super::Visitor;
use crate::{DocumentId, Wsid};

/// Visitors of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Site {
    visitors: BTreeMap<Wsid, Visitor>,
    /// Who has a file open.
    viewers: BTreeMap<DocumentId, BTreeSet<Wsid>>,
}

impl Site {
    pub(crate) fn len(&self) -> usize {
        self.visitors.len()
    }

    pub(crate) const fn visitors(&self) -> &BTreeMap<Wsid, Visitor> {
        &self.visitors
    }

    pub(crate) fn get(&self, wsid: &Wsid) -> Option<&Visitor> {
        self.visitors.get(wsid)
    }

    pub(crate) fn viewers(&self, document: &DocumentId) -> impl Iterator<Item = &Wsid> {
        self.viewers.get(document).into_iter().flatten()
    }

    /// Puts a visitor in, in place of what was known of it.
    pub(crate) fn put(&mut self, wsid: &Wsid, visitor: Visitor) {
        self.remove(wsid);
        for file in &visitor.files {
            self.viewers.entry(file.clone()).or_default().insert(wsid.clone());
        }
        self.visitors.insert(wsid.clone(), visitor);
    }

    pub(crate) fn remove(&mut self, wsid: &Wsid) -> Option<Visitor> {
        let visitor = self.visitors.remove(wsid)?;
        for file in &visitor.files {
            self.drop_viewer(file, wsid);
        }
        Some(visitor)
    }

    /// Notes an open file; false if it was open.
    pub(crate) fn open(&mut self, wsid: &Wsid, document: &DocumentId) -> bool {
        let Some(visitor) = self.visitors.get_mut(wsid) else { return false };
        self.viewers.entry(document.clone()).or_default().insert(wsid.clone());
        visitor.files.insert(document.clone())
    }

    /// Notes that a file is closed; false if it was not open.
    pub(crate) fn close(&mut self, wsid: &Wsid, document: &DocumentId) -> bool {
        let Some(visitor) = self.visitors.get_mut(wsid) else { return false };
        let was_open = visitor.files.remove(document);
        self.drop_viewer(document, wsid);
        was_open
    }

    pub(crate) fn get_mut(&mut self, wsid: &Wsid) -> Option<&mut Visitor> {
        self.visitors.get_mut(wsid)
    }

    fn drop_viewer(&mut self, document: &DocumentId, wsid: &Wsid) {
        if let Some(viewers) = self.viewers.get_mut(document) {
            viewers.remove(wsid);
            if viewers.is_empty() {
                self.viewers.remove(document);
            }
        }
    }
}
