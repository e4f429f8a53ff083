//! Saves and settlings in line: check, draft, patience, answer (protocol 4.2.0, 4.2.1, 4.3).

use std::collections::{BTreeSet, VecDeque};

use domain::{Link, ObjectId};
use gitty::Object;

use crate::{
    Core, Draft, DraftKind, Event, HoldReason, Key, Mutant, Record, Reply, Save, SaveOutcome,
    SettleOutcome, Timer, Token, Urgency,
    live::{Ask, CurrentSave, PendingSave, Reading, Saving},
    path,
    turn::Turn,
};

/// What to do with a save whose turn it is.
pub(crate) enum Check {
    /// Its base is the head that it has to be made on.
    Begin,
    /// Its base is the tip of the own open branch.
    Extend(Draft),
    /// Its base may be a head that has not come here yet: read the register first.
    Refresh,
    /// It is clear.
    Answer(SaveOutcome),
}

impl Core {
    pub(crate) fn on_save(&mut self, token: Token, save: Box<Save>, turn: &mut Turn<'_>) {
        self.ask(Ask::Save, token, save, turn);
    }

    pub(crate) fn ask(&mut self, ask: Ask, token: Token, save: Box<Save>, turn: &mut Turn<'_>) {
        if !self.is_known(&self.me) {
            let outcome = match self.durable.roster {
                Some(_) => SaveOutcome::Removed,
                None => SaveOutcome::NotFounded,
            };
            return turn.reply(token, ask.reply(outcome));
        }
        let pending = PendingSave { ask, token, save, came: turn.now, reading: Reading::Not };
        let key = pending.save.key.clone();
        let saving = self.live.saving.entry(key.clone()).or_insert_with(Saving::new);
        if saving.queue.len() >= self.config.queue {
            return turn.reply(token, ask.reply(SaveOutcome::Busy));
        }
        saving.queue.push_back(pending);
        self.next_save(&key, turn);
    }

    /// Takes up the saves of `key` that wait, until one is under way.
    pub(crate) fn next_save(&mut self, key: &Key, turn: &mut Turn<'_>) {
        self.judge_lines(key, turn);
        while let Some(saving) = self.live.saving.get_mut(key) {
            if saving.current.is_some() {
                return;
            }
            let Some(mut pending) = saving.queue.pop_front() else {
                self.live.saving.remove(key);
                return turn.disarm(Timer::Patience(key.clone()));
            };
            if self.occupied(key, pending.ask) {
                return self.wait_in_line(key, pending, turn);
            }
            match self.check(&pending, turn) {
                Check::Begin => return self.begin(pending, turn),
                Check::Extend(branch) => self.extend(pending, branch, turn),
                // That an earlier one is held may be in a write that is under way.
                Check::Answer(outcome) => {
                    turn.reply_durably(pending.token, pending.ask.reply(outcome));
                }
                Check::Refresh => {
                    if pending.reading == Reading::Not {
                        pending.reading = Reading::Asked;
                    }
                    self.wait_in_line(key, pending, turn);
                    return self.start_round(key, turn);
                }
            }
        }
    }

    /// True while something is under way that has to end first: a draft, but that a save may
    /// follow an open branch, or a reading round.
    fn occupied(&self, key: &Key, ask: Ask) -> bool {
        match (self.durable.get(key).and_then(|state| state.draft), ask) {
            (Some(draft), Ask::Save) => draft.kind != DraftKind::Held,
            (Some(_), Ask::Settle) => true,
            (None, _) => self.live.rounds.contains_key(key) || self.live.learning.contains_key(key),
        }
    }

    fn wait_in_line(&mut self, key: &Key, pending: PendingSave, turn: &mut Turn<'_>) {
        let left = self.config.patience.0.saturating_sub(turn.now.since(pending.came).0);
        turn.arm(Timer::Patience(key.clone()), left, left);
        let saving = self.live.saving.entry(key.clone()).or_insert_with(Saving::new);
        saving.queue.push_front(pending);
    }

