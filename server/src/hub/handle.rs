//! How sockets and screens talk to the hub.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use domain::MessageId;
use relay::{
    Alarm, Body, Census, Core, DocumentId, DocumentStatus, LeaveReason, Message, Place,
    PostOutcome, PublicUser, Stamp, UpdateReason, Wsid,
};
use thiserror::Error;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::{
    Counts, Cursors, DocumentLine, Gazers, History, HubEvent, OpenedFile, Page, Visit, Visiting,
};

/// Commands that may wait for the hub's task; one more waits with its sender.
pub(super) const COMMANDS: usize = 1024;
/// Events that a slow listener may fall behind; then it is told that it missed some.
pub(super) const EVENTS: usize = 1024;

/// Something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HubError {
    /// The program is stopping. What was posted may or may not be kept.
    #[error("this node is stopping")]
    Stopping,
    /// Too many pages, or too many files of one page; nothing was changed.
    #[error("there are too many pages, or the page has too many files open")]
    TooMany,
    /// No page of that name is here: it was dropped, or has left; nothing was changed.
    #[error("that page is not here")]
    NotHere,
    /// The messages cannot be read from core.db; the log says why.
    #[error("the messages cannot be read")]
    Unreadable,
}

/// Messages of SWISH's files, by document.
pub(super) type Imported = BTreeMap<DocumentId, Vec<(Place, Body)>>;

/// Reads the core.
pub(super) type Look = Box<dyn FnOnce(&Core) + Send>;

/// For the answer to a command.
pub(super) type Answer<T> = oneshot::Sender<Result<T, HubError>>;

/// What the hub's task is asked to do.
pub(super) enum Command {
    Post { document: DocumentId, id: MessageId, body: Body, answer: Answer<PostOutcome> },
    Pass { document: DocumentId, body: Body },
    Range { document: DocumentId, last: usize, before: Option<Place>, answer: Answer<History> },
    Fetch { document: DocumentId, answer: Answer<usize> },
    Join { wsid: Wsid, user: PublicUser, back: Option<Cursors>, answer: Answer<Page> },
    Leave { wsid: Wsid, visit: Visit, reason: LeaveReason, answer: Answer<Cursors> },
    Update { wsid: Wsid, user: PublicUser, reason: UpdateReason },
    Open { wsid: Wsid, document: DocumentId, since: Option<Stamp>, answer: Answer<OpenedFile> },
    HandOver { wsid: Wsid, answer: Answer<Cursors> },
    Close { wsid: Wsid, document: DocumentId },
    Push { to: Vec<Wsid>, frame: Utf8Bytes },
    PushAll(Utf8Bytes),
    Import { messages: Imported, answer: Answer<()> },
    Filed(u64),
    Look(Look),
}

/// What clones of the handle share.
pub(super) struct Shared {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) events: broadcast::Sender<HubEvent>,
    pub(super) heard: broadcast::Sender<Arc<Message>>,
    pub(super) census: watch::Sender<Census>,
    pub(super) alarms: Mutex<Vec<Alarm>>,
    pub(super) counts: Counts,
}

/// A cheap handle to the hub; clones share it.
#[derive(Clone)]
pub struct Hub(pub(super) Arc<Shared>);

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("census", &self.census()).finish_non_exhaustive()
    }
}

impl Hub {
    /// One that has ended: everything that it is asked is refused.
    #[cfg(test)]
    pub(crate) fn ended() -> Self {
        Self(Arc::new(Shared {
            commands: mpsc::channel(1).0,
            events: broadcast::channel(1).0,
            heard: broadcast::channel(1).0,
            census: watch::Sender::new(Census::default()),
            alarms: Mutex::default(),
            counts: Counts::default(),
        }))
    }

