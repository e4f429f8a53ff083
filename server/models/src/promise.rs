//! The promises of protocol 10, as a model names what it saw broken.

use std::fmt;

/// What was broken in a state, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// P1 and P10: majorities voted for heads that lie on one path, over all epochs; what a node
    /// takes for decided is among them.
    OnePath,
    /// P2: no node drops a decided commit while it runs.
    ForwardOnly,
    /// P3: a save that was answered "decided" is on the path that majorities voted for.
    Answered,
    /// P3: a save that was answered "held" is a durable tip, or before one.
    Held,
    /// P4: the objects of a head that a majority accepted are durable on a majority.
    Objects,
    /// P6: an operation takes effect once.
    Once,
    /// P8: a 409 names only a decided or a locally held head, and what it refused stays so.
    Conflict,
    /// P8: what is listed as a divergence is never decided.
    Listed,
    /// P10: no two rosters follow the same one.
    OneRoster,
    /// 4.1: no ballot is used for two values.
    Ballot,
    /// 4.5: what was told to be settled is settled, and what was refused is not.
    Settled,
    /// A node raised an alarm.
    Alarm,
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::OnePath,
        Self::ForwardOnly,
        Self::Answered,
        Self::Held,
        Self::Objects,
        Self::Once,
        Self::Conflict,
        Self::Listed,
        Self::OneRoster,
        Self::Ballot,
        Self::Settled,
        Self::Alarm,
    ];

    /// In a few words, with its number.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnePath => "one path (P1, P10)",
            Self::ForwardOnly => "forward only (P2)",
            Self::Answered => "answered saves (P3)",
            Self::Held => "held saves (P3)",
            Self::Objects => "objects on a majority (P4)",
            Self::Once => "once (P6)",
            Self::Conflict => "conflicts (P8)",
            Self::Listed => "divergences (P8)",
            Self::OneRoster => "one roster (P10)",
            Self::Ballot => "one head per ballot (4.1)",
            Self::Settled => "settled once (4.5)",
            Self::Alarm => "no alarm",
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
