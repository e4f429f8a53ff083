//! Who votes: the roster, and how an epoch spreads (protocol 11).

mod choice;
mod epoch;
mod found;
mod members;

pub use choice::{Choice, StorePaths, choose};
pub use members::{Member, MemberId, Phase, Roster};
