//! What a node that asks to join would bring, told before anybody lets it in (protocol 4.4).

use domain::{FileName, ObjectId, view::Problem, words::JoinReport};
use gitty::Commit;

use super::{problem, stores::Store};
use crate::node::{Handle, link::Links};

/// Commits of one file that are walked back; a store that is further behind counts as diverged.
const MAX_STEPS: usize = 10_000;

/// Compares the store of the node at `address`, which is in no cluster, with what is decided here.
/// Nothing is changed, here or there.
///
/// # Errors
/// When it does not answer.
pub async fn report(links: &Links, node: &Handle, address: &str) -> Result<JoinReport, Problem> {
    let asking = links.ask(address).await;
    let mut asking = asking.map_err(|error| problem("unreachable", error.to_string()))?;
    let paths = Store::Other(&mut asking).paths().await?;
    let mut report = JoinReport::default();
    for (name, path) in paths {
        let commits: Vec<ObjectId> = path.into_iter().map(|(commit, _)| commit).collect();
        let Some(theirs) = commits.first().copied() else { continue };
        *match node.shared().file(&name).and_then(|file| file.decided) {
            None => &mut report.new,
            Some(ours) if ours == theirs => &mut report.equal,
            Some(ours) if commits.contains(&ours) => &mut report.ahead,
            Some(ours) if follows(node, &name, ours, theirs).await => &mut report.behind,
            Some(_) => &mut report.diverged,
        } += 1;
    }
    Ok(report)
}

/// True if `head` goes back to `before`, as far as commits are here.
async fn follows(node: &Handle, name: &FileName, head: ObjectId, before: ObjectId) -> bool {
    let mut at = Some(head);
    for _ in 0..MAX_STEPS {
        let Some(id) = at else { return false };
        if id == before {
            return true;
        }
        let Ok(object) = node.local_object(id).await else { return false };
        let commit = Commit::parse(&object.content).ok().filter(|commit| commit.name() == *name);
        at = commit.and_then(|commit| commit.previous());
    }
    false
}
