//! Divergences: computed from the decided head and the tips, so they are the same on every node
//! that has both, and never stored (protocol 1).
//!
//! What is closed stays closed and what diverges stays so until it is closed, because heads only
//! move forward. So when a head moves only the new part of its path is looked at, and a file
//! without tips costs nothing.

use std::collections::BTreeSet;

use domain::ObjectId;

use crate::{Core, Event, Key, MemberId, Objects, path, turn::Turn};

/// One side of a divergence beside the decided head.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Side {
    /// The tip.
    pub commit: ObjectId,
    /// The nodes on which somebody was told that it is saved.
    pub reporters: BTreeSet<MemberId>,
}

/// A file as the cluster has it: the decided head and the open divergences from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sides {
    /// The decided head here.
    pub head: Option<ObjectId>,
    /// Tips that diverge, in the order of their hashes; none: nothing is to be settled.
    pub sides: Vec<Side>,
}

/// What is known of the tips of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Judged {
    /// Decided head they were last compared with.
    at: Option<ObjectId>,
    /// Ancestors of the decided head, or of what its path settles.
    closed: BTreeSet<ObjectId>,
    /// Neither closed nor leading on from the decided head.
    diverging: BTreeSet<ObjectId>,
    /// What is listed.
    sides: Vec<Side>,
}

impl Core {
    /// The decided head of a file and the open divergences from it.
    #[must_use]
    pub fn sides(&self, key: &Key) -> Sides {
        let judged = self.live.branches.judged.get(key);
        let sides = judged.map(|judged| judged.sides.clone()).unwrap_or_default();
        Sides { head: self.decided(key), sides }
    }

    /// Number of open divergences of a file.
    #[must_use]
    pub fn diverging(&self, key: &Key) -> usize {
        self.live.branches.judged.get(key).map_or(0, |judged| judged.sides.len())
    }

    /// Files with open divergences, in order of their names. Looks only at files with tips.
    pub fn diverged(&self) -> impl Iterator<Item = (&Key, &[Side])> {
        let judged = self.live.branches.judged.iter();
        judged.filter(|(_, j)| !j.sides.is_empty()).map(|(key, j)| (key, &j.sides[..]))
    }

    /// Looks at every key that has tips; once, at the start.
    pub(crate) fn judge_all_sides(&mut self) {
        let keys = self.durable.keys.iter().filter(|(_, state)| !state.tips.is_empty());
        self.live.branches.due.extend(keys.map(|(key, _)| key.clone()));
    }

    /// Head or tips of these keys changed in this turn: what diverges now?
    pub(crate) fn judge_sides(&mut self, turn: &mut Turn<'_>) {
        while let Some(key) = self.live.branches.due.pop_first() {
            let Some(state) = self.durable.get(&key).filter(|state| !state.tips.is_empty()) else {
                continue;
            };
            let head = state.decided.map(|decided| decided.head);
            let tips: BTreeSet<ObjectId> = state.tips.iter().map(|tip| tip.commit).collect();
            let mut judged = self.live.branches.judged.remove(&key).unwrap_or_default();
            let before = std::mem::take(&mut judged.sides);
            let open = judged.compare(turn.objects, &key, head, tips);
            judged.sides = self.list(&key, &judged, turn);
            if judged.sides != before {
                turn.emit(Event::SidesChanged { key: key.clone() });
            }
            self.live.branches.judged.insert(key.clone(), judged);
            if let Some(tip) = self.orphan(&key, open, turn) {
                self.adopt_branch(&key, tip, turn);
            }
        }
    }

    /// Records of the same commit are one side; an ancestor of another tip does not count.
    fn list(&self, key: &Key, judged: &Judged, turn: &Turn<'_>) -> Vec<Side> {
        let inner = inner(turn.objects, key, &judged.diverging);
        let last = judged.diverging.iter().filter(|commit| !inner.contains(*commit));
        let state = self.state(key);
        let reporters = |commit: ObjectId| {
            let tips = state.tips.iter().filter(move |tip| tip.commit == commit);
            tips.map(|tip| tip.reporter).collect()
        };
        last.map(|commit| Side { commit: *commit, reporters: reporters(*commit) }).collect()
    }

