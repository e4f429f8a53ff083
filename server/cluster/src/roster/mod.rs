//! Who votes: the roster, and how an epoch spreads (protocol 11).

mod asking;
mod change;
mod choice;
mod council;
mod epoch;
mod found;
mod learner;
mod members;
mod repair;
mod vote;

pub(crate) use change::Promoting;
pub use change::{ChangeOutcome, RosterChange};
pub use choice::{Choice, StorePaths, choose};
pub(crate) use council::CouncilRound;
pub(crate) use learner::Mark;
pub use members::{Member, MemberId, Phase, Roster, Standing};
pub(crate) use repair::Repair;
pub use vote::{Council, RosterVote, Version};
