//! Local states, packets and steps by number, each made once.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use cluster::{Input, MemberId, PeerMessage, Record, Timer, Token};
use domain::ObjectId;

use crate::{
    Base, Promise, Scenario, Tick, What,
    judge::Chosen,
    library::{Library, key},
    local::{Around, Node, Past},
    scenario::member_id,
};

/// A message under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Packet {
    pub(crate) from: MemberId,
    pub(crate) to: MemberId,
    pub(crate) message: PeerMessage,
}

/// Something that happens to one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stimulus {
    /// This packet comes.
    Packet(u32),
    /// The next write is durable.
    Sync,
    /// The timer at this place of those that are armed fires.
    Fire(u8),
    /// It crashes and starts again.
    Crash,
    /// Somebody does this.
    Deed(u8),
}

/// Something that should happen in some order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Witness {
    /// A save was answered "decided".
    Decided,
    /// A save was answered 409.
    Conflict,
    /// A save was answered "held".
    Held,
    /// A save was proposed in one round trip.
    Fast,
    /// A crash took a write back.
    LostWrite,
    /// A divergence was listed.
    Diverged,
    /// A settling was decided.
    Settled,
    /// A settling was refused.
    SettleRefused,
    /// A roster was adopted.
    Adopted,
    /// A change of the roster was answered.
    Changed,
    /// Majorities voted in two epochs.
    TwoEpochs,
    /// An acceptor waited for objects.
    Fetched,
}

/// What a node said or believed, to be compared with the votes of all.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claim {
    /// This commit is decided; else that promise is broken.
    Decided(ObjectId, Promise),
}

/// What came of a step, while it is made.
#[derive(Debug, Default)]
pub(crate) struct Stepped {
    pub(crate) sends: Vec<Packet>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) broken: Option<Promise>,
    pub(crate) seen: BTreeSet<Witness>,
}

impl Stepped {
    pub(crate) fn breaks(&mut self, promise: Promise) {
        self.broken.get_or_insert(promise);
    }

    pub(crate) fn saw(&mut self, witness: Witness) {
        self.seen.insert(witness);
    }
}

/// A step that was made: the same stimulus does the same to the same local state.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) node: u32,
    pub(crate) sends: Vec<u32>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) broken: Option<Promise>,
    /// Whether the votes or what they are compared with are others than before.
    pub(crate) judge: bool,
}

/// What the world has to know of a local state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) id: MemberId,
    pub(crate) syncs: bool,
    pub(crate) fires: u8,
    pub(crate) crashes: bool,
    pub(crate) answered: u16,
    /// Number of its past and of what is on its disk: what it is judged by.
    public: u32,
}

/// Everything that was numbered in a search.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) scenario: Scenario,
    pub(crate) library: Library,
    nodes: Vec<Arc<Node>>,
    facts: Vec<Facts>,
    node_numbers: HashMap<Arc<Node>, u32>,
    packets: Vec<Arc<Packet>>,
    packet_numbers: HashMap<Arc<Packet>, u32>,
    steps: HashMap<(u32, Stimulus), Arc<Step>>,
    past: HashMap<(u32, u32), bool>,
    public: HashMap<(Past, BTreeSet<ObjectId>), u32>,
    chosen: HashMap<Vec<u32>, Arc<(Chosen, Option<Promise>)>>,
    pub(crate) seen: BTreeSet<Witness>,
}