    /// The end of an open branch that no node of the cluster will propose by itself.
    fn orphan(&self, key: &Key, open: BTreeSet<ObjectId>, turn: &Turn<'_>) -> Option<ObjectId> {
        if open.is_empty() || !self.is_member(&self.me) {
            return None;
        }
        let inner = inner(turn.objects, key, &open);
        let tips = &self.durable.get(key)?.tips;
        let cared_for = |commit: &ObjectId| {
            tips.iter().any(|tip| tip.commit == *commit && self.proposes_itself(&tip.reporter))
        };
        open.into_iter().find(|commit| !inner.contains(commit) && !cared_for(commit))
    }

    /// Whether another node is in the cluster, in that life of its disk: it proposes its branches
    /// itself. This one may have told of a tip and lost its draft in a crash.
    fn proposes_itself(&self, reporter: &MemberId) -> bool {
        let Some(roster) = self.durable.roster.as_ref() else { return false };
        if reporter.node == self.me.node || !roster.names(reporter.node) {
            return false;
        }
        // A node whose disk is new is in the roster with its old one until it is replaced.
        self.alive_as(reporter.node).map_or(roster.lists(reporter), |alive| alive == *reporter)
    }
}

impl Judged {
    /// Judges the tips against the decided head; those that lead on from it, which are open.
    fn compare(
        &mut self,
        objects: &dyn Objects,
        key: &Key,
        head: Option<ObjectId>,
        tips: BTreeSet<ObjectId>,
    ) -> BTreeSet<ObjectId> {
        let mut open: BTreeSet<ObjectId> = tips
            .into_iter()
            .filter(|tip| !self.closed.contains(tip) && !self.diverging.contains(tip))
            .collect();
        // What was judged before needs only the part of the path that is new.
        let since = if open.is_empty() { self.at } else { None };
        self.at = head;
        let Some(head) = head.filter(|_| !open.is_empty() || !self.diverging.is_empty()) else {
            return open;
        };
        let closing = closing(objects, key, head, since);
        for tips in [&mut open, &mut self.diverging] {
            let closed: Vec<ObjectId> = tips.intersection(&closing).copied().collect();
            tips.retain(|tip| !closing.contains(tip));
            self.closed.extend(closed);
        }
        let leads_on = |tip: &ObjectId| path::is_ancestor(objects, key, head, *tip);
        let (open, diverging): (BTreeSet<_>, BTreeSet<_>) = open.into_iter().partition(leads_on);
        self.diverging.extend(diverging);
        open
    }
}

/// Everything that the path of `head`, after `since`, closes: its commits, and the ancestors of
/// what they settle.
fn closing(
    objects: &dyn Objects,
    key: &Key,
    head: ObjectId,
    since: Option<ObjectId>,
) -> BTreeSet<ObjectId> {
    let mut closing = BTreeSet::new();
    let mut settled = BTreeSet::new();
    for (id, link) in path::back(objects, key, head).take_while(|(id, _)| Some(*id) != since) {
        closing.insert(id);
        settled.extend(link.settles);
    }
    for tip in settled {
        for (id, _) in path::back(objects, key, tip) {
            if !closing.insert(id) {
                break;
            }
        }
    }
    closing
}

/// Those of `tips` that are proper ancestors of another one.
fn inner(objects: &dyn Objects, key: &Key, tips: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    let mut passed = BTreeSet::new();
    if tips.len() > 1 {
        for tip in tips {
            for (id, _) in path::back(objects, key, *tip).skip(1) {
                if !passed.insert(id) {
                    break;
                }
            }
        }
    }
    passed
}
