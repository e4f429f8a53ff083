//! The task that owns the relay core: one loop that takes inputs and performs outputs in order.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use domain::{MemberId, Millis};
use relay::{
    Census, Core, DocumentId, Input, Now, Output, Place, PostOutcome, RelayMessage, Reply, Stamp,
    Token, WriteNo,
};
use tokio::{
    sync::{Notify, broadcast, mpsc, watch},
    task::JoinHandle,
};

use super::{
    Counts, Hub, HubEvent, Opened,
    handle::{Answer, COMMANDS, Command, EVENTS, Shared},
    lost::Lost,
    pages::Pages,
    reading::Reading,
    swish_files,
    timers::Timers,
    wire,
    write::{Pending, Writing},
};
use crate::{
    node::{
        link::Links,
        relay::{ChatWrite, FromNode, NodeEnds},
    },
    shutdown::Stop,
};

/// Inputs that are handled before what came of them is sent together.
const INPUTS_AT_ONCE: usize = 256;
/// Time between two times that all pages are told how many they are.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// Time for the last words to leave.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// A request of another node that waits for a write.
pub(super) struct HeldServe {
    pub(super) to: MemberId,
    pub(super) ask: u64,
    pub(super) document: DocumentId,
    pub(super) places: Vec<Place>,
}

/// Everything the task owns.
pub(super) struct Driver {
    pub(super) core: Core,
    pub(super) shared: Arc<Shared>,
    pub(super) links: Links,
    pub(super) reading: Reading,
    pub(super) timers: Timers,
    pub(super) pages: Pages,
    pub(super) lost: Lost,
    pub(super) outbox: BTreeMap<MemberId, Vec<RelayMessage>>,
    /// Posts that wait to be safe.
    pub(super) posts: HashMap<Token, Answer<PostOutcome>>,
    /// Answers of the core to the input that it was just given.
    pub(super) replies: Vec<(Token, Reply)>,
    pub(super) tokens: u64,
    /// Whether the core has just refused a page or a file.
    pub(super) is_too_many: bool,
    pub(super) pending: Pending,
    pub(super) writing: Option<Writing>,
    pub(super) issued: WriteNo,
    pub(super) persisted: WriteNo,
    pub(super) held: Vec<(WriteNo, HeldServe)>,
    /// Imports that wait for a write.
    pub(super) imports: Vec<(WriteNo, Answer<()>)>,
    /// Something is durable that SWISH's files lack.
    pub(super) news: Arc<Notify>,
    /// Where SWISH's files are.
    pub(super) directory: Option<String>,
    /// Totals that were not told, and whether visitors changed.
    pub(super) counted: Option<Census>,
    pub(super) are_visitors_new: bool,
    told_at: Option<Instant>,
    writes: mpsc::Sender<ChatWrite>,
    written: u64,
    started: Instant,
}

/// Starts the hub's task. When `stop` is given it says goodbye to the other nodes, and then gives
/// `links_stop`.
#[must_use]
pub fn start(
    opened: Opened,
    node: NodeEnds,
    links: Links,
    (stop, links_stop): (Stop, Stop),
) -> (Hub, JoinHandle<()>) {
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let shared = Arc::new(Shared {
        commands,
        events: broadcast::channel(EVENTS).0,
        heard: broadcast::channel(EVENTS).0,
        census: watch::Sender::new(Census::default()),
        alarms: Mutex::default(),
        counts: Counts::default(),
    });
    let news = Arc::new(Notify::new());
    let directory = opened.files.as_ref().and_then(|(path, _)| path.to_str()).map(str::to_owned);
    if let Some((path, filed)) = opened.files {
        let hub = Hub(Arc::clone(&shared));
        let ends = (hub, opened.messages.clone(), Arc::clone(&news));
        swish_files::start(path, filed, ends, stop.clone());
    }
    let driver = Driver {
        core: opened.core,
        shared: Arc::clone(&shared),
        links,
        reading: Reading::new(opened.messages.clone()),
        timers: Timers::default(),
        pages: Pages::default(),
        lost: Lost::default(),
        outbox: BTreeMap::new(),
        posts: HashMap::new(),
        replies: Vec::new(),
        tokens: 0,
        is_too_many: false,
        pending: Pending::default(),
        writing: None,
        issued: WriteNo::default(),
        persisted: WriteNo::default(),
        held: Vec::new(),
        imports: Vec::new(),
        news: Arc::clone(&news),
        directory,
        counted: None,
        are_visitors_new: false,
        told_at: None,
        writes: node.writes,
        written: 0,
        started: Instant::now(),
    };
    let task = tokio::spawn(async move {
        driver.run(inbox, node.events, stop).await;
        links_stop.stop();
    });
    (Hub(shared), task)
}

