//! What the store holds, in memory: commits as links, other objects by name.
//!
//! Arenas of fixed-width records and one table of places: about a hundred bytes for a commit,
//! thirty for a blob. The arenas are written to the index file and read from it as they are.

mod file;
mod record;
mod state;
mod table;

use std::collections::{BTreeMap, HashMap};

use domain::{FileName, Link, ObjectId};

use table::{Id, Table};

pub(crate) use file::{LoadError, load, save};
pub(crate) use record::{RECORD_BYTES, Record};
pub(crate) use state::{Known, Saved};

/// Places from here on are of objects that are no commits.
const OTHERS: u32 = 1 << 31;

/// Index of the objects; owned by one thread.
#[derive(Debug, Default)]
pub struct Index {
    table: Table,
    commits: Vec<Record>,
    others: Vec<Id>,
    numbers: HashMap<FileName, u32>,
    files: Vec<Named>,
    /// Of the few commits that settle something: what.
    settles: Settles,
}

/// Commits that settle tips of other branches (protocol 4.5), and which.
pub(crate) type Settles = BTreeMap<ObjectId, Vec<ObjectId>>;

/// A file and when it was last saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: FileName,
    pub(crate) latest_ms: u64,
}

/// Arenas that do not fit together; nothing was made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MisfitError;

impl Index {
    /// The commit of this name.
    #[must_use]
    pub fn link(&self, id: &ObjectId) -> Option<Link> {
        let record = at(&self.commits, self.place(id)?)?;
        let file = at(&self.files, record::file(record))?;
        Some(record::link(record, file.name.clone(), self.settled_by(id)))
    }

    /// Whether the object is here.
    #[must_use]
    pub fn holds(&self, id: &ObjectId) -> bool {
        self.place(id).is_some()
    }

    /// Whether a commit of this name is here.
    #[must_use]
    pub fn holds_commit(&self, id: &ObjectId) -> bool {
        self.place(id).is_some_and(|place| place < OTHERS)
    }

    /// Adds a commit; one that is here stays as it is.
    pub fn insert_commit(&mut self, id: ObjectId, link: Link) {
        if self.holds_commit(&id) {
            return;
        }
        let file = self.file(&link.name, link.time_ms);
        let place = number(self.commits.len());
        self.commits.push(record::pack(&id, &link, file));
        if !link.settles.is_empty() {
            self.settles.insert(id, link.settles);
        }
        self.set(&id, place);
    }

    /// Adds an object that is no commit.
    pub fn insert_blob(&mut self, id: ObjectId) {
        if self.holds(&id) {
            return;
        }
        let place = OTHERS | number(self.others.len());
        self.others.push(*id.as_bytes());
        self.set(&id, place);
    }

    /// Time of the latest commit of a file.
    #[must_use]
    pub fn latest_ms(&self, name: &FileName) -> Option<u64> {
        at(&self.files, *self.numbers.get(name)?).map(|file| file.latest_ms)
    }

    /// Number of objects.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All commits, in the order they were added.
    pub fn commits(&self) -> impl Iterator<Item = (ObjectId, Link)> + '_ {
        self.commits.iter().filter_map(|record| {
            let name = at(&self.files, record::file(record))?.name.clone();
            let id = ObjectId::from_bytes(record::id(record));
            Some((id, record::link(record, name, self.settled_by(&id))))
        })
    }

    fn settled_by(&self, id: &ObjectId) -> Vec<ObjectId> {
        self.settles.get(id).cloned().unwrap_or_default()
    }

    /// Commits that settle something.
    pub(crate) const fn settles(&self) -> &Settles {
        &self.settles
    }

    /// The files, in the order of their numbers.
    pub(crate) fn files(&self) -> &[Named] {
        &self.files
    }

    /// The same name, sharing its bytes with those kept here.
    pub(crate) fn shared_name(&self, name: &str) -> FileName {
        let name = FileName::from(name);
        self.numbers.get_key_value(&name).map_or(name, |(shared, _)| shared.clone())
    }

    /// Makes an index of arenas that were read from a file.
    ///
    /// # Errors
    /// They do not fit together.
    pub(crate) fn of(
        files: Vec<Named>,
        commits: Vec<Record>,
        others: Vec<Id>,
        settles: Settles,
    ) -> Result<Self, MisfitError> {
        let numbers: HashMap<_, _> = files.iter().map(|f| f.name.clone()).zip(0..).collect();
        let all_known = commits.iter().all(|record| at(&files, record::file(record)).is_some());
        let all_fit = commits.len().max(others.len()).max(files.len()) < number_limit();
        if numbers.len() != files.len() || !all_known || !all_fit {
            return Err(MisfitError);
        }
        let table = Table::with_room(commits.len() + others.len());
        let mut index = Self { table, commits, others, numbers, files, settles };
        let Self { table, commits, others, .. } = &mut index;
        let (commits, others) = (&**commits, &**others);
        for (place, record) in (0..).zip(commits) {
            table.set(&record::id(record), place, |place| name_at(commits, others, place));
        }
        for (place, id) in (OTHERS..).zip(others) {
            if table.find(id, |place| name_at(commits, others, place)).is_none() {
                table.set(id, place, |place| name_at(commits, others, place));
            }
        }
        Ok(index)
    }

    fn place(&self, id: &ObjectId) -> Option<u32> {
        self.table.find(id.as_bytes(), |place| name_at(&self.commits, &self.others, place))
    }

    fn set(&mut self, id: &ObjectId, place: u32) {
        let (commits, others) = (&self.commits, &self.others);
        self.table.set(id.as_bytes(), place, |place| name_at(commits, others, place));
    }

    fn file(&mut self, name: &FileName, time_ms: u64) -> u32 {
        let known = self.numbers.get(name).copied();
        if let Some(file) = known
            && let Some(named) = usize::try_from(file).ok().and_then(|at| self.files.get_mut(at))
        {
            named.latest_ms = named.latest_ms.max(time_ms);
            return file;
        }
        let file = number(self.files.len());
        self.numbers.insert(name.clone(), file);
        self.files.push(Named { name: name.clone(), latest_ms: time_ms });
        file
    }
}

