//! What people did: an entry that was answered is durable, and when the faults have ended it is on
//! every node once, in a chain without a hole.

use std::collections::BTreeMap;

use cluster::{AuditEntry, MemberId};
use domain::AuditHash;

use super::Check;
use crate::{Violation, oracle::Oracle, trace::name, world::Node};

/// Checks an answer as it leaves.
pub(crate) fn check_answer(at: usize, node: &Node, entry: &AuditEntry, is_done: bool) -> Check {
    if !is_done {
        return broken(format!("{} refused entry {} of its own", name(at), entry.number));
    }
    if !node.disk.audit().any(|kept| kept == entry) {
        return broken(format!("{} answered entry {} before its disk", name(at), entry.number));
    }
    Ok(())
}

/// Checks the disks of all nodes in the end.
pub(crate) fn check(oracle: &Oracle, nodes: &[Node]) -> Check {
    let mut first = None;
    for (at, node) in nodes.iter().enumerate() {
        let chains = chains(at, node)?;
        for entry in &oracle.done {
            let place = usize::try_from(entry.number - 1).unwrap_or(usize::MAX);
            let kept = chains.get(&entry.origin).and_then(|chain| chain.get(place));
            if kept != Some(&entry) {
                return broken(format!("{} lacks entry {} of another", name(at), entry.number));
            }
        }
        // Entries that nobody was answered may be there too, but then they are everywhere.
        if *first.get_or_insert_with(|| chains.clone()) != chains {
            return broken(format!("{} has other entries than the first node", name(at)));
        }
    }
    Ok(())
}

/// The chains on a disk, each from its first entry without a hole.
fn chains(at: usize, node: &Node) -> Result<BTreeMap<MemberId, Vec<&AuditEntry>>, Violation> {
    let mut chains: BTreeMap<MemberId, Vec<&AuditEntry>> = BTreeMap::new();
    for entry in node.disk.audit() {
        let chain = chains.entry(entry.origin).or_default();
        let number = u64::try_from(chain.len()).unwrap_or(u64::MAX) + 1;
        let previous: Option<AuditHash> = chain.last().map(|last| last.hash());
        if entry.number != number || entry.previous != previous {
            let (node, number) = (name(at), entry.number);
            broken(format!("{node} has entry {number} that does not follow"))?;
        }
        chain.push(entry);
    }
    Ok(chains)
}

fn broken(sentence: String) -> Check {
    Err(Violation::new("one chain", sentence))
}
