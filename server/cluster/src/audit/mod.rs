//! The audit: what people did, as a chain of entries for each node, the same on every node.
//!
//! Each node adds to its own chain only, and a number is given once, so that copying chains is
//! all there is to agree on. An entry is told at once when it is durable; heartbeats name the last
//! number of each chain, and whoever has less asks. What an entry says is not read here.

mod copy;
mod ends;
mod entry;

pub use ends::{ChainEnd, ChainEnds, Follows};
pub use entry::{AuditEntry, MAX_CONTENT_BYTES};
