//! What becomes of each operation of a branch.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::{
    Chain, Change, Edit, OpenError, Operation, OperationId, ProfileEvent, ProfileId, ProfileKey,
    Slot,
};

/// Two chains that cannot be compared; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BranchError {
    /// They are about two profiles.
    #[error("chains of {0} and {1}")]
    OtherProfile(ProfileId, ProfileId),
}

/// Why an operation of a branch is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Closed {
    /// It is in the decided chain.
    Landed,
    /// Somebody settled it there.
    Settled,
    /// The decided chain says the same.
    Same,
    /// The profile is erased, here or there.
    Erased,
}

/// What becomes of one operation of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Done with.
    Closed(Closed),
    /// To be put behind the decided head, in this order.
    Rebase,
    /// The decided chain changed the same since; this is its last operation about it.
    Conflict(OperationId),
}

/// What becomes of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// Every operation of the branch after the last common event, in order.
    pub operations: Vec<(&'a Operation, Verdict)>,
}

impl<'a> Comparison<'a> {
    /// What is to be put behind the decided head, in order.
    pub fn to_rebase(&self) -> impl Iterator<Item = &'a Operation> + '_ {
        let is_due = |(operation, verdict): &(&'a Operation, Verdict)| {
            (*verdict == Verdict::Rebase).then_some(*operation)
        };
        self.operations.iter().filter_map(is_due)
    }

    /// Whether nothing of the branch is open.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.operations.iter().all(|(_, verdict)| matches!(verdict, Verdict::Closed(_)))
    }
}

/// Judges a branch against the decided chain.
///
/// The key tells whether both sides say the same. Without it (it comes with the profile, and is gone
/// after an erasing) equal texts look different, so such a node must not act on what it sees here.
///
/// # Errors
/// When the chains are about two profiles.
pub fn compare<'a>(
    decided: &Chain,
    branch: &'a Chain,
    key: Option<&ProfileKey>,
) -> Result<Comparison<'a>, BranchError> {
    if decided.profile() != branch.profile() {
        let (one, other) = (decided.profile().clone(), branch.profile().clone());
        return Err(BranchError::OtherProfile(one, other));
    }
    let common = common(decided, branch);
    let sides = Sides {
        decided,
        branch,
        key,
        settled: settled(&decided.events()[common..]),
        ours: last_by_slot(&decided.events()[common..], |operation| branch.has(operation.id())),
        theirs: last_by_slot(&branch.events()[common..], |operation| decided.has(operation.id())),
    };
    let judge = |event: &'a ProfileEvent| (event.operation(), sides.judge(event.operation()));
    Ok(Comparison { operations: branch.events()[common..].iter().map(judge).collect() })
}

/// Events that both chains begin with.
fn common(one: &Chain, other: &Chain) -> usize {
    let same = |(a, b): &(&ProfileEvent, &ProfileEvent)| a.id() == b.id();
    one.events().iter().zip(other.events()).take_while(same).count()
}

/// Both sides after the last common event.
struct Sides<'a> {
    decided: &'a Chain,
    branch: &'a Chain,
    key: Option<&'a ProfileKey>,
    /// What the decided chain settled: an operation settles only what is about the same.
    settled: BTreeSet<(Slot, OperationId)>,
    /// Last operation of the decided chain about each thing that the branch lacks.
    ours: BTreeMap<Slot, &'a Operation>,
    /// The same for the branch.
    theirs: BTreeMap<Slot, &'a Operation>,
}

impl Sides<'_> {
    fn judge(&self, operation: &Operation) -> Verdict {
        let slot = operation.slot();
        if self.decided.has(operation.id()) {
            return Verdict::Closed(Closed::Landed);
        }
        if self.decided.is_erased() {
            return Verdict::Closed(Closed::Erased);
        }
        if self.branch.is_erased() {
            let is_erasing = slot == Slot::Erased;
            return if is_erasing { Verdict::Rebase } else { Verdict::Closed(Closed::Erased) };
        }
        match slot {
            // Both nodes went on with the same claimed id: it exists once.
            Slot::Created => return Verdict::Closed(Closed::Same),
            // A fact of its own, of which the later one counts.
            Slot::LoggedIn => return Verdict::Rebase,
            _ => {}
        }
        if self.is_settled(operation) {
            return Verdict::Closed(Closed::Settled);
        }
        self.judge_slot(slot)
    }

    /// Settled with what was settled: what this branch itself had replaced by then.
    fn is_settled(&self, operation: &Operation) -> bool {
        let slot = operation.slot();
        let from = self.branch.events().iter().map(ProfileEvent::operation);
        from.skip_while(|other| other.id() != operation.id())
            .any(|other| other.slot() == slot && self.settled.contains(&(slot, other.id())))
    }

    /// All operations of a branch about one thing have one fate: that of the last.
    fn judge_slot(&self, slot: Slot) -> Verdict {
        let (Some(ours), Some(theirs)) = (self.ours.get(&slot), self.theirs.get(&slot)) else {
            return Verdict::Rebase;
        };
        if theirs.settles().contains(&ours.id()) {
            return Verdict::Rebase;
        }
        if self.is_same(ours, theirs) {
            return Verdict::Closed(Closed::Same);
        }
        Verdict::Conflict(ours.id())
    }

    fn is_same(&self, ours: &Operation, theirs: &Operation) -> bool {
        let open = |operation: &Operation| -> Result<Edit, OpenError> {
            match (operation.plain(), self.key) {
                (Some(edit), _) => Ok(edit),
                (None, Some(key)) => operation.open(key),
                (None, None) => Err(OpenError::Key),
            }
        };
        matches!((open(ours), open(theirs)), (Ok(ours), Ok(theirs)) if ours == theirs)
    }
}

fn settled(events: &[ProfileEvent]) -> BTreeSet<(Slot, OperationId)> {
    let of = |event: &ProfileEvent| {
        let slot = event.operation().slot();
        event.operation().settles().iter().map(move |id| (slot, *id)).collect::<Vec<_>>()
    };
    events.iter().flat_map(of).collect()
}

fn last_by_slot(
    events: &[ProfileEvent],
    is_common: impl Fn(&Operation) -> bool,
) -> BTreeMap<Slot, &Operation> {
    let own = events.iter().map(ProfileEvent::operation).filter(|operation| {
        !is_common(operation) && !matches!(operation.change(), Change::Created)
    });
    own.map(|operation| (operation.slot(), operation)).collect()
}
