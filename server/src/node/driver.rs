//! The task that owns the core: one loop that takes inputs, performs outputs and commits batches.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    future::Future,
    pin::Pin,
    sync::{Arc, mpsc as thread_mpsc},
    time::Instant,
};

use cluster::{
    ChangeOutcome, Core, FoundOutcome, Key, LeaveOutcome, MemberId, PeerMessage, Reply,
    SaveOutcome, SettleOutcome, SyncReport, Token, WriteNo,
};
use domain::{ClusterId, FileName, Millis, ObjectId};
use gitty::HeadUpdate;
use store::{Index, Store};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tracing::error;

use super::{
    batch::{Held, Pending, Shadow, Writing},
    filer::{Filer, Job, Report},
    handle::{COMMANDS, Command, EVENTS, Handle, NodeEvent},
    identity::Identity,
    keeper::{self, Found},
    link::{self, Asked, HelloState, LinkEvent},
    open::Opened,
    pace::Pace,
    publish::About,
    relay::{ChatWrite, HubEnds, RelayPeers},
    timers::Timers,
    view::Shared,
    watcher,
};
use crate::{
    db::{CoreDb, DbError},
    shutdown::Stop,
};

/// Inputs that are handled before their records are written together.
const INPUTS_AT_ONCE: usize = 512;
/// Saves wait while files and journal lines are this far behind the database.
const FILER_LATE: Millis = Millis(300);
/// Findings of the keeper that may wait, a thousand objects each.
const FOUND: usize = 4;
/// Batches that may wait while the store cannot be written; then saves are refused.
const FILER_BEHIND: usize = 3_000;

/// The node's ends of the links.
#[derive(Debug)]
pub struct Links {
    /// To send and to dial.
    pub links: link::Links,
    /// What comes in.
    pub events: mpsc::Receiver<LinkEvent>,
    /// What founders ask of the store.
    pub asked: mpsc::Receiver<Asked>,
    /// What of our Hello changes.
    pub hello: watch::Sender<HelloState>,
    /// Seals what people do here.
    pub identity: Arc<Identity>,
}

/// Somebody waits for the reply to a command.
#[derive(Debug)]
pub(super) enum Waiter {
    Save(oneshot::Sender<SaveOutcome>),
    Object(oneshot::Sender<bool>),
    Found(oneshot::Sender<FoundOutcome>),
    Change(oneshot::Sender<ChangeOutcome>),
    Leave(oneshot::Sender<LeaveOutcome>),
    Settle(oneshot::Sender<SettleOutcome>),
    Sync(oneshot::Sender<SyncReport>),
    Audit(oneshot::Sender<bool>),
}

/// What the threads say.
struct Reports {
    filer: mpsc::UnboundedReceiver<Report>,
    found: mpsc::Receiver<Found>,
}

type WriteResult = Pin<Box<dyn Future<Output = Result<(), DbError>> + Send>>;

/// Everything the task owns.
pub(super) struct Driver {
    pub(super) core: Core,
    pub(super) index: Index,
    pub(super) db: CoreDb,
    pub(super) store: Arc<Store>,
    pub(super) shared: Arc<Shared>,
    pub(super) links: Links,
    pub(super) events: broadcast::Sender<NodeEvent>,
    pub(super) about: About,
    pub(super) timers: Timers,
    pub(super) pending: Pending,
    pub(super) writing: Option<Writing>,
    pub(super) persisted: WriteNo,
    pub(super) held: BTreeMap<WriteNo, Vec<Held>>,
    pub(super) outbox: BTreeMap<(MemberId, link::Kind), Vec<PeerMessage>>,
    /// Clusters that linked peers said they are in.
    pub(super) clusters: BTreeMap<MemberId, ClusterId>,
    pub(super) waiters: HashMap<Token, Waiter>,
    /// Answers that leave after the messages and the shared state of the same turn.
    pub(super) replies: Vec<(Token, Reply)>,
    pub(super) tokens: u64,
    /// Number of the last row: that of the last write in it, so that it is the durable count of
    /// the core (protocol 2).
    pub(super) last_row: u64,
    /// Number of the last row that is durable.
    pub(super) durable_row: u64,
    /// Rows since the start.
    pub(super) batches: u64,
    pub(super) shadow: Shadow,
    pub(super) jobs: thread_mpsc::Sender<Job>,
    /// Objects that the filer has, until a sync covers their files.
    pub(super) handed: std::collections::HashSet<ObjectId>,
    /// Objects that have a file which no sync covers yet, by the batch it was written for.
    pub(super) filed: Vec<(u64, Vec<ObjectId>)>,
    /// Objects that have a row in table `unfiled`.
    pub(super) in_table: BTreeSet<ObjectId>,
    /// Of those, the ones that have a file on the disk now.
    pub(super) out_of_table: Vec<ObjectId>,
    pub(super) covered: Option<u64>,
    /// Batches that the filer has not filed, and since when.
    pub(super) unfiled_since: std::collections::VecDeque<(u64, Millis)>,
    /// For what threads of the pool find.
    pub(super) reports: mpsc::UnboundedSender<Report>,
    /// Files whose journal is looked at when a batch is durable.
    pub(super) to_lead: BTreeMap<u64, BTreeSet<FileName>>,
    /// Lines found at the start that this node did not write.
    pub(super) foreign: Vec<(FileName, ObjectId)>,
    pub(super) store_heads: BTreeMap<FileName, ObjectId>,
    /// Files that the store had at the start.
    pub(super) store_files: usize,
    pub(super) changed: BTreeSet<FileName>,
    pub(super) peers_changed: bool,
    pub(super) pace: Pace,
    pub(super) serving: Arc<tokio::sync::Semaphore>,
    pub(super) hub: HubEnds,
    pub(super) relays: RelayPeers,
    /// What the hub has written with the next batch.
    pub(super) chat: Option<ChatWrite>,
    pub(super) store_fails: bool,
    started: Instant,
    write: Option<WriteResult>,
}

