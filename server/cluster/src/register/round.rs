//! Starting and repeating rounds.

use crate::{
    Ballot, Core, Key, MemberId, Mutant, PeerMessage, Record, Timer, Urgency, WriteNo,
    live::{Fast, Round, RoundPhase},
    path,
    turn::Turn,
};

impl Core {
    /// True if enough members are linked to decide; a member counts itself.
    pub(crate) fn majority_linked(&self) -> bool {
        let Some(roster) = &self.durable.roster else {
            return false;
        };
        if !roster.names(self.me.node) || !self.is_open() {
            return false;
        }
        let linked = |id: &MemberId| self.live.peers.get(id).is_some_and(|peer| peer.linked);
        let others = self.others().iter().filter(|id| linked(id)).count();
        // A learner proposes to the members, and does not count itself.
        others + usize::from(self.is_member(&self.me)) >= self.quorum()
    }

    pub(crate) fn quorum(&self) -> usize {
        let quorum = self.durable.roster.as_ref().map_or(usize::MAX, crate::Roster::quorum);
        if self.config.broken(Mutant::MinorityQuorum) { quorum - 1 } else { quorum }
    }

    /// Starts rounds for keys that wait for room and a majority.
    pub(crate) fn fill_rounds(&mut self, turn: &mut Turn<'_>) {
        while self.live.rounds.len() < self.config.background_rounds && self.majority_linked() {
            let Some(key) = self.live.backlog.pop_first() else {
                return;
            };
            self.start_round(&key, turn);
        }
    }

    /// Starts a round for the draft of `key`, or one that only finds out its head; later, if there
    /// is no majority.
    pub(crate) fn start_round(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let is_due = self.live.rounds.contains_key(key) || self.live.start_at.contains_key(key);
        if is_due || self.awaits_founder(key) {
            return;
        }
        if !self.majority_linked() {
            self.live.backlog.insert(key.clone());
        } else if !self.start_fast(key, turn) {
            self.prepare(key, 0, turn);
        }
    }

    /// Rounds that waited for a write of the own acceptor.
    pub(crate) fn start_waiting_rounds(&mut self, turn: &mut Turn<'_>) {
        let durable = self.live.persisted;
        let ready: Vec<Key> = self
            .live
            .start_at
            .iter()
            .filter(|(_, at)| **at <= durable)
            .map(|(key, _)| key.clone())
            .collect();
        for key in ready {
            self.live.start_at.remove(&key);
            self.start_round(&key, turn);
        }
    }

    /// Begins at the proposal when the members' accepts have promised the next ballot to us.
    fn start_fast(&mut self, key: &Key, turn: &mut Turn<'_>) -> bool {
        let state = self.state(key);
        let (Some(draft), Some(fast)) = (state.draft, self.live.fast.remove(key)) else {
            return false;
        };
        let follows = draft.base == Some(fast.head)
            || path::is_ancestor(turn.objects, key, fast.head, draft.tip);
        if fast.epoch != self.epoch() || !follows {
            return false;
        }
        if !self.config.broken(Mutant::FastWithoutPromise) {
            if state.promised != fast.ballot {
                return false;
            }
            if let Some(at) = self.unwritten(&fast) {
                self.live.fast.insert(key.clone(), fast);
                self.live.start_at.insert(key.clone(), at);
                return true;
            }
        }
        self.propose(key, fast.ballot, draft.tip, 0, turn);
        true
    }

    fn unwritten(&self, fast: &Fast) -> Option<WriteNo> {
        let at = fast.promised_in?;
        (at > self.live.persisted).then_some(at)
    }

