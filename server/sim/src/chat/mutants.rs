//! Each rule of chat and visitors, broken on purpose, and the promise that has to break with it.

use relay::Mutant;

use crate::{Profile, Trace, mutants::Killed};

const UNION: &str = "union complete";
const ONCE: &str = "seen once";
const CLOCKS: &str = "clocks not pulled";
const ANSWERED: &str = "answered messages";
const PRESENCE: &str = "presence true";
const ALARM: &str = "no alarm";

/// A fault of the relay core, and how it has to be found.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What is put in.
    pub mutant: Mutant,
    /// What the broken core does, in a few words.
    pub does: &'static str,
    /// The invariant that it has to break, by the beginning of its name.
    pub breaks: &'static str,
    /// It has to be found in the seeds from 1 to this.
    pub within: u64,
}

impl Row {
    /// The row of a mutant.
    #[must_use]
    pub fn of(mutant: Mutant) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.mutant == mutant)
    }

    /// Looks for the first seed that breaks the promise; none if the mutant survives.
    #[must_use]
    pub fn kill(&self) -> Option<Killed> {
        (1..=self.within).find_map(|seed| {
            let profile = Profile::chat(seed, 3, Some(self.mutant));
            let violation = crate::run(profile, Trace::off()).violation?;
            violation.invariant.starts_with(self.breaks).then_some(Killed { seed, violation })
        })
    }
}

const fn row(mutant: Mutant, does: &'static str, breaks: &'static str) -> Row {
    Row { mutant, does, breaks, within: 200 }
}

/// Every fault, in the order of [`Mutant::ALL`].
pub const TABLE: [Row; 7] = [
    row(Mutant::LastIsEnough, "C1: equal last messages are in step", UNION),
    row(Mutant::CursorBySerial, "C2: a reader's cursor is a serial", ONCE),
    row(Mutant::StampsPullClocks, "a clock that is ahead pulls the others", CLOCKS),
    row(Mutant::HaveBeforeDurable, "says it has a message before it is durable", ANSWERED),
    row(Mutant::PostedBeforeDurable, "tells of its message before it is durable", ALARM),
    row(Mutant::VersionUnchecked, "takes changes of visitors in any order", PRESENCE),
    row(Mutant::AwayKept, "keeps the visitors of a node that is away", PRESENCE),
];
