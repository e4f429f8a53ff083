//! Pages of this node by their sessions, for what a session hears of itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use relay::Wsid;
use tokio::sync::mpsc;

use crate::gateway::swish::Login;

/// Changes that may wait for one page; further ones are lost to it.
const WAITING: usize = 8;

/// What happens to the visitor of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Somebody is logged in, or nobody.
    Login(Option<Box<Login>>),
    /// The visitor gave itself a name.
    NickName(String),
    /// The session has ended.
    Ended,
}

type Sessions = HashMap<String, Vec<(Wsid, mpsc::Sender<Change>)>>;

/// Pages by session; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages(Arc<Mutex<Sessions>>);

/// A page while it is open.
#[derive(Debug)]
pub(super) struct Entry {
    pages: Pages,
    session: String,
    wsid: Wsid,
    sender: mpsc::Sender<Change>,
}

impl Pages {
    /// A page has come: it hears of its session until the entry is dropped.
    pub(super) fn add(&self, session: &str, wsid: &Wsid) -> (Entry, mpsc::Receiver<Change>) {
        let (sender, changes) = mpsc::channel(WAITING);
        let page = (wsid.clone(), sender.clone());
        self.lock().entry(session.to_owned()).or_default().push(page);
        let (session, wsid) = (session.to_owned(), wsid.clone());
        (Entry { pages: self.clone(), session, wsid, sender }, changes)
    }

    /// Tells all pages of a session.
    pub(super) fn tell(&self, session: &str, change: &Change) {
        for (_, page) in self.lock().get(session).into_iter().flatten() {
            // A page that is slow to take these is about to be dropped.
            let _ = page.try_send(change.clone());
        }
    }

    /// The pages of a session.
    pub(super) fn of(&self, session: &str) -> Vec<Wsid> {
        let all = self.lock();
        all.get(session).into_iter().flatten().map(|(wsid, _)| wsid.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut all = self.pages.lock();
        let Some(pages) = all.get_mut(&self.session) else { return };
        // The same page may have come back before its old socket has ended.
        pages.retain(|(wsid, page)| *wsid != self.wsid || !page.same_channel(&self.sender));
        if pages.is_empty() {
            all.remove(&self.session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_session_hear_of_it_while_they_are_open() {
        let pages = Pages::default();
        let wsid = |name: &str| Wsid::new(name).unwrap();
        let (a, mut of_a) = pages.add("s", &wsid("a"));
        let (_b, mut of_b) = pages.add("s", &wsid("b"));
        let (_c, mut of_c) = pages.add("t", &wsid("c"));
        pages.tell("s", &Change::Ended);
        assert_eq!((of_a.try_recv(), of_b.try_recv()), (Ok(Change::Ended), Ok(Change::Ended)));
        assert!(of_c.try_recv().is_err());
        let (_again, mut of_again) = pages.add("s", &wsid("a"));
        drop(a);
        pages.tell("s", &Change::Ended);
        assert_eq!(of_again.try_recv(), Ok(Change::Ended));
        assert_eq!(pages.of("s"), [wsid("b"), wsid("a")]);
    }
}
