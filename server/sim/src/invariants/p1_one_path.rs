//! P1: all decided heads of a file that any node ever held lie on one path.

use cluster::Key;
use domain::ObjectId;

use crate::{Violation, oracle::Oracle, trace::short};

/// The commits that `head` adds to the decided path, oldest first; none if it is on it.
pub(crate) fn check(
    oracle: &Oracle,
    key: &Key,
    head: ObjectId,
) -> Result<Vec<ObjectId>, Violation> {
    if oracle.position(key, &head).is_some() {
        return Ok(Vec::new());
    }
    let last = oracle.paths.get(key).and_then(|path| path.order.last());
    let mut added: Vec<ObjectId> =
        oracle.back(key, head).take_while(|id| Some(id) != last).collect();
    added.reverse();
    let before = added.first().and_then(|first| oracle.commits.get(first)?.link.previous);
    if let Some(last) = last
        && before != Some(*last)
    {
        return Err(Violation::new(
            "one path (P1)",
            format!(
                "{key} was decided as {} and as {}, and neither follows the other",
                short(last),
                short(&head)
            ),
        ));
    }
    Ok(added)
}
