//! P8: a conflict names a decided head or one that is held on that node, and a save that lost to a
//! decided one is never decided.

use cluster::{Key, SaveOutcome};
use domain::ObjectId;

use super::Check;
use crate::{Violation, oracle::Oracle, trace::short, world::Node};

const NAME: &str = "conflicts (P8)";

/// Checks the head that an answer names.
pub(crate) fn check_head(oracle: &Oracle, node: &Node, op: usize, head: ObjectId) -> Check {
    let key = &oracle.ops[op].key;
    if oracle.position(key, &head).is_some() || reports(oracle, node, key, head) {
        return Ok(());
    }
    Err(Violation::new(
        NAME,
        format!("save {op} of {key} lost to {}, which is neither decided nor held", short(&head)),
    ))
}

/// At the end: no save that was told it lost is on the path, made from the same base.
pub(crate) fn check(oracle: &Oracle) -> Check {
    for (op, save) in oracle.ops.iter().enumerate() {
        for attempt in &save.attempts {
            // Whoever was ahead of that head, on a branch that was held elsewhere, did not lose to it.
            let base = attempt.base.and_then(|base| oracle.position(&save.key, &base));
            let lost_to = |head| oracle.position(&save.key, &head) > base;
            let lost =
                matches!(&attempt.answer, Some(SaveOutcome::Conflict { head }) if lost_to(*head));
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

/// True if the node itself told somebody that `head` is saved, or holds the branch of a disk that
/// is no more.
fn reports(oracle: &Oracle, node: &Node, key: &Key, head: ObjectId) -> bool {
    let state = node.core.durable().get(key);
    let tip = cluster::Tip { commit: head, reporter: node.id };
    state.is_some_and(|state| {
        let held = state.draft.filter(|draft| draft.kind == cluster::DraftKind::Held);
        // It may have been extended since the answer was made.
        let on_branch = |tip| oracle.back(key, tip).any(|id| id == head);
        let adopted = held.is_some_and(|draft| on_branch(draft.tip));
        state.tips.contains(&tip) || adopted && state.tips.iter().any(|tip| tip.commit == head)
    })
}
