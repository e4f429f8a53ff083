//! One page's socket, from its welcome to its end.
//!
//! One task: it takes what the hub has for the page, what the page says, and what happens to its
//! session, one after the other. Every send has a deadline, and a page that says nothing to two pings is
//! gone.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::{StreamExt, stream::FuturesUnordered};
use relay::{DocumentId, LeaveReason, Stamp, UpdateReason, Wsid};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::tungstenite;

use super::{
    Chat,
    client_frame::ClientFrame,
    ids::{new_uuid, uuid_text},
    moved::Seen,
    pages::{Change, Entry},
    person::Person,
    posting::Posting,
    session::Session,
    token::Back,
};
use crate::{
    gateway::swish::Swish,
    hub::{
        Frames, HubError, Missed, Page, Visit,
        frames::{self, Arrival, GazerFields, ServerFrame},
    },
    node::link::now_ms,
};

/// Between two pings to a page.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A page that was not heard for so long is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Time to take one frame.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time to answer our goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// Messages of a page that may wait to be safe; then it is not listened to.
const POSTING: usize = 128;
/// Frames that a page may send at once, and how many more in each second.
const FRAMES: f64 = 100.0;
const FRAMES_PER_SECOND: f64 = 5.0;

/// What a socket begins with.
pub(super) struct Start {
    pub(super) chat: Chat,
    pub(super) swish: Option<Swish>,
    pub(super) session: Session,
    /// The session was made for this socket.
    pub(super) is_new: bool,
    pub(super) person: Person,
    /// The page that comes back.
    pub(super) back: Option<Back>,
}

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The page closed it, or the connection was lost.
    Gone,
    /// The page takes nothing, or was not heard for a while.
    Silent,
    /// The hub dropped it: too much waits for it.
    Slow,
    /// This program stops, or the hub has ended.
    Stopping,
    /// It is not what a page of SWISH sends.
    Wrong(u16, &'static str),
}

/// One page.
pub(super) struct Socket {
    web_socket: WebSocket,
    pub(super) chat: Chat,
    pub(super) swish: Option<Swish>,
    session: Session,
    pub(super) person: Person,
    pub(super) wsid: Wsid,
    visit: Visit,
    frames: Frames,
    changes: mpsc::Receiver<Change>,
    _entry: Entry,
    /// Files that it has open.
    open: BTreeSet<DocumentId>,
    /// It has come back, and has not said yet what it has open.
    is_back: bool,
    /// Its node before this one is gone: until when it has seen everything.
    since: Option<Stamp>,
    has_unloaded: bool,
    /// What it has posted, until that is safe.
    pub(super) posting: FuturesUnordered<Posting>,
    heard: Instant,
    allowance: f64,
    counted: Instant,
}

/// Serves a page until it goes.
pub(super) async fn run(mut web_socket: WebSocket, start: Start) {
    let Start { chat, swish, session, is_new, person, back } = start;
    let wsid =
        back.as_ref().map_or_else(|| Wsid::new(&uuid_text(new_uuid())), |it| Ok(it.wsid.clone()));
    let Ok(wsid) = wsid else { return };
    let seen = match &back {
        Some(back) => chat.seen_elsewhere(back).await,
        None => Seen::Nothing,
    };
    let (cursors, since) = seen.split();
    let joined = chat.0.hub.join(wsid.clone(), person.public(), cursors).await;
    let Ok(Page { visit, frames, census, missed, .. }) = joined else {
        let end = End::Wrong(close_code::AGAIN, "too many pages");
        return say_goodbye(&mut web_socket, end).await;
    };
    let (entry, changes) = chat.0.pages.add(&session.id, &wsid);
    let now = Instant::now();
    let mut socket = Socket {
        web_socket,
        chat,
        swish,
        session,
        person,
        wsid,
        visit,
        frames,
        changes,
        _entry: entry,
        open: BTreeSet::new(),
        is_back: back.is_some(),
        since,
        has_unloaded: false,
        posting: FuturesUnordered::new(),
        heard: now,
        allowance: FRAMES,
        counted: now,
    };
    let end = match socket.welcome(census.visitors, is_new, missed).await {
        Ok(()) => socket.serve().await,
        Err(end) => end,
    };
    socket.end(end).await;
}

