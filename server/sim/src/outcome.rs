//! What came of a schedule.

use std::{fmt, ops::AddAssign};

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which: its name in `invariants`.
    pub invariant: &'static str,
    /// How, in one sentence.
    pub sentence: String,
}

impl Violation {
    pub(crate) const fn new(invariant: &'static str, sentence: String) -> Self {
        Self { invariant, sentence }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.sentence)
    }
}

/// Figures of one schedule or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Schedules.
    pub schedules: u64,
    /// Virtual time, in microseconds.
    pub virtual_us: u64,
    /// Crashes of nodes.
    pub crashes: u64,
    /// Of them those that lost what was written and not synced.
    pub torn: u64,
    /// Directions of links that were cut.
    pub cuts: u64,
    /// Links of which only one direction was cut.
    pub one_way: u64,
    /// Messages that were lost on a link that was up.
    pub dropped: u64,
    /// Messages that came twice.
    pub doubled: u64,
    /// Messages that took up to half a second, so that later ones overtook them.
    pub overtaken: u64,
    /// Messages that came after their connection was gone.
    pub late: u64,
    /// Syncs that took 20 ms to 2 s.
    pub slow_syncs: u64,
    /// Clocks that were put forward or back by an hour.
    pub clock_steps: u64,
    /// Saves of a SWISH by itself.
    pub swish: u64,
    /// Settlings that operators asked for.
    pub settlings: u64,
    /// Nodes that stood still.
    pub pauses: u64,
    /// Disks that were lost.
    pub wipes: u64,
    /// Old disks that were put back.
    pub rolled: u64,
    /// Times a node found that out.
    pub renewed: u64,
    /// Clusters that were founded anew.
    pub anew: u64,
    /// Nodes that left a cluster.
    pub left: u64,
    /// Changes of the roster that were answered as done.
    pub changes: u64,
    /// Messages handed to a core.
    pub messages: u64,
    /// Attempts of clients to save.
    pub attempts: u64,
    /// Of them answered as decided.
    pub decided: u64,
    /// Of them answered as held.
    pub held: u64,
    /// Of them answered as conflicts.
    pub conflicts: u64,
    /// Of them refused: busy, unknown.
    pub refused: u64,
    /// Divergences settled.
    pub settled: u64,
    /// Times a node listed a divergence.
    pub diverged: u64,
    /// Entries of the audit that were answered as durable.
    pub deeds: u64,
    /// Commits on decided paths.
    pub commits: u64,
    /// Messages that people posted in chats.
    pub posts: u64,
    /// Of them answered as being on two disks.
    pub safe: u64,
    /// Messages that were given to pages.
    pub deliveries: u64,
    /// Times a page came to a node.
    pub visits: u64,
    /// Slowest healing, in microseconds.
    pub healing_us: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.virtual_us += other.virtual_us;
        self.crashes += other.crashes;
        self.torn += other.torn;
        self.cuts += other.cuts;
        self.one_way += other.one_way;
        self.dropped += other.dropped;
        self.doubled += other.doubled;
        self.overtaken += other.overtaken;
        self.late += other.late;
        self.slow_syncs += other.slow_syncs;
        self.clock_steps += other.clock_steps;
        self.swish += other.swish;
        self.settlings += other.settlings;
        self.pauses += other.pauses;
        self.wipes += other.wipes;
        self.rolled += other.rolled;
        self.renewed += other.renewed;
        self.anew += other.anew;
        self.left += other.left;
        self.changes += other.changes;
        self.messages += other.messages;
        self.attempts += other.attempts;
        self.decided += other.decided;
        self.held += other.held;
        self.conflicts += other.conflicts;
        self.refused += other.refused;
        self.settled += other.settled;
        self.diverged += other.diverged;
        self.deeds += other.deeds;
        self.commits += other.commits;
        self.posts += other.posts;
        self.safe += other.safe;
        self.deliveries += other.deliveries;
        self.visits += other.visits;
        self.healing_us = self.healing_us.max(other.healing_us);
    }
}

/// Figures, the first broken promise if there is one, and the trace if it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Figures.
    pub counts: Counts,
    /// The first broken promise; the schedule ended there.
    pub violation: Option<Violation>,
    /// One line per event, if it was asked for.
    pub lines: Vec<String>,
}
