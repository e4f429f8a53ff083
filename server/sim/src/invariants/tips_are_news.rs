//! A node reports as a tip only what it did not know to be decided: what is on the path of its own
//! decided head is nothing that anybody could settle (protocol 9, trace V9).

use cluster::Key;
use domain::ObjectId;

use super::Check;
use crate::{
    Violation,
    oracle::Oracle,
    trace::{name, short},
    world::Node,
};

/// Checks a tip that the node reports itself, as it writes it.
pub(crate) fn check(node: &Node, at: usize, key: &Key, tip: ObjectId, oracle: &Oracle) -> Check {
    let decided = node.core.durable().get(key).and_then(|state| state.decided);
    let known = decided.is_some_and(|decided| oracle.back(key, decided.head).any(|id| id == tip));
    if !known {
        return Ok(());
    }
    let (node, tip) = (name(at), short(&tip));
    Err(Violation::new(
        "tips are news (V9)",
        format!("{node} reports {tip} of {key} as a branch, and knows that it is decided"),
    ))
}
