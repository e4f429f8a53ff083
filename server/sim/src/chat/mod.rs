//! A world of chat: real relay cores, pages that post, read and move, and faults of all kinds.
//!
//! Storms, in which things break and people act, and calms, in which visitors must become right
//! although something may stay broken; at the end everything works, and all histories must become
//! one. What is planned has its own seed for each act, so that a failing schedule can be shortened.

mod deliver;
mod disk;
mod faults;
pub(crate) mod invariants;
pub mod mutants;
mod network;
mod node;
mod people;
mod plan;
mod profile;

use std::collections::{BTreeMap, BTreeSet};

use domain::MessageId;
use relay::{DocumentId, Message, Place, RelayMessage, Row, Stamp, Timer};

use crate::{Counts, Outcome, Trace, Violation, dice::Dice, trace::name};

use invariants::{Check, gazers_true, in_step, presence_true, seen_once, union_complete};
use network::Network;
use node::{Node, true_wall};
use people::Page;
use profile::{Act, CALM_US, Profile, ROUNDS, STORM_US, What};

pub(crate) use plan::{record, run, told};

/// The last part, in which everything must become the same, is not longer than this.
const HEALING_US: u64 = 20_000_000;
/// Visitors are right after so much of a calm.
const PRESENCE_US: u64 = 15_000_000;

/// One event of the queue.
#[derive(Clone, Debug)]
enum Event {
    Deliver {
        from: usize,
        to: usize,
        session: u64,
        message: Box<RelayMessage>,
    },
    Timer {
        node: usize,
        timer: Timer,
        stamp: u64,
    },
    Synced {
        node: usize,
        run: u64,
    },
    Dial {
        a: usize,
        b: usize,
    },
    HangUp {
        a: usize,
        b: usize,
        session: u64,
    },
    Mend {
        from: usize,
        to: usize,
    },
    Start {
        node: usize,
    },
    /// A node dies, if it is still in that run.
    Die {
        node: usize,
        run: u64,
    },
    Act(Act),
    /// Visitors must be right.
    Census,
    /// What stayed broken in a calm works again.
    CalmEnds,
    /// Everything works, for good.
    Heal,
    /// Is everything the same?
    Look,
}

impl Event {
    /// The node that has to be awake for it.
    const fn node(&self) -> Option<usize> {
        match self {
            Self::Deliver { to, .. } => Some(*to),
            Self::Timer { node, .. } | Self::Synced { node, .. } => Some(*node),
            Self::Dial { .. }
            | Self::HangUp { .. }
            | Self::Mend { .. }
            | Self::Start { .. }
            | Self::Die { .. }
            | Self::Act(_)
            | Self::Census
            | Self::CalmEnds
            | Self::Heal
            | Self::Look => None,
        }
    }
}

/// A message that somebody posted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Post {
    pub(crate) document: usize,
    /// When its page was told, and where it stands.
    pub(crate) placed: Option<Place>,
}

/// What must be true, as far as one outside can know it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    /// By token.
    pub(crate) posts: Vec<Post>,
    /// Lives of disks on which a message has been durable.
    pub(crate) durable: BTreeMap<(DocumentId, Place), BTreeSet<domain::Incarnation>>,
    /// Messages that were on no other disk when theirs was lost.
    pub(crate) lost: BTreeSet<(DocumentId, Place)>,
}

/// Nodes, network, pages, and what is going to happen.
#[derive(Clone, Debug)]
pub(crate) struct World {
    profile: Profile,
    dice: Dice,
    now: u64,
    queue: BTreeMap<(u64, u64), Event>,
    stamp: u64,
    nodes: Vec<Node>,
    network: Network,
    last_due: BTreeMap<(usize, usize), u64>,
    documents: Vec<DocumentId>,
    pages: Vec<Page>,
    /// Page and node that an answer is for.
    reading: Option<(usize, usize)>,
    oracle: Oracle,
    healing: bool,
    healed_at: u64,
    counts: Counts,
    trace: Trace,
    violation: Option<Violation>,
    done: bool,
}

impl World {
    pub(crate) fn new(profile: Profile, acts: Vec<Act>, trace: Trace) -> Self {
        let nodes: Vec<Node> =
            (0..profile.nodes).map(|at| Node::new(at, &profile.config)).collect();
        let documents = (0..profile.documents)
            .filter_map(|at| DocumentId::new(&format!("gitty:{at}.pl")).ok())
            .collect();
        let mut world = Self {
            dice: Dice::new(profile.seed),
            profile,
            now: 0,
            queue: BTreeMap::new(),
            stamp: 0,
            nodes,
            network: Network::default(),
            last_due: BTreeMap::new(),
            documents,
            pages: Vec::new(),
            reading: None,
            oracle: Oracle::default(),
            healing: false,
            healed_at: 0,
            counts: Counts { schedules: 1, ..Counts::default() },
            trace,
            violation: None,
            done: false,
        };
        world.import();
        world.begin(acts);
        world
    }

