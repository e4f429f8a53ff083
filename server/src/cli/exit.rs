//! How a command ended, for scripts.

use std::process::ExitCode;

use domain::view::Problem;

/// Exit codes, the same for every command; in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: done, and something is wrong.
    Wrong,
    /// 2: the arguments or settings are.
    Usage,
    /// 3: refused; nothing was changed.
    Refused,
    /// 4: not enough nodes answer.
    NoMajority,
    /// 5: the node does not answer.
    Unreachable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Wrong => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::NoMajority => 4,
            Exit::Unreachable => 5,
        })
    }
}

impl Exit {
    /// How a command ends that the node answered with a problem.
    #[must_use]
    pub fn of(problem: &Problem) -> Self {
        match problem.code.as_str() {
            "no_majority" => Self::NoMajority,
            "unavailable" | "offline" => Self::Unreachable,
            _ => Self::Refused,
        }
    }
}
