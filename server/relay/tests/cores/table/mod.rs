//! Some nodes on a table: inputs by hand, messages carried one by one, writes done when told.

use std::collections::{BTreeMap, VecDeque};

use domain::{Incarnation, MemberId, MessageId, Millis, NodeId, Run};
use relay::{
    Body, Config, Core, Cursor, Delivery, DocumentId, Event, Input, LeaveReason, Message, Missed,
    Now, Output, Place, PostOutcome, Posted, PublicUser, Record, RelayMessage, Reply, Row, Stamp,
    Token, VisitorEvent, WriteNo, Wsid,
};

/// Wall clock at the beginning, in microseconds.
pub(crate) const BEGIN: u64 = 1_795_000_000_000_000;

pub(crate) fn member(number: u8) -> MemberId {
    MemberId {
        node: NodeId::from_bytes([number; 8]),
        incarnation: Incarnation::from_bytes([number; 8]),
    }
}

pub(crate) fn run(number: u8) -> Run {
    Run::from_bytes([number; 8])
}

pub(crate) fn document(name: &str) -> DocumentId {
    DocumentId::new(&format!("gitty:{name}")).expect("a good id")
}

pub(crate) fn wsid(name: &str) -> Wsid {
    Wsid::new(name).expect("a good id")
}

pub(crate) fn user(name: &str) -> PublicUser {
    PublicUser::new([("name".to_owned(), name.to_owned())])
}

pub(crate) fn body(text: &str) -> Body {
    Body(text.as_bytes().into())
}

/// One core with its disk.
pub(crate) struct Node {
    pub(crate) core: Core,
    config: Config,
    /// What is durable.
    pub(crate) disk: BTreeMap<(DocumentId, Place), Message>,
    written: VecDeque<(WriteNo, Vec<Record>)>,
    served: Vec<Output>,
    pub(crate) outbox: VecDeque<(MemberId, RelayMessage)>,
    pub(crate) replies: BTreeMap<Token, Reply>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) passed: Vec<(DocumentId, Vec<Wsid>)>,
    pub(crate) told: Vec<(VisitorEvent, Vec<Wsid>)>,
    pub(crate) events: Vec<Event>,
    pub(crate) alarms: Vec<relay::Alarm>,
    pub(crate) at: u64,
    pub(crate) wall: u64,
    token: u64,
    /// Whether writes are durable as soon as they are issued.
    pub(crate) is_fast: bool,
}

impl Node {
    pub(crate) fn new(number: u8) -> Self {
        Self::with(Config::default(), number)
    }

    pub(crate) fn with(config: Config, number: u8) -> Self {
        let core = Core::recover(config.clone(), member(number), run(number), []);
        let mut node = Self {
            core,
            config,
            disk: BTreeMap::new(),
            written: VecDeque::new(),
            served: Vec::new(),
            outbox: VecDeque::new(),
            replies: BTreeMap::new(),
            deliveries: Vec::new(),
            passed: Vec::new(),
            told: Vec::new(),
            events: Vec::new(),
            alarms: Vec::new(),
            at: 1_000,
            wall: BEGIN,
            token: 0,
            is_fast: true,
        };
        node.input(Input::Started);
        node
    }

    /// The program ends, and starts again from its disk in another run.
    pub(crate) fn restart(&mut self, number: u8) {
        let rows = self.disk.iter().map(|((document, _), message)| (document.clone(), message.row));
        self.core = Core::recover(self.config.clone(), self.core.me(), run(number), rows);
        self.written.clear();
        self.outbox.clear();
        self.input(Input::Started);
    }

    pub(crate) fn input(&mut self, input: Input) {
        let now = Now { at: Millis(self.at), wall: Stamp(self.wall) };
        let mut out = Vec::new();
        self.core.handle(now, input, &mut out);
        for output in out {
            self.perform(output);
        }
        if self.is_fast {
            self.sync();
        }
    }

    /// Everything written becomes durable.
    pub(crate) fn sync(&mut self) {
        while let Some((no, records)) = self.written.pop_front() {
            for Record::Message { document, message } in records {
                self.disk.insert((document, message.row.place), message);
            }
            self.input(Input::Persisted(no));
        }
        for served in std::mem::take(&mut self.served) {
            self.perform(served);
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Persist { no, records, .. } => self.written.push_back((no, records)),
            Output::Send { to, message } => self.outbox.push_back((to, message)),
            Output::Reply { token, reply } => {
                assert_eq!(self.replies.insert(token, reply), None, "answered twice");
            }
            Output::Arm { .. } => {}
            Output::Serve { after: Some(_), .. } if !self.written.is_empty() => {
                self.served.push(output);
            }
            Output::Serve { to, ask, document, places, .. } => {
                let body = |place| self.disk.get(&(document.clone(), place)).cloned();
                let messages: Vec<Message> = places.into_iter().filter_map(body).collect();
                let message = RelayMessage::messages(ask, document, messages);
                self.outbox.push_back((to, message));
            }
            Output::Deliver(delivery) => self.deliveries.push(*delivery),
            Output::Pass { document, to, .. } => self.passed.push((document, to)),
            Output::Tell { event, to } => self.told.push((*event, to)),
            Output::Emit(event) => self.events.push(event),
            Output::Raise(alarm) => self.alarms.push(alarm),
        }
    }

    pub(crate) fn token(&mut self) -> Token {
        self.token += 1;
        Token(self.token)
    }

