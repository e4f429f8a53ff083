//! Limits and times of the core; constants of the protocol, not settings of the operator.

use domain::Millis;

use crate::message::{MAX_PAGE_DOCUMENTS, MAX_PAGE_ROWS, MAX_PAGE_VISITORS, MAX_PARTS};

/// Every limit has a named outcome where it is enforced.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// Time between two beats to every linked peer.
    pub beat: Millis,
    /// A node without a message for so long is Suspect: its visitors are marked (protocol 7).
    pub suspect: Millis,
    /// A node without a message for so long is Away: its visitors are dropped.
    pub away: Millis,
    /// A message that no other node has after this is delivered all the same (protocol 6).
    pub safe: Millis,
    /// Stamps further ahead of the clock than this are kept, and pull no clock.
    pub leeway: Millis,
    /// An answer that does not come within this ends a comparison; the next beat begins another.
    pub answer: Millis,
    /// A snapshot of visitors that does not go on within this is asked for again.
    pub snapshot: Millis,
    /// Own messages that wait for another node; one more is refused as busy.
    pub waiting: usize,
    /// Requests of one comparison; what is left then is looked at in the next one.
    pub requests: u64,
    /// Steps that one comparison has before it; further ones are left to the next comparison.
    pub steps: usize,
    /// Messages that a reader who comes back gets; earlier ones are skipped and counted.
    pub missed: usize,
    /// Visitors of one node; further ones are refused, or dropped when a peer tells of them.
    pub visitors: usize,
    /// Open files of one visitor; further ones are refused, or dropped.
    pub files: usize,
    /// Documents for which it is kept how a peer's differ; further ones are only compared.
    pub differing: usize,
    /// Ranges with at most so many messages are told entry by entry; at most
    /// [`crate::MAX_PAGE_ROWS`]. So many messages are asked for at once.
    pub page_rows: usize,
    /// Parts that a longer range is cut into; at most [`crate::MAX_PARTS`].
    pub parts: usize,
    /// Documents in one answer; at most [`crate::MAX_PAGE_DOCUMENTS`].
    pub page_documents: usize,
    /// Visitors in one page of a snapshot; at most [`crate::MAX_PAGE_VISITORS`].
    pub page_visitors: usize,
    /// A fault put in on purpose; only with feature `mutants`.
    pub mutant: Option<Mutant>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            beat: Millis(1_000),
            suspect: Millis(3_000),
            away: Millis(10_000),
            safe: Millis(300),
            leeway: Millis(600_000),
            answer: Millis(2_000),
            snapshot: Millis(1_000),
            waiting: 10_000,
            requests: 100_000,
            steps: 10_000,
            missed: 1_000,
            visitors: 100_000,
            files: 256,
            differing: 10_000,
            page_rows: MAX_PAGE_ROWS,
            parts: MAX_PARTS,
            page_documents: MAX_PAGE_DOCUMENTS,
            page_visitors: MAX_PAGE_VISITORS,
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
    /// Takes equal last messages and counts for equal documents (C1).
    LastIsEnough,
    /// Keeps the cursor of a reader as a serial (C2).
    CursorBySerial,
    /// Gives new messages stamps after every other, however far ahead that is.
    StampsPullClocks,
    /// Says that it has a message before it is durable.
    HaveBeforeDurable,
    /// Tells others of its own message before it is durable.
    PostedBeforeDurable,
    /// Takes any change of visitors, whatever its version.
    VersionUnchecked,
    /// Keeps visitors of a node that is Away.
    AwayKept,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::LastIsEnough,
        Self::CursorBySerial,
        Self::StampsPullClocks,
        Self::HaveBeforeDurable,
        Self::PostedBeforeDurable,
        Self::VersionUnchecked,
        Self::AwayKept,
    ];
}
