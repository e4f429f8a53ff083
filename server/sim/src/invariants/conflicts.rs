//! P8: a conflict names a decided head, and the save that lost is never decided.

use cluster::SaveOutcome;
use domain::ObjectId;

use super::Check;
use crate::{Violation, oracle::Oracle, trace::short};

const NAME: &str = "conflicts (P8)";

/// Checks the head that an answer names.
pub(crate) fn check_head(oracle: &Oracle, op: usize, head: ObjectId) -> Check {
    let key = &oracle.ops[op].key;
    if oracle.position(key, &head).is_some() {
        return Ok(());
    }
    Err(Violation::new(
        NAME,
        format!("save {op} of {key} lost to {}, which is not decided", short(&head)),
    ))
}

/// At the end: no save that was told it lost is on the path, made from the same base.
pub(crate) fn check(oracle: &Oracle) -> Check {
    for (op, save) in oracle.ops.iter().enumerate() {
        for attempt in &save.attempts {
            let lost = matches!(attempt.answer, Some(SaveOutcome::Conflict { .. }));
            let mut same = save.attempts.iter().filter(|a| a.base == attempt.base);
            let decided = same.find(|a| oracle.position(&save.key, &a.commit).is_some());
            if let Some(decided) = decided.filter(|_| lost) {
                return Err(Violation::new(
                    NAME,
                    format!(
                        "save {op} of {} was told that it lost, and is decided as {}",
                        save.key,
                        short(&decided.commit)
                    ),
                ));
            }
        }
    }
    Ok(())
}
