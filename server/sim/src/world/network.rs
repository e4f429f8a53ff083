//! Links between nodes: delay, loss, duplicates, another order; cut one way or both, and mended.
//!
//! Harsher than TCP on purpose. What belongs to a connection that is gone is lost, but for some
//! register messages, which may arrive at any time: their ballots must be protection enough.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{Input, MemberId, PeerMessage};

use super::{World, event::Event};
use crate::trace::{describe, name};

/// One pair of nodes.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    up: bool,
    session: u64,
}

/// All pairs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    links: BTreeMap<(usize, usize), Link>,
    /// Directions in which nothing passes, and until when.
    cut: BTreeMap<(usize, usize), u64>,
    /// What messages in a direction take more, in microseconds.
    slow: BTreeMap<(usize, usize), u64>,
    /// Pairs with a dial in the queue.
    dialing: BTreeSet<(usize, usize)>,
}

const fn pair(a: usize, b: usize) -> (usize, usize) {
    if a < b { (a, b) } else { (b, a) }
}

impl Network {
    fn link(&mut self, a: usize, b: usize) -> &mut Link {
        self.links.entry(pair(a, b)).or_default()
    }

    fn is_cut(&self, from: usize, to: usize) -> bool {
        self.cut.contains_key(&(from, to))
    }

    /// The present connection of a pair.
    pub(crate) fn session(&mut self, a: usize, b: usize) -> u64 {
        self.link(a, b).session
    }

    /// Nothing passes in this direction until it is unblocked, and nobody is told.
    pub(crate) fn block(&mut self, from: usize, to: usize) {
        self.cut.insert((from, to), u64::MAX);
    }

    pub(crate) fn unblock(&mut self, from: usize, to: usize) {
        self.cut.remove(&(from, to));
    }

    /// What is sent in this direction takes so much more from now on.
    pub(crate) fn slow(&mut self, from: usize, to: usize, us: u64) {
        self.slow.insert((from, to), us);
    }

    pub(crate) fn mend_all(&mut self) {
        self.slow.clear();
        self.cut.clear();
    }
}

impl World {
    /// Puts a message on its way, once, twice or not at all.
    pub(super) fn send(&mut self, from: usize, to: usize, message: PeerMessage) {
        let link = *self.network.link(from, to);
        let passes = link.up && !self.network.is_cut(from, to);
        let dropped = passes && !self.healing && self.dice.chance(self.profile.loss);
        self.counts.dropped += u64::from(dropped);
        let lost = !passes || dropped;
        let arrow = if lost { "──✗" } else { "──▶" };
        let now = self.now;
        self.trace.line(now, || {
            let text = describe(&message);
            format!("{} {arrow} {}  {text}", name(from), name(to))
        });
        if lost {
            return;
        }
        let twice = !self.healing && self.dice.chance(self.profile.duplicates);
        self.counts.doubled += u64::from(twice);
        let again = twice.then(|| message.clone());
        for message in [Some(message), again].into_iter().flatten() {
            let more = self.network.slow.get(&(from, to)).copied().unwrap_or(0);
            let delay = self.delay() + more;
            let event = Event::Deliver {
                between: (self.nodes[from].id, self.nodes[to].id),
                from,
                to,
                session: link.session,
                message: Box::new(message),
            };
            self.after(delay, event);
        }
    }

    fn delay(&mut self) -> u64 {
        if self.healing {
            return self.dice.between((100, 2_000));
        }
        if self.dice.chance(self.profile.stragglers) {
            self.counts.overtaken += 1;
            return self.dice.between(self.profile.straggle_us);
        }
        self.dice.between(self.profile.delay_us)
    }

    pub(super) fn deliver(
        &mut self,
        (sender, receiver): (MemberId, MemberId),
        (from, to): (usize, usize),
        session: u64,
        message: PeerMessage,
    ) {
        let link = *self.network.link(from, to);
        let current = link.up && link.session == session;
        let late = !current && is_register(&message) && self.dice.chance(self.profile.late);
        // Whoever has another disk now did not make that connection.
        let same = self.nodes[to].id == receiver;
        if !self.nodes[to].up || !same || !(current || late) {
            return;
        }
        self.counts.late += u64::from(late);
        let now = self.now;
        self.trace.line(now, || {
            let text = describe(&message);
            let late = if late { "  (late)" } else { "" };
            format!("{} ◀── {}  {text}{late}", name(to), name(from))
        });
        self.counts.messages += 1;
        self.input(to, Input::Message { from: sender, message });
    }

