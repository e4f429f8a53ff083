//! A first text for a merge: what both sides changed since their last common commit.

use domain::{
    FileName, ObjectId,
    view::{MergeDraft, Problem},
};

use super::{
    list::{as_u64, view},
    none,
};
use crate::dashboard::{
    site::{Answered, Site, stopping},
    versions,
};

/// Longer texts are not merged here.
const MAX_BYTES: usize = 2 << 20;

/// The decided head merged with `side`.
pub(in crate::dashboard) async fn merge(
    site: &Site,
    name: FileName,
    side: ObjectId,
) -> Answered<MergeDraft> {
    let picture = site.picture();
    let entry = site.node().shared().file(&name);
    let found = entry.and_then(|entry| view(&picture, &name, &entry));
    let found = found.ok_or_else(|| none(&picture, &name))?;
    let Some(other) = found.others.iter().find(|other| other.head == side) else {
        let message = format!("{} is no side of “{name}” now.", versions::short(side));
        return Err(Problem { code: "not_found".to_owned(), message });
    };
    let base = match other.ancestor {
        Some(ancestor) => text(site, versions::version(site, ancestor).await?.data).await?,
        None => String::new(),
    };
    let (ours, theirs) = (text(site, found.decided.data).await?, text(site, other.data).await?);
    let work = move || gitty::merge::three_way(&base, &ours, &theirs);
    let merged = tokio::task::spawn_blocking(work).await.map_err(|_| stopping())?;
    Ok(MergeDraft {
        decided: found.decided.head,
        side,
        ancestor: other.ancestor,
        text: merged.text,
        conflicts: as_u64(merged.conflicts),
    })
}

async fn text(site: &Site, id: ObjectId) -> Answered<String> {
    let content = versions::read(site, id).await?.content;
    if content.len() > MAX_BYTES {
        let message = format!("Texts of more than {MAX_BYTES} bytes are not merged here.");
        return Err(Problem { code: "too_large".to_owned(), message });
    }
    Ok(String::from_utf8_lossy(&content).into_owned())
}
