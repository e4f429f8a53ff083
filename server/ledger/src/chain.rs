//! The chain of a profile: its events from the first to a head, checked.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::{
    Change, EventId, ForgedError, Operation, OperationId, ProfileEvent, ProfileId, Serial,
};

/// Most events of one profile.
pub const MAX_EVENTS: usize = 100_000;

/// Events that are no chain. Nothing was taken in; no honest node makes such.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChainError {
    /// There is none, or the first does not create the profile.
    #[error("it does not begin with the profile's creation")]
    Beginning,
    /// An event does not name the one before it, or has another serial than the next.
    #[error("event {0} does not follow the one before it")]
    Broken(Serial),
    /// An event of another profile.
    #[error("event {0} is about profile {1}")]
    OtherProfile(Serial, ProfileId),
    /// The same operation twice.
    #[error("operation {0} is in it twice")]
    Twice(OperationId),
    /// The profile is created a second time.
    #[error("the profile is created again by {0}")]
    CreatedAgain(OperationId),
    /// Something follows the erasing.
    #[error("operation {0} follows the erasing")]
    AfterErasing(OperationId),
    /// It cannot grow any more.
    #[error("more than {0} events")]
    TooLong(usize),
    /// Somebody else says that this was done there.
    #[error(transparent)]
    Forged(#[from] ForgedError),
}

/// Events of one profile, each naming the one before it. It has at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    events: Vec<ProfileEvent>,
    operations: BTreeSet<OperationId>,
}

impl Chain {
    /// The chain that an operation begins.
    ///
    /// # Errors
    /// When it does not create the profile.
    pub fn begin(operation: Operation) -> Result<Self, ChainError> {
        Self::of([ProfileEvent::after(None, operation)])
    }

    /// Checks events, the first one first: places, hashes and rules; seals with [`Self::verify`].
    ///
    /// # Errors
    /// When they are no chain.
    pub fn of(events: impl IntoIterator<Item = ProfileEvent>) -> Result<Self, ChainError> {
        let mut chain = Self { events: Vec::new(), operations: BTreeSet::new() };
        for event in events {
            chain.push(event)?;
        }
        if chain.events.is_empty() { Err(ChainError::Beginning) } else { Ok(chain) }
    }

    /// Adds the next event, as it came from a register.
    ///
    /// # Errors
    /// When it is not the next one, or breaks a rule; the chain is as it was.
    pub fn push(&mut self, event: ProfileEvent) -> Result<(), ChainError> {
        let last = self.events.last();
        let next = last.map_or(1, |last| last.serial().0 + 1);
        if event.previous() != last.map(ProfileEvent::id) || event.serial().0 != next {
            return Err(ChainError::Broken(event.serial()));
        }
        self.check(event.operation(), event.serial())?;
        self.operations.insert(event.operation().id());
        self.events.push(event);
        Ok(())
    }

    /// Puts an operation behind the last event, and gives its event.
    ///
    /// # Errors
    /// When it breaks a rule; the chain is as it was.
    pub fn append(&mut self, operation: Operation) -> Result<&ProfileEvent, ChainError> {
        self.push(ProfileEvent::after(self.events.last(), operation))?;
        self.events.last().ok_or(ChainError::Beginning)
    }

    fn check(&self, operation: &Operation, serial: Serial) -> Result<(), ChainError> {
        let id = operation.id();
        let Some(first) = self.events.first() else {
            let creates = *operation.change() == Change::Created;
            return creates.then_some(()).ok_or(ChainError::Beginning);
        };
        if operation.profile() != first.operation().profile() {
            return Err(ChainError::OtherProfile(serial, operation.profile().clone()));
        }
        if self.operations.contains(&id) {
            return Err(ChainError::Twice(id));
        }
        if *operation.change() == Change::Created {
            return Err(ChainError::CreatedAgain(id));
        }
        if self.is_erased() {
            return Err(ChainError::AfterErasing(id));
        }
        let is_full = self.events.len() >= MAX_EVENTS && *operation.change() != Change::Erased;
        if is_full { Err(ChainError::TooLong(MAX_EVENTS)) } else { Ok(()) }
    }

    /// Checks every seal. No key is needed, so it can be done after an erasing too.
    ///
    /// # Errors
    /// At the first operation whose seal is not its origin's.
    pub fn verify(&self) -> Result<(), ForgedError> {
        self.events.iter().try_for_each(|event| event.operation().check_seal())
    }

    /// Its events, the first one first.
    #[must_use]
    pub fn events(&self) -> &[ProfileEvent] {
        &self.events
    }

    /// The last event: the head.
    #[must_use]
    pub fn head(&self) -> EventId {
        self.events.last().map(ProfileEvent::id).expect("a chain has at least one event")
    }

    /// The profile it is about.
    #[must_use]
    pub fn profile(&self) -> &ProfileId {
        let first = self.events.first().expect("a chain has at least one event");
        first.operation().profile()
    }

    /// Whether an operation is in it, wherever.
    #[must_use]
    pub fn has(&self, operation: OperationId) -> bool {
        self.operations.contains(&operation)
    }

    /// Whether the profile is erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        let last = self.events.last();
        last.is_some_and(|event| *event.operation().change() == Change::Erased)
    }
}
