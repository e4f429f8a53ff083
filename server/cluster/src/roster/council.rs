//! Deciding the next roster: a register of its own, by a majority of the present one (protocol 11.1).
//!
//! Each roster has one successor, so each is a decision of its own and its acceptor state begins
//! anew with it (docs/decisions/0030). A ballot leaves when the own promise of it is durable.

use std::collections::{BTreeMap, BTreeSet};

use domain::Millis;

use super::{Council, RosterVote, Version};
use crate::{
    Ballot, ChangeOutcome, Core, MemberId, Mutant, PeerMessage, Phase, Record, Reply, Roster,
    Timer, Token, Urgency, live::OwnAnswer, turn::Turn,
};

/// An attempt to decide the next roster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CouncilRound {
    pub(crate) at: Version,
    pub(crate) ballot: Ballot,
    /// What the proposer wants.
    pub(crate) wanted: Roster,
    pub(crate) step: CouncilStep,
    /// Who waits for it, since when.
    pub(crate) waiter: Option<(Token, Millis)>,
    /// Whether a proposal has left: it may be decided whatever happens here.
    pub(crate) proposed: bool,
    /// Greatest counter that a refusal named.
    pub(crate) seen: u64,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CouncilStep {
    Preparing(BTreeMap<MemberId, Option<(Ballot, Box<Roster>)>>),
    Proposing(Box<Roster>, BTreeSet<MemberId>),
}

impl Core {
    /// Time until a round of the council is repeated, and as much again drawn.
    const COUNCIL_MS: u64 = 400;
    /// Time until a learner that is being promoted is looked at again, and as much again drawn.
    pub(super) const LOOK_MS: u64 = 200;
    /// Time until somebody who waits for it is answered.
    const COUNCIL_PATIENCE: Millis = Millis(8_000);

    /// Begins to decide `wanted` as the roster after the present one.
    pub(crate) fn convene(
        &mut self,
        wanted: Roster,
        waiter: Option<(Token, Millis)>,
        turn: &mut Turn<'_>,
    ) {
        let Some(at) = self.durable.roster.as_ref().map(Roster::version) else {
            return;
        };
        self.live.council = Some(CouncilRound {
            at,
            ballot: Ballot::ZERO,
            wanted,
            step: CouncilStep::Preparing(BTreeMap::new()),
            waiter,
            proposed: false,
            seen: 0,
        });
        self.prepare_roster(turn);
    }

    fn prepare_roster(&mut self, turn: &mut Turn<'_>) {
        let council = self.durable.council.clone();
        let Some(round) = &mut self.live.council else { return };
        let counter = council.promised.counter.max(round.seen).max(round.ballot.counter) + 1;
        let ballot = Ballot { counter, incarnation: self.me.incarnation };
        round.ballot = ballot;
        round.step = CouncilStep::Preparing(BTreeMap::new());
        let at = round.at;
        let accepted = council.accepted.clone();
        let record = Record::Council(Council { promised: ballot, ..council });
        self.record(record, Urgency::Now, turn);
        self.vote_own(RosterVote::Promise { at, ballot, accepted }, turn);
        self.tell_council(&RosterVote::Prepare { at, ballot }, turn);
        turn.arm(Timer::Council, Self::COUNCIL_MS, 2 * Self::COUNCIL_MS);
    }

    /// Says something to all other members once what it rests on is durable here.
    fn tell_council(&self, vote: &RosterVote, turn: &mut Turn<'_>) {
        for peer in self.others() {
            turn.promise(peer, PeerMessage::RosterVote(vote.clone()));
        }
    }

    fn vote_own(&mut self, vote: RosterVote, turn: &Turn<'_>) {
        self.live.own.push_back((turn.no, OwnAnswer::Roster(vote)));
    }

