//! Links between nodes: messages in order or not, lost, doubled; cuts one way and both ways.

use std::collections::{BTreeMap, BTreeSet};

use relay::{Input, RelayMessage};

use super::{Event, World};
use crate::trace::name;

/// One connection between two nodes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Link {
    pub(crate) up: bool,
    pub(crate) session: u64,
}

/// All connections, and what does not pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    links: BTreeMap<(usize, usize), Link>,
    /// Directions that are cut, and until when.
    cut: BTreeMap<(usize, usize), u64>,
    dialing: BTreeSet<(usize, usize)>,
}

const fn pair(a: usize, b: usize) -> (usize, usize) {
    if a < b { (a, b) } else { (b, a) }
}

impl Network {
    pub(crate) fn is_up(&self, a: usize, b: usize) -> bool {
        self.links.get(&pair(a, b)).is_some_and(|link| link.up)
    }

    fn passes(&self, from: usize, to: usize) -> bool {
        !self.cut.contains_key(&(from, to))
    }
}

impl World {
    pub(super) fn send(&mut self, from: usize, to: usize, message: &RelayMessage) {
        let link = self.network.links.entry(pair(from, to)).or_default();
        let session = link.session;
        if !link.up {
            return;
        }
        if !self.network.passes(from, to) || self.is_lost() {
            self.counts.dropped += 1;
            return;
        }
        let copies =
            if self.is_stormy() && self.dice.chance(self.profile.duplicates) { 2 } else { 1 };
        self.counts.doubled += copies - 1;
        for _ in 0..copies {
            let mut delay = self.dice.between(self.profile.delay_us);
            if self.is_stormy() && self.dice.chance(self.profile.stragglers) {
                delay = self.dice.between((20_000, 500_000));
                self.counts.overtaken += 1;
            }
            // Otherwise a connection keeps its order.
            let due = (self.now + delay).max(self.last_due(from, to, delay));
            let message = Box::new(message.clone());
            self.at(due, Event::Deliver { from, to, session, message });
        }
    }

    fn is_lost(&mut self) -> bool {
        self.is_stormy() && self.dice.chance(self.profile.loss)
    }

    fn last_due(&mut self, from: usize, to: usize, delay: u64) -> u64 {
        let last = self.last_due.entry((from, to)).or_default();
        if delay < 20_000 {
            *last = (*last).max(self.now + delay);
        }
        *last
    }

    pub(super) fn deliver(&mut self, from: usize, to: usize, session: u64, message: RelayMessage) {
        let link = self.network.links.get(&pair(from, to)).copied().unwrap_or_default();
        if !link.up || link.session != session || !self.network.passes(from, to) {
            return;
        }
        self.counts.messages += 1;
        let id = self.nodes[from].id;
        self.line(|| format!("{} ──▷ {} {message:?}", name(from), name(to)));
        self.input(to, Input::Message { from: id, message });
    }

    pub(super) fn dial_in(&mut self, a: usize, b: usize, pause: u64) {
        if self.network.dialing.insert(pair(a, b)) {
            self.at(self.now + pause, Event::Dial { a, b });
        }
    }

    /// Two nodes connect if both run and both directions pass; else they try again.
    pub(super) fn dial(&mut self, a: usize, b: usize) {
        self.network.dialing.remove(&pair(a, b));
        let is_up = self.network.is_up(a, b);
        let is_fit = self.nodes[a].up && self.nodes[b].up && !is_up;
        let passes = self.network.passes(a, b) && self.network.passes(b, a);
        if !is_fit || !passes {
            if self.nodes[a].up && self.nodes[b].up && !is_up {
                let pause = self.dice.between((200_000, 1_000_000));
                self.dial_in(a, b, pause);
            }
            return;
        }
        let link = self.network.links.entry(pair(a, b)).or_default();
        *link = Link { up: true, session: link.session + 1 };
        self.line(|| format!("{} ═══ {}  linked", name(a), name(b)));
        for (at, peer) in [(a, b), (b, a)] {
            let (peer, run) = (self.nodes[peer].id, self.nodes[peer].core.run());
            self.input(at, Input::PeerUp { peer, run });
        }
    }

    pub(super) fn hang_up(&mut self, a: usize, b: usize, session: Option<u64>) {
        let link = self.network.links.entry(pair(a, b)).or_default();
        if !link.up || session.is_some_and(|session| session != link.session) {
            return;
        }
        link.up = false;
        self.line(|| format!("{} ═✗═ {}  unlinked", name(a), name(b)));
        for (at, peer) in [(a, b), (b, a)] {
            let peer = self.nodes[peer].id;
            if self.nodes[at].up {
                self.input(at, Input::PeerDown { peer });
            }
        }
        let pause = self.dice.between((1_000, 1_000_000));
        self.dial_in(a, b, pause);
    }

    /// Nothing passes from one node to the other until then; after a while they notice.
    pub(super) fn cut(&mut self, from: usize, to: usize, until: u64) {
        self.network.cut.insert((from, to), until);
        self.counts.cuts += 1;
        self.line(|| format!("{} ─✂─▷ {}  cut", name(from), name(to)));
        self.at(until, Event::Mend { from, to });
        let silence = self.dice.between((1_000, 3_000_000));
        let session = self.network.links.entry(pair(from, to)).or_default().session;
        if self.now + silence < until {
            let (a, b) = pair(from, to);
            self.at(self.now + silence, Event::HangUp { a, b, session });
        }
    }

    pub(super) fn mend(&mut self, from: usize, to: usize) {
        if self.network.cut.get(&(from, to)).is_some_and(|until| *until <= self.now) {
            self.network.cut.remove(&(from, to));
            self.line(|| format!("{} ───▷ {}  mended", name(from), name(to)));
        }
    }

    pub(super) fn mend_all(&mut self) {
        self.network.cut.clear();
    }
}