/// Starts the node's task and its threads; they end after `stop`, when everything is written.
///
/// # Errors
/// When a thread cannot be made.
pub fn start(
    opened: Opened,
    (links, hub): (Links, HubEnds),
    stop: Stop,
) -> std::io::Result<(Handle, tokio::task::JoinHandle<()>)> {
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (events, _) = broadcast::channel(EVENTS);
    let (reports, filer_reports) = mpsc::unbounded_channel();
    let (finds, found) = mpsc::channel(FOUND);
    let store = &opened.store;
    let (watching, watcher) = watcher::start(Arc::clone(store), reports.clone())?;
    let (jobs, filer) = Filer::start(Arc::clone(store), reports.clone())?;
    let (keeping, keeper) = keeper::start(Arc::clone(store), opened.index_file, finds)?;
    let handle = Handle::new(
        commands,
        events.clone(),
        Arc::clone(&opened.shared),
        Arc::clone(&opened.store),
    );
    let driver = Driver {
        shadow: Shadow::new(opened.core.durable()),
        core: opened.core,
        index: opened.index,
        db: opened.db,
        store: opened.store,
        shared: opened.shared,
        links,
        events,
        about: opened.about,
        timers: Timers::default(),
        pending: Pending::default(),
        writing: None,
        persisted: WriteNo(opened.last_row),
        held: BTreeMap::new(),
        outbox: BTreeMap::new(),
        clusters: BTreeMap::new(),
        waiters: HashMap::new(),
        replies: Vec::new(),
        tokens: 0,
        last_row: opened.last_row,
        durable_row: opened.last_row,
        batches: 0,
        unfiled_since: std::collections::VecDeque::new(),
        foreign: opened.foreign,
        reports,
        to_lead: BTreeMap::new(),
        jobs,
        handed: std::collections::HashSet::new(),
        filed: Vec::new(),
        in_table: opened.in_table,
        out_of_table: Vec::new(),
        covered: None,
        store_heads: opened.store_heads,
        store_files: opened.store_files,
        changed: BTreeSet::new(),
        peers_changed: true,
        pace: Pace::default(),
        serving: Arc::new(tokio::sync::Semaphore::new(64)),
        hub,
        relays: RelayPeers::default(),
        chat: None,
        store_fails: false,
        started: Instant::now(),
        write: None,
    };
    let task = tokio::spawn(async move {
        driver.run(inbox, Reports { filer: filer_reports, found }, stop).await;
        drop(watching);
        // The filer syncs and ends when its jobs end; then the index can be written.
        let ended = move || (filer.join(), drop(keeping), keeper.join(), watcher.join());
        let _ = tokio::task::spawn_blocking(ended).await;
    });
    Ok((handle, task))
}

