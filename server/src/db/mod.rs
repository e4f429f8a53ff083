//! The node's databases: `core.db`, the only promise (architecture, "Durability"), and `site.db`,
//! which is built from the store.
//!
//! In `core.db` one batch of records is one INSERT of one row, so one sync. Look-up tables are
//! applied from the rows behind it; a row is dropped when the tables and the store's files cover it.

mod core_db;
mod counted;
mod entity;
mod messages;
mod recover;
mod site;
mod site_read;

pub use core_db::{Apply, CoreDb, DbError, Life};
pub use messages::{ChatRows, Filed, Messages, Numbered};
pub use recover::Recovered;
pub use site::{HeadRow, SiteDb, SiteError, fold};
pub use site_read::{Filter, Guest, Listed, Order, Page, SortBy};
