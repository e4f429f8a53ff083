//! Exhaustive models of the cluster core: every order of events of a small story, with the core
//! that production runs.
//!
//! ```text
//! Scenario ──▶ World (stateright) ──▶ Table: (local state, what happens) ▶ (local state, packets)
//! who saves    which packets are         computed once by cluster::Core, then looked up
//! what, what   under way, who did        Library: the commits that were made
//! may fail     what; Promises
//! ```
//!
//! A state of the world is a number for the local state of each node and the set of packets that
//! were sent. A packet may come at any time, in any order, or never. What a node does depends on
//! nothing but its local state and what comes in, so it is computed once for each such pair: that
//! makes millions of states of the world affordable. The clock of the cores stands still; a timer
//! that is armed may fire at any moment, a bounded number of times.

mod hunts;
mod judge;
mod library;
mod local;
mod promise;
mod scenario;
mod search;
mod stories;
mod table;
mod text;
mod world;

pub use hunts::{HUNTS, Hunt, NOT_HUNTED};
pub use promise::Promise;
pub use scenario::{Base, Deed, Network, Scenario, Tick, What};
pub use search::{Order, Outcome, Search, search};
pub use stories::{stories, story};
pub use table::Witness;
