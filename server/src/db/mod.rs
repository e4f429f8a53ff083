//! The node's database, `core.db`: the only promise (architecture, "Durability").
//!
//! One batch of records is one INSERT of one row, so one sync. Look-up tables are applied from
//! the rows behind it; a row is dropped when the tables and the store's files cover it.

mod core_db;
mod entity;
mod recover;

pub use core_db::{Apply, CoreDb, DbError};
pub use recover::Recovered;
