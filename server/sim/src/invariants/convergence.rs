//! P5: when the faults have ended every node comes to the same heads, and every save is answered.

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
        return broken(format!("{} is still catching up", name(at)));
    }
    Ok(())
}

fn broken(sentence: String) -> Check {
    Err(Violation::new("convergence (P5)", sentence))
}
