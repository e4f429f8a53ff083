//! The ledger on a table: events by hand, and what comes of them.

mod branches;
mod claims;
mod erased;
mod hostile;
mod imports;
mod profiles;
mod table;
mod worlds;
