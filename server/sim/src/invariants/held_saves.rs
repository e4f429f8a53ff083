//! P3: every save that was answered "held" is an ancestor of the head or of a tip, on every node,
//! as long as a disk that had it is readable.

use cluster::{Durable, Key, SaveOutcome};
use domain::ObjectId;

use super::Check;
use crate::{
    Violation,
    oracle::Oracle,
    trace::{name, short},
    world::{Disk, Node},
};

/// At the end of a schedule, on every node of the roster.
pub(crate) fn check(oracle: &Oracle, nodes: &[Node]) -> Check {
    for (op, save) in oracle.ops.iter().enumerate() {
        for attempt in &save.attempts {
            let Some(SaveOutcome::Held { commit, .. }) = &attempt.answer else {
                continue;
            };
            let lacks = |node: &Node| oracle.names(node) && !keeps(oracle, node, &save.key, commit);
            if oracle.lost.contains(&(save.key.clone(), *commit)) {
                continue;
            }
            if let Some(at) = nodes.iter().position(lacks) {
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

/// The disk of a node is about to be lost: notes what is on no other one.
pub(crate) fn before_wipe(oracle: &mut Oracle, nodes: &[Node], node: usize) {
    before_loss(oracle, nodes, node, None);
}

/// The disk of a node is about to be replaced by an older one: notes what is on neither that nor
/// any other.
pub(crate) fn before_copy(oracle: &mut Oracle, nodes: &[Node], node: usize, copy: &Disk) {
    before_loss(oracle, nodes, node, Some(copy));
}

fn before_loss(oracle: &mut Oracle, nodes: &[Node], node: usize, copy: Option<&Disk>) {
    let disks = nodes.iter().map(|node| &node.disk).chain(copy);
    let disks: Vec<Durable> = disks.map(|disk| disk.recover().0).collect();
    let mut lost = Vec::new();
    for save in &oracle.ops {
        let held = save.attempts.iter().filter_map(|attempt| match &attempt.answer {
            Some(SaveOutcome::Held { commit, .. }) => Some(*commit),
            _ => None,
        });
        for commit in held {
            let has = disks.iter().map(|disk| leads_to(oracle, disk, &save.key, &commit));
            let has: Vec<bool> = has.collect();
            if has[node] && has.iter().filter(|has| **has).count() == 1 {
                lost.push((save.key.clone(), commit));
            }
        }
    }
    oracle.lost.extend(lost);
}

/// True if the commit is on the path of the head or of a tip.
fn leads_to(oracle: &Oracle, durable: &Durable, key: &Key, commit: &ObjectId) -> bool {
    let ends = durable.get(key).into_iter().flat_map(|state| {
        let decided = state.decided.map(|decided| decided.head);
        decided.into_iter().chain(state.tips.iter().map(|tip| tip.commit))
    });
    ends.into_iter().any(|end| oracle.back(key, end).any(|id| id == *commit))
}

/// True if the node has the commit, with its text, on the path of its head or of a tip.
pub(crate) fn keeps(oracle: &Oracle, node: &Node, key: &Key, commit: &ObjectId) -> bool {
    let blob = oracle.commits[commit].link.blob;
    node.disk_or_shelf_holds(commit)
        && node.disk_or_shelf_holds(&blob)
        && leads_to(oracle, node.core.durable(), key, commit)
}
