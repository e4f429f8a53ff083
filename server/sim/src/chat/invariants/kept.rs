//! 6: a message that was answered is durable on its node, and one that was answered as safe on
//! another one, too. (That none is lost later is part of `union_complete`.)

use relay::{DocumentId, Place};

use super::Check;
use crate::{Violation, chat::World};

/// Checks the answer to a post.
pub(crate) fn answered(world: &World, document: &DocumentId, place: Place, is_safe: bool) -> Check {
    let disks = world.oracle.durable.get(&(document.clone(), place));
    let (disks, needed) =
        (disks.map_or(0, std::collections::BTreeSet::len), 1 + usize::from(is_safe));
    if disks >= needed {
        return Ok(());
    }
    Err(Violation::new(
        "answered messages (6)",
        format!("a message was answered that is on {disks} disks, safe: {is_safe}"),
    ))
}
