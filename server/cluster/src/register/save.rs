//! Saves of pages: check, draft, wait, answer (protocol 4.2.0, 4.2.1, 4.3).

use std::collections::{BTreeSet, VecDeque};

use domain::ObjectId;

use crate::{
    Core, Draft, DraftKind, Event, Key, Mutant, Record, Reply, Save, SaveOutcome, Timer, Token,
    Urgency, WaitReason,
    live::{CurrentSave, PendingSave, Reading, Saving},
    path,
    turn::Turn,
};

/// What to do with a save whose turn it is.
enum Check {
    /// Its base is the served head.
    Begin,
    /// Its base may be a head that has not come here yet: read the register first.
    Refresh,
    /// It is clear.
    Answer(SaveOutcome),
}

impl Core {
    pub(crate) fn on_save(&mut self, token: Token, save: Box<Save>, turn: &mut Turn<'_>) {
        if !self.is_known(&self.me) {
            let outcome = match self.durable.roster {
                Some(_) => SaveOutcome::Removed,
                None => SaveOutcome::NotFounded,
            };
            return turn.reply(token, Reply::Save(outcome));
        }
        let pending = PendingSave { token, save, came: turn.now, reading: Reading::Not };
        let key = pending.save.key.clone();
        let saving = self.live.saving.entry(key.clone()).or_insert_with(Saving::new);
        if saving.queue.len() >= self.config.queue {
            return turn.reply(token, Reply::Save(SaveOutcome::Busy));
        }
        saving.queue.push_back(pending);
        self.next_save(&key, turn);
    }

