//! What the node knows of the cluster at one moment, and the words for it.
//!
//! The overview's counts and the list of files use the same [`Picture::row`], so a count always
//! equals the rows of the list it links to. Nothing here waits or asks anybody.

mod card;
mod file;
mod files;
mod needs;
mod overview;
mod scan;
mod seat;
mod situation;
mod state;

#[cfg(test)]
mod tests;

use domain::view::Column;

use crate::node::{NodeView, Shared};

pub(super) use file::file;
pub(super) use files::files;
pub(super) use overview::{Tally, overview};
pub(super) use seat::Seat;
pub(super) use state::head;

/// The cluster as this node sees it at one moment.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    /// Milliseconds since 1970.
    pub(super) at_ms: u64,
    /// When this node began to listen to the others, milliseconds since 1970.
    pub(super) since_ms: u64,
    /// This node in short.
    pub(super) node: NodeView,
    /// The members, this node first.
    pub(super) seats: Vec<Seat>,
}

impl Picture {
    /// Looks at the node now, which has listened since `since_ms`.
    pub(super) fn take(shared: &Shared, at_ms: u64, since_ms: u64) -> Self {
        let node = shared.node();
        Self { at_ms, since_ms, seats: seat::seats(&node, at_ms), node }
    }

    /// A column for each member.
    pub(super) fn columns(&self) -> Vec<Column> {
        let column = |seat: &Seat| Column {
            id: seat.member.node,
            name: seat.name.clone(),
            health: seat.health,
        };
        self.seats.iter().map(column).collect()
    }
}