/// Name of the object at a place that the table holds.
fn name_at(commits: &[Record], others: &[Id], place: u32) -> Id {
    let name = if place < OTHERS {
        at(commits, place).map(record::id)
    } else {
        at(others, place - OTHERS).copied()
    };
    name.expect("places are only of what the arenas hold")
}

fn at<T>(arena: &[T], place: u32) -> Option<&T> {
    arena.get(usize::try_from(place).ok()?)
}

fn number(length: usize) -> u32 {
    let number = u32::try_from(length).ok().filter(|_| length < number_limit());
    number.expect("fewer than 2^31 - 1 objects")
}

/// Numbers stay below this; all bits set is the table's empty slot.
fn number_limit() -> usize {
    usize::try_from(OTHERS - 1).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use domain::OpId;

    use super::*;

    fn id(byte: u8) -> ObjectId {
        ObjectId::from_bytes([byte; 20])
    }

    fn link(time_ms: u64, previous: Option<ObjectId>) -> Link {
        let op = OpId::from_bytes([7; 20]);
        Link { name: "a.pl".into(), previous, blob: id(9), op, time_ms, settles: Vec::new() }
    }

    #[test]
    fn a_commit_comes_back_as_it_was_added() {
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

    #[test]
    fn what_a_commit_settles_comes_back_with_it() {
        let mut index = Index::default();
        let settling = Link { settles: vec![id(3), id(4)], ..link(5, Some(id(2))) };
        index.insert_commit(id(1), settling.clone());
        index.insert_commit(id(2), link(3, None));
        assert_eq!(index.link(&id(1)), Some(settling.clone()));
        assert_eq!(index.commits().next(), Some((id(1), settling)));
        assert_eq!(index.link(&id(2)), Some(link(3, None)));
    }

    #[test]
    fn a_previous_of_zeros_is_not_none() {
        let mut index = Index::default();
        index.insert_commit(id(1), link(5, Some(id(0))));
        assert_eq!(index.link(&id(1)), Some(link(5, Some(id(0)))));
    }

    #[test]
    fn a_name_that_turns_out_to_be_a_commit_is_one_object() {
        let mut index = Index::default();
        index.insert_blob(id(1));
        index.insert_commit(id(1), link(5, None));
        index.insert_blob(id(1));
        assert_eq!((index.len(), index.link(&id(1))), (1, Some(link(5, None))));
        let again = Index::of(index.files, index.commits, index.others, index.settles).unwrap();
        assert_eq!((again.len(), again.link(&id(1))), (1, Some(link(5, None))));
    }

    #[test]
    fn arenas_that_do_not_fit_together_are_refused() {
        let mut index = Index::default();
        index.insert_commit(id(1), link(5, None));
        let Index { commits, files, .. } = index;
        let twice = [files.clone(), files].concat();
        assert_eq!(
            Index::of(Vec::new(), commits.clone(), Vec::new(), Settles::new()).err(),
            Some(MisfitError)
        );
        assert_eq!(Index::of(twice, commits, Vec::new(), Settles::new()).err(), Some(MisfitError));
    }
}
