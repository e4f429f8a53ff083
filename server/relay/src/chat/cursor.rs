//! What a reader has seen of a document.

use std::collections::BTreeMap;

use domain::Incarnation;
use serde::{Deserialize, Serialize};

use super::Numbers;
use crate::Origin;

/// The numbers that a reader has seen, of each origin.
///
/// Never a serial: a late message moves those after it (protocol 6). Imported messages have no
/// number; they are read with the history of a document and never delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor(pub(crate) BTreeMap<Incarnation, Numbers>);

impl Cursor {
    /// True if that message was seen.
    #[must_use]
    pub fn has(&self, origin: &Origin) -> bool {
        self.0.get(&origin.incarnation).is_some_and(|numbers| numbers.has(origin.number))
    }

    /// True if nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes that a message was seen; false if it was before.
    pub fn add(&mut self, origin: Origin) -> bool {
        self.0.entry(origin.incarnation).or_default().add(origin.number)
    }

    /// Notes that a message was not seen after all.
    pub fn remove(&mut self, origin: &Origin) {
        if let Some(numbers) = self.0.get_mut(&origin.incarnation) {
            numbers.remove(origin.number);
        }
    }

    /// What another one does not have.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let rest = self.0.iter().filter_map(|(incarnation, numbers)| {
            let rest = match other.0.get(incarnation) {
                None => numbers.clone(),
                Some(theirs) => numbers.without(theirs),
            };
            rest.greatest().is_some().then_some((*incarnation, rest))
        });
        Self(rest.collect())
    }

    /// Adds everything that another one has.
    pub fn merge(&mut self, other: &Self) {
        for (incarnation, numbers) in &other.0 {
            self.0.entry(*incarnation).or_default().merge(numbers);
        }
    }
}
