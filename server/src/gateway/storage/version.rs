//! A commit by its hash, with its text and its place on the file's path.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{ObjectId, ObjectKind};
use gitty::{Commit, Object, commit::Symbolic};
use serde_json::Value;

use crate::{
    gateway::error::Refusal,
    node::{Filing, Handle, ObjectError},
};

/// Commits that are walked back to find where two sides parted.
const MAX_STEPS: usize = 10_000;

/// A served head has its files within a second, unless the disk is very slow.
const FILED: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// One version of a file.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Version {
    /// Its hash.
    pub(in crate::gateway) id: ObjectId,
    /// Its metadata.
    pub(in crate::gateway) commit: Commit,
}

impl Version {
    /// Reads a version; asks the peers when it is not here.
    pub(in crate::gateway) async fn load(node: &Handle, id: ObjectId) -> Result<Self, Refusal> {
        Self::parse(id, &node.object(id).await?)
    }

    fn parse(id: ObjectId, object: &Object) -> Result<Self, Refusal> {
        if object.kind != ObjectKind::Commit {
            return Err(Refusal::NotACommit(id));
        }
        let commit = Commit::parse(&object.content)
            .map_err(|error| Refusal::Broken(format!("version {id} cannot be read: {error}")))?;
        Ok(Self { id, commit })
    }

    /// Reads a version that a client names; none when nobody who answers has it.
    pub(super) async fn find(node: &Handle, id: ObjectId) -> Result<Option<Self>, Refusal> {
        match node.object(id).await {
            Err(ObjectError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(object) => Self::parse(id, &object).map(Some),
        }
    }

    /// The file's content, byte by byte.
    pub(super) async fn bytes(&self, node: &Handle) -> Result<Arc<[u8]>, Refusal> {
        Ok(node.object(self.commit.data()).await?.content)
    }

    /// The file's content as text; what is no UTF-8 is replaced, as in SWISH.
    pub(super) async fn text(&self, node: &Handle) -> Result<String, Refusal> {
        Ok(String::from_utf8_lossy(&self.bytes(node).await?).into_owned())
    }

    /// Waits until a SWISH beside this node shows it; false if its files are not there in time.
    /// What is not served may never get files, and is not waited for.
    pub(super) async fn is_shown(&self, node: &Handle) -> bool {
        let start = Instant::now();
        loop {
            match node.shared().filing(&self.id) {
                Filing::Shown => return true,
                Filing::Until(then) => {
                    tokio::time::sleep_until(then.into()).await;
                    return true;
                }
                Filing::Pending if !self.is_head(node) || start.elapsed() > FILED => return false,
                Filing::Pending => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    /// True if this is what its file's name shows on this node.
    pub(super) fn is_head(&self, node: &Handle) -> bool {
        node.head(&self.commit.name()) == Some(self.id)
    }

    /// Its metadata as SWISH answers it.
    pub(in crate::gateway) fn meta(&self, is_head: bool) -> Value {
        let symbolic = if is_head { Symbolic::Head } else { Symbolic::No };
        gitty::commit::to_json(&self.commit, self.id, symbolic)
    }

    /// The last commit that `left` and `right` both go back to, as far as commits are here.
    pub(super) async fn common(node: &Handle, left: &Self, right: &Self) -> Option<Self> {
        let mut sides = [Walk::from(left), Walk::from(right)];
        for step in 0..MAX_STEPS {
            let at = sides[step % 2].next.take();
            if let Some(version) = at {
                sides[step % 2].seen.insert(version.id);
                if sides[(step + 1) % 2].seen.contains(&version.id) {
                    return Some(version);
                }
                sides[step % 2].next = version.previous_here(node).await;
            } else if sides.iter().all(|side| side.next.is_none()) {
                return None;
            }
        }
        None
    }

    async fn previous_here(&self, node: &Handle) -> Option<Self> {
        let id = self.commit.previous()?;
        let object = node.local_object(id).await.ok()?;
        Some(Self { id, commit: Commit::parse(&object.content).ok()? })
    }
}

/// One side of the search for a common commit.
struct Walk {
    next: Option<Version>,
    seen: BTreeSet<ObjectId>,
}

impl From<&Version> for Walk {
    fn from(version: &Version) -> Self {
        Self { next: Some(version.clone()), seen: BTreeSet::new() }
    }
}