    /// Two nodes try to connect, again and again until they are.
    pub(super) fn dial(&mut self, a: usize, b: usize) {
        self.network.dialing.remove(&pair(a, b));
        if self.network.link(a, b).up {
            return;
        }
        let passes = !self.network.is_cut(a, b) && !self.network.is_cut(b, a);
        let refused = self.refuse_each_other(a, b);
        if !(passes && self.nodes[a].up && self.nodes[b].up) || refused {
            let pause = self.dice.between((200_000, 1_200_000));
            return self.dial_in(a, b, pause);
        }
        let link = self.network.link(a, b);
        link.up = true;
        link.session += 1;
        let now = self.now;
        self.trace.line(now, || format!("{} ═══ {}  linked", name(a), name(b)));
        let (first, second) = if self.dice.chance(500) { (a, b) } else { (b, a) };
        let session = self.network.link(a, b).session;
        self.peer_up(first, second);
        // Whoever finds itself rolled back is gone again.
        let link = *self.network.link(a, b);
        if link.up && link.session == session {
            self.peer_up(second, first);
        }
    }

    pub(super) fn dial_in(&mut self, a: usize, b: usize, pause: u64) {
        if self.network.dialing.insert(pair(a, b)) {
            self.after(pause, Event::Dial { a, b });
        }
    }

    fn peer_up(&mut self, at: usize, peer: usize) {
        let other = &self.nodes[peer];
        let input = Input::PeerUp {
            peer: other.id,
            epoch: other.epoch(),
            run: other.run_id(),
            count: other.core.hello_count(),
            remembered: other.core.remembered(&self.nodes[at].id),
        };
        if self.nodes[at].up && other.up {
            self.input(at, input);
        }
    }

    /// The connection of that session ends; both sides notice.
    pub(super) fn hang_up(&mut self, a: usize, b: usize, session: u64) {
        let link = self.network.link(a, b);
        if !link.up || link.session != session {
            return;
        }
        link.up = false;
        let now = self.now;
        self.trace.line(now, || format!("{} ═✗═ {}  unlinked", name(a), name(b)));
        for (at, peer) in [(a, b), (b, a)] {
            let peer = self.nodes[peer].id;
            if self.nodes[at].up {
                self.input(at, Input::PeerDown { peer });
            }
        }
        let pause = self.dice.between((1_000, 1_000_000));
        self.dial_in(a, b, pause);
    }

    /// Ends every connection of a node that crashed.
    pub(super) fn hang_up_all(&mut self, node: usize) {
        for peer in (0..self.nodes.len()).filter(|peer| *peer != node) {
            let session = self.network.link(node, peer).session;
            self.hang_up(node, peer, session);
        }
    }

    /// Nothing passes from one node to the other for a while; they may not notice.
    pub(super) fn cut(&mut self, from: usize, to: usize) {
        let until = self.now + self.dice.between(self.profile.cut_us);
        self.network.cut.insert((from, to), until);
        self.counts.cuts += 1;
        let now = self.now;
        self.trace.line(now, || format!("{} ─✂─▷ {}  cut", name(from), name(to)));
        self.at(until, Event::Mend { from, to });
        let silence = self.dice.between((1_000, 3_000_000));
        if self.now + silence < until {
            let session = self.network.link(from, to).session;
            let (a, b) = pair(from, to);
            self.after(silence, Event::HangUp { a, b, session });
        }
    }

    pub(super) fn mend(&mut self, from: usize, to: usize) {
        let due = self.network.cut.get(&(from, to));
        if due.is_some_and(|until| *until <= self.now) {
            self.network.cut.remove(&(from, to));
            let now = self.now;
            self.trace.line(now, || format!("{} ───▷ {}  mended", name(from), name(to)));
        }
    }
}

const fn is_register(message: &PeerMessage) -> bool {
    matches!(
        message,
        PeerMessage::Prepare { .. }
            | PeerMessage::Promise { .. }
            | PeerMessage::Propose(_)
            | PeerMessage::Fetching { .. }
            | PeerMessage::Accept { .. }
            | PeerMessage::Nack { .. }
            | PeerMessage::NewHead { .. }
            | PeerMessage::Announce { .. }
            | PeerMessage::Chunk { .. }
    )
}
