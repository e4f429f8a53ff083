//! P6: an operation takes effect once, however often it is tried.

use cluster::Key;
use domain::ObjectId;

use super::Check;
use crate::{Violation, oracle::Oracle, trace::short};

/// Checks the commits that are about to be added to the decided path.
pub(crate) fn check(oracle: &Oracle, key: &Key, added: &[ObjectId]) -> Check {
    let before = oracle.paths.get(key).map_or(&[][..], |path| &path.order);
    for (at, id) in added.iter().enumerate() {
        let Some(op) = oracle.commits[id].op else {
            continue;
        };
        let mut earlier = before.iter().chain(&added[..at]);
        if let Some(first) = earlier.find(|id| oracle.commits[*id].op == Some(op)) {
            let (first, again) = (short(first), short(id));
            return Err(Violation::new(
                "once (P6)",
                format!("save {op} of {key} was decided as {first} and again as {again}"),
            ));
        }
    }
    Ok(())
}