    /// Asks everybody what they accepted, under a ballot nobody ever used (protocol 4.2.2).
    pub(crate) fn prepare(&mut self, key: &Key, attempt: u32, turn: &mut Turn<'_>) {
        let seen = self.state(key).promised.counter.max(self.live.floor);
        let before = self.live.rounds.get(key);
        let seen = seen.max(before.map_or(0, |round| round.seen.max(round.ballot.counter)));
        let counter = seen.saturating_add(1);
        let ballot = Ballot { counter, incarnation: self.me.incarnation };
        self.reserve(ballot.counter, turn);
        let round = Round {
            ballot,
            epoch: self.epoch(),
            phase: RoundPhase::Preparing { promises: std::collections::BTreeMap::new() },
            nacks: std::collections::BTreeSet::new(),
            seen: 0,
            attempt,
            own_in: None,
        };
        self.live.rounds.insert(key.clone(), round);
        self.promise_own(key, ballot, turn);
        let reserved = self.live.reserved_in;
        let after = (reserved > self.live.persisted).then_some(reserved);
        for peer in self.others() {
            let message = PeerMessage::Prepare { epoch: self.epoch(), key: key.clone(), ballot };
            turn.send_after(peer, message, after);
        }
        self.arm_round(key, attempt, turn);
    }

    /// Makes sure that a restart cannot use `counter` again (docs/decisions/0002).
    fn reserve(&mut self, counter: u64, turn: &mut Turn<'_>) {
        if counter <= self.durable.reserved || self.config.broken(Mutant::UnreservedBallot) {
            return;
        }
        let reserved = counter.saturating_add(self.config.ballots_reserved);
        self.record(Record::Reserved(reserved), Urgency::Now, turn);
        self.live.reserved_in = turn.no;
    }

    pub(crate) fn arm_round(&self, key: &Key, attempt: u32, turn: &mut Turn<'_>) {
        let wait = self.config.round.0.saturating_mul(1 << attempt.min(8));
        let wait = wait.min(self.config.round_max.0);
        turn.arm(Timer::Round(key.clone()), wait, wait + wait / 2);
    }

    pub(crate) fn round_again(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(round) = self.live.rounds.get(key) else {
            return;
        };
        if self.majority_linked() {
            let attempt = round.attempt + 1;
            self.prepare(key, attempt, turn);
        } else {
            self.live.rounds.remove(key);
            self.live.backlog.insert(key.clone());
        }
    }

    /// A round is over: others may begin.
    pub(crate) fn end_round(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if self.live.rounds.remove(key).is_some() {
            turn.disarm(Timer::Round(key.clone()));
        }
        self.live.start_at.remove(key);
    }

    /// A member came back: tells it what the rounds under way wait for.
    pub(crate) fn repeat_rounds(&self, peer: MemberId, turn: &mut Turn<'_>) {
        for (key, round) in &self.live.rounds {
            let (epoch, key, ballot) = (round.epoch, key.clone(), round.ballot);
            match &round.phase {
                RoundPhase::Preparing { .. } => {
                    let reserved = self.live.reserved_in;
                    let after = (reserved > self.live.persisted).then_some(reserved);
                    turn.send_after(peer, PeerMessage::Prepare { epoch, key, ballot }, after);
                }
                RoundPhase::Proposing { head, .. } => {
                    let propose = self.proposal(&key, ballot, *head, turn);
                    turn.send(peer, PeerMessage::Propose(propose));
                }
                RoundPhase::Resting => {}
            }
        }
    }

    /// What a crash may have left unfinished is proposed again.
    pub(crate) fn recover_rounds(&mut self, turn: &mut Turn<'_>) {
        let unfinished = self.durable.keys.iter().filter(|(_, state)| {
            let accepted = state.accepted.map(|accepted| accepted.head);
            let decided = state.decided.map(|decided| decided.head);
            state.draft.is_some() || accepted.is_some() && accepted != decided
        });
        let keys: Vec<Key> = unfinished.map(|(key, _)| key.clone()).collect();
        self.live.backlog.extend(keys);
        self.fill_rounds(turn);
    }

    /// A head that was accepted and never told to be decided is proposed again: its proposer may
    /// have answered its page and died before anybody else heard (docs/decisions/0004).
    pub(crate) fn repair_undecided(&mut self, turn: &mut Turn<'_>) {
        let patience = self.config.undecided;
        let (now, rounds) = (turn.now, &self.live.rounds);
        let old =
            self.live.undecided.iter().filter(|(key, since)| {
                now.since(**since) >= patience && !rounds.contains_key(*key)
            });
        let keys: Vec<Key> = old.map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.live.undecided.insert(key.clone(), now);
            self.live.backlog.insert(key);
        }
        self.fill_rounds(turn);
    }
}
