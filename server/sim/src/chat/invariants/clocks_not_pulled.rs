//! 6: a clock that is ahead spoils its own messages only.

use relay::Place;

use super::Check;
use crate::{
    Violation,
    chat::{World, node::true_wall},
};

/// What the core tolerates, and what a good clock is off by at most.
const LEEWAY_US: u64 = 600_000_000 + 3_000_000;

/// Checks the stamp of a message that a node with a good clock has answered.
pub(crate) fn check(world: &World, node: usize, place: Place) -> Check {
    let clock = world.nodes[node].clock_us;
    let limit = true_wall(world.now).0 + LEEWAY_US;
    // The clock may have been put right since it was posted: then it is not known to be good.
    let is_good = clock.unsigned_abs() <= 3_000_000 && world.nodes[node].off_until < world.now;
    if !is_good || place.stamp.0 <= limit {
        return Ok(());
    }
    Err(Violation::new(
        "clocks not pulled (6)",
        format!(
            "{} has a good clock and stamps a message {} s ahead",
            World::called(node),
            (place.stamp.0 - true_wall(world.now).0) / 1_000_000
        ),
    ))
}
