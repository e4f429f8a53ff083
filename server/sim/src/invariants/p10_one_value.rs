//! P10: over all epochs there is one roster after another, and one path of heads that majorities
//! voted for. Counts what is on disks, so it holds whether or not anybody learns of it.

use cluster::{MemberId, Roster};

use super::Check;
use crate::{
    Violation,
    oracle::{Oracle, Vote},
    trace::short,
};

const NAME: &str = "one value (P10)";

/// Notes a roster that somebody adopted: nobody may adopt another one in its place.
pub(crate) fn note_roster(oracle: &mut Oracle, roster: &Roster) -> Check {
    if *oracle.cluster.get_or_insert(roster.cluster) != roster.cluster {
        // Judged from the moment that it is durable.
        return Ok(());
    }
    let first = oracle.rosters.entry(roster.version()).or_insert_with(|| roster.clone());
    if first == roster {
        return Ok(());
    }
    let at = roster.version();
    Err(Violation::new(NAME, format!("two rosters were adopted as {at:?}")))
}

/// Counts a vote; a majority of its epoch's members makes a head decided.
pub(crate) fn check(oracle: &mut Oracle, voter: MemberId, vote: &Vote) -> Check {
    let roster = oracle.rosters.values().find(|roster| roster.epoch == vote.epoch).cloned();
    let Some(roster) = roster.filter(|roster| roster.has(&voter)) else {
        return Ok(());
    };
    let voters = oracle.votes.entry(vote.clone()).or_default();
    voters.insert(voter);
    if voters.len() != roster.quorum() {
        return Ok(());
    }
    let Some(before) = oracle.chosen.get(&vote.key).copied() else {
        oracle.chosen.insert(vote.key.clone(), vote.head);
        return Ok(());
    };
    if oracle.back(&vote.key, vote.head).any(|id| id == before) {
        oracle.chosen.insert(vote.key.clone(), vote.head);
        return Ok(());
    }
    if oracle.back(&vote.key, before).any(|id| id == vote.head) {
        return Ok(());
    }
    let (key, one, other) = (&vote.key, short(&before), short(&vote.head));
    let epoch = vote.epoch;
    Err(Violation::new(
        NAME,
        format!("majorities voted for {one} and, in epoch {epoch}, for {other} of {key}"),
    ))
}