    /// A vote of a member about the roster that follows the present one; others are told of it.
    pub(crate) fn on_roster_vote(&mut self, from: MemberId, vote: RosterVote, turn: &mut Turn<'_>) {
        if !self.judge_version(from, vote.at(), turn)
            || !self.is_member(&from)
            || !self.is_member(&self.me)
        {
            return;
        }
        match vote {
            RosterVote::Prepare { at, ballot } => self.on_roster_prepare(from, at, ballot, turn),
            RosterVote::Promise { at, ballot, accepted } => {
                self.on_roster_promise(from, at, ballot, accepted, turn);
            }
            RosterVote::Propose { at, ballot, roster } => {
                self.on_roster_propose(from, at, ballot, roster, turn);
            }
            RosterVote::Accept { at, ballot } => self.on_roster_accept(from, at, ballot, turn),
            RosterVote::Nack { ballot, promised, .. } => {
                if let Some(round) = &mut self.live.council
                    && round.ballot == ballot
                {
                    round.seen = round.seen.max(promised.counter);
                }
            }
        }
    }

    fn on_roster_prepare(
        &mut self,
        from: MemberId,
        at: Version,
        ballot: Ballot,
        turn: &mut Turn<'_>,
    ) {
        let council = self.durable.council.clone();
        if ballot <= council.promised {
            let promised = council.promised;
            let nack = RosterVote::Nack { at, ballot, promised };
            return turn.promise(from, PeerMessage::RosterVote(nack));
        }
        let accepted = council.accepted.clone();
        let record = Record::Council(Council { promised: ballot, ..council });
        self.record(record, Urgency::Now, turn);
        let promise = RosterVote::Promise { at, ballot, accepted };
        turn.promise(from, PeerMessage::RosterVote(promise));
    }

    fn on_roster_promise(
        &mut self,
        from: MemberId,
        at: Version,
        ballot: Ballot,
        accepted: Option<(Ballot, Box<Roster>)>,
        turn: &mut Turn<'_>,
    ) {
        let quorum = self.quorum();
        let promised = self.durable.council.promised;
        let Some(round) = self.live.council.as_mut().filter(|round| round.ballot == ballot) else {
            return;
        };
        if promised > ballot {
            // This node has promised another one's greater ballot since: its own vote is gone.
            round.seen = round.seen.max(promised.counter);
            return;
        }
        let CouncilStep::Preparing(promises) = &mut round.step else {
            return;
        };
        promises.insert(from, accepted);
        if promises.len() < quorum {
            return;
        }
        let highest = promises.values().flatten().max_by_key(|(ballot, _)| *ballot);
        let roster = highest.map_or_else(|| Box::new(round.wanted.clone()), |(_, r)| r.clone());
        round.step = CouncilStep::Proposing(roster.clone(), BTreeSet::new());
        round.proposed = true;
        self.accept_roster(ballot, &roster, turn);
        self.vote_own(RosterVote::Accept { at, ballot }, turn);
        for peer in self.others() {
            let vote = RosterVote::Propose { at, ballot, roster: roster.clone() };
            turn.send(peer, PeerMessage::RosterVote(vote));
        }
    }

    fn on_roster_propose(
        &mut self,
        from: MemberId,
        at: Version,
        ballot: Ballot,
        roster: Box<Roster>,
        turn: &mut Turn<'_>,
    ) {
        let promised = self.durable.council.promised;
        let follows = self.durable.roster.as_ref().is_some_and(|mine| self.follows(mine, &roster));
        if !follows {
            return;
        }
        let vote = if ballot < promised {
            RosterVote::Nack { at, ballot, promised }
        } else {
            self.accept_roster(ballot, &roster, turn);
            RosterVote::Accept { at, ballot }
        };
        turn.promise(from, PeerMessage::RosterVote(vote));
    }

    fn accept_roster(&mut self, ballot: Ballot, roster: &Roster, turn: &mut Turn<'_>) {
        let accepted = Some((ballot, Box::new(roster.clone())));
        self.record(Record::Council(Council { promised: ballot, accepted }), Urgency::Now, turn);
    }

