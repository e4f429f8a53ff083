//! The driver: performs a core's outputs as a hub does.

use relay::{Input, Output, PostOutcome, RelayMessage, Reply, Timer, WriteNo};

use super::{
    Event, World,
    invariants::{clocks_not_pulled, gazers_true, kept, no_alarm, seen_once},
};
use crate::trace::name;

impl World {
    /// Hands an input to a core and performs what comes of it.
    pub(super) fn input(&mut self, node: usize, input: Input) {
        let outputs = self.nodes[node].handle(self.now, input);
        for output in outputs {
            self.perform(node, output);
        }
        self.sync(node);
    }

    fn perform(&mut self, node: usize, output: Output) {
        match output {
            Output::Persist { no, records, .. } => {
                self.nodes[node].disk.write(no, records);
                if std::mem::take(&mut self.nodes[node].is_doomed) {
                    let (left, run) = (self.dice.between((0, 10_000)), self.nodes[node].run);
                    self.at(self.now + left, Event::Die { node, run });
                }
            }
            Output::Send { to, message } => {
                if let Some(to) = self.nodes.iter().position(|node| node.id == to) {
                    self.send(node, to, &message);
                }
            }
            Output::Reply { token, reply } => {
                if let Reply::Posted(outcome) = reply {
                    self.posted(node, token.0, outcome);
                } else {
                    self.answer(reply);
                }
            }
            Output::Arm { timer, between: (low, high) } => {
                self.stamp += 1;
                let stamp = self.stamp;
                self.nodes[node].timers.insert(timer, stamp);
                let delay = self.dice.between((low * 1_000, high * 1_000));
                self.at(self.now + delay, Event::Timer { node, timer, stamp });
            }
            Output::Serve { after: Some(after), .. } if after > self.nodes[node].persisted => {
                self.nodes[node].held.push((after, output));
            }
            Output::Serve { to, ask, document, places, .. } => {
                let disk = &self.nodes[node].disk;
                let found = places.iter().filter_map(|place| disk.get(&document, *place).cloned());
                let message = RelayMessage::messages(ask, document.clone(), found);
                if let Some(to) = self.nodes.iter().position(|node| node.id == to) {
                    self.send(node, to, &message);
                }
            }
            Output::Deliver(delivery) => {
                self.line(|| {
                    format!("{} ⇒ {:?} {:?}", name(node), delivery.to, delivery.message.row)
                });
                let checked = seen_once::delivered(self, node, &delivery);
                self.note(checked);
            }
            Output::Raise(alarm) => {
                let checked = no_alarm::check(node, &alarm);
                self.note(checked);
            }
            Output::Emit(event) => {
                let checked = no_alarm::check_event(node, &event);
                self.note(checked);
            }
            Output::Tell { event, to } => {
                let checked = gazers_true::told(self, node, &event, &to);
                self.note(checked);
            }
            Output::Pass { .. } => {}
        }
    }

    fn posted(&mut self, node: usize, token: u64, outcome: PostOutcome) {
        let (posted, is_safe) = match outcome {
            PostOutcome::Safe(posted) => (posted, true),
            PostOutcome::Alone(posted) => (posted, false),
            PostOutcome::TooLong | PostOutcome::Busy => return,
        };
        self.line(|| format!("{} ✓ {token} {posted:?} safe: {is_safe}", name(node)));
        let Ok(at) = usize::try_from(token) else { return };
        let Some(post) = self.oracle.posts.get_mut(at) else { return };
        post.placed = Some(posted.place);
        let document = self.documents[post.document].clone();
        self.counts.safe += u64::from(is_safe);
        let checked = kept::answered(self, &document, posted.place, is_safe)
            .and_then(|()| clocks_not_pulled::check(self, node, posted.place));
        self.note(checked);
    }

    fn sync(&mut self, node: usize) {
        if self.nodes[node].up && self.nodes[node].disk.begin_sync() {
            let is_slow = self.is_stormy() && self.dice.chance(self.profile.slow_syncs);
            self.counts.slow_syncs += u64::from(is_slow);
            let range = if is_slow { (20_000, 400_000) } else { self.profile.sync_us };
            let (took, run) = (self.dice.between(range), self.nodes[node].run);
            self.at(self.now + took, Event::Synced { node, run });
        }
    }

    pub(super) fn synced(&mut self, node: usize, run: u64) {
        if !self.nodes[node].up || self.nodes[node].run != run {
            return;
        }
        let Some(no) = self.nodes[node].disk.synced() else { return };
        self.note_durable(node);
        for output in self.nodes[node].release(no) {
            self.perform(node, output);
        }
        self.persisted(node, no);
    }

    fn persisted(&mut self, node: usize, no: WriteNo) {
        self.line(|| format!("{} ▤ {no:?}", name(node)));
        self.input(node, Input::Persisted(no));
    }

    /// Remembers on which disks messages are.
    pub(super) fn note_durable(&mut self, node: usize) {
        let life = self.nodes[node].id.incarnation;
        for (document, place) in self.nodes[node].disk.take_fresh() {
            self.oracle.durable.entry((document, place)).or_default().insert(life);
        }
    }

    pub(super) fn fire(&mut self, node: usize, timer: Timer, stamp: u64) {
        if self.nodes[node].timers.get(&timer) == Some(&stamp) {
            self.nodes[node].timers.remove(&timer);
            self.input(node, Input::Timer(timer));
        }
    }
}
