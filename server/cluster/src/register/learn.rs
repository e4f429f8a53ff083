//! Learning decided heads: own decisions, NewHead and change logs end here.
//!
//! ```text
//! told ──▶ learn ──▶ its path reaches our head: the head moves, past all that are complete now
//!            │  └──▶ objects are missing: it waits (Live::learning) ◀─┐
//!            ▼                                                        │ the walk goes on where
//!        known, or a fork (alarm)            an object has come ──────┘ it stood (path::Way)
//! ```
//!
//! Under load a node that fetches is told of many heads of one file. Each waits where its way back
//! meets the one before it, so that all of them together cost one walk.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::replace,
};

use domain::{Link, ObjectId};

use crate::{
    Alarm, Core, Draft, Event, Key, Mutant, Record, Urgency,
    live::{Awaited, News},
    path::{self, Walk, Way},
    turn::Turn,
};

/// What a decided head is to the decided head here.
enum Relation {
    /// It follows ours, and everything between is here.
    Ahead,
    /// It is ours, or before it.
    Known,
    /// It waits there; these objects come first.
    Waits(Way, Vec<ObjectId>),
    /// It neither follows ours nor precedes it.
    Fork(ObjectId),
}

impl Core {
    /// How far back from our head a head that is told late is looked for at first.
    const RECENT: usize = 64;

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
    pub(crate) fn learn(&mut self, key: &Key, news: News, turn: &mut Turn<'_>) {
        self.learn_on(key, news, None, turn);
    }

    fn learn_on(&mut self, key: &Key, news: News, mut way: Option<Way>, turn: &mut Turn<'_>) {
        let mut due = vec![news];
        let mut waits = true;
        while let Some(news) = due.pop() {
            waits &= self.learn_one(key, news, way.take(), &mut due, turn);
        }
        if !waits {
            self.judge_draft(key, turn);
            self.next_save(key, turn);
        }
    }

    /// True if the head waits for objects; `due` are heads to be looked at again.
    fn learn_one(
        &mut self,
        key: &Key,
        mut news: News,
        way: Option<Way>,
        due: &mut Vec<News>,
        turn: &mut Turn<'_>,
    ) -> bool {
        let head = news.head;
        self.keep_gaps(key, &mut news);
        match self.relation(key, &news, way, turn) {
            Relation::Ahead => {
                let news = self.last_complete(key, news, turn);
                self.move_past(key, news, due, turn);
            }
            Relation::Known => {
                self.note_known(key);
                self.end_waiting(key, |id| *id == head, turn);
            }
            Relation::Waits(way, missing) => {
                let holder = news.holder;
                due.extend(self.past_gaps(key, &news));
                let learning = self.live.learning.entry(key.clone()).or_default();
                if learning.insert(head, Awaited { news, way }).is_none() {
                    turn.emit(Event::Behind { key: key.clone() });
                }
                for id in missing {
                    self.want_for_key(id, key, holder, turn);
                }
                return true;
            }
            Relation::Fork(ours) => {
                turn.raise(Alarm::TwoDecidedHeads { key: key.clone(), ours, theirs: head });
                self.end_waiting(key, |id| *id == head, turn);
                due.extend(self.waiting_at(key, |at| at == Some(head)));
            }
        }
        false
    }

    /// Whoever told this head may not know of all gaps: what was told before stays.
    fn keep_gaps(&self, key: &Key, news: &mut News) {
        let heads = self.live.learning.get(key);
        let before = heads.and_then(|heads| heads.get(&news.head));
        let known = before.into_iter().flat_map(|before| &before.news.gaps);
        add_new(&mut news.gaps, known);
    }

    /// Other heads that miss what is known to be a gap by now: whoever told them did not know.
    fn past_gaps(&self, key: &Key, told: &News) -> Vec<News> {
        let before = self.durable.get(key).into_iter().flat_map(|state| &state.gaps);
        let gaps: BTreeSet<ObjectId> = before.chain(&told.gaps).copied().collect();
        let waiting = self.live.learning.get(key).into_iter().flat_map(BTreeMap::values);
        let found = waiting.filter(|waiting| {
            waiting.news.head != told.head && !waiting.way.missing.is_disjoint(&gaps)
        });
        let with_gaps = |waiting: &Awaited<News>| {
            let mut news = waiting.news.clone();
            add_new(&mut news.gaps, &told.gaps);
            news
        };
        found.map(with_gaps).collect()
    }

    /// The last of the heads that follow each other and wait for nothing but `news`.
    fn last_complete(&self, key: &Key, news: News, turn: &Turn<'_>) -> News {
        let waiting = self.live.learning.get(key).into_iter().flat_map(BTreeMap::values);
        let complete = waiting.filter(|waiting| {
            waiting.way.missing.is_empty() && waiting.way.at != Some(waiting.news.head)
        });
        let next: BTreeMap<_, _> =
            complete.filter_map(|waiting| Some((waiting.way.at?, &waiting.news))).collect();
        let mut last = news.clone();
        while let Some(next) = next.get(&last.head) {
            let gaps = std::mem::take(&mut last.gaps);
            last = News::clone(next);
            add_new(&mut last.gaps, &gaps);
        }
        let mut gaps = self.gaps(key, last.head, turn);
        gaps.extend(&last.gaps);
        match path::walk(turn.objects, key, last.head, self.decided(key), &gaps) {
            Walk::Reaches => last,
            Walk::Missing | Walk::Elsewhere => news,
        }
    }

