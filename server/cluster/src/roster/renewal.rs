//! The new life of a node whose disk was found to be an older one, or which leaves its cluster: it is
//! as one that joins with a store of its own (protocol 2, 4.4, 11), in one batch.
//!
//! Its registers are gone: what it promised and accepted after that copy was made, nobody knows.
//! What it had for decided, and what it was about to propose, is served and proposed again; what
//! somebody was told is saved is a tip. Nothing leaves before that is durable, because everything
//! that could leave waits for a new Hello.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Incarnation, NodeId, ObjectId};

use super::{CouncilRound, Promoting, leaving::Departure};
use crate::{
    Alarm, ChangeOutcome, Copies, Core, Draft, DraftKind, Event, HoldReason, Key, KeyState, Record,
    Reply, RolledBack, SaveOutcome, Timer, Token, Urgency,
    live::{Ask, Live, Saving},
    path,
    turn::Turn,
};

/// Why a life of this disk ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ending {
    /// It was found to be an older one.
    RolledBack(RolledBack),
    /// Its node leaves the cluster (`leaving.rs`).
    Leaves(Departure),
}

/// What the new life makes of a draft of the old one, besides what [`KeyState::renewed`] does.
enum Carried {
    /// A save that may have been told to be saved after the copy was made: held, and a tip.
    Hold(Draft),
    /// The decided head is ahead of the draft, or took another way: that is what is proposed.
    Head(ObjectId),
}

impl KeyState {
    /// The state of a key in a new life of its disk: its registers are gone, and what was decided
    /// is a head that is brought in. Tips stay, whoever reported them.
    #[must_use]
    pub(crate) fn renewed(&self) -> Self {
        let import = |tip| Draft { tip, base: None, kind: DraftKind::Import };
        let draft = self.draft.filter(|draft| draft.kind != DraftKind::Settle);
        let draft = draft.or_else(|| self.decided.map(|decided| import(decided.head)));
        Self {
            draft,
            kept: self.kept.clone(),
            gaps: self.gaps.clone(),
            tips: self.tips.clone(),
            tipped: self.tipped,
            ..Self::default()
        }
    }
}

impl Core {
    /// Ends the old life and begins the new one, in one write.
    pub(crate) fn on_renew(&mut self, incarnation: Incarnation, turn: &mut Turn<'_>) {
        let Some(ending) = self.live.ending.take() else { return };
        let carried = self.carried(turn);
        let voted = match &ending {
            Ending::RolledBack(_) => Vec::new(),
            Ending::Leaves(_) => self.voted(turn),
        };
        let settling = self.settling();
        self.answer_lookers(turn);
        let before = self.begin_anew(turn);
        match &ending {
            Ending::RolledBack(rolled_back) => {
                let rolled_back = *rolled_back;
                self.record(Record::Renewed { incarnation, rolled_back }, Urgency::Now, turn);
            }
            Ending::Leaves(departure) => self.depart(incarnation, departure, turn),
        }
        self.me.incarnation = incarnation;
        self.live.pushed = self.durable.serial();
        self.carry(carried, turn);
        voted.into_iter().for_each(|(key, head)| self.keep_voted(key, head, turn));
        self.tips_of_before(turn);
        self.judge_all_sides();
        self.answer_saves(before.saving, &settling, turn);
        answer_changes(before.council.as_ref(), before.replacing, before.promoting, turn);
        turn.emit(Event::Renewed);
        match ending {
            Ending::RolledBack(rolled_back) => {
                turn.raise(Alarm::RolledBack { node: self.me, rolled_back });
            }
            Ending::Leaves(departure) => self.arrive(departure, turn),
        }
        turn.arm(Timer::Heartbeat, 0, self.config.heartbeat.0);
        self.recover_rounds(turn);
    }

    /// Makes of the drafts what the new life sees in them.
    fn carry(&mut self, carried: Vec<(Key, Carried)>, turn: &mut Turn<'_>) {
        for (key, carried) in carried {
            match carried {
                Carried::Hold(draft) => self.hold(&key, draft, turn),
                Carried::Head(tip) => {
                    let draft = Some(Draft { tip, base: None, kind: DraftKind::Import });
                    self.record(Record::Draft { key, draft }, Urgency::Now, turn);
                }
            }
        }
    }

