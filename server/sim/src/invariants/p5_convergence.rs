//! P5: when the faults have ended every node comes to the same heads and the same root, nothing is
//! waited for any more, and every save is answered.

use cluster::{Phase, Roster};
use domain::ObjectId;

use super::Check;
use crate::{
    Violation,
    oracle::Oracle,
    trace::{name, short},
    world::Node,
};

/// Says what is still missing.
pub(crate) fn check(oracle: &Oracle, nodes: &[Node]) -> Check {
    let roster = oracle.roster();
    let all = || nodes.iter().enumerate().filter(|(_, node)| oracle.names(node));
    let Some((_, first)) = all().next() else { return Ok(()) };
    for (at, node) in all() {
        check_roster(roster, at, node)?;
        check_heads(oracle, at, node, nodes)?;
        check_root(at, node, first)?;
        check_tips(at, node, first)?;
    }
    for (op, save) in oracle.ops.iter().enumerate() {
        for attempt in &save.attempts {
            let alive = attempt.run == Some(nodes[attempt.node].run);
            if alive && attempt.answer.is_none() {
                let (key, node) = (&save.key, name(attempt.node));
                return broken(format!("save {op} of {key} was never answered by {node}"));
            }
        }
    }
    Ok(())
}

/// Everybody whom the last roster names knows it, and it is steady.
fn check_roster(last: Option<&Roster>, at: usize, node: &Node) -> Check {
    let mine = node.core.durable().roster.as_ref();
    let steady = last.is_none_or(|roster| roster.phase == Phase::Steady);
    if mine.map(Roster::version) == last.map(Roster::version) && steady {
        return Ok(());
    }
    let (mine, last) = (mine.map(Roster::version), last.map(Roster::version));
    broken(format!("{} has roster {mine:?}, and the last is {last:?}", name(at)))
}

fn check_heads(oracle: &Oracle, at: usize, node: &Node, nodes: &[Node]) -> Check {
    let durable = node.core.durable();
    for (key, path) in &oracle.paths {
        let head = durable.get(key).and_then(|state| state.decided);
        let head = head.map(|decided| decided.head);
        if head.as_ref() != path.order.last() {
            let head = head.map_or_else(|| "nothing".into(), |head| short(&head));
            let last = path.order.last().map(short).unwrap_or_default();
            return broken(format!("{} has {key} at {head}, not at {last}", name(at)));
        }
    }
    for (key, state) in &durable.keys {
        if let Some(draft) = state.draft {
            let (node, tip) = (name(at), short(&draft.tip));
            return broken(format!("{node} still has draft {tip} of {key}"));
        }
    }
    if node.core.catching_up() && !waits_for_the_lost(oracle, node, nodes) {
        let what = node.core.catch_up();
        return broken(format!("{} is still catching up: {what:?}", name(at)));
    }
    Ok(())
}

/// True if all that is waited for was on disks that are no more: it is shown as missing.
fn waits_for_the_lost(oracle: &Oracle, node: &Node, nodes: &[Node]) -> bool {
    let objects = oracle.commits.iter().flat_map(|(id, made)| [*id, made.link.blob]);
    let wanted: Vec<ObjectId> = objects.filter(|id| node.core.is_wanted(id)).collect();
    let is_lost = |id: &ObjectId| {
        nodes.iter().all(|node| !node.disk.holds(id))
            && nodes.iter().any(|node| node.lost.contains(id))
    };
    !wanted.is_empty() && wanted.iter().all(is_lost)
}

/// The root is that of a tree made anew of heads and tips, and the first node's.
fn check_root(at: usize, node: &Node, first: &Node) -> Check {
    let durable = node.core.durable();
    let (incarnation, keys) = (durable.incarnation, durable.keys.clone());
    let anew = cluster::Durable::restore(incarnation, None, 0, keys);
    if durable.root() != anew.root() || anew.root() != first.core.durable().root() {
        return broken(format!("the root of {} is not that of its heads", name(at)));
    }
    Ok(())
}

/// Tips are the first node's, and so is what diverges.
fn check_tips(at: usize, node: &Node, first: &Node) -> Check {
    let tips = |node: &Node| {
        let keys = &node.core.durable().keys;
        let told = keys.iter().filter(|(_, state)| !state.tips.is_empty());
        told.map(|(key, state)| (key.clone(), state.tips.clone())).collect::<Vec<_>>()
    };
    if tips(node) != tips(first) {
        return broken(format!("{} has other tips than {}", name(at), name(0)));
    }
    if !node.core.diverged().eq(first.core.diverged()) {
        return broken(format!("{} lists other divergences than {}", name(at), name(0)));
    }
    Ok(())
}

fn broken(sentence: String) -> Check {
    Err(Violation::new("convergence (P5)", sentence))
}