    /// A round of `key` ended with a majority: saves that asked to read the register have.
    pub(crate) fn note_read(&mut self, key: &Key) {
        let saving = self.live.saving.get_mut(key);
        for pending in saving.into_iter().flat_map(|saving| &mut saving.queue) {
            if pending.reading == Reading::Asked {
                pending.reading = Reading::Done;
            }
        }
        self.note_synced(key);
    }

    fn check(&self, pending: &PendingSave, turn: &Turn<'_>) -> Check {
        if pending.ask == Ask::Settle {
            return self.check_settle(pending, turn);
        }
        let save = &pending.save;
        let served = self.served(&save.key);
        if served != save.base {
            return self.check_elsewhere(pending, served, turn);
        }
        let draft = self.durable.get(&save.key).and_then(|state| state.draft);
        draft.filter(|draft| draft.kind == DraftKind::Held).map_or(Check::Begin, Check::Extend)
    }

    /// The base is not the served head: a repetition, a conflict, or we are behind.
    fn check_elsewhere(
        &self,
        pending: &PendingSave,
        served: Option<ObjectId>,
        turn: &Turn<'_>,
    ) -> Check {
        let save = &pending.save;
        let Some(head) = served else {
            // Its page was made from a version of a file that is unknown here.
            return if pending.reading == Reading::Done {
                Check::Answer(SaveOutcome::NoSuchFile)
            } else {
                Check::Refresh
            };
        };
        let mut reached = save.base.is_none();
        for (id, link) in path::back(turn.objects, &save.key, head) {
            if Some(id) == save.base {
                reached = true;
                break;
            }
            if link.op == save.link.op && !self.config.broken(Mutant::NoIdempotence) {
                let held = self.on_branch(&save.key, id, turn.objects);
                let decided = SaveOutcome::Decided { commit: id };
                return Check::Answer(if held { self.held(id) } else { decided });
            }
        }
        if reached || pending.reading == Reading::Done {
            Check::Answer(SaveOutcome::Conflict { head })
        } else {
            Check::Refresh
        }
    }

    /// Makes the objects of a save durable.
    pub(crate) fn record_save(
        &mut self,
        id: ObjectId,
        commit: &Object,
        link: Link,
        blob: Option<(ObjectId, Object)>,
        turn: &mut Turn<'_>,
    ) {
        if let Some((id, object)) = blob.filter(|(id, _)| !turn.objects.holds(id)) {
            self.record(Record::Object { id, object, link: None }, Urgency::Now, turn);
        }
        let object = commit.clone();
        self.record(Record::Object { id, object, link: Some(link) }, Urgency::Now, turn);
    }

    /// Makes the save the draft of its key, durably, and proposes it (protocol 4.2.1).
    fn begin(&mut self, pending: PendingSave, turn: &mut Turn<'_>) {
        let PendingSave { ask, token, save, came, .. } = pending;
        let Save { key, base, commit, id, link, blob } = *save;
        let blobs = blob.iter().map(|(_, blob)| blob.clone());
        let objects = std::iter::once(commit.clone()).chain(blobs).collect();
        self.record_save(id, &commit, link, blob, turn);
        let draft = Draft { tip: id, base, kind: ask.draft() };
        let record = Record::Draft { key: key.clone(), draft: Some(draft) };
        self.record(record, Urgency::Now, turn);
        turn.emit(Event::DraftChanged { key: key.clone() });
        let own = Some(self.me).filter(|me| self.is_member(me));
        let saving = self.live.saving.entry(key.clone()).or_insert_with(Saving::new);
        let answered = BTreeSet::from_iter(own);
        let proposed = false;
        saving.current = Some(CurrentSave { ask, token, proposed, began: came, answered, objects });
        let left = self.config.patience.0.saturating_sub(turn.now.since(came).0);
        turn.arm(Timer::Patience(key.clone()), left, left);
        self.start_round(&key, turn);
        if !self.majority_linked() && turn.now.since(self.live.started) > self.config.patience {
            self.give_up(&key, HoldReason::NoMajority, turn);
        }
    }

