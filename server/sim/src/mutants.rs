//! Each rule of the protocol, broken on purpose, and the promise that has to break with it.
//!
//! A row names the weather in which the fault shows and the invariants that are about this rule:
//! another promise that breaks by the way does not count.

use cluster::Mutant;

use crate::{Kind, Profile, Trace, Violation};

const ONE_PATH: &str = "one path (P1)";
const FORWARD: &str = "forward only (P2)";
const ANSWERED: &str = "answered saves (P3)";
const HELD: &str = "held saves (P3)";
const OBJECTS: &str = "objects on a majority (P4)";
const CONVERGENCE: &str = "convergence (P5)";
const ONCE: &str = "once (P6)";
const CONFLICTS: &str = "conflicts (P8)";
const ONE_VALUE: &str = "one value (P10)";
const BALLOT: &str = "one head per ballot (4.1)";
const SETTLED: &str = "settled once (4.5)";
const NEWS: &str = "tips are news (V9)";
const ALARM: &str = "no alarm";

/// A fault of the core, and how it has to be found.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What is put in.
    pub mutant: Mutant,
    /// What the broken core does, in a few words.
    pub does: &'static str,
    /// The weather in which it shows; none for the round of all.
    pub kind: Option<Kind>,
    /// Invariants that it has to break, by the beginning of their names.
    pub breaks: &'static [&'static str],
    /// It has to be found in the seeds from 1 to this.
    pub within: u64,
}

/// A promise that a mutant broke.
#[derive(Clone, Debug)]
pub struct Killed {
    /// The first seed that shows it.
    pub seed: u64,
    /// What broke.
    pub violation: Violation,
}

impl Row {
    /// The row of a mutant.
    #[must_use]
    pub fn of(mutant: Mutant) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.mutant == mutant)
    }

    /// The schedule of a seed with the fault put in.
    #[must_use]
    pub fn profile(&self, seed: u64) -> Profile {
        match self.kind {
            None => Profile::of(seed, 3, Some(self.mutant)),
            Some(kind) => Profile::in_weather(kind, seed, 3, Some(self.mutant)),
        }
    }

    /// Looks for the first seed that breaks one of the promises; none if the mutant survives.
    #[must_use]
    pub fn kill(&self) -> Option<Killed> {
        (1..=self.within).find_map(|seed| {
            let violation = crate::run(self.profile(seed), Trace::off()).violation?;
            self.is_about(&violation).then_some(Killed { seed, violation })
        })
    }

    /// True if the promise is one that this rule keeps.
    #[must_use]
    pub fn is_about(&self, violation: &Violation) -> bool {
        self.breaks.iter().any(|name| violation.invariant.starts_with(name))
    }
}

const fn row(mutant: Mutant, does: &'static str, breaks: &'static [&'static str]) -> Row {
    Row { mutant, does, kind: None, breaks, within: 200 }
}

impl Row {
    const fn in_weather(self, kind: Kind) -> Self {
        Self { kind: Some(kind), ..self }
    }
}

/// Every fault, in the order of [`Mutant::ALL`].
pub const TABLE: [Row; 22] = [
    row(
        Mutant::OwnValue,
        "proposes its own draft, whatever was promised",
        &[ONE_PATH, ONE_VALUE, ALARM],
    ),
    row(Mutant::MinorityQuorum, "a minority decides", &[ONE_PATH, OBJECTS, ALARM]),
    row(
        Mutant::NoSyncBeforePromise,
        "promises before it is durable",
        &[ONE_PATH, OBJECTS, BALLOT, ALARM],
    ),
    row(Mutant::ObjectsAfterAccept, "accepts without the objects", &[OBJECTS]),
    row(Mutant::UnreservedBallot, "V2: ballots that no disk knows", &[BALLOT])
        .in_weather(Kind::Relapse),
    row(Mutant::NoIdempotence, "carries out a repeated save again", &[ONCE, CONFLICTS]),
    row(Mutant::OverwriteHead, "a head that does not follow overwrites", &[FORWARD]),
    row(Mutant::StaleAccept, "accepts below its promise", &[ONE_PATH, ONE_VALUE, OBJECTS, ALARM]),
    row(
        Mutant::OwnAcceptEarly,
        "V3: counts its own accept before it is durable",
        &[ONE_PATH, OBJECTS],
    ),
    row(Mutant::LocalAcknowledge, "answers before a majority accepted", &[ANSWERED]),
    row(Mutant::AnswerFromPromises, "V1: answers from promises", &[ANSWERED]),
    row(
        Mutant::FastWithoutPromise,
        "V4: one round trip without promises",
        &[ONE_PATH, ONE_VALUE, BALLOT, ALARM],
    ),
    row(Mutant::StaleTree, "the hash tree stays behind its heads", &[CONVERGENCE])
        .in_weather(Kind::Rejoin),
    row(Mutant::WrongBucket, "compares the neighbour of what differs", &[CONVERGENCE])
        .in_weather(Kind::Rejoin),
    row(
        Mutant::WipedMemberVotes,
        "V7: a member votes that lost its disk",
        &[ONE_PATH, OBJECTS, ONE_VALUE, ALARM],
    )
    .in_weather(Kind::Wiped),
    row(Mutant::ReplaceInOne, "V5: a member is replaced in one change", &[ONE_VALUE])
        .in_weather(Kind::Turnover),
    row(Mutant::NoRepair, "V6: a second change without repair", &[ONE_VALUE])
        .in_weather(Kind::Turnover),
    row(Mutant::LowerEpochHandled, "V10: a lower epoch is not refused", &[ONE_PATH, ALARM])
        .in_weather(Kind::Turnover),
    row(Mutant::SettleBeside, "V8: a settling is recorded beside the head", &[SETTLED])
        .in_weather(Kind::Held),
    row(Mutant::JudgeByOld, "V9: journal lines are judged by where they start", &[NEWS])
        .in_weather(Kind::Beside),
    row(Mutant::HoldWithoutTip, "a held save has no tip", &[HELD]).in_weather(Kind::Held),
    row(
        Mutant::RolledBackVotes,
        "a disk that was rolled back votes",
        &[ONE_PATH, OBJECTS, ONE_VALUE, ANSWERED, BALLOT],
    )
    .in_weather(Kind::Rolled),
];
