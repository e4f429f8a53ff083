//! A store that grows between openings: the index brought up is the index made anew.

use std::time::{Duration, SystemTime};

use domain::Link;
use gitty::{Commit, Meta, commit};
use proptest::prelude::*;

use super::{
    indexing::{contents, open},
    *,
};
use crate::IndexUse;

/// What may happen to a store between two looks at it.
#[derive(Clone, Debug)]
enum Step {
    /// A save of a file, by way of so many commits of which only the last gets a line.
    Save { file: u8, commits: u8 },
    /// Somebody else's line, from a head that is not the last.
    Part { file: u8 },
    /// A new file that goes on from another's commit.
    Fork { from: u8, to: u8 },
    /// An object that no line tells of.
    Silent { text: u8 },
    /// A commit that no line tells of.
    SilentCommit { file: u8 },
    /// A line whose commit is not there.
    Missing { file: u8, byte: u8 },
    /// A commit whose file is cut short.
    Damaged { file: u8 },
    /// The index file is brought up while the store is open.
    Refresh,
}

fn step() -> impl Strategy<Value = Step> {
    let file = || 0..4_u8;
    prop_oneof![
        4 => (file(), 1..4_u8).prop_map(|(file, commits)| Step::Save { file, commits }),
        1 => file().prop_map(|file| Step::Part { file }),
        1 => (file(), file()).prop_map(|(from, to)| Step::Fork { from, to }),
        1 => any::<u8>().prop_map(|text| Step::Silent { text }),
        1 => file().prop_map(|file| Step::SilentCommit { file }),
        1 => (file(), any::<u8>()).prop_map(|(file, byte)| Step::Missing { file, byte }),
        1 => file().prop_map(|file| Step::Damaged { file }),
        1 => Just(Step::Refresh),
    ]
}

/// A store that somebody writes to, and an index file that lags behind.
struct World {
    dir: TempDir,
    heads: std::collections::BTreeMap<u8, ObjectId>,
    /// Makes each commit another one.
    count: u32,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = Self { dir, heads: std::collections::BTreeMap::new(), count: 0 };
        open(&world.store(), &world.index());
        world
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    fn index(&self) -> PathBuf {
        self.dir.path().join("store.index")
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Save { file, commits } => {
                let old = self.heads.get(&file).copied();
                let new = (0..commits).fold(old, |old, _| Some(self.commit(file, old)));
                self.line(file, old, new.unwrap());
            }
            Step::Part { file } => {
                let new = self.commit(file, None);
                self.line(file, Some(id(7)), new);
            }
            Step::Fork { from, to } => {
                let new = self.commit(to, self.heads.get(&from).copied());
                self.line(to, None, new);
            }
            Step::Silent { text } => self.write(&[Object::blob(&format!("silent {text}"))]),
            Step::SilentCommit { file } => {
                self.commit(file, self.heads.get(&file).copied());
            }
            Step::Missing { file, byte } => self.line(file, None, id(byte)),
            Step::Damaged { file } => {
                let new = self.commit(file, self.heads.get(&file).copied());
                fs::write(crate::layout::path(&self.store(), &new), "short").unwrap();
                self.line(file, None, new);
            }
            Step::Refresh => {
                let Opened { store, .. } = Store::open(&self.store()).unwrap();
                store.refresh_index(&self.index(), &mut |_, _| {}).unwrap();
                assert_eq!(open(&self.store(), &self.index()).0.report.index, IndexUse::Current);
            }
        }
    }

    fn commit(&mut self, file: u8, previous: Option<ObjectId>) -> ObjectId {
        self.count += 1;
        let blob = Object::blob(&format!("text {}", self.count / 2));
        // Never the same commit again: one that was whole when it was read may be damaged later.
        let time = f64::from(1_000 + self.count);
        let name = FileName::new(format!("{file}.pl"));
        let blob_id = blob.id().unwrap();
        let commit: Commit = commit::create(&name, blob_id, Meta::default(), previous, time);
        let id = commit.object().id().unwrap();
        self.write(&[blob, commit.object()]);
        id
    }

    fn write(&self, objects: &[Object]) {
        let Opened { store, .. } = open(&self.store(), &self.index()).0;
        let named: Vec<_> =
            objects.iter().map(|object| (object.id().unwrap(), object.clone())).collect();
        store.write_objects(&named, Rewrite::No).unwrap();
    }

    fn line(&mut self, file: u8, old: Option<ObjectId>, new: ObjectId) {
        self.heads.insert(file, new);
        append_line(
            &self.store(),
            &HeadUpdate { name: FileName::new(format!("{file}.pl")), old, new },
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_index_brought_up_is_the_index_made_anew(steps in prop::collection::vec(step(), 1..24)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        let (grown, _) = open(&world.store(), &world.index());
        prop_assert!(!matches!(grown.report.index, IndexUse::Rebuilt(_)));
        // What lines tell of is known at once.
        let anew = Store::open(&world.store()).unwrap();
        prop_assert_eq!(&grown.heads, &anew.heads);
        for head in anew.heads.values() {
            let mut at = Some(*head);
            while let Some(id) = at {
                prop_assert_eq!(grown.index.link(&id), anew.index.link(&id));
                at = anew.index.link(&id).and_then(|link| link.previous);
            }
        }
        // And all the rest after the sweep.
        grown.store.refresh_index(&world.index(), &mut |_, _| {}).unwrap();
        let (swept, _) = open(&world.store(), &world.index());
        prop_assert_eq!(swept.report.index, IndexUse::Current);
        prop_assert_eq!(contents(&swept), contents(&anew));
    }
}

/// Makes all folders look as if they had not changed for a while.
fn age(store: &Path) {
    let before = SystemTime::now() - Duration::from_secs(60);
    for first in fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path()) {
        for folder in fs::read_dir(first).unwrap().map(|entry| entry.unwrap().path()) {
            if folder.is_dir() {
                fs::File::open(folder).unwrap().set_modified(before).unwrap();
            }
        }
    }
}

