//! Settling a divergence: one new commit on the decided head, in competition with every other save
//! of the key, never rebased and never held (protocol 4.5).

use domain::ObjectId;
use serde::{Deserialize, Serialize};

use crate::{
    Core, Event, Key, Mutant, Reply, Save, SaveOutcome, Token, Urgency,
    live::{Ask, CurrentSave, PendingSave},
    path,
    register::Check,
    turn::Turn,
};

/// How a settling ended, or stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum SettleOutcome {
    /// A majority has it: `commit`, which may be that of the same settling before, is on the path.
    Decided {
        /// The commit that stands for it.
        commit: ObjectId,
    },
    /// The decided head is another one than was shown; nothing was changed.
    HeadMoved {
        /// The decided head.
        head: Option<ObjectId>,
    },
    /// No majority answers, and nothing was proposed; nothing was changed.
    NoMajority,
    /// It was proposed, and no majority answered: it may be decided or lose. Its end is told by
    /// [`Event::SettleEnded`].
    NotKnownYet {
        /// Its commit.
        commit: ObjectId,
    },
    /// This node is in no cluster; nothing was changed.
    NotFounded,
    /// This node was removed from its cluster; nothing was changed.
    Removed,
    /// Too many saves of this file wait behind each other; nothing was changed.
    Busy,
    /// It came without its text, and this node does not have that; nothing was changed.
    TextMissing,
}

impl Core {
    pub(crate) fn on_settle(&mut self, token: Token, save: Box<Save>, turn: &mut Turn<'_>) {
        if self.config.broken(Mutant::SettleBeside) {
            let Save { id, commit, link, blob, .. } = *save;
            self.record_save(id, &commit, link, blob, turn);
            return turn.reply(token, Reply::Settle(SettleOutcome::Decided { commit: id }));
        }
        // A draft whose text is nowhere would be proposed for ever: it is not given to another node
        // that could lose its disk first.
        if save.blob.is_none() && !turn.objects.holds(&save.link.blob) {
            return turn.reply(token, Reply::Settle(SettleOutcome::TextMissing));
        }
        self.ask(Ask::Settle, token, save, turn);
    }

    /// What to do with a settling whose turn it is: its base has to be the decided head.
    pub(crate) fn check_settle(&self, pending: &PendingSave, turn: &Turn<'_>) -> Check {
        let save = &pending.save;
        let decided = self.decided(&save.key);
        if decided == save.base {
            return Check::Begin;
        }
        let Some(head) = decided else {
            return Check::Answer(SaveOutcome::NoSuchFile);
        };
        let since_base =
            path::back(turn.objects, &save.key, head).take_while(|(id, _)| Some(*id) != save.base);
        let mut same = since_base.filter(|(_, link)| link.op == save.link.op);
        Check::Answer(match same.next() {
            Some((commit, _)) => SaveOutcome::Decided { commit },
            None => SaveOutcome::Conflict { head },
        })
    }

    /// A settling was not decided in time: refused if nothing was proposed, else nobody knows yet.
    pub(crate) fn give_up_settle(
        &mut self,
        key: &Key,
        current: &CurrentSave,
        commit: ObjectId,
        turn: &mut Turn<'_>,
    ) {
        let outcome = if current.proposed {
            SettleOutcome::NotKnownYet { commit }
        } else {
            self.drop_draft(key, Urgency::Now, turn);
            SettleOutcome::NoMajority
        };
        turn.reply_durably(current.token, Reply::Settle(outcome));
    }

    /// Tells everybody how a settling ended: whoever asked for it may have been told that it is
    /// not known yet, or this node was started again since.
    pub(crate) fn settle_ended(
        &self,
        key: &Key,
        commit: ObjectId,
        outcome: &SaveOutcome,
        turn: &mut Turn<'_>,
    ) {
        let outcome = SettleOutcome::of(outcome.clone());
        turn.emit(Event::SettleEnded { key: key.clone(), commit, outcome });
    }
}

impl SettleOutcome {
    /// What the outcome of a save means for a settling.
    pub(crate) fn of(outcome: SaveOutcome) -> Self {
        match outcome {
            SaveOutcome::Decided { commit } => Self::Decided { commit },
            SaveOutcome::Conflict { head } => Self::HeadMoved { head: Some(head) },
            SaveOutcome::NoSuchFile => Self::HeadMoved { head: None },
            SaveOutcome::Held { commit, .. } => Self::NotKnownYet { commit },
            SaveOutcome::NotFounded => Self::NotFounded,
            SaveOutcome::Removed => Self::Removed,
            SaveOutcome::Busy => Self::Busy,
        }
    }
}
