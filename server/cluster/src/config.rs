//! Limits and times of the core; constants of the protocol, not settings of the operator.

use domain::Millis;

/// Every limit has a named outcome where it is enforced.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// Without answers of a majority for this long a save is held (protocol 4.3).
    pub patience: Millis,
    /// With answers it is contention, and goes on for this long.
    pub contention: Millis,
    /// A round without an outcome is repeated after this, doubling.
    pub round: Millis,
    /// Longest time between two attempts of a round.
    pub round_max: Millis,
    /// What a refused proposer is told to wait, against duels.
    pub lease: Millis,
    /// An object that one peer does not send is asked of the next after this (protocol 3).
    pub fetch: Millis,
    /// Peers that send nothing have been asked, one after the other, and are named within this:
    /// with several of them each gets its part, if that is less than [`Config::fetch`].
    pub fetch_all: Millis,
    /// Objects in one request.
    pub fetch_batch: usize,
    /// An object nobody has is asked for again after this, then after twice as long, and so on.
    pub fetch_again: Millis,
    /// Longest time until then.
    pub fetch_again_max: Millis,
    /// Time between heartbeats.
    pub heartbeat: Millis,
    /// New decided heads are told to the peers within this.
    pub push: Millis,
    /// A head that was accepted is proposed again when it is not known to be decided after this.
    pub undecided: Millis,
    /// A start waits for members that do not link for so long (protocol 2).
    pub gate: Millis,
    /// Saves that wait behind another save of the same file; one more is refused as busy.
    pub queue: usize,
    /// Rounds of imports and repairs that run at once.
    pub background_rounds: usize,
    /// Changes in one message.
    pub changes_page: usize,
    /// Prefixes of a hash tree in one request.
    pub tree_page: usize,
    /// Before trees are compared, all members are waited for so long: the one with most changes
    /// comes first.
    pub gather: Millis,
    /// Trees are compared when roots have not been equal for so long, whatever the logs say.
    pub dispute: Millis,
    /// Objects that may be wanted before no further heads are asked for.
    pub wanted: usize,
    /// Largest object that is taken from a peer, in bytes.
    pub object_bytes: u64,
    /// Chunks of one object that are asked for at once: about 1 MiB.
    pub chunk_window: u32,
    /// Ballot counters reserved by one write (docs/decisions/0002).
    pub ballots_reserved: u64,
    /// A fault put in on purpose; only with feature `mutants`.
    pub mutant: Option<Mutant>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            patience: Millis(1_800),
            contention: Millis(10_000),
            round: Millis(400),
            round_max: Millis(3_000),
            lease: Millis(10),
            fetch: Millis(500),
            fetch_all: Millis(800),
            fetch_batch: 64,
            fetch_again: Millis(2_000),
            fetch_again_max: Millis(60_000),
            heartbeat: Millis(1_000),
            push: Millis(30),
            undecided: Millis(2_000),
            gate: Millis(5_000),
            queue: 64,
            background_rounds: 128,
            changes_page: 1_000,
            tree_page: 64,
            gather: Millis(200),
            dispute: Millis(30_000),
            wanted: 20_000,
            object_bytes: 64 << 20,
            chunk_window: 16,
            ballots_reserved: 1_000,
            mutant: None,
        }
    }
}

impl Config {
    /// Tells if `mutant` was put in; always false without feature `mutants`.
    #[must_use]
    pub fn broken(&self, mutant: Mutant) -> bool {
        cfg!(feature = "mutants") && self.mutant == Some(mutant)
    }
}

/// A rule broken on purpose, to see a test fail (protocol 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutant {
    /// Proposes its own draft whatever the promises say.
    OwnValue,
    /// Counts one member less as a majority.
    MinorityQuorum,
    /// Sends promises and accepts before they are durable.
    NoSyncBeforePromise,
    /// Accepts a head whose objects it does not hold.
    ObjectsAfterAccept,
    /// Sends ballots that are neither promised nor reserved durably.
    UnreservedBallot,
    /// Carries out a repeated save again.
    NoIdempotence,
    /// Takes a decided head without looking whether it descends from its own.
    OverwriteHead,
    /// Accepts below what it has promised.
    StaleAccept,
    /// Counts its own accept before it is durable.
    OwnAcceptEarly,
    /// Answers a save before a majority accepted it.
    LocalAcknowledge,
    /// Answers from promises instead of from a decision (V1).
    AnswerFromPromises,
    /// Takes the fast path although no accept promised its ballot (V4).
    FastWithoutPromise,
    /// Leaves the hash tree behind when a head moves.
    StaleTree,
    /// Looks into the neighbour of the bucket that differs.
    WrongBucket,
    /// Counts votes by node, in whatever life of its disk (V7).
    WipedMemberVotes,
    /// Puts the new life of a member in place of the old one in one change (V5).
    ReplaceInOne,
    /// Is steady after a change without reading anything (V6).
    NoRepair,
    /// Handles messages of a lower epoch (V10).
    LowerEpochHandled,
    /// Records a settling beside the head instead of having it decided (V8).
    SettleBeside,
    /// Judges lines of the journal by the head they start from (V9).
    JudgeByOld,
    /// Answers a held save without a tip.
    HoldWithoutTip,
    /// Goes on voting on a disk that is older than what it told.
    RolledBackVotes,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::OwnValue,
        Self::MinorityQuorum,
        Self::NoSyncBeforePromise,
        Self::ObjectsAfterAccept,
        Self::UnreservedBallot,
        Self::NoIdempotence,
        Self::OverwriteHead,
        Self::StaleAccept,
        Self::OwnAcceptEarly,
        Self::LocalAcknowledge,
        Self::AnswerFromPromises,
        Self::FastWithoutPromise,
        Self::StaleTree,
        Self::WrongBucket,
        Self::WipedMemberVotes,
        Self::ReplaceInOne,
        Self::NoRepair,
        Self::LowerEpochHandled,
        Self::SettleBeside,
        Self::JudgeByOld,
        Self::HoldWithoutTip,
        Self::RolledBackVotes,
    ];
}
