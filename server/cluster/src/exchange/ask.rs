//! Asking for objects: in batches of one good peer, then of the next.

use domain::{Millis, ObjectId};

use crate::{
    Core, Event, MemberId, PeerMessage, Timer,
    exchange::{Source, Stage},
    turn::Turn,
};

impl Core {
    /// An object that was asked for and has not come, although others of the same peer have.
    const LOST_MS: u64 = 5_000;

    /// Puts an object into the line of the next peer, or lets it rest when all were asked.
    pub(crate) fn line_up(&mut self, id: ObjectId, turn: &mut Turn<'_>) {
        self.leave_line(id);
        let Some(wanted) = self.live.wanted.get(&id) else {
            return;
        };
        let holder = wanted.holder;
        let untried = self
            .live
            .peers
            .iter()
            .filter(|(peer, state)| state.linked && !wanted.tried.contains(*peer));
        let stalled =
            |peer: &MemberId| self.live.sources.get(peer).is_some_and(|source| source.stalled);
        let next = untried
            .map(|(peer, _)| *peer)
            .min_by_key(|peer| (stalled(peer), Some(*peer) != holder));
        let Some(peer) = next else {
            return self.rest(id, turn);
        };
        let Some(wanted) = self.live.wanted.get_mut(&id) else {
            return;
        };
        wanted.stage = Stage::Line(peer);
        self.live.sources.entry(peer).or_default().line.insert((wanted.rank, id));
        self.live.asks_due = true;
    }

    /// Takes an object out of the line of a peer, and out of what was asked of it.
    pub(crate) fn leave_line(&mut self, id: ObjectId) {
        let Some(wanted) = self.live.wanted.get_mut(&id) else {
            return;
        };
        wanted.transfer = None;
        let (Stage::Line(peer) | Stage::Asked(peer, _)) = wanted.stage else {
            return;
        };
        if let Some(source) = self.live.sources.get_mut(&peer) {
            source.line.remove(&(wanted.rank, id));
            source.asked.remove(&id);
            source.transfer.take_if(|transfer| *transfer == id);
            self.live.asks_due = true;
        }
    }

    /// No linked peer has it: says so, and asks again later, each time later; sooner if some did
    /// not answer. What nothing needs any more is forgotten.
    fn rest(&mut self, id: ObjectId, turn: &mut Turn<'_>) {
        if !self.is_needed(id) {
            return self.forget_wanted(id);
        }
        let Some(wanted) = self.live.wanted.get_mut(&id) else {
            return;
        };
        let doublings = wanted.rests.min(10);
        let wait = self.config.fetch_again.0 << doublings;
        let wait = Millis(wait.min(self.config.fetch_again_max.0));
        wanted.stage = Stage::Rests(turn.now + wait);
        if wanted.tried.is_empty() {
            return;
        }
        if !wanted.silent {
            wanted.rests = doublings + 1;
        }
        let asked = wanted.tried.iter().copied().collect();
        turn.emit(Event::ObjectMissing { id, asked, again: wait });
    }

    fn is_needed(&self, id: ObjectId) -> bool {
        let Some(wanted) = self.live.wanted.get(&id) else {
            return false;
        };
        let proposed = |key| {
            let promised = self.durable.get(key).map(|state| state.promised);
            let parked = self.live.parked.get(key).map(|parked| parked.propose.ballot);
            parked.is_some_and(|ballot| promised.is_none_or(|promised| ballot >= promised))
        };
        let needs = |key| {
            self.live.learning.contains_key(key)
                || self.live.branches.learning.contains_key(key)
                || proposed(key)
        };
        !wanted.tokens.is_empty() || wanted.keys.iter().any(needs)
    }

    /// Asks for again what has rested, and what got lost among others. Every second.
    pub(crate) fn wake_wanted(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        let mut due = Vec::new();
        for (id, wanted) in &mut self.live.wanted {
            match wanted.stage {
                Stage::Rests(until) if until <= now => {
                    wanted.tried.clear();
                    wanted.silent = false;
                    due.push(*id);
                }
                Stage::Asked(peer, at)
                    if now.since(at).0 >= Self::LOST_MS && wanted.transfer.is_none() =>
                {
                    wanted.tried.insert(peer);
                    wanted.silent = true;
                    due.push(*id);
                }
                Stage::Rests(_) | Stage::Asked(..) | Stage::Line(_) => {}
            }
        }
        for id in due {
            self.line_up(id, turn);
        }
    }

