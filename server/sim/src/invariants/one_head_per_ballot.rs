//! No ballot is ever used for two heads, on the wire or on a disk (protocol 4.1).

use cluster::{Ballot, Key};
use domain::ObjectId;

use super::Check;
use crate::{Violation, oracle::Oracle, trace::short};

/// Notes that `head` was proposed, accepted or promised as accepted under `ballot`.
pub(crate) fn check(oracle: &mut Oracle, key: &Key, ballot: Ballot, head: ObjectId) -> Check {
    let first = *oracle.proposed.entry((key.clone(), ballot)).or_insert(head);
    if first == head {
        return Ok(());
    }
    Err(Violation::new(
        "one head per ballot (4.1)",
        format!(
            "{key}: ballot {} of {} was used for {} and for {}",
            ballot.counter,
            ballot.incarnation,
            short(&first),
            short(&head)
        ),
    ))
}