    /// Posts a message; `id` is drawn for it. Answered when it is durable here and on another
    /// node, or after 300 ms, or at once without another node (protocol 6). The pages that read
    /// the document, the sender's included, get it as a frame.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn post(
        &self,
        document: DocumentId,
        id: MessageId,
        body: Body,
    ) -> Result<PostOutcome, HubError> {
        self.ask(|answer| Command::Post { document, id, body, answer }).await
    }

    /// Hands a message in, in the order of the calls; how it ended comes later, by the receiver.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn hand_in(
        &self,
        document: DocumentId,
        id: MessageId,
        body: Body,
    ) -> Result<oneshot::Receiver<Result<PostOutcome, HubError>>, HubError> {
        let (answer, ended) = oneshot::channel();
        self.tell(Command::Post { document, id, body, answer }).await?;
        Ok(ended)
    }

    /// Gives something to everybody who reads a document now, on all nodes, the sender's page
    /// included; it is kept nowhere. What is empty or too long goes nowhere.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn pass(&self, document: DocumentId, body: Body) -> Result<(), HubError> {
        self.tell(Command::Pass { document, body }).await
    }

    /// Up to `last` messages (at most [`relay::MAX_PAGE_ROWS`]) before a place, or the last ones.
    ///
    /// # Errors
    /// When the program is stopping, or they cannot be read.
    pub async fn range(
        &self,
        document: DocumentId,
        last: usize,
        before: Option<Place>,
    ) -> Result<History, HubError> {
        self.ask(|answer| Command::Range { document, last, before, answer }).await
    }

    /// Has a document compared with all linked nodes now; with how many.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn fetch(&self, document: DocumentId) -> Result<usize, HubError> {
        self.ask(|answer| Command::Fetch { document, answer }).await
    }

    /// A page has come: it is a visitor, reads the hangout, and gets frames from now on.
    ///
    /// With a WSID that was lost here within 15 minutes it goes on from what it has seen; `back`
    /// is what somebody else knows of that. What it missed is to be sent before its frames. A page
    /// of that name that is still here is lost.
    ///
    /// # Errors
    /// When there are too many, or the program is stopping.
    pub async fn join(
        &self,
        wsid: Wsid,
        user: PublicUser,
        back: Option<Cursors>,
    ) -> Result<Page, HubError> {
        self.ask(|answer| Command::Join { wsid, user, back, answer }).await
    }

    /// A page has gone. What it has seen is kept for 15 minutes when it was lost
    /// ([`LeaveReason::Close`]), and given back. Drop or close its [`super::Frames`] after this,
    /// so that what was not sent counts as not seen.
    ///
    /// # Errors
    /// When that stay of the page has ended already, or the program is stopping.
    pub async fn leave(
        &self,
        wsid: Wsid,
        visit: Visit,
        reason: LeaveReason,
    ) -> Result<Cursors, HubError> {
        self.ask(|answer| Command::Leave { wsid, visit, reason, answer }).await
    }

    /// The user of a page is another, or has another name.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn update(
        &self,
        wsid: Wsid,
        user: PublicUser,
        reason: UpdateReason,
    ) -> Result<(), HubError> {
        self.tell(Command::Update { wsid, user, reason }).await
    }

    /// A page has opened a file: it reads its chat, and those who have it open are told.
    ///
    /// # Errors
    /// When the page is not here, or has too many files open.
    pub async fn open(&self, wsid: Wsid, document: DocumentId) -> Result<OpenedFile, HubError> {
        self.ask(|answer| Command::Open { wsid, document, since: None, answer }).await
    }

    /// The same for a page that comes from a node that is gone: it has seen all that was said
    /// before `since`, unless more is known.
    ///
    /// # Errors
    /// When the page is not here, or has too many files open.
    pub async fn open_since(
        &self,
        wsid: Wsid,
        document: DocumentId,
        since: Stamp,
    ) -> Result<OpenedFile, HubError> {
        self.ask(|answer| Command::Open { wsid, document, since: Some(since), answer }).await
    }

    /// A page is at another node now, which wants to know what it has seen here. Its socket here
    /// ends.
    ///
    /// # Errors
    /// When nothing is known of it.
    pub async fn hand_over(&self, wsid: Wsid) -> Result<Cursors, HubError> {
        self.ask(|answer| Command::HandOver { wsid, answer }).await
    }

    /// A page has closed a file.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn close(&self, wsid: Wsid, document: DocumentId) -> Result<(), HubError> {
        self.tell(Command::Close { wsid, document }).await
    }

    /// Puts a frame into the queues of some pages of this node, behind what is there. Pages that
    /// are not here are left out.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn push(&self, to: Vec<Wsid>, frame: Utf8Bytes) -> Result<(), HubError> {
        self.tell(Command::Push { to, frame }).await
    }

    /// Puts a frame into the queue of every page of this node.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn push_all(&self, frame: Utf8Bytes) -> Result<(), HubError> {
        self.tell(Command::PushAll(frame)).await
    }

    /// How many pages are open: here, and on all nodes.
    #[must_use]
    pub fn census(&self) -> Census {
        *self.0.census.borrow()
    }

    /// Who has a file open, on all nodes; each page once.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn gazers(&self, document: DocumentId) -> Result<Gazers, HubError> {
        self.look(move |core| gazers(core, &document)).await
    }

    /// Visitors of all nodes, node by node, in order of their WSIDs.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn visitors(&self, skip: usize, limit: usize) -> Result<Vec<Visiting>, HubError> {
        self.look(move |core| core.visitors().skip(skip).take(limit).map(Visiting::from).collect())
            .await
    }

    /// Documents in order of their ids, and how many there are in all.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn documents(
        &self,
        skip: usize,
        limit: usize,
    ) -> Result<(Vec<DocumentLine>, usize), HubError> {
        self.look(move |core| {
            let mut all: Vec<_> = core.documents().collect();
            all.sort_unstable_by_key(|(document, _)| *document);
            let line = |(document, summary): &(&DocumentId, _)| DocumentLine {
                document: (*document).clone(),
                summary: *summary,
            };
            (all.iter().skip(skip).take(limit).map(line).collect(), all.len())
        })
        .await
    }

    /// One document, here and at the other nodes; none if it has no message.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn document(&self, document: DocumentId) -> Result<Option<DocumentStatus>, HubError> {
        self.look(move |core| core.document(&document)).await
    }

    /// Reads the core, on the hub's task: it has to be quick.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Core) -> T + Send + 'static,
    ) -> Result<T, HubError> {
        let (sender, answer) = oneshot::channel();
        let look = move |core: &Core| drop(sender.send(look(core)));
        self.tell(Command::Look(Box::new(look))).await?;
        answer.await.map_err(|_| HubError::Stopping)
    }

    /// Events from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<HubEvent> {
        self.0.events.subscribe()
    }

    /// Messages that other nodes' pages posted, from now on.
    #[must_use]
    pub fn heard(&self) -> broadcast::Receiver<Arc<Message>> {
        self.0.heard.subscribe()
    }

    /// The totals, and every change of them.
    #[must_use]
    pub fn watch_census(&self) -> watch::Receiver<Census> {
        self.0.census.subscribe()
    }

    /// What an operator must look at; the first hundred since the start.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.0.alarms.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sums since the start.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// Messages of SWISH's files; answered when they are durable.
    pub(super) async fn import(&self, messages: Imported) -> Result<(), HubError> {
        self.ask(|answer| Command::Import { messages, answer }).await
    }

    /// Every message up to this number is in SWISH's files, on the disk.
    pub(super) async fn filed(&self, upto: u64) -> Result<(), HubError> {
        self.tell(Command::Filed(upto)).await
    }

    async fn tell(&self, command: Command) -> Result<(), HubError> {
        self.0.commands.send(command).await.map_err(|_| HubError::Stopping)
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, HubError> {
        let (sender, answer) = oneshot::channel();
        self.tell(command(sender)).await?;
        answer.await.map_err(|_| HubError::Stopping)?
    }
}

/// Who has a file open; a page that has moved is there once.
pub(super) fn gazers(core: &Core, document: &DocumentId) -> Gazers {
    let mut gazers: Gazers = core.gazers(document).map(Visiting::from).collect();
    gazers.sort_by(|a, b| (&a.wsid, a.is_marked).cmp(&(&b.wsid, b.is_marked)));
    gazers.dedup_by(|later, first| later.wsid == first.wsid);
    gazers
}
