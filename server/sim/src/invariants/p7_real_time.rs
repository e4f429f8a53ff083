//! P7: a save that was answered before another was asked for comes before it.

use domain::ObjectId;

use super::Check;
use crate::{Violation, oracle::Oracle, trace::short};

/// Checks the answer "decided by `commit`" to operation `op`.
pub(crate) fn check(oracle: &Oracle, op: usize, commit: ObjectId) -> Check {
    let save = &oracle.ops[op];
    if oracle.position(&save.key, &commit) > save.floor {
        return Ok(());
    }
    Err(Violation::new(
        "real time (P7)",
        format!(
            "save {op} of {} was decided as {}, before one that was answered when it began",
            save.key,
            short(&commit)
        ),
    ))
}
