//! Drafts: what becomes of a save when a head is decided (protocol 4.2.7).

use domain::ObjectId;

use crate::{
    Core, Draft, DraftKind, Event, Key, Mutant, Record, SaveOutcome, Urgency, path, turn::Turn,
};

/// What the decided head says about a draft.
enum Fate {
    /// The decided path has this commit for it: its tip, or the same save from another node.
    Decided(ObjectId),
    /// The decided head leads to it: it is still to be proposed.
    Open,
    /// Another save was decided.
    Lost,
}

impl Core {
    /// Compares the draft of `key` with its decided head, and ends it if that is clear.
    pub(crate) fn judge_draft(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let state = self.state(key);
        let (Some(draft), Some(decided)) = (state.draft, state.decided) else {
            return;
        };
        match self.fate(key, draft, decided.head, turn) {
            Fate::Open => self.start_round(key, turn),
            Fate::Decided(commit) => {
                self.end_draft(key, turn);
                self.draft_ended(key, draft, SaveOutcome::Decided { commit }, turn);
            }
            Fate::Lost => {
                self.lose(key, draft, turn);
                let head = decided.head;
                self.draft_ended(key, draft, SaveOutcome::Conflict { head }, turn);
            }
        }
    }

    fn fate(&self, key: &Key, draft: Draft, head: ObjectId, turn: &Turn<'_>) -> Fate {
        // Told that it lost, a page would merge its own save into itself (4.2.0, P6).
        let op = turn.link(&draft.tip).map(|link| link.op);
        let op = op.filter(|_| !self.config.broken(Mutant::NoIdempotence));
        let mut since_base = path::back(turn.objects, key, head)
            .take_while(|(id, _)| Some(*id) != draft.base || *id == draft.tip);
        let stands = since_base.find(|(id, link)| *id == draft.tip || Some(link.op) == op);
        if let Some((commit, _)) = stands {
            Fate::Decided(commit)
        } else if draft.base == Some(head) || path::is_ancestor(turn.objects, key, head, draft.tip)
        {
            Fate::Open
        } else {
            Fate::Lost
        }
    }

    fn draft_ended(&mut self, key: &Key, draft: Draft, outcome: SaveOutcome, turn: &mut Turn<'_>) {
        if draft.kind == DraftKind::Settle {
            self.settle_ended(key, draft.tip, &outcome, turn);
        }
        self.answer(key, outcome, turn);
        self.next_save(key, turn);
    }

    /// The draft of `key` lost: nobody was told that it is saved, or it stays as a tip.
    fn lose(&mut self, key: &Key, draft: Draft, turn: &mut Turn<'_>) {
        match draft.kind {
            // A held one is a tip already.
            DraftKind::Fresh | DraftKind::Settle | DraftKind::Held => {}
            DraftKind::Import => self.report_tip(key, draft.tip, turn),
        }
        self.end_draft(key, turn);
    }

    /// Ends the draft of `key` and its round, which is of no use any more. After a crash it may be
    /// there again, and is judged again by the head that ended it.
    pub(crate) fn end_draft(&mut self, key: &Key, turn: &mut Turn<'_>) {
        self.drop_draft(key, Urgency::Soon, turn);
    }

    /// The same, where nothing but this write keeps it from being proposed after a crash.
    pub(crate) fn drop_draft(&mut self, key: &Key, urgency: Urgency, turn: &mut Turn<'_>) {
        self.record(Record::Draft { key: key.clone(), draft: None }, urgency, turn);
        self.end_round(key, turn);
        turn.emit(Event::DraftChanged { key: key.clone() });
    }

    /// A round ended: the rest of the draft is proposed next, or the next save begins.
    pub(crate) fn after_round(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if self.live.learning.contains_key(key) {
            // Its objects come first; then the draft is judged by it.
        } else if self.state(key).draft.is_some() {
            self.start_round(key, turn);
        } else {
            self.next_save(key, turn);
        }
        self.end_syncs(key, turn);
        self.fill_rounds(turn);
    }
}
