//! The proposer: from promises to a decision.

use std::collections::BTreeSet;

use domain::ObjectId;

use crate::{
    Accepted, Alarm, Ballot, Core, INLINE_BYTES, Key, MemberId, Mutant, PeerMessage, Propose,
    SaveOutcome, Timer,
    live::{Fast, News, Round, RoundPhase},
    path,
    turn::Turn,
};

impl Core {
    pub(crate) fn on_promise(
        &mut self,
        from: MemberId,
        epoch: u64,
        key: &Key,
        ballot: Ballot,
        accepted: Option<Accepted>,
        turn: &mut Turn<'_>,
    ) {
        self.heard(key, from);
        let quorum = self.quorum();
        if !self.is_member(&from) {
            return;
        }
        let Some(round) = self.round_of(key, ballot, epoch) else {
            return;
        };
        let RoundPhase::Preparing { promises } = &mut round.phase else {
            return;
        };
        promises.insert(from, accepted);
        if promises.len() < quorum {
            return;
        }
        let highest = promises.values().flatten().max_by_key(|accepted| accepted.ballot);
        let (base, attempt) = (highest.map(|accepted| accepted.head), round.attempt);
        match self.value(key, base, turn) {
            Some(head) => self.propose(key, ballot, head, attempt, turn),
            None => {
                self.end_round(key, turn);
                self.note_read(key);
                self.note_repaired(key, epoch, turn);
                self.after_round(key, turn);
            }
        }
    }

    /// The draft's tip if `base` leads to it, else `base` again; none if there is nothing at all.
    ///
    /// `base` is the head accepted under the highest ballot, not the most frequent one; it is not
    /// known to be decided, so nothing is answered because of it (protocol 4.2.4).
    fn value(
        &mut self,
        key: &Key,
        base: Option<ObjectId>,
        turn: &mut Turn<'_>,
    ) -> Option<ObjectId> {
        let tip = self.state(key).draft.map(|draft| draft.tip);
        let (Some(tip), Some(base)) = (tip, base) else {
            return tip.or(base);
        };
        let follows = path::is_ancestor(turn.objects, key, base, tip);
        if self.config.broken(Mutant::AnswerFromPromises)
            && path::is_ancestor(turn.objects, key, tip, base)
        {
            self.answer(key, SaveOutcome::Decided { commit: tip }, turn);
        }
        if follows || self.config.broken(Mutant::OwnValue) { Some(tip) } else { Some(base) }
    }

    /// Proposes `head` to everybody (protocol 4.2.5). The draft's own write may still be under way.
    pub(crate) fn propose(
        &mut self,
        key: &Key,
        ballot: Ballot,
        head: ObjectId,
        attempt: u32,
        turn: &mut Turn<'_>,
    ) {
        let round = Round {
            ballot,
            epoch: self.epoch(),
            phase: RoundPhase::Proposing { head, accepts: BTreeSet::new() },
            nacks: BTreeSet::new(),
            seen: 0,
            attempt,
            own_in: None,
        };
        self.live.rounds.insert(key.clone(), round);
        self.note_proposed(key, head);
        let proposal = self.proposal(key, ballot, head, turn);
        for peer in self.others() {
            turn.send(peer, PeerMessage::Propose(proposal.clone()));
        }
        self.answer_proposal(self.me, Propose { objects: Vec::new(), ..proposal }, turn);
        self.arm_round(key, attempt, turn);
        if self.config.broken(Mutant::LocalAcknowledge) {
            self.answer(key, SaveOutcome::Decided { commit: head }, turn);
        }
    }

    pub(crate) fn proposal(
        &self,
        key: &Key,
        ballot: Ballot,
        head: ObjectId,
        turn: &Turn<'_>,
    ) -> Propose {
        let draft = self.state(key).draft.filter(|draft| draft.tip == head);
        let gaps = self.gaps(key, head, turn);
        let current = self.live.saving.get(key).and_then(|saving| saving.current.as_ref());
        let objects = current
            .filter(|_| draft.is_some())
            .map(|current| &current.objects)
            .filter(|objects| {
                objects.iter().map(|o| o.content.len()).sum::<usize>() <= INLINE_BYTES
            })
            .cloned()
            .unwrap_or_default();
        Propose { epoch: self.epoch(), key: key.clone(), ballot, head, objects, gaps }
    }

