//! What members say to each other about the next roster, and what each must not forget of it.

use serde::{Deserialize, Serialize};

use super::{Phase, Roster};
use crate::Ballot;

/// Position of a roster in their order: Steady(e) follows Repairing(e), which follows Steady(e−1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// Its epoch.
    pub epoch: u64,
    /// Its phase.
    pub phase: Phase,
}

impl Roster {
    /// Where it stands in the order of rosters.
    #[must_use]
    pub const fn version(&self) -> Version {
        Version { epoch: self.epoch, phase: self.phase }
    }
}

/// One step towards the roster after that of `at` (protocol 11.1, docs/decisions/0023).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterVote {
    /// Proposer: what have you accepted?
    Prepare {
        /// The roster that is to be followed.
        at: Version,
        /// Ballot of the round.
        ballot: Ballot,
    },
    /// Member, durably: nothing below this ballot any more.
    Promise {
        /// The roster that is to be followed.
        at: Version,
        /// Ballot of the round.
        ballot: Ballot,
        /// Ballot and roster accepted last.
        accepted: Option<(Ballot, Box<Roster>)>,
    },
    /// Proposer: accept this one.
    Propose {
        /// The roster that is to be followed.
        at: Version,
        /// Ballot of the round.
        ballot: Ballot,
        /// The one that shall follow it.
        roster: Box<Roster>,
    },
    /// Member, durably: accepted.
    Accept {
        /// The roster that is to be followed.
        at: Version,
        /// Ballot of the round.
        ballot: Ballot,
    },
    /// Member: not with this ballot.
    Nack {
        /// The roster that is to be followed.
        at: Version,
        /// Ballot of the round.
        ballot: Ballot,
        /// Ballot it has promised.
        promised: Ballot,
    },
}

impl RosterVote {
    /// The roster that is to be followed.
    #[must_use]
    pub const fn at(&self) -> Version {
        match self {
            Self::Prepare { at, .. }
            | Self::Promise { at, .. }
            | Self::Propose { at, .. }
            | Self::Accept { at, .. }
            | Self::Nack { at, .. } => *at,
        }
    }
}

/// Acceptor state for the roster after the one that is known here; new for each roster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Council {
    /// Nothing below it any more.
    pub promised: Ballot,
    /// What was accepted last.
    pub accepted: Option<(Ballot, Box<Roster>)>,
}

impl Default for Council {
    fn default() -> Self {
        Self { promised: Ballot::ZERO, accepted: None }
    }
}
