//! P5: when the faults have ended every node comes to the same heads and the same root, nothing is
//! waited for any more, and every save is answered.

use super::Check;
use crate::{
    Violation,
    oracle::Oracle,
    trace::{name, short},
    world::Node,
};

/// Says what is still missing.
pub(crate) fn check(oracle: &Oracle, nodes: &[Node]) -> Check {
    for (at, node) in nodes.iter().enumerate() {
        check_heads(oracle, at, node)?;
    }
    for (at, node) in nodes.iter().enumerate() {
        check_root(at, node, &nodes[0])?;
        check_tips(at, node, &nodes[0])?;
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

fn check_heads(oracle: &Oracle, at: usize, node: &Node) -> Check {
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
    if node.core.catching_up() {
        let what = node.core.catch_up();
        return broken(format!("{} is still catching up: {what:?}", name(at)));
    }
    Ok(())
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
