//! Divergences: listing them, showing one, and what settles or syncs a file (protocol 4.4, 4.5).
//!
//! ```text
//!   node::Divergence ─▶ list, page, merge     (what people look at)
//!   Settle ─▶ choice (the commit it would make) ─▶ plan, or run ─▶ Handle::settle
//!   names  ─▶ sync (plan or run)                ─▶ Handle::sync
//! ```
//!
//! Everything is judged again by the core: what was planned here is refused there when the head
//! has moved meanwhile.

mod choice;
mod list;
mod merge;
mod page;
mod run;
mod sync;

#[cfg(test)]
mod tests;

pub(super) use list::list;
pub(super) use merge::merge;
pub(super) use page::find;
pub(super) use run::{plan as plan_settle, settle};
pub(super) use sync::{plan as plan_sync, sync};

use domain::{FileName, view::Problem, words::Outcome};

use super::picture::Picture;

/// Items of one request that are under way at a time.
const AT_ONCE: usize = 16;

fn none(picture: &Picture, name: &FileName) -> Problem {
    let message = format!("{} knows of no other side of “{name}”.", picture.node.name);
    Problem { code: "not_found".to_owned(), message }
}

/// "refused: no majority: 1 of 3 nodes answer"; none when enough do.
fn no_majority(picture: &Picture) -> Option<domain::view::ActionOutcome> {
    let (reachable, of) = (picture.reachable(), picture.seats.len());
    let detail = format!("{reachable} of {of} nodes answer");
    (reachable < of / 2 + 1).then_some(domain::view::ActionOutcome {
        outcome: Outcome::NoMajority,
        detail: Some(detail),
        head: None,
    })
}
