//! Times grow along a decided path, whatever the clocks of the nodes show: a SWISH that rebuilds
//! its heads by time ends at the head (protocol 4.5).

use cluster::Key;
use domain::ObjectId;

use super::Check;
use crate::{Violation, oracle::Oracle, trace::short};

/// Checks the commits that are about to be added to the decided path.
pub(crate) fn check(oracle: &Oracle, key: &Key, added: &[ObjectId]) -> Check {
    for id in added {
        let link = &oracle.commits[id].link;
        let before = link.previous.and_then(|before| oracle.commits.get(&before));
        let own = before.filter(|before| &before.link.name == key.file());
        if own.is_some_and(|before| before.link.time_ms >= link.time_ms) {
            let sentence = format!("{} of {key} is not later than the one before", short(id));
            return Err(Violation::new("times grow (4.5)", sentence));
        }
    }
    Ok(())
}
