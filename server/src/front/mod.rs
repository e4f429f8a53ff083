//! How a node listens by HTTP: who may connect, how long they may take, and what no handler sees.
//!
//! ```text
//!  accept ─▶ places (how many, how many of one network) ─▶ steady (answers are read in time)
//!         ─▶ hyper (one reading of each head, in time) ─▶ head (what is refused for everybody)
//!         ─▶ visitor (who asks, by trusted proxies) ─▶ paced (bodies come in time) ─▶ a router
//! ```
//!
//! Gateway and dashboard share it. There are no settings but the trusted proxies: every limit is one
//! behaviour that is right (decision 0037).

mod head;
mod limits;
mod pace;
mod paced;
mod places;
mod serve;
mod steady;
#[cfg(test)]
mod tests;
mod visitor;

pub(crate) use head::decode;
pub(crate) use limits::Limits;
pub(crate) use paced::{TooSlow, Unreadable, patient};
pub(crate) use places::Place;
pub(crate) use serve::{Front, serve};
pub(crate) use visitor::{Scheme, Visitor};