impl Socket {
    /// The first frames, in SWISH's order.
    async fn welcome(&mut self, visitors: u64, is_new: bool, missed: Missed) -> Result<(), End> {
        let (id, me) = (&self.session.id, self.chat.0.me);
        let token = self.chat.0.tokens.renew(id, &self.wsid, me, now_ms());
        let welcome = ServerFrame::Welcome {
            visitor: self.person.visitor_data(),
            uid: self.person.uid(),
            wsid: &self.wsid,
            reconnect: token.as_deref().unwrap_or_default(),
            visitors,
            check_login: is_new,
        };
        let visitor = self.person.visitor_data();
        let arrival = Arrival { visitor, wsid: Some(&self.wsid), visitors };
        let arrived = match self.is_back {
            true => ServerFrame::Rejoined(arrival),
            false => ServerFrame::Joined(arrival),
        };
        let (welcome, arrived) = (welcome.text(), arrived.text());
        self.send(welcome).await?;
        self.send(arrived).await?;
        self.send_missed(missed).await
    }

    async fn serve(&mut self) -> End {
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stop = self.chat.0.stop.clone().into_stopped();
        tokio::pin!(stop);
        loop {
            let done = tokio::select! {
                biased;
                () = &mut stop => Err(End::Stopping),
                frame = self.frames.recv() => match frame {
                    Some(frame) => self.send(frame).await,
                    None => Err(if self.chat.0.stop.is_stopped() { End::Stopping } else { End::Slow }),
                },
                Some(change) = self.changes.recv() => self.change(change).await,
                Some(refused) = self.posting.next() => match refused {
                    Some(refused) => self.send(refused).await,
                    None => Ok(()),
                },
                said = self.web_socket.recv(), if self.posting.len() < POSTING => {
                    self.hear(said).await
                }
                _ = pings.tick() => self.ping().await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// Takes what the page sends.
    async fn hear(&mut self, said: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let message = match said {
            None => return Err(End::Gone),
            Some(Err(error)) => return Err(of_error(error)),
            Some(Ok(message)) => message,
        };
        self.heard = Instant::now();
        self.allow()?;
        match message {
            Message::Text(text) => match ClientFrame::read(&text) {
                Ok(Some(frame)) => self.handle(frame).await,
                Ok(None) => Ok(()),
                Err(_) => Err(End::Wrong(close_code::INVALID, "not JSON")),
            },
            Message::Binary(_) => Err(End::Wrong(close_code::UNSUPPORTED, "not text")),
            // Pings are answered below us.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(End::Gone),
        }
    }

    async fn handle(&mut self, frame: ClientFrame) -> Result<(), End> {
        match frame {
            ClientFrame::HasOpenFiles(files) => self.has_open(files).await,
            // A page hears of the files that it has open; no page of SWISH asks for more.
            ClientFrame::Subscribe(_) | ClientFrame::Unsubscribe(_) => Ok(()),
            ClientFrame::Reloaded { document, commit } => {
                let frame = frames::reloaded(&document, commit, &self.wsid);
                self.chat.pass(&document, &frame).await.map_err(of_hub)
            }
            ClientFrame::SetNickName(name) => {
                self.chat.0.pages.tell(&self.session.id, &Change::NickName(name));
                Ok(())
            }
            ClientFrame::ChatMessage(said) => match self.post(*said).await {
                Some(forbidden) => self.send(forbidden).await,
                None => Ok(()),
            },
            ClientFrame::Unload => self.unload().await,
        }
    }

    /// The page has these files open now: it is told who else has, and they are told of it.
    async fn has_open(&mut self, files: BTreeSet<DocumentId>) -> Result<(), End> {
        let opened: Vec<DocumentId> = files.difference(&self.open).cloned().collect();
        let closed: Vec<DocumentId> = self.open.difference(&files).cloned().collect();
        let mut gazers = Vec::new();
        let mut missed = Vec::new();
        for document in &opened {
            let file = self.open_file(document).await?;
            let others = file.gazers.into_iter().filter(|gazer| gazer.wsid != self.wsid);
            gazers.extend(others.map(|gazer| (document, gazer)));
            missed.push(file.missed);
        }
        if !opened.is_empty() {
            let fields = gazers.iter().map(|(document, gazer)| GazerFields {
                file: frames::file_of(document),
                wsid: &gazer.wsid,
                who: (&gazer.visitor.user).into(),
            });
            let frame = ServerFrame::Gazers { gazers: fields.collect() }.text();
            self.send(frame).await?;
        }
        let is_back = std::mem::take(&mut self.is_back);
        let user = self.person.public();
        for document in opened.iter().filter(|_| !is_back) {
            self.send(frames::file_event("opened", document, &self.wsid, &user)).await?;
        }
        for missed in missed {
            self.send_missed(missed).await?;
        }
        for document in closed {
            self.chat.0.hub.close(self.wsid.clone(), document.clone()).await.map_err(of_hub)?;
            self.send(frames::file_event("closed", &document, &self.wsid, &user)).await?;
        }
        self.open = files;
        Ok(())
    }

    async fn open_file(&mut self, document: &DocumentId) -> Result<crate::hub::OpenedFile, End> {
        let hub = &self.chat.0.hub;
        match self.since {
            Some(since) => hub.open_since(self.wsid.clone(), document.clone(), since).await,
            None => hub.open(self.wsid.clone(), document.clone()).await,
        }
        .map_err(of_hub)
    }

    /// The page is about to go, and will not come back.
    async fn unload(&mut self) -> Result<(), End> {
        self.has_unloaded = true;
        self.chat.0.connects.clear(&self.session.id);
        let hub = self.chat.0.hub.clone();
        let visitors = Some(hub.census().visitors.saturating_sub(1));
        let frame =
            ServerFrame::RemoveUser { wsid: self.wsid.as_str(), reason: "unload", visitors };
        let frame = frame.text();
        for document in std::mem::take(&mut self.open) {
            hub.close(self.wsid.clone(), document.clone()).await.map_err(of_hub)?;
            self.chat.pass(&document, &frame).await.map_err(of_hub)?;
        }
        Ok(())
    }

    /// Something has happened to the session.
    async fn change(&mut self, change: Change) -> Result<(), End> {
        let reason = match change {
            Change::Ended => return self.send(ServerFrame::SessionClosed.text()).await,
            Change::NickName(name) => {
                self.person.set_nick_name(name);
                UpdateReason::SetNickName
            }
            Change::Login(login) => {
                let was_known = self.person.is_known();
                if !self.person.set_login(login.as_deref(), &self.chat.0.prefix) {
                    return Ok(());
                }
                match (was_known, self.person.is_known()) {
                    (_, false) => UpdateReason::Logout,
                    (false, true) => UpdateReason::Login,
                    (true, true) => UpdateReason::ProfileEdit,
                }
            }
        };
        let user = self.person.public();
        let frame = frames::profile(&self.wsid, reason, &user);
        self.chat.0.hub.update(self.wsid.clone(), user, reason).await.map_err(of_hub)?;
        self.send(frame).await
    }

    async fn send_missed(&mut self, missed: Missed) -> Result<(), End> {
        for one in missed.messages {
            self.send(frames::message(&one.message)).await?;
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > SILENCE {
            return Err(End::Silent);
        }
        self.send_message(Message::Ping(axum::body::Bytes::new())).await
    }

    async fn send(&mut self, frame: Utf8Bytes) -> Result<(), End> {
        self.send_message(Message::Text(frame)).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), End> {
        match timeout(PATIENCE, self.web_socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Silent),
        }
    }

    /// Counts a frame of the page.
    fn allow(&mut self) -> Result<(), End> {
        if cfg!(feature = "unlimited") {
            return Ok(());
        }
        let gone = self.counted.elapsed().as_secs_f64();
        self.counted = Instant::now();
        self.allowance = (self.allowance + gone * FRAMES_PER_SECOND).min(FRAMES) - 1.0;
        match self.allowance < 0.0 {
            true => Err(End::Wrong(close_code::POLICY, "too many messages")),
            false => Ok(()),
        }
    }

    async fn end(mut self, end: End) {
        let reason = if self.has_unloaded { LeaveReason::Unload } else { LeaveReason::Close };
        // What was not sent counts as not seen.
        let _ = self.chat.0.hub.leave(self.wsid.clone(), self.visit, reason).await;
        say_goodbye(&mut self.web_socket, end).await;
    }
}

/// Says why, if the page still listens, and lets it answer.
async fn say_goodbye(web_socket: &mut WebSocket, end: End) {
    let (code, reason) = match end {
        End::Gone | End::Silent => return,
        End::Slow => (close_code::POLICY, "too slow"),
        End::Stopping => (close_code::AWAY, "going away"),
        End::Wrong(code, reason) => (code, reason),
    };
    let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    let _ = timeout(GOODBYE, async {
        if web_socket.send(close).await.is_ok() {
            while let Some(Ok(_)) = web_socket.recv().await {}
        }
    })
    .await;
}

fn of_error(error: axum::Error) -> End {
    match error.into_inner().downcast::<tungstenite::Error>().as_deref() {
        Ok(tungstenite::Error::Capacity(_)) => End::Wrong(close_code::SIZE, "too long"),
        Ok(tungstenite::Error::Utf8(_)) => End::Wrong(close_code::INVALID, "not UTF-8"),
        Ok(tungstenite::Error::Protocol(_)) => End::Wrong(close_code::PROTOCOL, "not a WebSocket"),
        Ok(_) | Err(_) => End::Gone,
    }
}

fn of_hub(error: HubError) -> End {
    match error {
        HubError::Stopping => End::Stopping,
        HubError::NotHere => End::Slow,
        HubError::TooMany => End::Wrong(close_code::AGAIN, "too many pages or files"),
        HubError::Unreadable => End::Wrong(close_code::ERROR, "messages cannot be read"),
    }
}
