//! Who votes: the roster, and how an epoch spreads (protocol 11).

mod asking;
mod change;
mod choice;
mod council;
mod epoch;
mod found;
mod gate;
mod learner;
mod leaving;
mod members;
mod renewal;
mod repair;
mod rolled_back;
mod vote;

pub(crate) use change::Promoting;
pub use change::{ChangeOutcome, RosterChange};
pub use choice::{Choice, StorePaths, choose};
pub(crate) use council::CouncilRound;
pub(crate) use gate::Gate;
pub(crate) use learner::Mark;
pub use leaving::{LeaveOutcome, Leaving};
pub use members::{Member, MemberId, Phase, Roster, Standing};
pub(crate) use renewal::Ending;
pub(crate) use repair::Repair;
pub use rolled_back::RolledBack;
pub use vote::{Council, RosterVote, Version};
