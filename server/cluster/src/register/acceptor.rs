//! The acceptor: promises ballots and accepts heads, durably before it says so.

use domain::ObjectId;

use crate::{
    Alarm, Ballot, Core, Key, KeyState, MemberId, Mutant, PeerMessage, Propose, Record, Urgency,
    live::OwnAnswer,
    path::{self, Walk},
    turn::Turn,
};

/// What the acceptor makes of a proposal.
enum Verdict {
    /// Accepted, in the write of this turn.
    Accepted,
    /// This very head was accepted under this ballot before.
    Again,
    /// Another head was accepted under this ballot.
    TwoHeads,
    /// A higher ballot was promised.
    Promised(Ballot),
    /// The head does not follow the decided head here.
    Elsewhere,
    /// These objects come first.
    Missing,
}

impl Core {
    /// State of `key`; as new if nothing happened to it.
    pub(crate) fn state(&self, key: &Key) -> KeyState {
        self.durable.get(key).cloned().unwrap_or_default()
    }

    /// Decided head of `key` here.
    pub(crate) fn decided(&self, key: &Key) -> Option<ObjectId> {
        self.durable.get(key)?.decided.map(|decided| decided.head)
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.durable.roster.as_ref().map_or(0, |roster| roster.epoch)
    }

    /// Durable count of this node when what waits for [`Turn::after`] leaves.
    fn count_after(&self, turn: &Turn<'_>) -> u64 {
        self.told_count(turn.after().unwrap_or_default().max(self.live.persisted))
    }

    /// A member answers whoever may propose; a learner answers nobody.
    fn hears_proposer(&self, from: &MemberId) -> bool {
        self.is_member(&self.me) && self.is_known(from)
    }

    pub(crate) fn on_prepare(
        &mut self,
        from: MemberId,
        epoch: u64,
        key: Key,
        ballot: Ballot,
        turn: &mut Turn<'_>,
    ) {
        if !self.hears_proposer(&from) {
            return;
        }
        let state = self.state(&key);
        if ballot <= state.promised {
            return self.refuse(from, key, ballot, state.promised, turn);
        }
        self.clear_fast(&key);
        let accepted = state.accepted.map(|accepted| (accepted.ballot, accepted.head));
        self.record(Record::Promised { key: key.clone(), ballot }, Urgency::Now, turn);
        let count = self.count_after(turn);
        turn.promise(from, PeerMessage::Promise { epoch, key, ballot, accepted, count });
    }

    /// The own proposer's prepare; the answer counts when it is durable.
    pub(crate) fn promise_own(&mut self, key: &Key, ballot: Ballot, turn: &mut Turn<'_>) {
        let accepted = self.state(key).accepted;
        self.record(Record::Promised { key: key.clone(), ballot }, Urgency::Now, turn);
        let answer = OwnAnswer::Promise { epoch: self.epoch(), key: key.clone(), ballot, accepted };
        self.live.own.push_back((turn.no, answer));
    }

    pub(crate) fn on_propose(&mut self, from: MemberId, propose: Propose, turn: &mut Turn<'_>) {
        if !self.hears_proposer(&from) {
            return;
        }
        let state = self.state(&propose.key);
        if propose.ballot >= state.promised {
            self.take_carried(&propose, turn);
        }
        self.answer_proposal(from, propose, turn);
    }

    /// Judges a proposal on what is promised and here now (protocol 4.2.5), and answers.
    pub(crate) fn answer_proposal(
        &mut self,
        from: MemberId,
        propose: Propose,
        turn: &mut Turn<'_>,
    ) {
        let verdict = self.try_accept(&propose, turn);
        let Propose { epoch, key, ballot, head, gaps, .. } = propose;
        match verdict {
            Verdict::Accepted if from == self.me => self.own_accepted(key, ballot, head, turn),
            Verdict::Accepted | Verdict::Again => {
                self.unless_own(from, |core| core.clear_fast(&key));
                let count = self.count_after(turn);
                turn.promise(from, PeerMessage::Accept { epoch, key, ballot, head, count });
            }
            Verdict::TwoHeads => turn.raise(Alarm::TwoHeadsOneBallot { key, ballot }),
            Verdict::Promised(promised) => self.refuse(from, key, ballot, promised, turn),
            Verdict::Elsewhere => {
                let state = self.state(&key);
                if let Some(decided) = state.decided {
                    let news = PeerMessage::NewHead {
                        epoch,
                        key: key.clone(),
                        head: decided.head,
                        gaps: state.gaps.clone(),
                    };
                    turn.send(from, news);
                }
                self.refuse(from, key, ballot, state.promised, turn);
            }
            Verdict::Missing => {
                let objects = Vec::new();
                self.park(from, Propose { epoch, key, ballot, head, objects, gaps }, turn);
            }
        }
    }

    fn try_accept(&mut self, propose: &Propose, turn: &mut Turn<'_>) -> Verdict {
        let Propose { key, ballot, head, gaps, .. } = propose;
        let state = self.state(key);
        if let Some(accepted) = state.accepted.filter(|accepted| accepted.ballot == *ballot) {
            return if accepted.head == *head { Verdict::Again } else { Verdict::TwoHeads };
        }
        if *ballot < state.promised && !self.config.broken(Mutant::StaleAccept) {
            return Verdict::Promised(state.promised);
        }
        let decided = state.decided.map(|decided| decided.head);
        if !self.config.broken(Mutant::ObjectsAfterAccept) {
            let mut gaps = gaps.clone();
            gaps.extend(&state.gaps);
            match path::walk(turn.objects, key, *head, decided, &gaps) {
                Walk::Reaches => {}
                Walk::Missing => return Verdict::Missing,
                Walk::Elsewhere => return Verdict::Elsewhere,
            }
        }
        self.add_gaps(key, gaps, Urgency::Now, turn);
        let record = Record::Accepted { key: key.clone(), ballot: *ballot, head: *head };
        self.record(record, Urgency::Now, turn);
        if self.config.broken(Mutant::FastWithoutPromise) {
            let (key, ballot) = (key.clone(), *ballot);
            self.record(Record::Promised { key, ballot }, Urgency::Now, turn);
        }
        self.live.undecided.insert(key.clone(), turn.now);
        Verdict::Accepted
    }

    fn own_accepted(&mut self, key: Key, ballot: Ballot, head: ObjectId, turn: &mut Turn<'_>) {
        if let Some(round) = self.live.rounds.get_mut(&key) {
            round.own_in = Some(turn.no);
        }
        let answer = OwnAnswer::Accept { epoch: self.epoch(), key, ballot, head };
        let at =
            if self.config.broken(Mutant::OwnAcceptEarly) { self.live.persisted } else { turn.no };
        self.live.own.push_back((at, answer));
    }

    fn unless_own(&mut self, from: MemberId, act: impl FnOnce(&mut Self)) {
        if from != self.me {
            act(self);
        }
    }

    fn refuse(
        &self,
        from: MemberId,
        key: Key,
        ballot: Ballot,
        promised: Ballot,
        turn: &mut Turn<'_>,
    ) {
        let (epoch, wait_ms) = (self.epoch(), self.config.lease.0);
        if from != self.me {
            turn.promise(from, PeerMessage::Nack { epoch, key, ballot, promised, wait_ms });
        }
    }

    /// The own acceptor has promised something else: one round trip is not enough any more.
    fn clear_fast(&mut self, key: &Key) {
        if !self.config.broken(Mutant::FastWithoutPromise) {
            self.live.fast.remove(key);
        }
    }
}
