//! What the store holds, in memory: commits as links, other objects by name.
//!
//! Names are kept once and commits as entries of an arena, because a site has many versions of
//! few files: about a hundred bytes for a commit, thirty for a blob.

use std::collections::{BTreeMap, HashMap};

use domain::{FileName, Link, ObjectId, OpId};

/// Place of an object that is no commit.
const NO_COMMIT: u32 = u32::MAX;

/// Index of the objects; owned by one thread.
#[derive(Debug, Default)]
pub struct Index {
    places: HashMap<ObjectId, u32>,
    commits: Vec<Entry>,
    numbers: BTreeMap<FileName, u32>,
    files: Vec<Named>,
}

#[derive(Debug)]
struct Entry {
    previous: Option<ObjectId>,
    blob: ObjectId,
    op: OpId,
    file: u32,
    time_ms: u64,
}

#[derive(Debug)]
struct Named {
    name: FileName,
    latest_ms: u64,
}

impl Index {
    /// The commit of this name.
    #[must_use]
    pub fn link(&self, id: &ObjectId) -> Option<Link> {
        let entry = at(&self.commits, *self.places.get(id)?)?;
        Some(Link {
            name: at(&self.files, entry.file)?.name.clone(),
            previous: entry.previous,
            blob: entry.blob,
            op: entry.op,
            time_ms: entry.time_ms,
        })
    }

    /// Whether the object is here.
    #[must_use]
    pub fn holds(&self, id: &ObjectId) -> bool {
        self.places.contains_key(id)
    }

    /// Adds a commit; one that is here stays as it is.
    pub fn insert_commit(&mut self, id: ObjectId, link: Link) {
        if self.places.get(&id).is_some_and(|place| *place != NO_COMMIT) {
            return;
        }
        let file = self.file(link.name, link.time_ms);
        self.places.insert(id, number(self.commits.len()));
        let Link { previous, blob, op, time_ms, .. } = link;
        self.commits.push(Entry { previous, blob, op, file, time_ms });
    }

    /// Adds an object that is no commit.
    pub fn insert_blob(&mut self, id: ObjectId) {
        self.places.entry(id).or_insert(NO_COMMIT);
    }

    /// Time of the latest commit of a file.
    #[must_use]
    pub fn latest_ms(&self, name: &FileName) -> Option<u64> {
        at(&self.files, *self.numbers.get(name)?).map(|file| file.latest_ms)
    }

    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// All commits, in the order they were added.
    pub fn commits(&self) -> impl Iterator<Item = (ObjectId, Link)> + '_ {
        let mut ids: Vec<_> = self.places.iter().filter(|(_, at)| **at != NO_COMMIT).collect();
        ids.sort_unstable_by_key(|(_, place)| **place);
        ids.into_iter().filter_map(|(id, _)| Some((*id, self.link(id)?)))
    }

    fn file(&mut self, name: FileName, time_ms: u64) -> u32 {
        let next = number(self.files.len());
        let file = *self.numbers.entry(name.clone()).or_insert(next);
        if file == next {
            self.files.push(Named { name, latest_ms: time_ms });
        } else if let Some(known) = usize::try_from(file).ok().and_then(|at| self.files.get_mut(at))
        {
            known.latest_ms = known.latest_ms.max(time_ms);
        }
        file
    }
}

fn at<T>(arena: &[T], place: u32) -> Option<&T> {
    arena.get(usize::try_from(place).ok()?)
}

fn number(length: usize) -> u32 {
    u32::try_from(length).ok().filter(|n| *n != NO_COMMIT).expect("fewer than 2^32 - 1 commits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_comes_back_as_it_was_added() {
        let id = |byte| ObjectId::from_bytes([byte; 20]);
        let link = |time_ms, previous| Link {
            name: "a.pl".into(),
            previous,
            blob: id(9),
            op: OpId::from_bytes([7; 20]),
            time_ms,
        };
        let mut index = Index::default();
        index.insert_commit(id(1), link(5, None));
        index.insert_commit(id(2), link(3, Some(id(1))));
        index.insert_blob(id(9));
        assert_eq!(index.link(&id(2)), Some(link(3, Some(id(1)))));
        assert_eq!(index.link(&id(9)), None);
        assert_eq!((index.holds(&id(9)), index.holds(&id(8)), index.len()), (true, false, 3));
        assert_eq!(index.latest_ms(&"a.pl".into()), Some(5));
        assert_eq!(index.commits().map(|(id, _)| id).collect::<Vec<_>>(), [id(1), id(2)]);
    }
}
