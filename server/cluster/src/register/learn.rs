//! Learning decided heads: own decisions, NewHead and change logs end here.

use domain::ObjectId;

use crate::{
    Alarm, Core, Draft, Event, Key, Mutant, Record, Urgency,
    live::News,
    path::{self, Walk},
    turn::Turn,
};

/// What a decided head is to the decided head here.
enum Relation {
    /// It follows ours, and everything between is here.
    Ahead,
    /// It is ours, or before it.
    Known,
    /// These objects come first.
    Missing(Vec<ObjectId>),
    /// It neither follows ours nor precedes it.
    Fork(ObjectId),
}

impl Core {
    pub(crate) fn on_new_head(&mut self, key: &Key, news: News, turn: &mut Turn<'_>) {
        if !self.is_known(&news.holder) {
            return;
        }
        if !self.config.broken(Mutant::FastWithoutPromise) {
            self.live.fast.remove(key);
        }
        self.learn(key, news, turn);
    }

    /// Moves the decided head to one that a majority accepted, once its objects are here.
    pub(crate) fn learn(&mut self, key: &Key, mut news: News, turn: &mut Turn<'_>) {
        let head = news.head;
        self.keep_gaps(key, &mut news);
        let relation = self.relation(key, &news, turn);
        let moved = matches!(relation, Relation::Ahead);
        match relation {
            Relation::Ahead => self.move_head(key, news, turn),
            Relation::Known => self.note_known(key),
            Relation::Missing(ids) => {
                let holder = news.holder;
                let learning = self.live.learning.entry(key.clone()).or_default();
                if learning.insert(head, news).is_none() {
                    turn.emit(Event::Behind { key: key.clone() });
                }
                for id in ids {
                    self.want_for_key(id, key, holder, turn);
                }
                return;
            }
            Relation::Fork(ours) => {
                turn.raise(Alarm::TwoDecidedHeads { key: key.clone(), ours, theirs: head });
            }
        }
        if let Some(heads) = self.live.learning.get_mut(key) {
            heads.remove(&head);
            if heads.is_empty() {
                self.live.learning.remove(key);
                turn.emit(Event::Behind { key: key.clone() });
            }
        }
        if moved {
            // The way back from the other heads is shorter now; nothing they asked for may come.
            self.learn_again(key, turn);
        }
        self.judge_draft(key, turn);
        self.next_save(key, turn);
    }

    /// Whoever told this head may not know of all gaps: what was told before stays.
    fn keep_gaps(&self, key: &Key, news: &mut News) {
        let heads = self.live.learning.get(key);
        let before = heads.and_then(|heads| heads.get(&news.head));
        let told = news.gaps.clone();
        let known = before.into_iter().flat_map(|before| &before.gaps);
        news.gaps.extend(known.filter(|gap| !told.contains(gap)));
    }

    /// Objects came in: decided heads that waited for them.
    pub(crate) fn learn_again(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let waiting = self.live.learning.get(key).cloned().unwrap_or_default();
        for news in waiting.into_values() {
            self.learn(key, news, turn);
        }
        self.learn_tips_again(key, turn);
        self.end_syncs(key, turn);
    }

    fn relation(&self, key: &Key, news: &News, turn: &Turn<'_>) -> Relation {
        let head = news.head;
        let decided = self.durable.get(key).and_then(|state| state.decided);
        let ours = decided.map(|decided| decided.head);
        if ours == Some(head) {
            return Relation::Known;
        }
        if self.config.broken(Mutant::OverwriteHead) {
            return Relation::Ahead;
        }
        if let Some(ours) = ours
            && turn.link(&head).is_some_and(|link| link.previous != Some(ours))
            && path::is_ancestor(turn.objects, key, head, ours)
        {
            return Relation::Known;
        }
        let mut gaps = self.gaps(key, head, turn);
        gaps.extend(&news.gaps);
        match (path::walk(turn.objects, key, head, ours, &gaps), ours) {
            (Walk::Reaches, _) => Relation::Ahead,
            (Walk::Missing(ids), _) => Relation::Missing(ids),
            (Walk::Elsewhere, Some(ours)) => Relation::Fork(ours),
            (Walk::Elsewhere, None) => Relation::Ahead,
        }
    }

    /// Objects of the path of `head` that no node has: of a branch that began in a store, or as its
    /// proposer said.
    pub(crate) fn gaps(&self, key: &Key, head: ObjectId, turn: &Turn<'_>) -> Vec<ObjectId> {
        let Some(state) = self.durable.get(key) else {
            return Vec::new();
        };
        let import = |draft: Draft| draft.tip == head && draft.kind.is_served();
        if state.draft.is_some_and(import) {
            path::gaps(turn.objects, key, head)
        } else {
            state.gaps.clone()
        }
    }

    fn move_head(&mut self, key: &Key, news: News, turn: &mut Turn<'_>) {
        let News { head, gaps, .. } = news;
        let state = self.state(key);
        let from = state.decided.map(|decided| decided.head);
        self.add_gaps(key, &gaps, Urgency::Soon, turn);
        let serial = self.durable.serial().next();
        // It can be learned again, so nobody waits for this write.
        let record = Record::Decided { key: key.clone(), head, serial };
        self.record(record, Urgency::Soon, turn);
        let accepted = self.durable.get(key).and_then(|state| state.accepted);
        if accepted.is_some_and(|accepted| accepted.head == head) {
            self.live.undecided.remove(key);
        }
        self.note_moved(key, from, head);
        turn.emit(Event::HeadMoved { key: key.clone(), from, to: head, serial });
        self.push_within(self.config.push.0, turn);
    }

    /// The head is decided already: if it is what was accepted here, nothing is open.
    fn note_known(&mut self, key: &Key) {
        let state = self.state(key);
        let accepted = state.accepted.map(|accepted| accepted.head);
        if accepted == state.decided.map(|decided| decided.head) {
            self.live.undecided.remove(key);
        }
    }
}
