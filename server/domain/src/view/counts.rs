//! How many files are in each state.

use serde::{Deserialize, Serialize};

use crate::words::FileState;

/// Files by state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// All of them.
    pub files: u64,
    /// [`FileState::Same`].
    pub same: u64,
    /// [`FileState::Spreading`].
    pub spreading: u64,
    /// [`FileState::Behind`].
    pub behind: u64,
    /// [`FileState::Held`]: saves that wait for a majority.
    pub waiting: u64,
    /// [`FileState::ObjectMissing`].
    pub missing: u64,
    /// [`FileState::Unknown`].
    pub unknown: u64,
    /// [`FileState::Diverged`].
    pub diverged: u64,
    /// [`FileState::Imported`].
    pub imported: u64,
    /// [`FileState::Damaged`].
    pub damaged: u64,
}

impl Counts {
    /// Counts one more file.
    pub fn add(&mut self, state: FileState) {
        self.files += 1;
        *self.slot(state) += 1;
    }

    /// Files in `state`.
    #[must_use]
    pub fn of(&self, state: FileState) -> u64 {
        *self.clone().slot(state)
    }

    /// One chip for every state that has files or that people look for; worst first.
    #[must_use]
    pub fn chips(&self) -> Vec<Chip> {
        let always = |state| {
            !matches!(state, FileState::Imported | FileState::Damaged | FileState::Diverged)
        };
        let chip = |state: &FileState| Chip { state: *state, count: self.of(*state) };
        let shown = |chip: &Chip| chip.count > 0 || always(chip.state);
        FileState::ALL.iter().map(chip).filter(shown).collect()
    }

    fn slot(&mut self, state: FileState) -> &mut u64 {
        match state {
            FileState::Damaged => &mut self.damaged,
            FileState::ObjectMissing => &mut self.missing,
            FileState::Diverged => &mut self.diverged,
            FileState::Held => &mut self.waiting,
            FileState::Behind => &mut self.behind,
            FileState::Imported => &mut self.imported,
            FileState::Spreading => &mut self.spreading,
            FileState::Unknown => &mut self.unknown,
            FileState::Same => &mut self.same,
        }
    }
}

/// A state and how many files are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// The state.
    pub state: FileState,
    /// Files in it.
    pub count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_to_the_files() {
        let mut counts = Counts::default();
        FileState::ALL.iter().for_each(|state| counts.add(*state));
        let chips = counts.chips();
        assert_eq!(counts.files, chips.iter().map(|chip| chip.count).sum::<u64>());
        assert_eq!(chips.len(), FileState::ALL.len());
        assert_eq!(Counts::default().chips().len(), 6);
    }
}
