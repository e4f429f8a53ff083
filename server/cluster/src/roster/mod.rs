//! Who votes: the roster, and how an epoch spreads (protocol 11).

mod epoch;
mod found;
mod learner;
mod members;

pub use members::{Member, MemberId, Phase, Roster, Standing};