    /// Forgets everything volatile but the numbers of writes; what was.
    fn begin_anew(&mut self, turn: &Turn<'_>) -> Live {
        let before = &self.live;
        let anew = Live {
            issued: before.issued,
            promised_in: before.promised_in,
            persisted: before.persisted,
            floor: before.floor.max(self.durable.reserved),
            draining: before.draining,
            asking: before.asking.clone(),
            heard: before.heard.clone(),
            // A later comparison is with this life, of which nobody remembers anything yet.
            began: before.began,
            started: turn.now,
            ..Live::default()
        };
        std::mem::replace(&mut self.live, anew)
    }

    /// Drafts that the new life sees otherwise than [`KeyState::renewed`] does.
    fn carried(&self, turn: &Turn<'_>) -> Vec<(Key, Carried)> {
        let drafts =
            self.durable.keys.iter().filter_map(|(key, state)| Some((key, state, state.draft?)));
        let carried = drafts.filter_map(|(key, state, draft)| {
            let decided = state.decided.map(|decided| decided.head);
            let follows =
                decided.is_none_or(|head| path::is_ancestor(turn.objects, key, head, draft.tip));
            match (draft.kind, decided) {
                (DraftKind::Settle, _) => None,
                (_, Some(head)) if !follows || draft.tip == head => {
                    Some((key.clone(), Carried::Head(head)))
                }
                (DraftKind::Fresh, _) => Some((key.clone(), Carried::Hold(draft))),
                (DraftKind::Held | DraftKind::Import, _) => None,
            }
        });
        carried.collect()
    }

    /// Answers those who wait for an object or a sync.
    fn answer_lookers(&mut self, turn: &mut Turn<'_>) {
        let syncs: Vec<Token> = self.live.branches.syncs.keys().copied().collect();
        syncs.into_iter().for_each(|token| self.sync_over(token, turn));
        let wants = self.live.wanted.values().flat_map(|wanted| wanted.tokens.iter().copied());
        let wants: Vec<Token> = wants.collect();
        wants.into_iter().for_each(|token| self.want_over(token, turn));
    }

    /// Settlings under way.
    fn settling(&self) -> BTreeMap<Key, ObjectId> {
        let keys = self.durable.keys.iter();
        let drafts = keys.filter_map(|(key, state)| Some((key, state.draft?)));
        let settling = drafts.filter(|(_, draft)| draft.kind == DraftKind::Settle);
        settling.map(|(key, draft)| (key.clone(), draft.tip)).collect()
    }

    /// Answers everybody whose save or settling was under way or in line.
    fn answer_saves(
        &self,
        saving: BTreeMap<Key, Saving>,
        settling: &BTreeMap<Key, ObjectId>,
        turn: &mut Turn<'_>,
    ) {
        for (key, Saving { current, queue }) in saving {
            let held = self.state(&key).draft.filter(|draft| draft.kind == DraftKind::Held);
            if let Some(current) = current {
                let proposed = settling.get(&key).filter(|_| current.proposed);
                let outcome = match current.ask {
                    Ask::Save => held.map(|draft| self.held(draft.tip)),
                    Ask::Settle => proposed.map(|commit| {
                        let (commit, reason) = (*commit, HoldReason::NoMajority);
                        SaveOutcome::Held { commit, reason, copies: Copies::OnlyHere }
                    }),
                };
                let reply =
                    outcome.map_or_else(|| current.ask.no_majority(), |o| current.ask.reply(o));
                turn.reply_durably(current.token, reply);
            }
            for pending in queue {
                turn.reply_durably(pending.token, pending.ask.no_majority());
            }
        }
    }
}

/// Answers whoever waits for a change of the roster.
fn answer_changes(
    council: Option<&CouncilRound>,
    replacing: Option<(Token, NodeId)>,
    promoting: Option<Promoting>,
    turn: &mut Turn<'_>,
) {
    let proposed = council.is_some_and(|round| round.proposed);
    let outcome = if proposed { ChangeOutcome::NotKnown } else { ChangeOutcome::NoMajority };
    let deciding = council.and_then(|round| Some(round.waiter?.0));
    let replacing = replacing.map(|(token, _)| token);
    let promoting = promoting.map(|promoting| promoting.token());
    let tokens: BTreeSet<Token> = [deciding, replacing, promoting].into_iter().flatten().collect();
    for token in tokens {
        turn.reply_durably(token, Reply::Change(outcome));
    }
}
