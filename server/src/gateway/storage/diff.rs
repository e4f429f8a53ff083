//! What changed between two versions, as `format=diff` and the answer to a lost save have it.

use std::collections::BTreeSet;

use domain::ObjectId;
use gitty::{Commit, Term, diff};
use serde_json::{Value, json};

use super::{Version, get};
use crate::{
    gateway::error::Refusal,
    node::{Handle, NodeError},
};

/// A version and its text.
#[derive(Clone)]
pub(super) struct Side {
    /// The version.
    pub(super) version: Version,
    /// Its text.
    pub(super) text: String,
}

impl Side {
    /// Reads the text of a version.
    pub(super) async fn load(node: &Handle, version: Version) -> Result<Self, Refusal> {
        Ok(Self { text: version.text(node).await?, version })
    }
}

/// `GET …?format=diff`: against the version `to`, or the one before.
pub(super) async fn show(
    node: &Handle,
    version: Version,
    to: Option<&str>,
) -> Result<Value, Refusal> {
    let from: Option<Version> = match (to, version.commit.previous()) {
        (Some(to), _) => Some(get::find(node, to).await?),
        (None, Some(previous)) => Some(before(node, previous).await?),
        (None, None) => None,
    };
    let Some(from) = from else { return Ok(json!({ "initial": true })) };
    let (from, to) = (Side::load(node, from).await?, Side::load(node, version).await?);
    let heads = (from.version.is_head(node), to.version.is_head(node));
    // Long texts keep a processor busy for a while.
    let edit = tokio::task::spawn_blocking(move || edit((&from, heads.0), (&to, heads.1))).await;
    Ok(edit.map_err(|_| NodeError::Stopping)?)
}

async fn before(node: &Handle, previous: ObjectId) -> Result<Version, Refusal> {
    let gone = || Refusal::Unavailable(format!("version {previous} is on no node that answers"));
    Version::find(node, previous).await?.ok_or_else(gone)
}

/// Both sides with whether they are heads: their metadata, and what differs of texts and tags.
pub(super) fn edit(from: (&Side, bool), to: (&Side, bool)) -> Value {
    let ((old, old_is_head), (new, new_is_head)) = (from, to);
    let (old_commit, new_commit) = (&old.version.commit, &new.version.commit);
    let mut edit =
        json!({ "from": old.version.meta(old_is_head), "to": new.version.meta(new_is_head) });
    if old_commit.data() != new_commit.data() {
        let labels = [old.version.id, new.version.id].map(|id| id.to_string());
        edit["data"] = diff::unified(&old.text, &new.text, &labels[0], &labels[1]).into();
    }
    if let Some(tags) = tag_edit(old_commit, new_commit) {
        edit["tags"] = tags;
    }
    edit
}

/// Tags that one commit has and the other has not; none if they are the same.
fn tag_edit(from: &Commit, to: &Commit) -> Option<Value> {
    let (old, new) = (tags(from), tags(to));
    let added: Vec<_> = new.difference(&old).collect();
    let deleted: Vec<_> = old.difference(&new).collect();
    (!added.is_empty() || !deleted.is_empty())
        .then(|| json!({ "added": added, "deleted": deleted }))
}

fn tags(commit: &Commit) -> BTreeSet<&str> {
    let tags = commit.get("tags").and_then(Term::as_list).unwrap_or_default();
    tags.iter().filter_map(Term::as_text).collect()
}

#[cfg(test)]
mod tests {
    use gitty::{Meta, commit};

    use super::*;

    #[test]
    fn changed_tags_are_listed() {
        let tagged = |tags: &[&str]| {
            let meta = Meta::from_json(&json!({ "tags": tags }), false);
            let blob = gitty::Object::blob("").id().unwrap();
            commit::create(&"a.pl".into(), blob, meta, None, 1.0)
        };
        let edit = |from: &[&str], to: &[&str]| tag_edit(&tagged(from), &tagged(to));
        assert_eq!(
            edit(&["a", "b"], &["b", "c"]),
            Some(json!({ "added": ["c"], "deleted": ["a"] }))
        );
        assert_eq!(edit(&["a"], &["a"]), None);
    }
}