    /// Takes up the saves of `key` that wait, until one is under way.
    pub(crate) fn next_save(&mut self, key: &Key, turn: &mut Turn<'_>) {
        while let Some(saving) = self.live.saving.get_mut(key) {
            if saving.current.is_some() {
                return;
            }
            let Some(mut pending) = saving.queue.pop_front() else {
                self.live.saving.remove(key);
                return turn.disarm(Timer::Patience(key.clone()));
            };
            if self.occupied(key) {
                return self.wait_in_line(key, pending, turn);
            }
            match self.check(&pending, turn) {
                Check::Begin => return self.begin(pending, turn),
                // That an earlier one waits may be in a write that is under way.
                Check::Answer(outcome) => turn.reply_durably(pending.token, Reply::Save(outcome)),
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

    /// True while a draft that is not waiting, or a reading round, is under way.
    fn occupied(&self, key: &Key) -> bool {
        match self.durable.get(key).and_then(|state| state.draft) {
            Some(draft) => draft.kind != DraftKind::Waiting,
            None => self.live.rounds.contains_key(key) || self.live.learning.contains_key(key),
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
    }

    fn check(&self, pending: &PendingSave, turn: &Turn<'_>) -> Check {
        let save = &pending.save;
        let state = self.state(&save.key);
        if let Some(draft) = state.draft {
            let same = turn.link(&draft.tip).is_some_and(|link| link.op == save.link.op);
            return Check::Answer(if same {
                SaveOutcome::Waiting { commit: draft.tip, reason: WaitReason::NoMajority }
            } else {
                SaveOutcome::Blocked { waiting: draft.tip }
            });
        }
        let served = state.decided.map(|decided| decided.head);
        if served == save.base {
            return Check::Begin;
        }
        self.check_elsewhere(pending, served, turn)
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
                return Check::Answer(SaveOutcome::Decided { commit: id });
            }
        }
        if reached || pending.reading == Reading::Done {
            Check::Answer(SaveOutcome::Conflict { head })
        } else {
            Check::Refresh
        }
    }

    /// Makes the save the draft of its key, durably, and proposes it (protocol 4.2.1).
    fn begin(&mut self, pending: PendingSave, turn: &mut Turn<'_>) {
        let PendingSave { token, save, came, .. } = pending;
        let Save { key, base, commit, id, link, blob } = *save;
        let mut objects = vec![commit.clone()];
        if let Some((blob_id, blob)) = blob {
            objects.push(blob.clone());
            if !turn.objects.holds(&blob_id) {
                let record = Record::Object { id: blob_id, object: blob, link: None };
                self.record(record, Urgency::Now, turn);
            }
        }
        self.record(Record::Object { id, object: commit, link: Some(link) }, Urgency::Now, turn);
        let draft = Draft { tip: id, base, kind: DraftKind::Fresh };
        let record = Record::Draft { key: key.clone(), draft: Some(draft) };
        self.record(record, Urgency::Now, turn);
        turn.emit(Event::DraftChanged { key: key.clone() });
        let own = Some(self.me).filter(|me| self.is_member(me));
        let saving = self.live.saving.entry(key.clone()).or_insert_with(Saving::new);
        let answered = BTreeSet::from_iter(own);
        saving.current = Some(CurrentSave { token, began: came, answered, objects });
        let left = self.config.patience.0.saturating_sub(turn.now.since(came).0);
        turn.arm(Timer::Patience(key.clone()), left, left);
        self.start_round(&key, turn);
        if !self.majority_linked() && turn.now.since(self.live.started) > self.config.patience {
            self.give_up(&key, WaitReason::NoMajority, turn);
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
            self.give_up(key, WaitReason::NoMajority, turn);
        } else if waited >= self.config.contention {
            self.give_up(key, WaitReason::Contention, turn);
        } else {
            let left = self.config.contention.0 - waited.0;
            turn.arm(Timer::Patience(key.clone()), left, left);
        }
    }

    /// Tells the page that its save waits, once that is durable, and the others that one does.
    fn give_up(&mut self, key: &Key, reason: WaitReason, turn: &mut Turn<'_>) {
        let Some(draft) = self.state(key).draft else {
            return;
        };
        self.hold(key, draft, turn);
        let saving = self.live.saving.get_mut(key);
        if let Some(current) = saving.and_then(|saving| saving.current.take()) {
            let outcome = SaveOutcome::Waiting { commit: draft.tip, reason };
            turn.reply_durably(current.token, Reply::Save(outcome));
        }
        self.next_save(key, turn);
    }

    /// Saves that waited too long behind something else: what is not clear by now is refused, so
    /// that nobody is told of a conflict with its own save.
    fn give_up_line(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let Some(saving) = self.live.saving.remove(key) else {
            return;
        };
        for pending in saving.queue {
            let outcome = match self.check(&pending, turn) {
                // A head that is decided and not here yet may be this very save.
                Check::Answer(SaveOutcome::Conflict { .. } | SaveOutcome::NoSuchFile)
                    if self.live.learning.contains_key(key) =>
                {
                    SaveOutcome::Busy
                }
                Check::Answer(outcome) => outcome,
                Check::Begin | Check::Refresh => SaveOutcome::Busy,
            };
            self.hold_repeated(key, &outcome, turn);
            turn.reply_durably(pending.token, Reply::Save(outcome));
        }
    }

    /// A repeated save is told that it waits: its draft of before a restart is kept from now on.
    fn hold_repeated(&mut self, key: &Key, outcome: &SaveOutcome, turn: &mut Turn<'_>) {
        let fresh = |draft: &Draft| draft.kind == DraftKind::Fresh;
        let draft = self.state(key).draft.filter(fresh);
        let (Some(draft), SaveOutcome::Waiting { .. }) = (draft, outcome) else {
            return;
        };
        self.hold(key, draft, turn);
    }

    fn hold(&mut self, key: &Key, draft: Draft, turn: &mut Turn<'_>) {
        let draft = Some(Draft { kind: DraftKind::Waiting, ..draft });
        let key = key.clone();
        turn.emit(Event::DraftChanged { key: key.clone() });
        self.record(Record::Draft { key, draft }, Urgency::Now, turn);
    }
}

impl Saving {
    const fn new() -> Self {
        Self { current: None, queue: VecDeque::new() }
    }
}