    /// The peer is at work: it counts as an answer, and the round's timer leaves it time.
    pub(crate) fn on_fetching(&mut self, from: MemberId, key: &Key) {
        self.heard(key, from);
    }

    pub(crate) fn on_accept(
        &mut self,
        from: MemberId,
        epoch: u64,
        key: &Key,
        ballot: Ballot,
        head: ObjectId,
        turn: &mut Turn<'_>,
    ) {
        self.heard(key, from);
        let quorum = self.quorum();
        if !self.is_member(&from) {
            return;
        }
        let Some(round) = self.round_of(key, ballot, epoch) else {
            return;
        };
        let RoundPhase::Proposing { head: proposed, accepts } = &mut round.phase else {
            return;
        };
        if *proposed != head {
            return turn.raise(Alarm::TwoHeadsOneBallot { key: key.clone(), ballot });
        }
        accepts.insert(from);
        if accepts.len() < quorum {
            return;
        }
        let own_in = round.own_in;
        self.end_round(key, turn);
        self.note_read(key);
        if own_in.is_some() || self.config.broken(Mutant::FastWithoutPromise) {
            let fast = Fast { ballot: ballot.next(), head, epoch, promised_in: own_in };
            self.live.fast.insert(key.clone(), fast);
        }
        let gaps = self.state(key).gaps;
        for peer in self.others() {
            turn.send(
                peer,
                PeerMessage::NewHead { epoch, key: key.clone(), head, gaps: gaps.clone() },
            );
        }
        let holder = from;
        self.note_repaired(key, epoch, turn);
        self.learn(key, News { head, gaps, holder }, turn);
        self.after_round(key, turn);
    }

    pub(crate) fn on_nack(
        &mut self,
        from: MemberId,
        key: &Key,
        ballot: Ballot,
        promised: Ballot,
        wait_ms: u64,
        turn: &mut Turn<'_>,
    ) {
        if !self.is_member(&from) {
            return;
        }
        self.heard(key, from);
        let members = self.durable.roster.as_ref().map_or(0, |roster| roster.members.len());
        let quorum = self.quorum();
        let epoch = self.epoch();
        let Some(round) = self.round_of(key, ballot, epoch) else {
            return;
        };
        round.seen = round.seen.max(promised.counter);
        round.nacks.insert(from);
        // As long as a majority may still accept, a Nack proves nothing (protocol 4.2.9).
        if matches!(round.phase, RoundPhase::Resting)
            || members.saturating_sub(round.nacks.len()) >= quorum
        {
            return;
        }
        round.phase = RoundPhase::Resting;
        let spread = 10_u64 << round.attempt.min(6);
        turn.arm(Timer::Round(key.clone()), wait_ms.min(1_000), wait_ms.min(1_000) + spread);
    }

    /// Answers whoever waits for the save that is the draft of `key`.
    pub(crate) fn answer(&mut self, key: &Key, outcome: SaveOutcome, turn: &mut Turn<'_>) {
        let saving = self.live.saving.get_mut(key);
        if let Some(current) = saving.and_then(|saving| saving.current.take()) {
            turn.disarm(Timer::Patience(key.clone()));
            turn.reply(current.token, current.ask.reply(outcome));
        }
    }

    /// From here on the save under way may be decided, whatever this node hears of it.
    fn note_proposed(&mut self, key: &Key, head: ObjectId) {
        let own = self.durable.get(key).and_then(|state| state.draft).map(|draft| draft.tip);
        let saving = self.live.saving.get_mut(key).filter(|_| own == Some(head));
        if let Some(current) = saving.and_then(|saving| saving.current.as_mut()) {
            current.proposed = true;
        }
    }

    fn heard(&mut self, key: &Key, from: MemberId) {
        if !self.is_member(&from) {
            return;
        }
        let saving = self.live.saving.get_mut(key);
        if let Some(current) = saving.and_then(|saving| saving.current.as_mut()) {
            current.answered.insert(from);
        }
    }

    fn round_of(&mut self, key: &Key, ballot: Ballot, epoch: u64) -> Option<&mut Round> {
        self.live.rounds.get_mut(key).filter(|round| round.ballot == ballot && round.epoch == epoch)
    }
}
