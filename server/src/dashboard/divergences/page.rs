//! One divergence with what a choice needs: its sides, and the commits of all of them.

use std::collections::BTreeSet;

use domain::{
    FileName, ObjectId,
    view::{DivergencePage, DivergenceView, Side, Version},
};

use super::{
    list::{as_u64, listed},
    none,
};
use crate::dashboard::{
    site::{Answered, Site},
    versions,
};

/// Commits that are shown.
const MAX_COMMITS: usize = 100;

/// The page of a file that needs a choice.
pub(in crate::dashboard) async fn find(site: &Site, name: FileName) -> Answered<DivergencePage> {
    let wanted = name.clone();
    let (at_ms, all, missing) = site
        .ask(move |picture, shared| {
            (picture.at_ms, listed(picture, shared), none(picture, &wanted))
        })
        .await?;
    let Some(at) = all.iter().position(|found| found.name == name) else {
        return Err(missing);
    };
    let divergence = all[at].clone();
    Ok(DivergencePage {
        at_ms,
        graph: graph(site, &divergence).await,
        // How a head came to be decided is in the nodes' logs only.
        trace: Vec::new(),
        place: as_u64(at + 1),
        of: as_u64(all.len()),
        before: at.checked_sub(1).map(|before| all[before].name.clone()),
        after: all.get(at + 1).map(|after| after.name.clone()),
        divergence,
    })
}

/// Commits of all sides back to where they part, newest first. One that nobody has ends its side.
async fn graph(site: &Site, divergence: &DivergenceView) -> Vec<Version> {
    let mut seen = BTreeSet::new();
    let mut graph = Vec::new();
    for side in divergence.sides() {
        follow(site, side, &mut seen, &mut graph).await;
    }
    // Sides were walked from their ends: equal times keep a commit before the one it follows.
    graph.sort_by_key(|version: &Version| std::cmp::Reverse(version.at_ms));
    graph.truncate(MAX_COMMITS);
    graph
}

async fn follow(site: &Site, side: &Side, seen: &mut BTreeSet<ObjectId>, graph: &mut Vec<Version>) {
    let mut next = Some(side.head);
    for _ in 0..MAX_COMMITS {
        let Some(id) = next.filter(|id| seen.insert(*id)) else { return };
        let Ok(version) = versions::version(site, id).await else { return };
        next = version.previous.filter(|_| Some(id) != side.ancestor);
        graph.push(version);
    }
}
