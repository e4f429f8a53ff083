//! How long a save takes, what it costs, and how that compares with the disk's own figure.
//!
//! ```text
//!  run ── slices, interleaved ──▶ load (writers)      ──▶ samples ─┐
//!   │                            reference (append + sync) ────────┼──▶ report: table and aims
//!   └── around each slice:       shim (syncs), meter (CPU, batches)┘
//!  scale: three nodes with many files: catching up, memory, search
//!  stores: opening, reading, checking and repacking, beside SWISH's own library
//!  gateway: requests and bytes that pass to a SWISH, beside the same without the gateway
//!  chat: fan-out, one hasty sender, many sockets, long histories
//!  drain: when the files and journal lines of all saves are written
//! ```

mod chat;
mod drain;
mod gateway;
mod load;
mod meter;
mod reference;
mod report;
mod run;
mod scale;
mod shim;
mod stores;

pub use chat::run as run_chat;
pub use gateway::{run as run_gateway, upstream};
pub use reference::append;
pub use run::{alone, run};
pub use scale::run as run_scale;
pub use shim::Shim;
pub use stores::{run as run_stores, run_large as run_large_stores, step as store_step};

/// A count as a number to divide; counts stay below 2^32.
fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A length as a count.
fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
