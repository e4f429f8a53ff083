//! Catch-up: what changed elsewhere, by change log and hash tree (protocol 5).
//!
//! ```text
//! heartbeat: another root ──▶ its log is known up to here ──▶ Since(serial) ──▶ Changes
//!                         └─▶ it is not (new run), or was ──▶ TreeRequest(prefixes) ──▶ TreeIs
//!                             taken and roots still differ     └── only those that differ ──┘
//! ```

mod changes;
mod compare;
mod heartbeat;
mod prefix;
mod reported;
mod tree;

pub(crate) use compare::Comparison;
pub use prefix::Prefix;
pub(crate) use reported::Reported;
pub(crate) use tree::{Branch, Tree};
