//! Hunts: which story finds the fault when a rule is broken on purpose.

use cluster::Mutant;

/// A story that has to see a mutant.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// The rule that is broken.
    pub mutant: Mutant,
    /// Name of the story.
    pub story: &'static str,
}

const fn hunt(mutant: Mutant, story: &'static str) -> Hunt {
    Hunt { mutant, story }
}

/// All hunts; each ends within seconds.
pub const HUNTS: [Hunt; 17] = [
    hunt(Mutant::OwnValue, "race"),
    hunt(Mutant::MinorityQuorum, "race"),
    hunt(Mutant::StaleAccept, "race"),
    hunt(Mutant::LocalAcknowledge, "race"),
    hunt(Mutant::AnswerFromPromises, "retry"),
    hunt(Mutant::NoIdempotence, "repeat"),
    hunt(Mutant::NoSyncBeforePromise, "acceptor"),
    hunt(Mutant::UnreservedBallot, "reserved"),
    hunt(Mutant::OwnAcceptEarly, "fast-crash"),
    hunt(Mutant::OverwriteHead, "fast"),
    hunt(Mutant::FastWithoutPromise, "fast"),
    hunt(Mutant::ObjectsAfterAccept, "objects"),
    hunt(Mutant::HoldWithoutTip, "held"),
    hunt(Mutant::SettleBeside, "settle"),
    hunt(Mutant::JudgeByOld, "journal"),
    hunt(Mutant::WipedMemberVotes, "wiped"),
    hunt(Mutant::LowerEpochHandled, "replace"),
];

/// Mutants that no story sees, and the simulator does: what they break is beside the register, or so
/// many steps away that no search has come to it.
pub const NOT_HUNTED: [Mutant; 5] = [
    Mutant::RolledBackVotes,
    Mutant::StaleTree,
    Mutant::WrongBucket,
    Mutant::ReplaceInOne,
    Mutant::NoRepair,
];
