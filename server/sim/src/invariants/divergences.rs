//! P8 and P5: what is listed as a divergence is never decided, before or after, and at the end
//! every node lists what the rule of protocol 1 says, computed here anew from all commits.

use std::collections::BTreeSet;

use cluster::Key;
use domain::ObjectId;

use super::Check;
use crate::{
    Violation,
    oracle::Oracle,
    trace::{name, short},
    world::Node,
};

const NAME: &str = "divergences (P8)";

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
    let path = |id: ObjectId| oracle.back(key, id).collect::<Vec<_>>();
    let of_head = head.map(path).unwrap_or_default();
    let settled = of_head.iter().flat_map(|id| oracle.commits[id].link.settles.clone());
    let settled: Vec<ObjectId> = settled.collect();
    let closed =
        |tip: &ObjectId| of_head.contains(tip) || settled.iter().any(|by| path(*by).contains(tip));
    let unsettled: BTreeSet<ObjectId> = tips.iter().copied().filter(|tip| !closed(tip)).collect();
    let follows = |tip: &ObjectId| head.is_none_or(|head| path(*tip).contains(&head));
    let (open, diverging): (BTreeSet<_>, BTreeSet<_>) = unsettled.into_iter().partition(follows);
    let inner =
        |tip: &ObjectId| tips.iter().any(|other| other != tip && path(*other).contains(tip));
    let listed = diverging.iter().copied().filter(|tip| !inner(tip)).collect();
    (open, listed)
}

fn broken(sentence: String) -> Check {
    Err(Violation::new(NAME, sentence))
}
