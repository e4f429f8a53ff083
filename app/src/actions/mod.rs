//! What changes something: buttons that offer it, one dialog that confirms it, and its results.
//!
//! ```text
//!  page ▶ Offer (may act? alive? fresh?) ▶ Dialog::open(Job) ▶ dry run ▶ confirm ▶ item by item
//! ```
//!
//! A [`Job`] is a frozen list: nothing outside of it is touched. Items are done one after the
//! other, each by a request of its own, so that results appear as they come and Stop is exact.

mod confirm;
mod dialog;
mod job;
mod offer;
mod results;
mod run;

pub(crate) use dialog::{ConfirmDialog, Dialog};
pub(crate) use job::{Job, Work};
pub(crate) use offer::{Offer, Offering};