impl Table {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            library: Library::default(),
            nodes: Vec::new(),
            facts: Vec::new(),
            node_numbers: HashMap::new(),
            packets: Vec::new(),
            packet_numbers: HashMap::new(),
            steps: HashMap::new(),
            past: HashMap::new(),
            public: HashMap::new(),
            chosen: HashMap::new(),
            seen: BTreeSet::new(),
        }
    }

    pub(crate) fn node(&self, number: u32) -> &Arc<Node> {
        &self.nodes[index(number)]
    }

    pub(crate) fn facts(&self, number: u32) -> &Facts {
        &self.facts[index(number)]
    }

    pub(crate) fn packet(&self, number: u32) -> &Arc<Packet> {
        &self.packets[index(number)]
    }

    /// Local states, packets and steps that were made.
    pub(crate) fn sizes(&self) -> (usize, usize, usize) {
        (self.nodes.len(), self.packets.len(), self.steps.len())
    }

    /// A node that has just been started.
    pub(crate) fn begin(&mut self, seat: usize, crashes: u8) -> u32 {
        let mut records = vec![Record::Roster(self.scenario.roster())];
        if self.scenario.stocked {
            records.extend(self.first_head());
        }
        let around = Around { scenario: &self.scenario, library: &self.library };
        let node = Node::new(seat, crashes, &records, around);
        self.number(node)
    }

    /// Records of a head that everybody knows.
    fn first_head(&mut self) -> Vec<Record> {
        let save = self.library.make_first();
        let object =
            |(id, object): (ObjectId, gitty::Object), link| Record::Object { id, object, link };
        let mut records: Vec<Record> =
            save.blob.map(|blob| object(blob, None)).into_iter().collect();
        records.push(object((save.id, save.commit), Some(save.link)));
        let ballot = cluster::Ballot { counter: 1, incarnation: member_id(9, 0).incarnation };
        let (key, head) = (key(), save.id);
        records.push(Record::Accepted { key: key.clone(), ballot, head });
        records.push(Record::Decided { key, head, serial: domain::Serial(1) });
        records
    }

    /// What the stimulus does to the local state.
    pub(crate) fn step(&mut self, number: u32, stimulus: Stimulus) -> Arc<Step> {
        if let Some(step) = self.steps.get(&(number, stimulus)) {
            return step.clone();
        }
        let before = self.node(number).clone();
        let mut node = Node::clone(&before);
        let mut stepped = Stepped::default();
        self.make(&mut node, stimulus, &mut stepped);
        let around = Around { scenario: &self.scenario, library: &self.library };
        node.settle(around, &mut stepped);
        node.fold();
        if !node.keeps_held(&self.library) {
            stepped.breaks(Promise::Held);
        }
        let judge = node.past.votes != before.past.votes
            || node.past.refused != before.past.refused
            || node.past.listed != before.past.listed
            || node.past.rosters != before.past.rosters;
        let Stepped { sends, claims, broken, seen } = stepped;
        self.seen.extend(seen);
        let sends = sends.into_iter().map(|packet| self.number_packet(packet)).collect();
        let node = self.number(node);
        let step = Arc::new(Step { node, sends, claims, broken, judge });
        self.steps.insert((number, stimulus), step.clone());
        step
    }

    fn make(&mut self, node: &mut Node, stimulus: Stimulus, step: &mut Stepped) {
        if let Stimulus::Deed(deed) = stimulus {
            return self.act(node, deed, step);
        }
        let around = Around { scenario: &self.scenario, library: &self.library };
        match stimulus {
            Stimulus::Packet(packet) => {
                let Packet { from, message, .. } = Packet::clone(self.packet(packet));
                node.give(Input::Message { from, message }, around, step);
            }
            Stimulus::Sync => node.sync(around, step),
            Stimulus::Fire(place) => {
                let timer = node.fires().nth(usize::from(place)).cloned();
                if let Some(timer) = timer {
                    node.fire(timer, around, step);
                }
            }
            Stimulus::Crash => node.crash(around, step),
            Stimulus::Deed(_) => {}
        }
    }

    fn act(&mut self, node: &mut Node, number: u8, step: &mut Stepped) {
        let deed = self.scenario.deeds[usize::from(number)].clone();
        let token = Token(u64::from(number));
        let late = u32::from(number);
        let input = match deed.what {
            What::Save(base, text) => {
                let base = self.base(node, base);
                let save = self.library.save(base, text, &[], late);
                node.past.asked.insert(token, save.id);
                Input::Save { token, save: Box::new(save) }
            }
            What::Settle(text) => {
                let sides = node.core.sides(&key());
                let tips: Vec<_> = sides.sides.iter().map(|side| side.commit).collect();
                let save = self.library.save(sides.head, text, &tips, late);
                node.past.asked.insert(token, save.id);
                Input::Settle { token, save: Box::new(save) }
            }
            What::Foreign(base, text) => {
                let old = self.base(node, base);
                let save = self.library.save(old, text, &[], late);
                let ids: Vec<_> = [save.link.blob, save.id].into();
                let objects = self.library.objects(&ids);
                Input::Foreign(cluster::Foreign { key: key(), old, new: save.id, objects })
            }
            What::Line(before) => {
                let asked = Token(u64::try_from(before).unwrap_or(u64::MAX));
                let Some(new) = node.past.asked.get(&asked).copied() else { return };
                let old = self.library.link(&new).and_then(|link| link.previous);
                Input::Foreign(cluster::Foreign { key: key(), old, new, objects: Vec::new() })
            }
            What::Import(text) => {
                let save = self.library.save(None, text, &[], late);
                for id in [save.link.blob, save.id] {
                    node.shelf.insert(id);
                    node.disk.objects.insert(id);
                }
                Input::Import { heads: vec![(key(), save.id)] }
            }
            What::Change(change) => Input::Change { token, change },
            What::Wipe => {
                let around = Around { scenario: &self.scenario, library: &self.library };
                return node.wipe(deed.node, around, step);
            }
            What::Meet(seat) => {
                let around = Around { scenario: &self.scenario, library: &self.library };
                let gone = member_id(seat, 0);
                node.give(Input::PeerDown { peer: gone }, around, step);
                return node.meet(member_id(seat, 1), around, step);
            }
        };
        let proposes = step.sends.len();
        let around = Around { scenario: &self.scenario, library: &self.library };
        node.give(input, around, step);
        let fast = |packet: &Packet| matches!(packet.message, PeerMessage::Propose(_));
        if step.sends[proposes..].iter().any(fast) {
            step.saw(Witness::Fast);
        }
    }

    fn base(&self, node: &Node, base: Base) -> Option<ObjectId> {
        match base {
            Base::Served => node.core.served(&key()),
            Base::First => self.library.first(),
        }
    }

    fn number(&mut self, node: Node) -> u32 {
        if let Some(number) = self.node_numbers.get(&node) {
            return *number;
        }
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let fires = u8::try_from(node.fires().count()).unwrap_or(u8::MAX);
        let public = (node.past.clone(), node.disk.objects.clone());
        let next = u32::try_from(self.public.len()).unwrap_or(u32::MAX);
        let public = *self.public.entry(public).or_insert(next);
        self.facts.push(Facts {
            public,
            id: node.id,
            syncs: !node.disk.queue.is_empty(),
            fires,
            crashes: node.crashes > 0,
            answered: node.answered,
        });
        let node = Arc::new(node);
        self.nodes.push(node.clone());
        self.node_numbers.insert(node, number);
        number
    }

    fn number_packet(&mut self, packet: Packet) -> u32 {
        if let Some(number) = self.packet_numbers.get(&packet) {
            return *number;
        }
        let number = u32::try_from(self.packets.len()).unwrap_or(u32::MAX);
        let packet = Arc::new(packet);
        self.packets.push(packet.clone());
        self.packet_numbers.insert(packet, number);
        number
    }

    /// True if the packet changes nothing in the local state, nor in any that follow it.
    pub(crate) fn is_past(&mut self, number: u32, packet: u32) -> bool {
        if !self.scenario.forgets() {
            return false;
        }
        if let Some(past) = self.past.get(&(number, packet)) {
            return *past;
        }
        let past = self.node(number).is_past(&self.packet(packet).message);
        self.past.insert((number, packet), past);
        past
    }

    /// The promise that these local states break together, or that a claim of one of them does.
    pub(crate) fn judge(&mut self, nodes: &[u32], step: &Step) -> Option<Promise> {
        if !step.judge && step.claims.is_empty() {
            return None;
        }
        let public: Vec<u32> = nodes.iter().map(|node| self.facts(*node).public).collect();
        let judged = match self.chosen.get(&public) {
            Some(judged) => judged.clone(),
            None => self.count(nodes, public),
        };
        let (chosen, broken) = &*judged;
        broken.or_else(|| {
            step.claims.iter().find_map(|claim| {
                let Claim::Decided(commit, promise) = claim;
                let first = self.library.first() == Some(*commit);
                (!first && !chosen.has(commit)).then_some(*promise)
            })
        })
    }

    /// Counts the votes of these local states.
    fn count(&mut self, nodes: &[u32], public: Vec<u32>) -> Arc<(Chosen, Option<Promise>)> {
        let nodes = nodes.iter().map(|number| &**self.node(*number));
        let chosen = Chosen::count(nodes.clone(), &self.library);
        let broken = chosen.judge(nodes, &self.library);
        if chosen.spans_epochs() {
            self.seen.insert(Witness::TwoEpochs);
        }
        let judged = Arc::new((chosen, broken));
        self.chosen.insert(public, judged.clone());
        judged
    }
}

impl Node {
    /// Armed timers that may still fire, in order.
    pub(crate) fn fires(&self) -> impl Iterator<Item = &Timer> {
        self.armed.iter().filter(|timer| {
            Tick::of(timer).is_some_and(|tick| self.ticks.get(&tick).is_some_and(|left| *left > 0))
        })
    }

    fn fire(&mut self, timer: Timer, around: Around<'_>, step: &mut Stepped) {
        self.armed.remove(&timer);
        if let Some(left) = Tick::of(&timer).and_then(|tick| self.ticks.get_mut(&tick)) {
            *left -= 1;
        }
        self.give(Input::Timer(timer), around, step);
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