    /// Moves the head, and looks again at what waited on the way to it.
    fn move_past(&mut self, key: &Key, news: News, due: &mut Vec<News>, turn: &mut Turn<'_>) {
        let ours = self.decided(key);
        let head = news.head;
        let mut passed = BTreeSet::from([head]);
        for (id, link) in path::back(turn.objects, key, head) {
            if Some(id) == ours {
                break;
            }
            passed.extend(link.previous);
        }
        self.move_head(key, news, turn);
        self.end_waiting(key, |id| passed.contains(id), turn);
        // Their way back is shorter now; nothing they asked for may come.
        due.extend(self.waiting_at(key, |at| at.is_none_or(|at| passed.contains(&at))));
        self.learn_tips_again(key, turn);
        self.retry_parked(key, turn);
        self.end_syncs(key, turn);
    }

    /// These heads wait no longer.
    fn end_waiting(&mut self, key: &Key, ends: impl Fn(&ObjectId) -> bool, turn: &mut Turn<'_>) {
        let Some(heads) = self.live.learning.get_mut(key) else {
            return;
        };
        heads.retain(|head, _| !ends(head));
        if heads.is_empty() {
            self.live.learning.remove(key);
            turn.emit(Event::Behind { key: key.clone() });
        }
    }

    /// Heads that wait where the way back from them stands at such a commit.
    fn waiting_at(&self, key: &Key, stands: impl Fn(Option<ObjectId>) -> bool) -> Vec<News> {
        let waiting = self.live.learning.get(key).into_iter().flat_map(BTreeMap::values);
        let found = waiting.filter(|waiting| stands(waiting.way.at));
        found.map(|waiting| waiting.news.clone()).collect()
    }

    /// An object came in: decided heads and tips that waited for it.
    pub(crate) fn learn_with(&mut self, key: &Key, id: ObjectId, turn: &mut Turn<'_>) {
        let waiting = self.live.learning.get_mut(key).into_iter().flat_map(BTreeMap::values_mut);
        let ready = waiting.filter_map(|waiting| {
            let head = waiting.news.head;
            let came = waiting.way.came(&id);
            came.then(|| (waiting.news.clone(), replace(&mut waiting.way, Way::from(head))))
        });
        for (news, way) in ready.collect::<Vec<_>>() {
            let heads = self.live.learning.get(key);
            if heads.is_some_and(|heads| heads.contains_key(&news.head)) {
                self.learn_on(key, news, Some(way), turn);
            }
        }
        self.learn_tips_with(key, id, turn);
        self.end_syncs(key, turn);
    }

    /// `way` is how far the way back from it is known.
    fn relation(&self, key: &Key, news: &News, way: Option<Way>, turn: &Turn<'_>) -> Relation {
        let head = news.head;
        let ours = self.decided(key);
        if ours == Some(head) {
            return Relation::Known;
        }
        if self.config.broken(Mutant::OverwriteHead) {
            return Relation::Ahead;
        }
        let before_ours = |within: usize| {
            let back = ours.into_iter().flat_map(|ours| path::back(turn.objects, key, ours));
            back.take(within).any(|(id, _)| id == head)
        };
        let follows_not = |link: Link| link.previous != ours;
        if way.is_none() && turn.link(&head).is_some_and(follows_not) && before_ours(Self::RECENT) {
            return Relation::Known;
        }
        let mut gaps = self.gaps(key, head, turn);
        gaps.extend(&news.gaps);
        let waiting = self.live.learning.get(key);
        let waits =
            |id: &ObjectId| *id != head && waiting.is_some_and(|waiting| waiting.contains_key(id));
        let walk = |mut way: Way| {
            let missing = way.go_on(turn.objects, key, &gaps, |id| Some(*id) == ours || waits(id));
            (way, missing)
        };
        let goes_on = way.is_some();
        let (mut way, mut missing) = walk(way.unwrap_or_else(|| Way::from(head)));
        if goes_on && way.missing.is_empty() {
            // Our head, or the gaps, may have changed since it began.
            (way, missing) = walk(Way::from(head));
        }
        let all_here = way.missing.is_empty();
        match ours {
            _ if all_here && way.at == ours => Relation::Ahead,
            Some(_) if (all_here || !gaps.is_empty()) && before_ours(usize::MAX) => Relation::Known,
            _ if !all_here || way.at.is_some_and(|at| waits(&at)) => Relation::Waits(way, missing),
            None => Relation::Ahead,
            Some(ours) => Relation::Fork(ours),
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

/// Adds what is not there yet.
fn add_new<'a>(gaps: &mut Vec<ObjectId>, others: impl IntoIterator<Item = &'a ObjectId>) {
    let told: BTreeSet<_> = gaps.iter().copied().collect();
    gaps.extend(others.into_iter().filter(|gap| !told.contains(*gap)));
}
