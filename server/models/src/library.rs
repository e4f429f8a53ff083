//! The commits and texts that nodes and clients made: what a hash stands for.

use std::collections::BTreeMap;

use cluster::{INLINE_BYTES, Key, PeerMessage, Save};
use domain::{FileName, Link, ObjectId};
use gitty::{Commit, Meta, Object, commit};

/// Everything made so far in any state; a local state only says which of it a node holds.
#[derive(Debug, Default)]
pub(crate) struct Library {
    commits: BTreeMap<ObjectId, (Commit, Link)>,
    objects: BTreeMap<ObjectId, Object>,
    first: Option<ObjectId>,
}

/// The file that all stories are about.
pub(crate) fn key() -> Key {
    Key::File(FileName::from("f.pl"))
}

impl Library {
    /// Makes the save of `text` on `base` that settles `tips`; `late` milliseconds after others.
    pub(crate) fn save(
        &mut self,
        base: Option<ObjectId>,
        text: &str,
        tips: &[ObjectId],
        late: u32,
    ) -> Save {
        let blob = Object::blob(text);
        let blob_id = id(&blob);
        let meta = if tips.is_empty() { Meta::default() } else { Meta::default().settles(tips) };
        let late = f64::from(late) / 1_000.0;
        let before = base.and_then(|base| Some((base, self.commits.get(&base)?)));
        let commit = match before {
            Some((base, (before, _))) => {
                commit::update(before, base, blob_id, meta, before.time() + 1.0 + late)
            }
            None => commit::create(key().file(), blob_id, meta, None, 1.0 + late),
        };
        let object = commit.object();
        let commit_id = id(&object);
        let link = commit.link();
        self.objects.insert(blob_id, blob.clone());
        self.objects.insert(commit_id, object.clone());
        self.commits.insert(commit_id, (commit, link.clone()));
        let blob = Some((blob_id, blob));
        Save { key: key(), base, commit: object, id: commit_id, link, blob }
    }

    /// The head that everybody had at the beginning.
    pub(crate) const fn first(&self) -> Option<ObjectId> {
        self.first
    }

    /// Makes it.
    pub(crate) fn make_first(&mut self) -> Save {
        let save = self.save(None, "first", &[], 0);
        self.first = Some(save.id);
        save
    }

    /// The commit as a link.
    pub(crate) fn link(&self, id: &ObjectId) -> Option<&Link> {
        self.commits.get(id).map(|(_, link)| link)
    }

    /// The commits of the path of `head`, newest first.
    pub(crate) fn back(&self, head: ObjectId) -> impl Iterator<Item = (ObjectId, &Link)> {
        let known = |id: ObjectId| self.link(&id).map(|link| (id, link));
        std::iter::successors(known(head), move |(_, link)| known(link.previous?))
    }

    /// True if `ancestor` is on the path of `head`, or is it.
    pub(crate) fn is_ancestor(&self, ancestor: ObjectId, head: ObjectId) -> bool {
        self.back(head).any(|(id, _)| id == ancestor)
    }

    /// The answer of a node that holds the object.
    pub(crate) fn announce(&self, id: ObjectId) -> PeerMessage {
        let Some(object) = self.objects.get(&id) else {
            return PeerMessage::Absent { id };
        };
        let size = object.content.len();
        let content = (size <= INLINE_BYTES).then(|| cluster::Bytes(object.content.clone()));
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        PeerMessage::Announce { id, kind: object.kind.clone(), size, content }
    }

    /// Objects of these ids.
    pub(crate) fn objects(&self, ids: &[ObjectId]) -> Vec<Object> {
        ids.iter().filter_map(|id| self.objects.get(id).cloned()).collect()
    }
}

fn id(object: &Object) -> ObjectId {
    object.id().expect("the texts of stories do not attack SHA-1")
}
