//! Pages of this node: their queues, and what they have seen elsewhere.

use std::collections::BTreeMap;

use axum::extract::ws::Utf8Bytes;
use relay::Wsid;

use super::{
    Cursors, Visit,
    queue::{Full, Queue, Unseen},
};

/// A page that has joined.
#[derive(Debug)]
pub(super) struct PageState {
    pub(super) visit: Visit,
    pub(super) queue: Queue,
    /// What it had seen of documents that it has not opened again.
    pub(super) back: Cursors,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pages: BTreeMap<Wsid, PageState>,
    visits: u64,
    /// Pages that took no frame: they are dropped at the end of the turn.
    full: Vec<Wsid>,
}

impl Pages {
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    pub(super) fn add(&mut self, wsid: Wsid, queue: Queue, back: Cursors) -> Visit {
        self.visits += 1;
        let visit = Visit(self.visits);
        self.pages.insert(wsid, PageState { visit, queue, back });
        visit
    }

    pub(super) fn get_mut(&mut self, wsid: &Wsid) -> Option<&mut PageState> {
        self.pages.get_mut(wsid)
    }

    pub(super) fn get(&self, wsid: &Wsid) -> Option<&PageState> {
        self.pages.get(wsid)
    }

    pub(super) fn remove(&mut self, wsid: &Wsid) -> Option<PageState> {
        self.pages.remove(wsid)
    }

    /// Gives some pages a frame; how many took it.
    pub(super) fn push(
        &mut self,
        to: &[Wsid],
        frame: &Utf8Bytes,
        unseen: Option<&Unseen>,
    ) -> usize {
        let mut took = 0;
        for wsid in to {
            let Some(page) = self.pages.get(wsid) else { continue };
            match page.queue.push(frame.clone(), unseen.cloned()) {
                Ok(()) => took += 1,
                Err(Full) => self.full.push(wsid.clone()),
            }
        }
        took
    }

    /// Gives all pages a frame; how many took it.
    pub(super) fn push_all(&mut self, frame: &Utf8Bytes) -> usize {
        let full = |(wsid, page): (&Wsid, &PageState)| {
            page.queue.push(frame.clone(), None).is_err().then(|| wsid.clone())
        };
        let full: Vec<Wsid> = self.pages.iter().filter_map(full).collect();
        let took = self.pages.len() - full.len();
        self.full.extend(full);
        took
    }

    /// Pages that are to be dropped.
    pub(super) fn take_full(&mut self) -> Vec<Wsid> {
        std::mem::take(&mut self.full)
    }
}
