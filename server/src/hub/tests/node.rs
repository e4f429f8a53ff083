//! A whole node without its HTTP: database, store, links, both cores. It can die.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use cluster::{FoundOutcome, Member, MemberId, Phase, Roster};
use domain::{ClusterId, MessageId};
use relay::{Body, DocumentId, LeaveReason, PostOutcome, PublicUser, Wsid};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};

use super::super::{self as hub, Cursors, Hub, Missed, Page, body_of};
use crate::{
    node::{
        self, DriverLinks, Handle, NodeThread,
        identity::Identity,
        link::{About, LinkConfig, Links},
    },
    shutdown::Stop,
};

/// What has to happen does within this, on a busy machine.
const SOON: Duration = Duration::from_secs(60);

pub(super) fn document(name: &str) -> DocumentId {
    DocumentId::new(&format!("gitty:{name}")).unwrap()
}

pub(super) fn wsid(name: &str) -> Wsid {
    Wsid::new(name).unwrap()
}

/// The disk of a node, and where it is reached.
pub(super) struct Disk {
    pub(super) path: PathBuf,
    address: String,
    chats: Option<PathBuf>,
    _folder: tempfile::TempDir,
}

/// A node that runs.
pub(super) struct TestNode {
    pub(super) hub: Hub,
    pub(super) node: Handle,
    pub(super) links: Links,
    stop: Stop,
    thread: Option<NodeThread>,
}

impl Disk {
    pub(super) async fn new() -> Self {
        Self::with_chats(None).await
    }

    pub(super) async fn with_chats(chats: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { path: folder.path().to_owned(), address, chats, _folder: folder }
    }

    /// Starts the program on it.
    pub(super) async fn start(&self) -> TestNode {
        let data = &self.path;
        let store = data.join("store");
        std::fs::create_dir_all(&store).unwrap();
        let identity = Arc::new(Identity::open(data).unwrap());
        let opened = node::open(data, &store, &self.address, identity.node()).await.unwrap();
        let me = MemberId { node: identity.node(), incarnation: opened.durable().incarnation };
        let run = identity.run();
        let chats = hub::open(data, (me, run), self.chats.clone()).await.unwrap();
        let listener = TcpListener::bind(&self.address).await.unwrap();
        let (hub_ends, node_ends) = node::relay::ends();
        let (stop, links_stop) = (Stop::new(), Stop::new());
        let thread = NodeThread::start().unwrap();
        let (address, stopped) = (self.address.clone(), stop.clone());
        let (hub, node, links) = thread.enter(|| {
            let (hello, said) = watch::channel(crate::app::hello_state(&opened));
            let (events, heard) = mpsc::channel(1024);
            let (asking, asked) = mpsc::channel(16);
            let listener = TcpListener::from_std(listener.into_std().unwrap()).unwrap();
            let about = About { name: address.clone(), address, dashboard: None, gateway: None };
            let links = Links::start(LinkConfig {
                identity: Arc::clone(&identity),
                secret: [7; 32],
                listener,
                about,
                hello: said,
                events,
                asked: asking,
                stop: links_stop.clone(),
            });
            let ends = DriverLinks { links: links.clone(), events: heard, asked, hello, identity };
            let (node, _) = node::start(opened, (ends, hub_ends), stopped.clone()).unwrap();
            let (hub, _) = hub::start(chats, node_ends, links.clone(), (stopped, links_stop));
            (hub, node, links)
        });
        TestNode { hub, node, links, stop, thread: Some(thread) }
    }
}

impl TestNode {
    pub(super) fn member(&self) -> Member {
        let about = self.links.about();
        Member { id: self.links.me(), name: about.name.clone(), address: about.address.clone() }
    }

    /// Dies without a word, in whatever it does.
    pub(super) async fn crash(mut self) {
        drop(self.thread.take());
        let commands = self.hub.0.commands.clone();
        timeout(SOON, commands.closed()).await.expect("its end");
        // What SQLite was given is written or not by then.
        sleep(Duration::from_millis(100)).await;
    }

    /// Stops in order.
    pub(super) async fn stop(mut self) {
        self.stop.stop();
        let commands = self.hub.0.commands.clone();
        timeout(SOON, commands.closed()).await.expect("its end");
        sleep(Duration::from_millis(300)).await;
        drop(self.thread.take());
        sleep(Duration::from_millis(100)).await;
    }

