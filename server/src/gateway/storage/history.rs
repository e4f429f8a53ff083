//! `GET …?format=history`: the versions of a file, newest first.
//!
//! A node that joined later may not have old versions yet: they come from the peers, as far as
//! the time for one answer goes. What is missing then ends the history, as in SWISH.

use std::{collections::BTreeMap, time::Duration};

use domain::ObjectId;
use gitty::{
    Commit,
    commit::Symbolic,
    history::{MAX_STEPS, Wanted, history},
    json,
};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{Version, get};
use crate::{gateway::error::Refusal, node::Handle};

/// Time to collect versions for one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Most versions of one answer.
pub(super) const MAX_DEPTH: usize = 1_000;

type Commits = BTreeMap<ObjectId, Commit>;

/// Answers up to `depth` versions from `version` on, with the version `to` among them.
pub(super) async fn show(
    node: &Handle,
    version: Version,
    depth: usize,
    to: Option<&str>,
) -> Result<Value, Refusal> {
    let included = match to {
        Some(to) => Some(get::find(node, to).await?),
        None => None,
    };
    let wanted = Wanted {
        depth: depth.min(MAX_DEPTH),
        includes: included.as_ref().map(|version| version.id),
    };
    let head = version.id;
    let end = Instant::now() + PATIENCE;
    let mut commits = Commits::new();
    let most = if included.is_some() { MAX_STEPS } else { wanted.depth };
    collect(node, version, &mut commits, (most, end)).await;
    if let Some(included) = included {
        collect(node, included, &mut commits, (wanted.depth, end)).await;
    }
    let shown = history(head, wanted, |id| commits.get(&id).cloned());
    Ok(json::history(&shown, |id| symbolic(node, &commits, id)))
}

/// Follows `previous`, up to a number of steps and a time; stops where others went already.
async fn collect(
    node: &Handle,
    from: Version,
    commits: &mut Commits,
    (most, end): (usize, Instant),
) {
    let mut next = Some(from);
    let mut steps = 0;
    while let Some(version) = next.take() {
        steps += 1;
        let previous = version.commit.previous();
        // Below a version of the other walk the rest may still be missing.
        commits.insert(version.id, version.commit);
        if steps >= most {
            return;
        }
        let Some(id) = previous else { return };
        next = match commits.get(&id) {
            Some(commit) if steps < most => Some(Version { id, commit: commit.clone() }),
            Some(_) => None,
            None => match timeout_at(end, Version::find(node, id)).await {
                Ok(Ok(found)) => found,
                Ok(Err(_)) | Err(_) => None,
            },
        };
    }
}

fn symbolic(node: &Handle, commits: &Commits, id: ObjectId) -> Symbolic {
    let name = commits.get(&id).map(Commit::name);
    match name.and_then(|name| node.head(&name)) == Some(id) {
        true => Symbolic::Head,
        false => Symbolic::No,
    }
}
