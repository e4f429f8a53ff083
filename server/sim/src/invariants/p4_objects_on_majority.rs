//! P4: when a head is first decided, its objects back to the decided head before it are durable on
//! a majority of the members' disks.

use cluster::{Key, Roster};
use domain::ObjectId;

use super::Check;
use crate::{Violation, oracle::Oracle, trace::short, world::Node};

/// Checks the commits that a newly decided head added to the path, on the members of one of these
/// rosters.
pub(crate) fn check(
    oracle: &Oracle,
    nodes: &[Node],
    rosters: &[Roster],
    key: &Key,
    added: &[ObjectId],
) -> Check {
    let needed: Vec<ObjectId> = added
        .iter()
        .flat_map(|id| [*id, oracle.commits[id].link.blob])
        .filter(|id| !oracle.gaps.contains(id))
        .collect();
    let complete = |node: &&Node| needed.iter().all(|id| node.held(id));
    let found = |roster: &Roster| {
        let votes = |node: &&Node| roster.members.iter().any(|m| m.id.node == node.id.node);
        nodes.iter().filter(votes).filter(complete).count()
    };
    let Some(roster) = rosters.first() else { return Ok(()) };
    if rosters.iter().any(|roster| found(roster) >= roster.quorum()) {
        return Ok(());
    }
    let found = found(roster);
    let head = added.last().map(short).unwrap_or_default();
    Err(Violation::new(
        "objects on a majority (P4)",
        format!(
            "{key} was decided as {head} while {found} of {} disks held its objects",
            roster.members.len()
        ),
    ))
}