    /// Posts a text under an id of its own.
    pub(super) async fn post(&self, document: &DocumentId, text: &str) -> PostOutcome {
        let id = MessageId::from_bytes(rand::random());
        let json = serde_json::json!({ "type": "chat-message", "text": text });
        let Value::Object(json) = json else { unreachable!() };
        self.hub.post(document.clone(), id, body_of(json).unwrap()).await.unwrap()
    }

    pub(super) async fn join(&self, name: &str) -> Reader {
        self.join_with(name, None).await
    }

    pub(super) async fn join_with(&self, name: &str, back: Option<Cursors>) -> Reader {
        let page = self.hub.join(wsid(name), PublicUser::default(), back).await.unwrap();
        Reader { wsid: wsid(name), hub: self.hub.clone(), page }
    }

    /// The texts of a document, in order.
    pub(super) async fn texts(&self, document: &DocumentId) -> Vec<String> {
        let (mut texts, mut before) = (Vec::new(), None);
        loop {
            let part = self.hub.range(document.clone(), 100, before).await.unwrap();
            let Some((_, first)) = part.rows.first() else { break };
            before = Some(first.row.place);
            texts.push(part.rows.iter().map(|(_, m)| text(&m.body)).collect::<Vec<_>>());
        }
        texts.into_iter().rev().flatten().collect()
    }

    /// Waits until it has these texts.
    pub(super) async fn has(&self, document: &DocumentId, texts: &[&str]) {
        let begin = Instant::now();
        loop {
            let have = self.texts(document).await;
            if have == texts {
                return;
            }
            assert!(begin.elapsed() < SOON, "it has {have:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until hubs of so many other nodes are spoken with.
    pub(super) async fn hears(&self, peers: usize) {
        let begin = Instant::now();
        while self.peers().await != peers {
            assert!(begin.elapsed() < SOON, "it hears {}", self.peers().await);
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn peers(&self) -> usize {
        self.hub.fetch(document("nothing")).await.unwrap()
    }
}

/// Founds a cluster of these nodes, and waits until their hubs hear each other.
pub(super) async fn found(nodes: &[&TestNode]) {
    let roster = Roster {
        cluster: ClusterId::from_bytes(rand::random()),
        epoch: 1,
        phase: Phase::Steady,
        members: nodes.iter().map(|node| node.member()).collect(),
        learners: Vec::new(),
        removed: Vec::new(),
    };
    let founded = nodes[0].node.found(roster, Vec::new()).await.unwrap();
    assert_eq!(founded, FoundOutcome::Founded);
    for node in nodes {
        node.hears(nodes.len() - 1).await;
    }
}

/// A page that reads.
pub(super) struct Reader {
    wsid: Wsid,
    hub: Hub,
    pub(super) page: Page,
}

impl Reader {
    pub(super) async fn open(&self, document: &DocumentId) -> Missed {
        self.hub.open(self.wsid.clone(), document.clone()).await.unwrap().missed
    }

    /// The text of the next message; other frames are left out.
    pub(super) async fn reads(&mut self) -> Option<String> {
        loop {
            let frame = timeout(SOON, self.page.frames.recv()).await.expect("a frame")?;
            if let Some(text) = text_of_frame(&frame) {
                return Some(text);
            }
        }
    }

    /// The texts of the next messages.
    pub(super) async fn read(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            texts.push(self.reads().await.expect("a message"));
        }
        texts
    }

    /// True if no message comes for a while.
    pub(super) async fn reads_nothing(&mut self) -> bool {
        timeout(Duration::from_millis(400), self.reads()).await.is_err()
    }

    /// Its socket is lost.
    pub(super) async fn goes(self) -> Cursors {
        let Self { wsid, hub, page } = self;
        hub.leave(wsid, page.visit, LeaveReason::Close).await.unwrap()
    }
}

pub(super) fn texts(missed: &Missed) -> Vec<String> {
    missed.messages.iter().map(|missed| text(&missed.message.body)).collect()
}

fn text(body: &Body) -> String {
    let json: Value = serde_json::from_slice(&body.0).unwrap();
    json["text"].as_str().unwrap().to_owned()
}

fn text_of_frame(frame: &Utf8Bytes) -> Option<String> {
    let json: Value = serde_json::from_str(frame).unwrap();
    Some(json.get("text")?.as_str()?.to_owned())
}

/// Copies a database that nobody writes.
pub(super) fn copy_database(from: &Path, to: &Path) {
    for name in ["core.db", "core.db-wal", "core.db-shm"] {
        let _ = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}
