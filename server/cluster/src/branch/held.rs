//! Held saves: told "saved" without a majority, served here, proposed by themselves (protocol 4.3).

use domain::{Link, ObjectId};
use serde::{Deserialize, Serialize};

use crate::{
    Core, Draft, DraftKind, Event, Key, Objects, Record, Reply, Save, SaveOutcome, Urgency,
    live::PendingSave, path, turn::Turn,
};

/// Why a save is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// Fewer members than a majority answer.
    NoMajority,
    /// They answer, but have not agreed yet.
    Contention,
}

/// Where a held save is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copies {
    /// No other node can be reached: this disk has the only copy.
    OnlyHere,
    /// It is being told to those that can be reached.
    Told,
}

impl Core {
    /// The served head (protocol 1): what pages, SWISH and 409 answers of this node see. The tip
    /// of its own open branch, otherwise its decided head.
    #[must_use]
    pub fn served(&self, key: &Key) -> Option<ObjectId> {
        self.durable.served(key)
    }

    /// Greatest `time` of the commits of `key` that are known here, tips and the save under way
    /// included, in milliseconds since 1970: that of a new commit is greater (protocol 4.5).
    /// `link` reads a commit, as [`Objects::link`] does.
    #[must_use]
    pub fn latest_ms(&self, key: &Key, link: impl Fn(&ObjectId) -> Option<Link>) -> u64 {
        let Some(state) = self.durable.get(key) else {
            return 0;
        };
        // Along a path times grow, so the ends are enough.
        let decided = state.decided.map(|decided| decided.head);
        let accepted = state.accepted.map(|accepted| accepted.head);
        let draft = state.draft.map(|draft| draft.tip);
        let tips = state.tips.iter().map(|tip| tip.commit);
        let ends = tips.chain(decided).chain(accepted).chain(draft);
        ends.filter_map(|id| Some(link(&id)?.time_ms)).max().unwrap_or(0)
    }

    /// The draft of `key` is told to be saved from now on: durably held, and a tip.
    pub(crate) fn hold(&mut self, key: &Key, draft: Draft, turn: &mut Turn<'_>) {
        let held = Draft { kind: DraftKind::Held, ..draft };
        self.record(Record::Draft { key: key.clone(), draft: Some(held) }, Urgency::Now, turn);
        self.report_tip(key, draft.tip, turn);
        turn.emit(Event::DraftChanged { key: key.clone() });
    }

    /// The save follows the own open branch: held at once, whatever is being proposed.
    pub(crate) fn extend(&mut self, pending: PendingSave, branch: Draft, turn: &mut Turn<'_>) {
        let PendingSave { token, save, .. } = pending;
        let Save { key, commit, id, link, blob, .. } = *save;
        self.record_save(id, &commit, link, blob, turn);
        self.hold(&key, Draft { tip: id, ..branch }, turn);
        let outcome = self.held(id);
        turn.reply_durably(token, Reply::Save(outcome));
        self.start_round(&key, turn);
    }

    /// The answer to a save that is held, when nothing else is known of the reason.
    pub(crate) fn held(&self, commit: ObjectId) -> SaveOutcome {
        let reason =
            if self.majority_linked() { HoldReason::Contention } else { HoldReason::NoMajority };
        self.held_because(commit, reason)
    }

    pub(crate) fn held_because(&self, commit: ObjectId, reason: HoldReason) -> SaveOutcome {
        let reached = self.live.peers.iter().any(|(id, peer)| peer.linked && self.is_known(id));
        let copies = if reached { Copies::Told } else { Copies::OnlyHere };
        SaveOutcome::Held { commit, reason, copies }
    }

    /// True if `commit` is on the path of the draft of `key`, after the decided head.
    pub(crate) fn on_branch(&self, key: &Key, commit: ObjectId, objects: &dyn Objects) -> bool {
        let state = self.state(key);
        let decided = state.decided.map(|decided| decided.head);
        state.draft.is_some_and(|draft| {
            path::back(objects, key, draft.tip)
                .take_while(|(id, _)| Some(*id) != decided)
                .any(|(id, _)| id == commit)
        })
    }
}

impl DraftKind {
    /// Whether its tip is what this node serves.
    #[must_use]
    pub const fn is_served(self) -> bool {
        match self {
            Self::Held | Self::Import => true,
            Self::Fresh | Self::Settle => false,
        }
    }
}
