//! One node on a table: inputs by hand, outputs as they come.

use std::{cell::Cell, collections::BTreeMap};

use cluster::{
    Config, Core, Durable, Input, Key, KeyState, Member, MemberId, Objects, Output, PeerMessage,
    Phase, Record, Reply, Roster, Save, SaveOutcome, Timer, Token, Urgency, WriteNo,
};
use domain::{ClusterId, FileName, Incarnation, Link, Millis, NodeId, ObjectId, Run};
use gitty::{Commit, Meta, Object, commit};

/// The node on the table.
pub(crate) const ALPHA: MemberId = member(1);
/// A peer.
pub(crate) const BRAVO: MemberId = member(2);
/// Another.
pub(crate) const CHARLIE: MemberId = member(3);

const fn member(number: u8) -> MemberId {
    MemberId {
        node: NodeId::from_bytes([number; 8]),
        incarnation: Incarnation::from_bytes([number; 8]),
    }
}

#[derive(Default)]
struct Shelf {
    objects: BTreeMap<ObjectId, Option<Link>>,
    /// How often a commit was looked up.
    looked: Cell<u64>,
}

impl Objects for Shelf {
    fn link(&self, id: &ObjectId) -> Option<Link> {
        self.looked.set(self.looked.get() + 1);
        self.objects.get(id).cloned().flatten()
    }

    fn holds(&self, id: &ObjectId) -> bool {
        self.objects.contains_key(id)
    }

    fn insert(&mut self, id: ObjectId, link: Option<Link>) {
        self.objects.insert(id, link);
    }
}

/// A core, its objects and its clock.
pub(crate) struct Node {
    pub(crate) core: Core,
    shelf: Shelf,
    now: Millis,
    issued: WriteNo,
    counter: u64,
}

/// A commit and its text.
pub(crate) struct Made {
    pub(crate) id: ObjectId,
    pub(crate) commit: Commit,
    pub(crate) blob_id: ObjectId,
    pub(crate) blob: Object,
}

impl Made {
    pub(crate) fn link(&self) -> Link {
        self.commit.link()
    }

    pub(crate) fn save(&self, base: Option<ObjectId>) -> Box<Save> {
        Box::new(Save {
            key: self.commit.name().into(),
            base,
            commit: self.commit.object(),
            id: self.id,
            link: self.link(),
            blob: Some((self.blob_id, self.blob.clone())),
        })
    }
}

impl Node {
    /// A member of three, with nobody linked.
    pub(crate) fn alone() -> Self {
        Self::with(ALPHA, BTreeMap::new())
    }

    /// A member of three with these registers, with nobody linked.
    pub(crate) fn with(me: MemberId, keys: BTreeMap<Key, KeyState>) -> Self {
        let mut durable = Durable::restore(me.incarnation, None, 0, keys);
        let members = [ALPHA, BRAVO, CHARLIE].map(|id| Member {
            id,
            name: String::new(),
            address: String::new(),
        });
        durable.apply(&Record::Roster(Roster {
            cluster: ClusterId::from_bytes([9; 8]),
            epoch: 1,
            phase: Phase::Steady,
            members: members.to_vec(),
            learners: Vec::new(),
            removed: Vec::new(),
        }));
        let core = Core::recover(Config::default(), me.node, durable);
        let (now, issued) = (Millis(0), WriteNo(0));
        let mut node = Self { core, shelf: Shelf::default(), now, issued, counter: 0 };
        node.gives(Input::Started);
        node.compares();
        node
    }

    /// Both peers link for a moment, so that it may vote (protocol 2).
    fn compares(&mut self) {
        for peer in [BRAVO, CHARLIE] {
            self.links(peer);
            self.gives(Input::PeerDown { peer });
        }
    }

    /// With both peers linked, and one write behind it.
    pub(crate) fn linked() -> Self {
        let mut node = Self::alone();
        for peer in [BRAVO, CHARLIE] {
            node.gives(Input::PeerUp {
                peer,
                epoch: 1,
                run: Run::from_bytes([7; 8]),
                count: 0,
                remembered: 0,
            });
        }
        // A write of no consequence, so that numbers do not begin at zero.
        let stray = Object::blob("stray");
        let id = stray.id().expect("no attack on SHA-1 here");
        node.hears(
            BRAVO,
            PeerMessage::Propose(cluster::Propose {
                epoch: 1,
                key: Key::File("stray".into()),
                ballot: cluster::Ballot { counter: 1, incarnation: BRAVO.incarnation },
                head: id,
                objects: vec![stray],
                gaps: Vec::new(),
            }),
        );
        node.gives(Input::Persisted(node.issued));
        node
    }

