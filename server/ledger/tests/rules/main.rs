//! The ledger on a table: events by hand, and what comes of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod branches;
mod claims;
mod erased;
mod hostile;
mod imports;
mod profiles;
mod table;
mod worlds;