    /// The save of `key` was not decided in time (protocol 4.3).
    pub(crate) fn patience_over(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let quorum = self.quorum();
        let Some(saving) = self.live.saving.get(key) else {
            return;
        };
        let Some(current) = &saving.current else {
            return self.give_up_line(key, turn);
        };
        let waited = turn.now.since(current.began);
        if current.answered.len() < quorum {
            self.give_up(key, HoldReason::NoMajority, turn);
        } else if waited >= self.config.contention {
            self.give_up(key, HoldReason::Contention, turn);
        } else {
            let left = self.config.contention.0 - waited.0;
            turn.arm(Timer::Patience(key.clone()), left, left);
        }
    }

    /// Tells the page that its save is held, once that is durable; a settling is never held.
    fn give_up(&mut self, key: &Key, reason: HoldReason, turn: &mut Turn<'_>) {
        let Some(draft) = self.state(key).draft else {
            return;
        };
        let saving = self.live.saving.get_mut(key);
        let Some(current) = saving.and_then(|saving| saving.current.take()) else {
            return;
        };
        match current.ask {
            Ask::Settle => self.give_up_settle(key, &current, draft.tip, turn),
            Ask::Save => {
                self.hold(key, draft, turn);
                let outcome = self.held_because(draft.tip, reason);
                turn.reply_durably(current.token, Reply::Save(outcome));
            }
        }
        self.next_save(key, turn);
    }

    /// Saves that waited too long behind something else. If that can be held they go on after it;
    /// else what is not clear by now is refused, so that nobody is told of a conflict with its own
    /// save.
    fn give_up_line(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if let Some(draft) = self.state(key).draft.filter(|draft| self.may_hold(key, draft, turn)) {
            self.hold(key, draft, turn);
            return self.next_save(key, turn);
        }
        let Some(saving) = self.live.saving.remove(key) else {
            return;
        };
        for pending in saving.queue {
            let outcome = match self.check(&pending, turn) {
                // A head that is decided and not here yet may be this very save.
                Check::Answer(SaveOutcome::Conflict { .. } | SaveOutcome::NoSuchFile)
                    if self.live.learning.contains_key(key) =>
                {
                    None
                }
                Check::Answer(outcome) => Some(outcome),
                Check::Begin | Check::Extend(_) | Check::Refresh => None,
            };
            let reply = outcome.map_or_else(|| pending.ask.no_majority(), |o| pending.ask.reply(o));
            turn.reply_durably(pending.token, reply);
        }
    }

    /// True if the draft that saves wait behind may be told to be saved: a head of the store; or a
    /// save of before a restart, if one of them repeats it or there is no majority to decide it.
    fn may_hold(&self, key: &Key, draft: &Draft, turn: &Turn<'_>) -> bool {
        let saves = || {
            let saving = self.live.saving.get(key);
            let queue = saving.into_iter().flat_map(|saving| &saving.queue);
            queue.filter(|pending| pending.ask == Ask::Save)
        };
        let op = turn.link(&draft.tip).map(|link| link.op);
        match draft.kind {
            DraftKind::Held | DraftKind::Settle => false,
            DraftKind::Import => saves().next().is_some(),
            DraftKind::Fresh => {
                saves().any(|pending| Some(pending.save.link.op) == op || !self.majority_linked())
            }
        }
    }
}

impl Ask {
    /// Kind of its draft.
    const fn draft(self) -> DraftKind {
        match self {
            Self::Save => DraftKind::Fresh,
            Self::Settle => DraftKind::Settle,
        }
    }

    /// The answer to it.
    pub(crate) fn reply(self, outcome: SaveOutcome) -> Reply {
        match self {
            Self::Save => Reply::Save(outcome),
            Self::Settle => Reply::Settle(SettleOutcome::of(outcome)),
        }
    }

    /// The answer when it could not even begin.
    pub(crate) const fn no_majority(self) -> Reply {
        match self {
            Self::Save => Reply::Save(SaveOutcome::Busy),
            Self::Settle => Reply::Settle(SettleOutcome::NoMajority),
        }
    }
}

impl Saving {
    const fn new() -> Self {
        Self { current: None, queue: VecDeque::new() }
    }
}
