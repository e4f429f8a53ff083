//! P2: the decided head of a node only moves forward on the path.

use cluster::Key;
use domain::ObjectId;

use super::Check;
use crate::{
    Violation,
    oracle::Oracle,
    trace::{name, short},
};

/// Checks a move on a running node.
pub(crate) fn check(
    oracle: &Oracle,
    node: usize,
    key: &Key,
    from: Option<ObjectId>,
    to: ObjectId,
) -> Check {
    let Some(from) = from else { return Ok(()) };
    if oracle.position(key, &from) < oracle.position(key, &to) {
        return Ok(());
    }
    let (node, from, to) = (name(node), short(&from), short(&to));
    Err(Violation::new(
        "forward only (P2)",
        format!("{node} moved {key} from {from} to {to}, which does not follow it"),
    ))
}

/// Checks what a node finds on its disk after a crash.
pub(crate) fn check_recovered(oracle: &Oracle, node: usize, key: &Key, head: ObjectId) -> Check {
    if oracle.position(key, &head).is_some() {
        return Ok(());
    }
    Err(Violation::new(
        "forward only (P2)",
        format!("{} recovered {key} at {}, which was never decided", name(node), short(&head)),
    ))
}
