//! What differs between two versions, in bounded time and size.

use domain::{
    FileName, ObjectId,
    view::{DiffQuery, Difference, Problem, Version},
};
use tokio::sync::Semaphore;

use super::{
    object::{as_u64, end},
    read,
};
use crate::dashboard::site::{Answered, Site, stopping};

/// Longer texts are not compared.
const MAX_BYTES: usize = 2 << 20;
/// Bytes of a difference that a page gets.
const MAX_SHOWN_BYTES: usize = 256 << 10;
/// Differences that are computed at once: each may take a second of a core.
static COMPARING: Semaphore = Semaphore::const_new(2);

/// The beginning of what differs.
pub(in crate::dashboard) async fn diff(
    site: &Site,
    name: &FileName,
    query: DiffQuery,
) -> Answered<Difference> {
    let (from, to) = versions(site, name, query).await?;
    let mut unified = compare(site, from.as_ref(), &to).await?;
    let bytes = unified.len();
    unified.truncate(end(unified.as_bytes(), MAX_SHOWN_BYTES));
    let left_out = as_u64(bytes - unified.len());
    Ok(Difference { from, to, unified, left_out })
}

/// All that differs.
pub(in crate::dashboard) async fn raw(
    site: &Site,
    name: &FileName,
    query: DiffQuery,
) -> Answered<Vec<u8>> {
    let (from, to) = versions(site, name, query).await?;
    Ok(compare(site, from.as_ref(), &to).await?.into_bytes())
}

/// The versions that are meant: by default the head and the one before it.
async fn versions(
    site: &Site,
    name: &FileName,
    query: DiffQuery,
) -> Answered<(Option<Version>, Version)> {
    let head = read::head(site, name)?;
    let to = read::version(site, query.to.unwrap_or(head)).await?;
    let from = match query.from.or(to.previous) {
        Some(id) => Some(read::version(site, id).await?),
        None => None,
    };
    Ok((from, to))
}

async fn compare(site: &Site, from: Option<&Version>, to: &Version) -> Answered<String> {
    let old = match from {
        Some(from) => text(site, from).await?,
        None => String::new(),
    };
    let new = text(site, to).await?;
    let labels = [from.map_or_else(|| "/dev/null".to_owned(), label), label(to)];
    let _turn = COMPARING.acquire().await.map_err(|_| stopping())?;
    let work = move || gitty::diff::unified(&old, &new, &labels[0], &labels[1]);
    tokio::task::spawn_blocking(work).await.map_err(|_| stopping())
}

/// The file's name and version; a label is one line whatever the name.
fn label(version: &Version) -> String {
    let name: String = version.name.as_str().chars().filter(|sign| !sign.is_control()).collect();
    format!("{name}\t{}", version.id)
}

async fn text(site: &Site, version: &Version) -> Answered<String> {
    let id: ObjectId = version.data;
    let content = read::object(site, id).await?.content;
    if content.len() > MAX_BYTES {
        let message = format!(
            "Version {} has {} bytes; texts of more than {MAX_BYTES} bytes are not compared. Read \
             its text instead.",
            read::short(version.id),
            domain::words::thousands(as_u64(content.len())),
        );
        return Err(Problem { code: "too_large".to_owned(), message });
    }
    Ok(String::from_utf8_lossy(&content).into_owned())
}