    /// Posts; the id is that of the node and the number of the command.
    pub(crate) fn post(&mut self, document: &DocumentId, text: &str) -> Token {
        let token = self.token();
        let mut id = [self.core.me().node.as_bytes()[0]; 16];
        id[8..].copy_from_slice(&token.0.to_be_bytes());
        let (id, document) = (MessageId::from_bytes(id), document.clone());
        self.input(Input::Post { token, document, id, body: body(text) });
        token
    }

    pub(crate) fn posted(&self, token: Token) -> Option<PostOutcome> {
        match self.replies.get(&token) {
            Some(Reply::Posted(outcome)) => Some(*outcome),
            _ => None,
        }
    }

    /// Where a message that was posted stands.
    pub(crate) fn placed(&self, token: Token) -> Posted {
        match self.posted(token) {
            Some(PostOutcome::Safe(posted) | PostOutcome::Alone(posted)) => posted,
            other => panic!("not posted: {other:?}"),
        }
    }

    pub(crate) fn read(
        &mut self,
        page: &str,
        document: &DocumentId,
        cursor: Option<Cursor>,
    ) -> Missed {
        let (token, document) = (self.token(), document.clone());
        self.input(Input::Read { token, wsid: wsid(page), document, cursor });
        match self.replies.remove(&token) {
            Some(Reply::Reading(missed)) => missed,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn unread(&mut self, page: &str, document: &DocumentId) -> Cursor {
        let (token, document) = (self.token(), document.clone());
        self.input(Input::Unread { token, wsid: wsid(page), document });
        match self.replies.remove(&token) {
            Some(Reply::Seen(cursor)) => cursor,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn join(&mut self, page: &str) {
        self.input(Input::Join { wsid: wsid(page), user: user(page) });
    }

    pub(crate) fn open(&mut self, page: &str, document: &DocumentId) {
        self.input(Input::Open { wsid: wsid(page), document: document.clone() });
    }

    pub(crate) fn leave(&mut self, page: &str) -> Vec<(DocumentId, Cursor)> {
        let (token, reason) = (self.token(), LeaveReason::Close);
        self.input(Input::Leave { token, wsid: wsid(page), reason });
        match self.replies.remove(&token) {
            Some(Reply::Left(cursors)) => cursors,
            other => panic!("{other:?}"),
        }
    }

    /// All entries of a document, in order.
    pub(crate) fn rows(&self, document: &DocumentId) -> Vec<Row> {
        let (mut rows, mut before): (Vec<Row>, _) = (Vec::new(), None);
        loop {
            let page = self.core.page(document, 100, before);
            let Some((_, first)) = page.rows.first() else { return rows };
            before = Some(first.place);
            rows.splice(0..0, page.rows.iter().map(|(_, row)| *row));
        }
    }

    /// Names of the pages that are open anywhere, as this node knows them.
    pub(crate) fn pages(&self) -> Vec<String> {
        self.core.visitors().map(|gazer| gazer.wsid.as_str().to_owned()).collect()
    }

    pub(crate) fn pass_time(&mut self, ms: u64) {
        self.at += ms;
        self.wall += ms * 1_000;
    }
}

/// Nodes and the links between them.
pub(crate) struct Table {
    pub(crate) nodes: Vec<Node>,
    /// Messages that were carried.
    pub(crate) carried: Vec<RelayMessage>,
}

impl Table {
    /// Some nodes, all linked, nothing on their disks.
    pub(crate) fn new(nodes: u8) -> Self {
        let nodes = (1..=nodes).map(Node::new).collect();
        let mut table = Self { nodes, carried: Vec::new() };
        table.link_all();
        table
    }

    pub(crate) fn link_all(&mut self) {
        for a in 0..self.nodes.len() {
            for b in 0..a {
                self.link(a, b);
            }
        }
        self.settle();
    }

    pub(crate) fn link(&mut self, a: usize, b: usize) {
        for (at, peer) in [(a, b), (b, a)] {
            let (peer, run) = (self.nodes[peer].core.me(), self.nodes[peer].core.run());
            self.nodes[at].input(Input::PeerUp { peer, run });
        }
    }

    pub(crate) fn unlink(&mut self, a: usize, b: usize) {
        for (at, peer) in [(a, b), (b, a)] {
            let peer = self.nodes[peer].core.me();
            self.nodes[at].input(Input::PeerDown { peer });
        }
    }

    /// Carries every message until there is none.
    pub(crate) fn settle(&mut self) {
        while let Some((from, to, message)) = self.next() {
            self.carried.push(message.clone());
            let from = self.nodes[from].core.me();
            self.nodes[to].input(Input::Message { from, message });
        }
    }

    /// The next message that somebody has sent to a node of the table.
    pub(crate) fn next(&mut self) -> Option<(usize, usize, RelayMessage)> {
        for from in 0..self.nodes.len() {
            while let Some((to, message)) = self.nodes[from].outbox.pop_front() {
                if let Some(to) = self.nodes.iter().position(|node| node.core.me() == to) {
                    return Some((from, to, message));
                }
            }
        }
        None
    }

    /// Time passes, and every node beats.
    pub(crate) fn beat(&mut self, ms: u64) {
        for node in &mut self.nodes {
            node.pass_time(ms);
        }
        for node in &mut self.nodes {
            node.input(Input::Timer(relay::Timer::Safe));
            node.input(Input::Timer(relay::Timer::Beat));
        }
        self.settle();
    }

    /// All nodes have these entries of a document.
    pub(crate) fn assert_same(&self, document: &DocumentId) {
        let rows = self.nodes[0].rows(document);
        for node in &self.nodes[1..] {
            assert_eq!(node.rows(document), rows, "{document}");
        }
    }
}
