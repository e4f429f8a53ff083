//! P3: every save that was answered "decided" is on the decided path, one that was refused never
//! happens, and every one answered "held" is an ancestor of the head or of a tip, on every node, as
//! long as a disk that had it is readable.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{Durable, Key, SaveOutcome};
use domain::ObjectId;

use super::Check;
use crate::{
    Violation,
    oracle::{Attempt, Oracle},
    trace::{name, short},
    world::{Disk, Node},
};

const ANSWERED: &str = "answered saves (P3)";
const HELD: &str = "held saves (P3)";

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
    Err(Violation::new(ANSWERED, sentence))
}

/// At the end of a schedule: what was answered as decided or refused.
pub(crate) fn check_answered(oracle: &Oracle) -> Check {
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
        // What was held is looked for by `check_held`.
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
        Err(Violation::new(ANSWERED, format!("save {op} of {key} on {node} was {how}")))
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

/// At the end of a schedule: what was answered as held, on every node of the roster.
pub(crate) fn check_held(oracle: &Oracle, nodes: &[Node]) -> Check {
    let mut by_key: BTreeMap<&Key, Kept> = BTreeMap::new();
    for (op, save) in oracle.ops.iter().enumerate() {
        for attempt in &save.attempts {
            let Some(SaveOutcome::Held { commit, .. }) = &attempt.answer else {
                continue;
            };
            let kept = by_key.entry(&save.key);
            let kept = kept.or_insert_with(|| kept_by_all(oracle, nodes, &save.key));
            let has = |kept: &BTreeSet<ObjectId>| {
                kept.contains(commit)
                    || oracle.is_anew && kept.iter().any(|id| same(oracle, *id, *commit))
            };
            let lacks = |at: &usize| oracle.names(&nodes[*at]) && !has(&kept[*at]);
            if oracle.lost.contains(&(save.key.clone(), *commit)) {
                continue;
            }
            if let Some(at) = (0..nodes.len()).find(lacks) {
                return Err(Violation::new(
                    HELD,
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

/// True for the same save from another node (4.2.0): in another cluster it may have been decided
/// instead of the one that was answered.
fn same(oracle: &Oracle, one: ObjectId, other: ObjectId) -> bool {
    oracle.commits[&one].link.op == oracle.commits[&other].link.op
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
    let disks: Vec<(&Disk, Durable)> = disks.map(|disk| (disk, disk.recover())).collect();
    let mut lost = Vec::new();
    for save in &oracle.ops {
        let held = save.attempts.iter().filter_map(|attempt| match &attempt.answer {
            Some(SaveOutcome::Held { commit, .. }) => Some(*commit),
            _ => None,
        });
        for commit in held {
            let has = disks.iter().map(|(disk, durable)| {
                // What a disk voted for is kept when its node leaves the cluster (11).
                let voted = disk.voted(&save.key).filter(|_| oracle.is_anew);
                leads_to(oracle, durable, &save.key, &commit)
                    || voted.is_some_and(|end| oracle.back(&save.key, end).any(|id| id == commit))
            });
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
    ends(durable, key).into_iter().any(|end| oracle.back(key, end).any(|id| id == *commit))
}

/// The decided head and all tips.
fn ends(durable: &Durable, key: &Key) -> Vec<ObjectId> {
    let state = durable.get(key);
    let heads = state.and_then(|state| state.decided).map(|decided| decided.head);
    let tips = state.into_iter().flat_map(|state| &state.tips).map(|tip| tip.commit);
    heads.into_iter().chain(tips).collect()
}

/// What a node has of a file on the path of its head or of a tip, each with its text.
pub(crate) fn kept(oracle: &Oracle, node: &Node, key: &Key) -> BTreeSet<ObjectId> {
    let mut kept = oracle.behind(key, ends(node.core.durable(), key));
    kept.retain(|id| {
        let blob = &oracle.commits[id].link.blob;
        node.disk_or_shelf_holds(id) && node.disk_or_shelf_holds(blob)
    });
    kept
}

/// What each node has of a file.
pub(crate) type Kept = Vec<BTreeSet<ObjectId>>;

/// The same of every node.
pub(crate) fn kept_by_all(oracle: &Oracle, nodes: &[Node], key: &Key) -> Kept {
    nodes.iter().map(|node| kept(oracle, node, key)).collect()
}