    /// What nobody had is asked of a peer that came.
    pub(crate) fn ask_newcomer(&mut self, peer: MemberId, turn: &mut Turn<'_>) {
        let mut due = Vec::new();
        for (id, wanted) in &mut self.live.wanted {
            if let Stage::Rests(_) = wanted.stage {
                wanted.tried.remove(&peer);
                due.push(*id);
            }
        }
        for id in due {
            self.line_up(id, turn);
        }
    }

    /// The peer is gone: what it was or would have been asked for is asked of others.
    pub(crate) fn leave_source(&mut self, peer: MemberId, turn: &mut Turn<'_>) {
        let Some(source) = self.live.sources.remove(&peer) else {
            return;
        };
        turn.disarm(Timer::Fetch(peer));
        for id in source.everything() {
            self.line_up(id, turn);
        }
    }

    /// No progress: what was asked of this peer is asked of the next, and so is its line.
    pub(crate) fn no_progress(&mut self, peer: MemberId, turn: &mut Turn<'_>) {
        // What it was asked for may have come from elsewhere.
        let asked = |source: &&mut Source| !source.asked.is_empty();
        let Some(source) = self.live.sources.get_mut(&peer).filter(asked) else {
            return;
        };
        let source = std::mem::replace(source, Source { stalled: true, ..Source::default() });
        for id in &source.asked {
            if let Some(wanted) = self.live.wanted.get_mut(id) {
                wanted.tried.insert(peer);
                wanted.silent = true;
            }
        }
        for id in source.everything() {
            self.line_up(id, turn);
        }
    }

    /// A peer sent something: it has more time for the rest.
    pub(crate) fn note_progress(&mut self, peer: MemberId, turn: &mut Turn<'_>) {
        let Some(source) = self.live.sources.get_mut(&peer) else {
            return;
        };
        source.stalled = false;
        if source.asked.is_empty() {
            turn.disarm(Timer::Fetch(peer));
        } else {
            let wait = self.fetch_wait();
            turn.arm(Timer::Fetch(peer), wait, wait + wait / 10);
        }
    }

    /// Time that one peer has to send anything. The next is asked so early that an object which
    /// all peers are silent about is told to be missing within a second.
    fn fetch_wait(&self) -> u64 {
        let linked = self.live.peers.values().filter(|peer| peer.linked).count();
        let linked = u64::try_from(linked).unwrap_or(u64::MAX).max(1);
        self.config.fetch.0.min(self.config.fetch_all.0 / linked)
    }

    /// Sends the requests that are due, once at the end of a turn, so that they are few.
    pub(crate) fn send_requests(&mut self, turn: &mut Turn<'_>) {
        self.live.asks_due = false;
        let (batch, wait) = (self.config.fetch_batch, self.fetch_wait());
        for (peer, source) in &mut self.live.sources {
            if source.line.is_empty() || source.asked.len() > batch / 2 {
                continue;
            }
            let idle = source.asked.is_empty();
            let mut ids = Vec::new();
            while source.asked.len() < batch
                && let Some((_, id)) = source.line.pop_last()
            {
                source.asked.insert(id);
                if let Some(wanted) = self.live.wanted.get_mut(&id) {
                    wanted.stage = Stage::Asked(*peer, turn.now);
                }
                ids.push(id);
            }
            turn.send(*peer, PeerMessage::Request { ids });
            if idle {
                turn.arm(Timer::Fetch(*peer), wait, wait + wait / 10);
            }
        }
    }
}

impl Source {
    /// Its line and what was asked of it.
    fn everything(self) -> impl Iterator<Item = ObjectId> {
        self.line.into_iter().map(|(_, id)| id).chain(self.asked)
    }
}
