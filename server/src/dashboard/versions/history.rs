//! Part of a file's history, along `previous` and across the names of forks.

use std::collections::BTreeSet;

use domain::{
    FileName,
    view::{Gap, HistoryPage, HistoryQuery},
};

use super::read;
use crate::{
    dashboard::site::{Answered, Site},
    node::link::now_ms,
};

/// Reads versions until there are enough, the first one, or one that nobody has.
///
/// Not `gitty::history`, whose look-up cannot wait: a version that is not here comes from a peer.
pub(in crate::dashboard) async fn history(
    site: &Site,
    name: &FileName,
    query: HistoryQuery,
) -> Answered<HistoryPage> {
    let head = read::head(site, name)?;
    let limit = usize::try_from(query.limit.clamp(1, HistoryQuery::MAX_LIMIT)).unwrap_or(1);
    let (mut versions, mut seen, mut gap) = (Vec::new(), BTreeSet::new(), None);
    let mut next = Some(query.from.unwrap_or(head));
    while let Some(id) = next.filter(|id| versions.len() < limit && seen.insert(*id)) {
        match read::version(site, id).await {
            Ok(version) => {
                next = version.previous;
                versions.push(version);
            }
            Err(problem) => {
                gap = Some(Gap { id, problem });
                next = None;
            }
        }
    }
    let older = next.filter(|id| !seen.contains(id));
    Ok(HistoryPage { at_ms: now_ms(), head: Some(head), versions, older, gap })
}