/// Refreshes through a store whose reads are counted.
fn refresh(store: &Path, index: &Path) -> (Vec<(ObjectId, Option<Link>)>, bool, usize) {
    let disk = super::indexing::CountingDisk::default();
    let boxed = Box::new(disk.clone());
    let opening = crate::open::Opening { disk: boxed, index: Some(index), progress: &mut |_| {} };
    let opened = opening.open(store).unwrap();
    let mut told = Vec::new();
    let tell = &mut |id, link: Option<&Link>| told.push((id, link.cloned()));
    let written = opened.store.refresh_index(index, tell).unwrap();
    (told, written, disk.reads())
}

#[test]
fn a_sweep_lists_only_folders_that_changed_and_reads_only_what_is_new() {
    let (dir, path) = fixture();
    let index = dir.path().join("store.index");
    age(&path);
    open(&path, &index);
    assert_eq!(refresh(&path, &index), (vec![], false, 0));

    let silent = version("silent.pl", "p.\n", 7.0);
    let store = Store::open(&path).unwrap().store;
    store.write_objects(&silent, Rewrite::No).unwrap();
    let (mut told, written, read) = refresh(&path, &index);
    told.sort_by_key(|(_, link)| link.is_some());
    let link = Commit::parse(&silent[1].1.content).unwrap().link();
    assert_eq!(told, [(silent[0].0, None), (silent[1].0, Some(link))]);
    assert_eq!((written, read), (true, 2));
    // Their folders changed a moment ago, so they are listed again; nothing is read.
    assert_eq!(refresh(&path, &index), (vec![], true, 0));
    age(&path);
    refresh(&path, &index);
    assert_eq!(refresh(&path, &index), (vec![], false, 0));
}

#[test]
fn a_temporary_file_of_somebody_who_writes_stays() {
    let (dir, path) = fixture();
    let index = dir.path().join("store.index");
    let opened = open(&path, &index).0;
    let [young, old] = ["tmp-1-1", "tmp-1-2"].map(|name| path.join("00").join(name));
    let folder = fs::read_dir(path.join("00")).unwrap().next().unwrap().unwrap().path();
    let [young, old] = [young, old].map(|path| folder.join(path.file_name().unwrap()));
    fs::write(&young, "half").unwrap();
    fs::write(&old, "half").unwrap();
    let before = SystemTime::now() - Duration::from_secs(7_200);
    fs::File::options().write(true).open(&old).unwrap().set_modified(before).unwrap();
    opened.store.refresh_index(&index, &mut |_, _| {}).unwrap();
    assert_eq!((young.exists(), old.exists()), (true, false));
}

#[test]
fn how_much_the_index_lacks_is_known_without_reading_it() {
    let (_dir, path) = fixture();
    let index = path.with_extension("index");
    let store = open(&path, &index).0.store;
    assert_eq!(store.unindexed_bytes(), 0);
    store.lead(&served("new.pl", 1)).unwrap();
    let line = moved("new.pl", None, 1).to_string().len() + 1;
    assert_eq!(store.unindexed_bytes(), u64::try_from(line).unwrap());
    assert_eq!(open(&path, &index).0.report.index, IndexUse::Grown { lines: 1 });
    store.refresh_index(&index, &mut |_, _| {}).unwrap();
    assert_eq!(store.unindexed_bytes(), 0);
}

#[test]
fn a_journal_that_is_gone_is_not_written_while_others_write() {
    let (_dir, path) = fixture();
    let index = path.with_extension("index");
    let store = open(&path, &index).0.store;
    fs::remove_file(path.join("ref/head")).unwrap();
    assert!(store.refresh_index(&index, &mut |_, _| {}).is_err());
    assert!(!path.join("ref/head").exists());
}
