//! P8: what is listed as a divergence is never decided, before or after; a conflict names a decided
//! head or one that is held on that node, and a save that lost to a decided one is never decided.
//!
//! At the end every node lists what the rule of protocol 1 says, computed here anew from all
//! commits (P5).

use std::collections::BTreeSet;

use cluster::{Key, SaveOutcome};
use domain::ObjectId;

use super::Check;
use crate::{
    Violation,
    oracle::Oracle,
    trace::{name, short},
    world::Node,
};

const NAME: &str = "divergences (P8)";
const CONFLICTS: &str = "conflicts (P8)";

/// A node lists these as divergences from now on.
pub(crate) fn listed(oracle: &mut Oracle, node: usize, key: &Key, sides: &[ObjectId]) -> Check {
    for side in sides {
        if oracle.position(key, side).is_some() {
            let (node, side) = (name(node), short(side));
            return broken(format!("{node} lists {side} of {key}, which is decided"));
        }
    }
    oracle.listed.entry(key.clone()).or_default().extend(sides);
    Ok(())
}

/// These commits are being decided.
pub(crate) fn decided(oracle: &Oracle, key: &Key, added: &[ObjectId]) -> Check {
    let listed = oracle.listed.get(key);
    match added.iter().find(|id| listed.is_some_and(|listed| listed.contains(id))) {
        None => Ok(()),
        Some(id) => {
            broken(format!("{} of {key} was listed as a divergence and is decided", short(id)))
        }
    }
}

/// At the end, on every node; and no branch is left open.
pub(crate) fn check(oracle: &Oracle, nodes: &[Node]) -> Check {
    for (at, node) in nodes.iter().enumerate().filter(|(_, node)| oracle.names(node)) {
        for (key, state) in &node.core.durable().keys {
            let head = state.decided.map(|decided| decided.head);
            let tips = state.tips.iter().map(|tip| tip.commit).collect();
            let (open, expected) = rule(oracle, key, head, &tips);
            let sides = node.core.sides(key).sides;
            let found: BTreeSet<ObjectId> = sides.iter().map(|side| side.commit).collect();
            let node = name(at);
            if let Some(open) = open.first() {
                return broken(format!("{node} leaves {} of {key} open", short(open)));
            }
            if found != expected {
                return broken(format!("{node} lists {found:?} of {key}, not {expected:?}"));
            }
        }
    }
    Ok(())
}

/// Open and diverging tips by the words of protocol 1.
fn rule(
    oracle: &Oracle,
    key: &Key,
    head: Option<ObjectId>,
    tips: &BTreeSet<ObjectId>,
) -> (BTreeSet<ObjectId>, BTreeSet<ObjectId>) {
    let of_head = oracle.behind(key, head);
    let settled = of_head.iter().flat_map(|id| oracle.commits[id].link.settles.clone());
    let closed: BTreeSet<ObjectId> = oracle.behind(key, settled).union(&of_head).copied().collect();
    let unsettled: BTreeSet<ObjectId> = tips.difference(&closed).copied().collect();
    let follows =
        |tip: &ObjectId| head.is_none_or(|head| oracle.back(key, *tip).any(|id| id == head));
    let (open, diverging): (BTreeSet<_>, BTreeSet<_>) = unsettled.into_iter().partition(follows);
    let before = tips.iter().filter_map(|tip| oracle.back(key, *tip).nth(1));
    let inner = oracle.behind(key, before);
    let listed = diverging.difference(&inner).copied().collect();
    (open, listed)
}

fn broken(sentence: String) -> Check {
    Err(Violation::new(NAME, sentence))
}

/// Checks the head that an answer names.
pub(crate) fn check_conflict(oracle: &Oracle, node: &Node, op: usize, head: ObjectId) -> Check {
    let key = &oracle.ops[op].key;
    if oracle.position(key, &head).is_some() || reports(oracle, node, key, head) {
        return Ok(());
    }
    Err(Violation::new(
        CONFLICTS,
        format!("save {op} of {key} lost to {}, which is neither decided nor held", short(&head)),
    ))
}

/// At the end: no save that was told it lost is on the path, made from the same base.
pub(crate) fn check_lost(oracle: &Oracle) -> Check {
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
                    CONFLICTS,
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

/// True if the node itself told somebody that `head` is saved, or holds the branch of another disk,
/// or did when the answer was made: one that waits for its write is overtaken by what is decided.
fn reports(oracle: &Oracle, node: &Node, key: &Key, head: ObjectId) -> bool {
    let state = node.core.durable().get(key);
    let tip = cluster::Tip { commit: head, reporter: node.id };
    state.is_some_and(|state| {
        let held = state.draft.filter(|draft| draft.kind == cluster::DraftKind::Held);
        // It may have been extended since the answer was made.
        let on_branch = |tip| oracle.back(key, tip).any(|id| id == head);
        let adopted = held.is_some_and(|draft| on_branch(draft.tip));
        let is_tip = state.tips.iter().any(|tip| tip.commit == head);
        state.tips.contains(&tip) || is_tip && (adopted || was_held(oracle, head))
    })
}

/// True if some node answered that it holds this commit.
fn was_held(oracle: &Oracle, head: ObjectId) -> bool {
    let answers = oracle.ops.iter().flat_map(|save| &save.attempts).map(|attempt| &attempt.answer);
    answers.flatten().any(|it| matches!(it, SaveOutcome::Held { commit, .. } if *commit == head))
}
