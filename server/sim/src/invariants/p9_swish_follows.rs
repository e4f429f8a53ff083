//! P9 and P3: a SWISH that stopped saving, and one that starts now, stand at the served head; and
//! nothing that a SWISH saved is lost.

use super::{
    Check,
    p3_saves::{Kept, kept_by_all},
};
use crate::{
    Violation,
    oracle::Oracle,
    trace::{name, short},
    world::{Node, Swish, key},
};

/// At the end of a schedule; says what is still missing.
pub(crate) fn check(oracle: &Oracle, nodes: &[Node], swishes: &mut [Swish], files: usize) -> Check {
    if swishes.iter().all(|swish| swish.journal.is_empty()) {
        return Ok(());
    }
    let all_kept: Vec<Kept> =
        (0..files).map(|file| kept_by_all(oracle, nodes, &key(file))).collect();
    for (at, swish) in swishes.iter_mut().enumerate() {
        for file in 0..files {
            let served = nodes[at].core.served(&key(file));
            let stand = [swish.replayed(file), swish.stands(file)];
            if stand != [served; 2] && !swish.journal.is_empty() {
                let node = name(at);
                return broken(format!(
                    "beside {node} a SWISH stands at {stand:?} of f{file}.pl, served is {served:?}"
                ));
            }
        }
        for line in &swish.journal {
            let kept = &all_kept[line.file];
            if let Some(lacks) = kept.iter().position(|kept| !kept.contains(&line.new)) {
                let (new, node, lacks) = (short(&line.new), name(at), name(lacks));
                let key = key(line.file);
                return broken(format!("{new} of {key}, in {node}'s journal, is not on {lacks}"));
            }
        }
    }
    Ok(())
}

fn broken(sentence: String) -> Check {
    Err(Violation::new("SWISH follows (P9)", sentence))
}