    /// Hands in an input; the outputs.
    pub(crate) fn gives(&mut self, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.core.handle(self.now, input, &mut self.shelf, &mut outputs);
        for output in &outputs {
            match output {
                Output::Persist { no, .. } => self.issued = *no,
                Output::Send { message: PeerMessage::Prepare { ballot, .. }, .. } => {
                    self.counter = ballot.counter;
                }
                _ => {}
            }
        }
        outputs
    }

    pub(crate) fn hears(&mut self, from: MemberId, message: PeerMessage) -> Vec<Output> {
        self.gives(Input::Message { from, message })
    }

    /// Links a peer.
    pub(crate) fn links(&mut self, peer: MemberId) -> Vec<Output> {
        self.gives(Input::PeerUp {
            peer,
            epoch: 1,
            run: Run::from_bytes([7; 8]),
            count: 0,
            remembered: 0,
        })
    }

    /// Puts objects into its store, as if it had always had them.
    pub(crate) fn stocks(&mut self, made: &Made) {
        self.shelf.insert(made.blob_id, None);
        self.shelf.insert(made.id, Some(made.link()));
    }

    /// Everything that was issued is durable.
    pub(crate) fn syncs(&mut self) -> Vec<Output> {
        self.gives(Input::Persisted(self.issued))
    }

    /// Stops it and starts it again from what its disk has, if all was durable.
    pub(crate) fn restarts(&mut self) -> Vec<Output> {
        let durable = self.core.durable().clone();
        self.core = Core::recover(Config::default(), self.core.me().node, durable);
        let outputs = self.gives(Input::Started);
        self.compares();
        outputs
    }

    /// Stops it and starts it from another disk; nobody has linked since.
    pub(crate) fn starts_from(&mut self, durable: Durable) -> Vec<Output> {
        self.issued = WriteNo(durable.count);
        self.core = Core::recover(Config::default(), self.core.me().node, durable);
        self.gives(Input::Started)
    }

    pub(crate) fn at(&mut self, now: Millis) {
        self.now = now;
    }

    /// Last write that was issued.
    pub(crate) fn issued(&self) -> WriteNo {
        self.issued
    }

    /// How often the core looked up a commit.
    pub(crate) fn looked(&self) -> u64 {
        self.shelf.looked.get()
    }

    /// Counter of the last ballot it prepared.
    pub(crate) fn counter(&self) -> u64 {
        self.counter
    }

    pub(crate) fn create(&self, name: &str, text: &str) -> Made {
        self.create_at(name, text, 1.0)
    }

    pub(crate) fn create_at(&self, name: &str, text: &str, time: f64) -> Made {
        let blob = Object::blob(text);
        let blob_id = blob.id().expect("no attack on SHA-1 here");
        let commit = commit::create(&FileName::from(name), blob_id, Meta::default(), None, time);
        Made { id: commit.object().id().expect("no attack on SHA-1 here"), commit, blob_id, blob }
    }

    /// A commit on `before` that settles these tips.
    pub(crate) fn settle(&self, before: &Made, text: &str, tips: &[ObjectId]) -> Made {
        self.update_with(before, text, Meta::default().settles(tips))
    }

    pub(crate) fn update(&self, before: &Made, text: &str) -> Made {
        self.update_with(before, text, Meta::default())
    }

    fn update_with(&self, before: &Made, text: &str, meta: Meta) -> Made {
        let blob = Object::blob(text);
        let blob_id = blob.id().expect("no attack on SHA-1 here");
        let commit = commit::update(&before.commit, before.id, blob_id, meta, 2.0);
        Made { id: commit.object().id().expect("no attack on SHA-1 here"), commit, blob_id, blob }
    }
}

/// Decided heads of a node.
pub(crate) fn now_heads(node: &Node) -> Vec<(Key, ObjectId)> {
    node.core.durable().heads().map(|(key, head)| (key.clone(), head)).collect()
}

pub(crate) fn persist(no: u64, records: Vec<Record>, urgency: Urgency) -> Output {
    Output::Persist { no: WriteNo(no), records, urgency }
}

pub(crate) fn send(to: MemberId, message: PeerMessage, after: Option<WriteNo>) -> Output {
    Output::Send { to, message, after }
}

pub(crate) fn arm(timer: Timer, earliest: u64, latest: u64) -> Output {
    Output::Arm { timer, between: (earliest, latest) }
}

pub(crate) fn reply(token: u64, outcome: SaveOutcome) -> Output {
    Output::Reply { token: Token(token), reply: Reply::Save(outcome), after: None }
}
