//! Tips: records of branches that somebody was told are saved. They only grow, and every node has
//! all of them with their objects (protocol 1, 5).

use std::mem::replace;

use domain::ObjectId;
use serde::{Deserialize, Serialize};

use super::TipNews;
use crate::{
    Change, Core, Key, MemberId, Mutant, Record, Timer, Urgency,
    live::Awaited,
    path::{self, Way},
    turn::Turn,
};

/// A branch that somebody was told is saved. Its author and time are those of the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tip {
    /// Its last commit.
    pub commit: ObjectId,
    /// The node that said so.
    pub reporter: MemberId,
}

impl Core {
    /// Records, durably, that this node tells that `commit` is saved; its objects are here.
    pub(crate) fn report_tip(&mut self, key: &Key, commit: ObjectId, turn: &mut Turn<'_>) {
        let tip = Tip { commit, reporter: self.me };
        if self.state(key).tips.contains(&tip) || self.config.broken(Mutant::HoldWithoutTip) {
            return;
        }
        let gaps = path::gaps(turn.objects, key, commit);
        self.add_gaps(key, &gaps, Urgency::Now, turn);
        self.record_tip(key, tip, Urgency::Now, turn);
        // Whoever can be reached has it before the page reads its answer.
        self.push_within(0, turn);
    }

    /// Takes what a peer says of a key's tips: recorded when their objects are here.
    pub(crate) fn learn_tips(&mut self, holder: MemberId, change: &Change, turn: &mut Turn<'_>) {
        for tip in &change.tips {
            let news = TipNews { gaps: change.gaps.clone(), holder };
            self.learn_tip(&change.key, *tip, news, None, turn);
        }
    }

    fn learn_tip(
        &mut self,
        key: &Key,
        tip: Tip,
        mut news: TipNews,
        way: Option<Way>,
        turn: &mut Turn<'_>,
    ) {
        let state = self.state(key);
        if state.tips.contains(&tip) {
            return self.forget_tip(key, &tip);
        }
        // Whoever told it may not know of all gaps: what was told before stays.
        let before = self.live.branches.learning.get(key).and_then(|tips| tips.get(&tip));
        let told = news.gaps.clone();
        let known = before.into_iter().flat_map(|before| &before.news.gaps);
        news.gaps.extend(known.filter(|gap| !told.contains(gap)));
        let mut gaps = state.gaps;
        gaps.extend(&news.gaps);
        let decided = state.decided.map(|decided| decided.head);
        let mut way = way.unwrap_or_else(|| Way::from(tip.commit));
        let missing = way.go_on(turn.objects, key, &gaps, |id| Some(*id) == decided);
        if way.missing.is_empty() {
            self.forget_tip(key, &tip);
            self.add_gaps(key, &news.gaps, Urgency::Soon, turn);
            // Whoever told of it has it: it can be learned again.
            self.record_tip(key, tip, Urgency::Soon, turn);
            return self.push_within(self.config.push.0, turn);
        }
        let holder = news.holder;
        let learning = self.live.branches.learning.entry(key.clone()).or_default();
        learning.insert(tip, Awaited { news, way });
        for id in missing {
            self.want_for_key(id, key, holder, turn);
        }
    }

    /// An object came in: tips that waited for it.
    pub(crate) fn learn_tips_with(&mut self, key: &Key, id: ObjectId, turn: &mut Turn<'_>) {
        let waiting = self.live.branches.learning.get_mut(key).into_iter().flatten();
        let ready = waiting.filter_map(|(tip, waiting)| {
            let came = waiting.way.came(&id);
            let again = Way::from(tip.commit);
            came.then(|| (*tip, waiting.news.clone(), replace(&mut waiting.way, again)))
        });
        for (tip, news, way) in ready.collect::<Vec<_>>() {
            self.learn_tip(key, tip, news, Some(way), turn);
        }
    }

    /// The head moved: the way back from the tips may be shorter now.
    pub(crate) fn learn_tips_again(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let waiting = self.live.branches.learning.get(key).cloned().unwrap_or_default();
        for (tip, Awaited { news, .. }) in waiting {
            self.learn_tip(key, tip, news, None, turn);
        }
    }

    fn forget_tip(&mut self, key: &Key, tip: &Tip) {
        let learning = &mut self.live.branches.learning;
        if let Some(tips) = learning.get_mut(key) {
            tips.remove(tip);
            if tips.is_empty() {
                learning.remove(key);
            }
        }
    }

    fn record_tip(&mut self, key: &Key, tip: Tip, urgency: Urgency, turn: &mut Turn<'_>) {
        let serial = self.durable.serial().next();
        self.record(Record::Tip { key: key.clone(), tip, serial }, urgency, turn);
    }

    /// Notes objects of a key that no node has; what was noted before stays.
    pub(crate) fn add_gaps(
        &mut self,
        key: &Key,
        gaps: &[ObjectId],
        urgency: Urgency,
        turn: &mut Turn<'_>,
    ) {
        let mut ids = self.durable.get(key).map(|state| state.gaps.clone()).unwrap_or_default();
        let before = ids.len();
        for gap in gaps {
            if !ids.contains(gap) {
                ids.push(*gap);
            }
        }
        if ids.len() > before {
            self.record(Record::Gaps { key: key.clone(), ids }, urgency, turn);
        }
    }

    /// Tells the peers what is new here, after so many milliseconds at the latest.
    pub(crate) fn push_within(&mut self, wait_ms: u64, turn: &mut Turn<'_>) {
        if !self.live.push_armed || wait_ms == 0 {
            self.live.push_armed = true;
            turn.arm(Timer::Push, wait_ms, wait_ms);
        }
    }

    /// What an earlier version kept by its hash only, or held without a tip, is a tip.
    pub(crate) fn tips_of_before(&mut self, turn: &mut Turn<'_>) {
        let mut found = Vec::new();
        for (key, state) in &self.durable.keys {
            let held = state.draft.filter(|draft| draft.kind == crate::DraftKind::Held);
            let untold = |commit: &ObjectId| {
                !state.tips.contains(&Tip { commit: *commit, reporter: self.me })
            };
            let commits = state.kept.iter().copied().chain(held.map(|draft| draft.tip));
            found.extend(commits.filter(untold).map(|commit| (key.clone(), commit)));
        }
        for (key, commit) in found {
            self.report_tip(&key, commit, turn);
        }
    }
}
