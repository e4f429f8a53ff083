//! P3: what a client was told about its save stays true.

use cluster::SaveOutcome;
use domain::ObjectId;

use super::Check;
use crate::{
    Violation,
    oracle::{Attempt, Oracle},
    trace::{name, short},
};

const NAME: &str = "answered saves (P3)";

/// When a node says that `commit` is decided, some node holds a decided head that has it.
pub(crate) fn check_decided(oracle: &Oracle, node: usize, op: usize, commit: ObjectId) -> Check {
    let key = &oracle.ops[op].key;
    let stands_for = oracle.commits.get(&commit).and_then(|made| made.op);
    if oracle.position(key, &commit).is_some() && stands_for == Some(op) {
        return Ok(());
    }
    let (node, commit) = (name(node), short(&commit));
    let sentence = if stands_for == Some(op) {
        format!("{node} answered save {op} of {key} as decided by {commit}, which is not decided")
    } else {
        format!("{node} answered save {op} of {key} by {commit}, which is another save")
    };
    Err(Violation::new(NAME, sentence))
}

/// At the end of a schedule.
pub(crate) fn check(oracle: &Oracle) -> Check {
    for (op, save) in oracle.ops.iter().enumerate() {
        for attempt in &save.attempts {
            check_attempt(oracle, op, attempt)?;
        }
    }
    Ok(())
}

fn check_attempt(oracle: &Oracle, op: usize, attempt: &Attempt) -> Check {
    let key = &oracle.ops[op].key;
    let on_path = |id: &ObjectId| oracle.position(key, id).is_some();
    let node = name(attempt.node);
    let broken = match &attempt.answer {
        // What was held is looked for by `held_saves`.
        None | Some(SaveOutcome::Conflict { .. } | SaveOutcome::Held { .. }) => None,
        Some(SaveOutcome::Decided { commit }) => (!on_path(commit))
            .then(|| format!("answered as decided by {}, which was lost", short(commit))),
        Some(
            SaveOutcome::NoSuchFile
            | SaveOutcome::NotFounded
            | SaveOutcome::Removed
            | SaveOutcome::Busy,
        ) => (on_path(&attempt.commit) && !asked_elsewhere(oracle, op, attempt))
            .then(|| format!("refused, and {} was decided", short(&attempt.commit))),
    };
    broken.map_or(Ok(()), |how| {
        Err(Violation::new(NAME, format!("save {op} of {key} on {node} was {how}")))
    })
}

/// True if the very same commit, made in the same millisecond, was not refused in another attempt.
fn asked_elsewhere(oracle: &Oracle, op: usize, refused: &Attempt) -> bool {
    let others = oracle.ops[op].attempts.iter();
    others.filter(|attempt| attempt.commit == refused.commit && attempt.run.is_some()).any(
        |attempt| {
            matches!(
                attempt.answer,
                None | Some(
                    SaveOutcome::Decided { .. }
                        | SaveOutcome::Held { .. }
                        | SaveOutcome::Conflict { .. }
                )
            )
        },
    )
}
