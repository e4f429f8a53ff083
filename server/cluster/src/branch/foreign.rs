//! Lines of the journal that SWISH wrote itself: judged by what they lead to, never by who wrote
//! them or where they start (protocol 9).

use domain::ObjectId;
use gitty::Object;

use crate::{Core, Draft, DraftKind, Event, Key, Mutant, Record, Urgency, path, turn::Turn};

/// A line `head(File, Old, New)` of the journal, and the objects it brings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Foreign {
    /// The register of the file.
    pub key: Key,
    /// Head that the line starts from. Nothing is judged by it.
    pub old: Option<ObjectId>,
    /// Head that the line leads to: intact, and in the store or among the objects.
    pub new: ObjectId,
    /// Objects that this node did not know yet; they become durable with the outcome.
    pub objects: Vec<Object>,
}

/// A line that waits for the save under way to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    old: Option<ObjectId>,
    new: ObjectId,
}

impl Core {
    pub(crate) fn on_foreign(&mut self, foreign: Foreign, turn: &mut Turn<'_>) {
        if self.durable.roster.is_none() {
            return;
        }
        let Foreign { key, old, new, objects } = foreign;
        for object in objects {
            // A constructed SHA-1 collision has no id.
            if let Ok(id) = object.id() {
                self.store_object(id, object, Urgency::Now, turn);
            }
        }
        self.live.branches.lines.entry(key.clone()).or_default().push(Line { old, new });
        self.judge_lines(&key, turn);
    }

    /// Judges the lines of `key` that were read, unless a save is under way whose end decides.
    pub(crate) fn judge_lines(&mut self, key: &Key, turn: &mut Turn<'_>) {
        let draft = self.durable.get(key).and_then(|state| state.draft);
        if draft.is_some_and(|draft| !draft.kind.is_served()) {
            return;
        }
        for line in self.live.branches.lines.remove(key).unwrap_or_default() {
            self.judge_line(key, line, turn);
        }
    }

    fn judge_line(&mut self, key: &Key, line: Line, turn: &mut Turn<'_>) {
        let new = line.new;
        let served = self.served(key);
        let mut known = self.knows(key, new, turn);
        let mut follows =
            served.is_none_or(|served| path::is_ancestor(turn.objects, key, served, new));
        if self.config.broken(Mutant::JudgeByOld) {
            (known, follows) = (false, line.old == served);
        }
        if known || turn.link(&new).is_none() {
            return;
        }
        if follows {
            let state = self.state(key);
            let decided = state.decided.map(|decided| decided.head);
            let base = state.draft.map_or(decided, |draft| draft.base);
            self.hold(key, Draft { tip: new, base, kind: DraftKind::Held }, turn);
            self.start_round(key, turn);
        } else {
            self.report_tip(key, new, turn);
        }
    }

    /// True if `commit` is on the path of the decided head, of the own branch, or of a tip.
    pub(crate) fn knows(&self, key: &Key, commit: ObjectId, turn: &Turn<'_>) -> bool {
        let state = self.state(key);
        let decided = state.decided.map(|decided| decided.head);
        let draft = state.draft.map(|draft| draft.tip);
        let ends = || decided.into_iter().chain(draft).chain(state.tips.iter().map(|t| t.commit));
        ends().any(|end| end == commit)
            || ends().any(|end| path::is_ancestor(turn.objects, key, commit, end))
    }

    /// A branch whose node is gone is proposed by this one (protocol 1, "open").
    pub(crate) fn adopt_branch(&mut self, key: &Key, tip: ObjectId, turn: &mut Turn<'_>) {
        if self.state(key).draft.is_some() {
            return;
        }
        let draft = Draft { tip, base: self.decided(key), kind: DraftKind::Held };
        self.record(Record::Draft { key: key.clone(), draft: Some(draft) }, Urgency::Now, turn);
        turn.emit(Event::DraftChanged { key: key.clone() });
        self.start_round(key, turn);
    }
}