impl Driver {
    async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Command>,
        mut node: mpsc::UnboundedReceiver<FromNode>,
        stop: Stop,
    ) {
        self.input(Input::Started);
        while !stop.is_stopped() {
            self.flush();
            let wake = self.wake();
            tokio::select! {
                () = stop.stopped() => break,
                Some(event) = node.recv() => {
                    self.on_node(event);
                    for _ in 0..INPUTS_AT_ONCE {
                        let Ok(event) = node.try_recv() else { break };
                        self.on_node(event);
                    }
                }
                Some(command) = inbox.recv() => {
                    self.on_command(command);
                    for _ in 0..INPUTS_AT_ONCE {
                        let Ok(command) = inbox.try_recv() else { break };
                        self.on_command(command);
                    }
                }
                () = tokio::time::sleep_until(wake.into()) => self.on_timers(),
            }
        }
        self.say_goodbye().await;
    }

    /// Both clocks.
    pub(super) fn now(&self) -> Now {
        let at = Millis(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX));
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let wall = wall.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX));
        Now { at, wall: Stamp(wall) }
    }

    /// Hands one input to the core and performs its outputs in order; then drops pages that took
    /// no frame.
    pub(super) fn input(&mut self, input: Input) {
        let mut outputs: Vec<Output> = Vec::new();
        let now = self.now();
        self.core.handle(now, input, &mut outputs);
        for output in outputs {
            self.perform(output);
        }
    }

    /// Hands in an input that is answered at once.
    pub(super) fn ask(&mut self, input: impl FnOnce(Token) -> Input) -> Option<Reply> {
        self.tokens += 1;
        let token = Token(self.tokens);
        self.input(input(token));
        let at = self.replies.iter().position(|(other, _)| *other == token)?;
        Some(self.replies.swap_remove(at).1)
    }

    fn on_timers(&mut self) {
        let now = Instant::now();
        while let Some(timer) = self.timers.take(now) {
            self.input(Input::Timer(timer));
        }
    }

    /// When something is due by itself.
    fn wake(&self) -> Instant {
        let write = self.pending.by().filter(|_| self.writing.is_none());
        let count = self.count_at();
        let next = [self.timers.next(), write, count].into_iter().flatten().min();
        next.unwrap_or_else(|| Instant::now() + COUNT_EVERY)
    }

    fn flush(&mut self) {
        self.drop_full();
        self.send_outbox();
        self.start_write();
        self.tell_counts();
        let (documents, messages) = self.core.totals();
        let counts = &self.shared.counts;
        Counts::set(&counts.documents, documents);
        Counts::set(&counts.messages, messages);
        Counts::set(&counts.pages, u64::try_from(self.pages.len()).unwrap_or(u64::MAX));
    }

    fn send_outbox(&mut self) {
        for (to, messages) in std::mem::take(&mut self.outbox) {
            for frame in wire::frames(&messages) {
                self.links.send_relay(to, frame);
            }
        }
    }

    fn start_write(&mut self) {
        if self.writing.is_some() {
            return;
        }
        let Some((rows, upto)) = self.pending.take(Instant::now()) else { return };
        self.written += 1;
        let number = self.written;
        self.writing = Some(Writing { number, upto });
        // The node's task has ended: the program stops, and what was posted is not answered.
        let _ = self.writes.try_send(ChatWrite { number, rows });
    }

    /// When all pages are to be told how many they are: at most once a second, because each page
    /// that comes would else be a frame for all others.
    fn count_at(&self) -> Option<Instant> {
        let is_due = self.counted.is_some() || self.are_visitors_new;
        let after = self.told_at.map_or_else(Instant::now, |told| told + COUNT_EVERY);
        is_due.then_some(after)
    }

    fn tell_counts(&mut self) {
        if self.count_at().is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.told_at = Some(Instant::now());
        if let Some(census) = self.counted.take() {
            self.push_all(&super::frames::counted(census));
            self.emit(HubEvent::Counted(census));
        }
        if std::mem::take(&mut self.are_visitors_new) {
            self.emit(HubEvent::Visitors);
        }
    }

    pub(super) fn emit(&self, event: HubEvent) {
        // Nobody listens: nobody misses it.
        let _ = self.shared.events.send(event);
    }

    /// The others drop the visitors of this node at once, and need not wait for its silence.
    async fn say_goodbye(&mut self) {
        self.input(Input::Stop);
        self.send_outbox();
        let until = Instant::now() + LAST_WORDS;
        while !self.links.are_drained() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // What was taken out of a queue is still to be written to its socket.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
