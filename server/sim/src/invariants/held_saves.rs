//! P3: every save that was answered "held" is an ancestor of the head or of a tip, on every node.

use cluster::{Key, SaveOutcome};
use domain::ObjectId;

use super::Check;
use crate::{
    Violation,
    oracle::Oracle,
    trace::{name, short},
    world::Node,
};

/// At the end of a schedule: no disk was lost, so nothing that was held may be.
pub(crate) fn check(oracle: &Oracle, nodes: &[Node]) -> Check {
    for (op, save) in oracle.ops.iter().enumerate() {
        for attempt in &save.attempts {
            let Some(SaveOutcome::Held { commit, .. }) = &attempt.answer else {
                continue;
            };
            if let Some(at) = nodes.iter().position(|node| !keeps(oracle, node, &save.key, commit))
            {
                return Err(Violation::new(
                    "held saves (P3)",
                    format!(
                        "save {op} of {} was held on {} as {}, and {} has it neither on the path \
                         of the head nor of a tip",
                        save.key,
                        name(attempt.node),
                        short(commit),
                        name(at)
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// True if the node has the commit, with its text, on the path of its head or of a tip.
pub(crate) fn keeps(oracle: &Oracle, node: &Node, key: &Key, commit: &ObjectId) -> bool {
    let durable = node.core.durable().get(key);
    let ends = durable.into_iter().flat_map(|state| {
        let decided = state.decided.map(|decided| decided.head);
        decided.into_iter().chain(state.tips.iter().map(|tip| tip.commit))
    });
    let blob = oracle.commits[commit].link.blob;
    node.disk_or_shelf_holds(commit)
        && node.disk_or_shelf_holds(&blob)
        && ends.into_iter().any(|end| oracle.back(key, end).any(|id| id == *commit))
}