impl Driver {
    /// Milliseconds since the start.
    pub(super) fn now(&self) -> Millis {
        Millis(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Command>, mut reports: Reports, stop: Stop) {
        self.input(cluster::Input::Started);
        self.check_audit();
        for (name, head) in std::mem::take(&mut self.foreign) {
            self.on_foreign(HeadUpdate { name, old: None, new: head });
        }
        self.dial();
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(500));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !stop.is_stopped() {
            self.flush();
            let wake = self.wake();
            let busy = self.filer_is_late();
            tokio::select! {
                biased;
                () = stop.stopped() => break,
                done = written(&mut self.write) => self.on_written(done),
                Some(event) = self.links.events.recv() => self.on_links(event),
                Some(asked) = self.links.asked.recv() => self.on_asked(asked),
                Some(report) = reports.filer.recv() => self.on_report(report),
                Some(found) = reports.found.recv() => self.on_found(found),
                Some(write) = self.hub.writes.recv() => self.on_chat_write(write),
                Some(command) = inbox.recv(), if !busy => self.on_commands(command, &mut inbox),
                () = tokio::time::sleep_until(wake.into()) => self.on_timers(),
                _ = tick.tick() => self.publish_node(),
            }
            self.apply().await;
        }
        self.finish().await;
    }

    /// One link event, and those that wait behind it.
    fn on_links(&mut self, first: LinkEvent) {
        self.on_link(first);
        for _ in 0..INPUTS_AT_ONCE {
            let Ok(event) = self.links.events.try_recv() else { return };
            self.on_link(event);
        }
    }

    fn on_commands(&mut self, first: Command, inbox: &mut mpsc::Receiver<Command>) {
        self.on_command(first);
        for _ in 0..INPUTS_AT_ONCE {
            let Ok(command) = inbox.try_recv() else { return };
            self.on_command(command);
        }
    }

    /// Overload slows saves down, so that SWISH sees each within its second. A store that cannot
    /// be written does not: what is in the database is safe.
    fn filer_is_late(&self) -> bool {
        let oldest = self.unfiled_since.front();
        !self.store_fails && oldest.is_some_and(|(_, since)| self.now().since(*since) > FILER_LATE)
    }

    /// True when no more saves can be kept for a store that cannot be written.
    pub(super) fn is_full(&self) -> bool {
        self.unfiled_since.len() > FILER_BEHIND
    }

    fn on_timers(&mut self) {
        let now = self.now();
        while let Some(timer) = self.timers.take(now) {
            self.input(cluster::Input::Timer(timer));
        }
    }

    /// When something is due by itself: a timer, or a write that waited for company.
    fn wake(&self) -> Instant {
        let write = self.pending.by.filter(|_| self.writing.is_none());
        let next = [self.timers.next(), write].into_iter().flatten().min();
        let wait = next.map_or(1_000, |at| at.since(self.now()).0);
        Instant::now() + std::time::Duration::from_millis(wait)
    }

    /// Sends what was collected, starts the next write, tells the listeners, and answers last: who
    /// is answered finds the new head here, and the peers have been told of it.
    fn flush(&mut self) {
        self.send_outbox();
        if self.pending.due(self.now()) {
            self.start_write();
        }
        self.publish_changes();
        self.send_replies();
    }

    pub(super) fn start_write(&mut self) {
        if self.writing.is_some() || self.pending.records.is_empty() {
            return;
        }
        super::kill::point(super::kill::Point::BeforePersist);
        let mut pending = std::mem::take(&mut self.pending);
        let records = pending.take_records();
        let number = pending.upto.0;
        self.last_row = number;
        let bytes = rmp_serde::to_vec_named(&records).expect("records are plain values");
        let db = self.db.clone();
        let chat = self.chat.take();
        let chat_number = chat.as_ref().map(|chat| chat.number);
        self.write = Some(Box::pin(async move {
            match chat {
                None => db.write(number, bytes).await,
                Some(chat) => db.write_with(number, bytes, &chat.rows).await,
            }
        }));
        let Pending { states, upto, .. } = pending;
        self.writing = Some(Writing { number, upto, records, states, chat: chat_number });
    }

    fn on_written(&mut self, done: Result<(), DbError>) {
        self.write = None;
        if let Err(reason) = done {
            // Memory is ahead of the disk and may not speak (protocol 4.1).
            error!(%reason, "core.db cannot be written: this node stops; what was answered is kept");
            std::process::abort();
        }
        self.batch_durable();
    }

    /// Writes what is left, so that a restart has nothing to replay.
    async fn finish(&mut self) {
        loop {
            self.start_write();
            let Some(write) = self.write.take() else { return };
            let done = write.await;
            self.on_written(done);
        }
    }

    pub(super) fn key_of(name: &FileName) -> Key {
        Key::File(name.clone())
    }
}

/// The end of the write under way; never, if there is none.
async fn written(write: &mut Option<WriteResult>) -> Result<(), DbError> {
    match write {
        Some(write) => write.await,
        None => std::future::pending().await,
    }
}
