//! How a profile stands: the decided chain, what branches hold, and what conflicts.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    BranchError, Chain, Circumstances, Edit, Operation, OperationId, Profile, ProfileEvent,
    ProfileKey, Slot, Verdict, compare, profile::Source,
};

/// One side of a conflict: the last thing that somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// What was said; none when it does not open here.
    pub edit: Option<Edit>,
    /// By whom, when, where.
    pub source: Source,
}

/// One thing of a profile about which several sides said different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What it is about.
    pub slot: Slot,
    /// The side that is decided, and counts until this is settled; for role, disabled, identities
    /// and second factor the stricter side counts.
    pub decided: OperationId,
    /// All sides.
    pub sides: BTreeMap<OperationId, Side>,
}

impl Conflict {
    /// What an operation must name that settles this: every side.
    #[must_use]
    pub fn names(&self) -> BTreeSet<OperationId> {
        self.sides.keys().copied().collect()
    }

    /// Makes an operation settle this; its edit says how it is from now on.
    #[must_use]
    pub fn settled_by(&self, about: Circumstances) -> Circumstances {
        Circumstances { settles: self.names(), ..about }
    }
}

/// How a profile stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The decided chain, folded, and made stricter by what branches hold.
    pub profile: Profile,
    /// Operations of branches that only wait to be rebased.
    pub waiting: BTreeSet<OperationId>,
    /// What conflicts, by what it is about.
    pub conflicts: BTreeMap<Slot, Conflict>,
}

/// Computes how a profile stands from its decided chain and the branches; their order says nothing.
///
/// # Errors
/// When a branch is about another profile.
pub fn standing(
    decided: &Chain,
    branches: &[Chain],
    key: Option<&ProfileKey>,
) -> Result<Standing, BranchError> {
    let mut standing = Standing {
        profile: Profile::fold(decided, key),
        waiting: BTreeSet::new(),
        conflicts: BTreeMap::new(),
    };
    let mut open = BTreeMap::new();
    for branch in branches {
        for operation in standing.take(decided, branch, key)? {
            open.insert(operation.id(), operation);
        }
    }
    for operation in open.into_values() {
        if let Some(edit) = opened(operation, key) {
            standing.profile.restrict(operation, edit);
        }
    }
    Ok(standing)
}

fn opened(operation: &Operation, key: Option<&ProfileKey>) -> Option<Edit> {
    operation.plain().or_else(|| operation.open(key?).ok())
}

impl Standing {
    /// Takes in a branch; gives its last open operation about each thing.
    fn take<'a>(
        &mut self,
        decided: &Chain,
        branch: &'a Chain,
        key: Option<&ProfileKey>,
    ) -> Result<Vec<&'a Operation>, BranchError> {
        let mut last: BTreeMap<Slot, (&Operation, Verdict)> = BTreeMap::new();
        for (operation, verdict) in compare(decided, branch, key)?.operations {
            match verdict {
                Verdict::Closed(_) => continue,
                Verdict::Rebase => {
                    self.waiting.insert(operation.id());
                }
                Verdict::Conflict(_) => {}
            }
            last.insert(operation.slot(), (operation, verdict));
        }
        for (operation, verdict) in last.values() {
            if let Verdict::Conflict(ours) = verdict {
                let events = decided.events().iter().map(ProfileEvent::operation);
                let ours_too = events.filter(|other| other.id() == *ours);
                for side in ours_too.chain([*operation]) {
                    self.note(*ours, side.slot(), Side::of(side, decided, key));
                }
            }
        }
        Ok(last.into_values().map(|(operation, _)| operation).collect())
    }

    /// Notes a side of a conflict about `slot`, whose decided side is `ours`.
    fn note(&mut self, ours: OperationId, slot: Slot, side: Side) {
        let conflict = self.conflicts.entry(slot);
        let conflict =
            conflict.or_insert_with(|| Conflict { slot, decided: ours, sides: BTreeMap::new() });
        conflict.sides.insert(side.source.operation, side);
    }

    /// Whether nothing waits and nothing conflicts.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.conflicts.is_empty()
    }
}

impl Side {
    fn of(operation: &Operation, decided: &Chain, key: Option<&ProfileKey>) -> Self {
        let mut events = decided.events().iter();
        let event = events.find(|event| event.operation().id() == operation.id());
        Self { edit: opened(operation, key), source: Source::of(operation, event) }
    }
}
