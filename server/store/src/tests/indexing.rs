//! Opening with an index file: current, stale, damaged, hostile.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::{Disk, IndexUse, Owner, RealDisk, Stale, index, open::Opening};

/// A disk that counts the objects that are read.
#[derive(Clone, Default)]
pub(super) struct CountingDisk(Arc<AtomicUsize>);

impl CountingDisk {
    pub(super) fn reads(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Disk for CountingDisk {
    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        RealDisk.read(path, max_bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8], owner: &Owner) -> io::Result<()> {
        RealDisk.write(path, bytes, owner)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn append(&self, file: &File, bytes: &[u8]) -> io::Result<usize> {
        RealDisk.append(file, bytes)
    }

    fn sync(&self, _file: &File) -> io::Result<()> {
        Ok(())
    }
}

/// Opens with an index file; also says how many objects were read.
pub(super) fn open(store: &Path, index: &Path) -> (Opened, usize) {
    let disk = CountingDisk::default();
    let opening =
        Opening { disk: Box::new(disk.clone()), index: Some(index), progress: &mut |_| {} };
    let opened = opening.open(store).unwrap();
    (opened, disk.reads())
}

/// Everything an opened store knows, in an order of its own.
pub(super) fn contents(opened: &Opened) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut commits: Vec<_> = opened.index.commits().collect();
    commits.sort_by_key(|(id, _)| *id);
    let latest: Vec<_> = opened.heads.keys().map(|name| opened.index.latest_ms(name)).collect();
    let followers = opened.store.journal().followers().clone();
    let (heads, damaged, length) = (&opened.heads, &opened.damaged, opened.index.len());
    (commits, latest, followers, heads.clone(), damaged.clone(), length)
}

/// The recorded store, and an index of it that is current.
fn indexed() -> (TempDir, PathBuf, PathBuf) {
    let (dir, path) = fixture();
    let index = dir.path().join("store.index");
    let (opened, read) = open(&path, &index);
    assert_eq!((opened.report.index, read), (IndexUse::Rebuilt(Stale::Missing), 238));
    (dir, path, index)
}

#[test]
fn a_current_index_is_taken_without_reading_an_object() {
    let (_dir, path, index) = indexed();
    let (opened, read) = open(&path, &index);
    assert_eq!((opened.report.index, read), (IndexUse::Current, 0));
    assert_eq!(contents(&opened), contents(&Store::open(&path).unwrap()));
}

#[test]
fn each_reason_to_read_everything_again_is_seen() {
    fn pack(store: &Path) {
        fs::create_dir_all(store.join("pack")).unwrap();
        fs::write(store.join("pack/pack-1.pack"), "gitty(1).\nend_of_header.\n").unwrap();
    }
    fn rewrite(store: &Path, change: fn(&mut Vec<u8>)) {
        let path = store.join("ref/head");
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    }
    type Change = fn(&Path, &Path);
    let cases: [(&str, Change, Stale); 9] = [
        ("no index", |_, index| fs::remove_file(index).unwrap(), Stale::Missing),
        ("empty index", |_, index| fs::write(index, "").unwrap(), Stale::Missing),
        ("other version", |_, index| flip(index, 8), Stale::Version),
        ("damaged", |_, index| flip(index, 100), Stale::Damaged),
        ("a pack more", |store, _| pack(store), Stale::PacksChanged),
        ("other epoch", |store, _| rewrite(store, |bytes| bytes[6] ^= 1), Stale::JournalReplaced),
        (
            "another file",
            |store, _| {
                let bytes = fs::read(store.join("ref/head")).unwrap();
                fs::write(store.join("ref/new"), bytes).unwrap();
                fs::rename(store.join("ref/new"), store.join("ref/head")).unwrap();
            },
            Stale::JournalReplaced,
        ),
        (
            "a line less",
            |store, _| rewrite(store, |bytes| bytes.truncate(bytes.len() - 60)),
            Stale::JournalCut,
        ),
        (
            "another last line",
            |store, _| {
                rewrite(store, |bytes| {
                    let at = bytes.len() - 10;
                    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
                });
            },
            Stale::JournalCut,
        ),
    ];
    for (what, change, stale) in cases {
        let (_dir, path, index) = indexed();
        change(&path, &index);
        let (opened, read) = open(&path, &index);
        assert_eq!(opened.report.index, IndexUse::Rebuilt(stale), "{what}");
        assert!(read >= 238, "{what}");
        assert_eq!(contents(&opened), contents(&Store::open(&path).unwrap()), "{what}");
        assert_eq!(open(&path, &index).0.report.index, IndexUse::Current, "{what}");
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// A small store and its index.
fn small() -> (TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (path, index) = (dir.path().join("store"), dir.path().join("store.index"));
    let Opened { store, .. } = Store::open(&path).unwrap();
    let objects = version("a.pl", "p.\n", 1.0);
    store.write_objects(&objects, Rewrite::No).unwrap();
    store.lead(&[("a.pl".into(), objects[1].0)]).unwrap();
    open(&path, &index);
    (dir, path, index)
}

#[test]
fn an_index_cut_anywhere_or_with_any_bit_wrong_is_not_loaded() {
    let (dir, _, index) = small();
    let bytes = fs::read(&index).unwrap();
    let other = dir.path().join("other");
    for length in 0..bytes.len() {
        fs::write(&other, &bytes[..length]).unwrap();
        assert!(index::load(&other).is_err(), "{length}");
    }
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&other, &bytes).unwrap();
        assert!(index::load(&other).is_err(), "{at}");
    }
    fs::write(&other, [&*bytes, b"more"].concat()).unwrap();
    assert!(index::load(&other).is_err());
    fs::write(&other, &bytes).unwrap();
    assert!(index::load(&other).is_ok());
}

#[test]
fn lengths_that_lie_are_refused_before_anything_is_allocated() {
    let (dir, _, index) = small();
    let bytes = fs::read(&index).unwrap();
    let other = dir.path().join("other");
    for at in [16, 24, 32] {
        for count in [u64::MAX, u64::MAX / 92, 1 << 40, 1 << 33] {
            let mut bytes = bytes.clone();
            bytes[at..at + 8].copy_from_slice(&count.to_le_bytes());
            fs::write(&other, &bytes).unwrap();
            assert!(matches!(index::load(&other), Err(index::LoadError::Damaged)), "{at} {count}");
        }
    }
}

/// The checksum guards against damage; whatever has a right one must still not hurt.
#[test]
fn an_index_that_lies_with_a_right_checksum_is_refused_or_harmless() {
    let (dir, path, index) = small();
    let bytes = fs::read(&index).unwrap();
    let other = dir.path().join("other");
    let end = bytes.len() - 4;
    for at in 40..end {
        for value in [0, 1, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            let crc = crc32fast::hash(&bytes[..end]).to_le_bytes();
            bytes[end..].copy_from_slice(&crc);
            fs::write(&other, &bytes).unwrap();
            let (opened, _) = open(&path, &other);
            assert!(opened.index.commits().count() <= 1);
            drop(opened.store.lead(&served("a.pl", 1)));
            drop(index::load(&other));
        }
        // What was appended above is cut again.
        let text = fs::read_to_string(path.join("ref/head")).unwrap();
        let kept: String = text.split_inclusive('\n').take(3).collect();
        fs::write(path.join("ref/head"), kept).unwrap();
    }
}

#[test]
fn an_index_that_cannot_be_written_is_no_reason_not_to_open() {
    let (dir, path) = fixture();
    let nowhere = dir.path().join("missing/store.index");
    let (opened, _) = open(&path, &nowhere);
    assert_eq!(opened.report.index, IndexUse::Rebuilt(Stale::Missing));
}

#[test]
fn damaged_objects_are_looked_at_each_time() {
    let (_dir, path, index) = small();
    let Opened { store, .. } = Store::open(&path).unwrap();
    let objects = version("b.pl", "q.\n", 1.0);
    store.write_objects(&objects, Rewrite::No).unwrap();
    let file = crate::layout::path(&path, &objects[0].0);
    fs::write(&file, "short").unwrap();
    fs::remove_file(&index).unwrap();
    assert_eq!(open(&path, &index).0.damaged, [objects[0].0]);
    let (again, read) = open(&path, &index);
    assert_eq!(
        (again.damaged, read, again.report.index),
        (vec![objects[0].0], 1, IndexUse::Current)
    );
    store.write_objects(&objects, Rewrite::Yes).unwrap();
    let (healed, _) = open(&path, &index);
    assert!(healed.damaged.is_empty() && healed.index.holds(&objects[0].0));
}