    /// True if `next` may follow `now`: one member more or less, or none (protocol 11).
    fn follows(&self, now: &Roster, next: &Roster) -> bool {
        let same = now.members == next.members;
        let lost = now.members.iter().filter(|member| !next.has(&member.id)).count();
        let came = next.members.iter().filter(|member| !now.has(&member.id)).count();
        let one = lost + came <= 1 || self.config.broken(Mutant::ReplaceInOne);
        let ends = same && now.learners == next.learners && next.epoch == now.epoch;
        let changes = next.epoch == now.epoch + 1;
        next.cluster == now.cluster
            && match (now.phase, next.phase) {
                (Phase::Repairing, Phase::Steady) => ends,
                (Phase::Steady, Phase::Steady) => changes && same,
                (Phase::Steady, Phase::Repairing) => changes && one && !next.members.is_empty(),
                (Phase::Repairing, Phase::Repairing) => false,
            }
    }

    fn on_roster_accept(
        &mut self,
        from: MemberId,
        at: Version,
        ballot: Ballot,
        turn: &mut Turn<'_>,
    ) {
        let quorum = self.quorum();
        let Some(round) = self.live.council.as_mut().filter(|round| round.ballot == ballot) else {
            return;
        };
        let CouncilStep::Proposing(roster, accepts) = &mut round.step else {
            return;
        };
        accepts.insert(from);
        if round.at != at || accepts.len() < quorum {
            return;
        }
        let roster = (**roster).clone();
        self.adopt(roster, turn);
        let linked = self.live.peers.iter().filter(|(_, peer)| peer.linked).map(|(id, _)| *id);
        for peer in linked.collect::<Vec<_>>() {
            self.tell_roster(peer, turn);
        }
    }

    /// The round is over: this roster follows the one it began at.
    pub(crate) fn close_council(&mut self, decided: &Roster, turn: &mut Turn<'_>) {
        let Some(round) = self.live.council.take() else { return };
        if self.live.promoting.is_some() {
            // Somebody else's change ended; whoever waits for a learner shares the timer.
            turn.arm(Timer::Council, Self::LOOK_MS, 2 * Self::LOOK_MS);
        } else {
            turn.disarm(Timer::Council);
        }
        let outcome =
            if round.wanted == *decided { ChangeOutcome::Done } else { ChangeOutcome::Moved };
        if let Some((token, _)) = round.waiter {
            self.after_change(token, outcome, turn);
        }
    }

    /// Nothing came of it in time: answers whoever waits, and tries again.
    pub(crate) fn council_due(&mut self, turn: &mut Turn<'_>) {
        self.promote_due(turn);
        let Some(round) = &mut self.live.council else { return };
        let late =
            round.waiter.filter(|(_, since)| turn.now.since(*since) >= Self::COUNCIL_PATIENCE);
        if let Some((token, _)) = late {
            round.waiter = None;
            let outcome =
                if round.proposed { ChangeOutcome::NotKnown } else { ChangeOutcome::NoMajority };
            turn.reply(token, Reply::Change(outcome));
            self.live.replacing = None;
            if outcome == ChangeOutcome::NoMajority {
                self.live.council = None;
                return;
            }
        }
        if self.majority_linked() {
            self.prepare_roster(turn);
        } else {
            turn.arm(Timer::Council, Self::COUNCIL_MS, 2 * Self::COUNCIL_MS);
        }
    }

    /// A roster that was accepted and not told to be decided is proposed again by whoever has it.
    pub(crate) fn finish_council(&mut self, turn: &mut Turn<'_>) {
        let idle = self.live.council.is_none() && self.majority_linked();
        let accepted = self.durable.council.accepted.clone();
        if let Some((_, roster)) = accepted.filter(|_| idle && self.is_member(&self.me)) {
            self.convene(*roster, None, turn);
        }
    }
}