    /// Each node has read some of SWISH's old messages from its own files.
    fn import(&mut self) {
        for number in 0..40_u8 {
            let document = self.documents[usize::from(number) % self.documents.len()].clone();
            let stamp = Stamp(true_wall(0).0 - 1_000_000 * u64::from(50 - number));
            let place = Place { stamp, id: MessageId::from_bytes([number + 1; 16]) };
            let row = Row { place, origin: None };
            let message = Message { row, body: relay::Body(vec![number].into()) };
            for node in 0..self.nodes.len() {
                if self.dice.chance(600) {
                    self.nodes[node].disk.preset(document.clone(), message.clone());
                }
            }
        }
    }

    fn begin(&mut self, acts: Vec<Act>) {
        self.pages = (0..8).filter_map(Page::new).collect();
        for node in 0..self.nodes.len() {
            self.start(node);
        }
        for act in acts {
            self.at(act.at, Event::Act(act));
        }
        for round in 0..ROUNDS {
            let calm = round * (STORM_US + CALM_US) + STORM_US;
            self.at(calm + PRESENCE_US, Event::Census);
            self.at(calm + CALM_US - 1, Event::CalmEnds);
        }
        self.at(ROUNDS * (STORM_US + CALM_US), Event::Heal);
    }

    /// Runs to the end, or to the first promise that is broken.
    pub(crate) fn run(mut self) -> Outcome {
        while !self.done && self.violation.is_none() {
            let Some(((at, stamp), event)) = self.queue.pop_first() else { break };
            if let Some(until) = self.sleeps(&event, at) {
                self.queue.insert((until, stamp), event);
                continue;
            }
            self.now = at;
            let checked = self.happens(event);
            self.note(checked);
        }
        self.counts.virtual_us = self.now;
        let violation = self.violation;
        let line = || violation.as_ref().map_or("all is well".into(), ToString::to_string);
        self.trace.line(self.now, line);
        Outcome { counts: self.counts, violation, lines: self.trace.into_lines() }
    }

    fn sleeps(&self, event: &Event, at: u64) -> Option<u64> {
        let until = self.nodes[event.node()?].asleep_until;
        (until > at).then_some(until)
    }

    fn happens(&mut self, event: Event) -> Check {
        match event {
            Event::Deliver { from, to, session, message } => {
                self.deliver(from, to, session, *message);
            }
            Event::Timer { node, timer, stamp } => self.fire(node, timer, stamp),
            Event::Synced { node, run } => self.synced(node, run),
            Event::Dial { a, b } => self.dial(a, b),
            Event::HangUp { a, b, session } => self.hang_up(a, b, Some(session)),
            Event::Mend { from, to } => self.mend(from, to),
            Event::Start { node } => self.start(node),
            Event::Die { node, run } => self.die(node, run),
            Event::Act(act) => self.act(act),
            Event::Census => return presence_true::check(self),
            Event::CalmEnds => self.everything_works(),
            Event::Heal => {
                self.healing = true;
                self.healed_at = self.now;
                self.everything_works();
                self.at(self.now + 500_000, Event::Look);
            }
            Event::Look => return self.look(),
        }
        Ok(())
    }

    fn act(&mut self, act: Act) {
        let mut dice = Dice::new(act.seed);
        match act.what {
            What::Person => self.somebody(&mut dice),
            What::Fault => self.fault(&mut dice),
            What::Lasting => self.calm(&mut dice),
        }
    }

    /// Looks whether everything is the same; if it is not in time, what is not is the violation.
    fn look(&mut self) -> Check {
        let checked = union_complete::check(self)
            .and_then(|()| in_step::check(self))
            .and_then(|()| presence_true::check(self));
        let took = self.now - self.healed_at;
        if checked.is_err() && took < HEALING_US {
            self.at(self.now + 500_000, Event::Look);
            return Ok(());
        }
        checked?;
        seen_once::check_all(self)?;
        gazers_true::check_all(self)?;
        self.counts.healing_us = took;
        self.done = true;
        Ok(())
    }

    fn is_stormy(&self) -> bool {
        !self.healing && self.now % (STORM_US + CALM_US) < STORM_US
    }

    fn at(&mut self, at: u64, event: Event) {
        self.stamp += 1;
        self.queue.insert((at, self.stamp), event);
    }

    fn note(&mut self, checked: Check) {
        if let Err(violation) = checked {
            self.violation.get_or_insert(violation);
        }
    }

    fn line(&mut self, text: impl FnOnce() -> String) {
        self.trace.line(self.now, text);
    }

    /// Name of a node in sentences.
    pub(crate) fn called(node: usize) -> char {
        name(node)
    }
}
