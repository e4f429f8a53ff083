//! Packs that SWISH wrote, packs that come while the store is open, and damaged members.

use std::{
    fs::File,
    io,
    sync::{Arc, Mutex},
};

use gitty::PackIndex;

use super::*;
use crate::{Disk, Loose, Owner, ReadError, ReadOnly, RealDisk};

/// Notes the pieces that are read.
#[derive(Clone, Default)]
struct NotingDisk {
    pieces: Arc<Mutex<Vec<(u64, u32)>>>,
}

impl Disk for NotingDisk {
    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        RealDisk.read(path, max_bytes)
    }

    fn read_range(&self, path: &Path, offset: u64, length: u32) -> io::Result<Vec<u8>> {
        self.pieces.lock().unwrap().push((offset, length));
        RealDisk.read_range(path, offset, length)
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

    fn sync(&self, file: &File) -> io::Result<()> {
        RealDisk.sync(file)
    }
}

/// First member of the first pack of the packed store: where it is, and what.
fn member(store: &Path) -> (PathBuf, ObjectId, u64, u32) {
    let path = packs(store)[0].clone();
    let index = PackIndex::parse(&fs::read(&path).unwrap()).unwrap();
    let (entry, range) = index.members().next().unwrap();
    (path, entry.id, range.start, u32::try_from(entry.file_size).unwrap())
}

#[test]
fn the_packed_store_of_a_real_swish_has_its_heads_and_objects() {
    let (_dir, path) = copy("store-packed");
    let (_loose_dir, loose) = copy("store");
    let opened = Store::open(&path).unwrap();
    let plain = Store::open(&loose).unwrap();
    assert_eq!(opened.report.packs, 2);
    assert_eq!((opened.index.len(), opened.heads), (238, plain.heads));
    assert_eq!(opened.damaged, []);
    for id in ids_of("store-packed") {
        assert_eq!(opened.store.read(&id).unwrap(), plain.store.read(&id).unwrap());
    }
}

#[test]
fn reading_a_member_reads_its_bytes_only() {
    let (_dir, path) = copy("store-packed");
    let (_, id, offset, length) = member(&path);
    let disk = NotingDisk::default();
    let Opened { store, .. } = Store::open_on(&path, Box::new(disk.clone())).unwrap();
    disk.pieces.lock().unwrap().clear();
    store.read(&id).unwrap();
    assert_eq!(*disk.pieces.lock().unwrap(), [(offset, length)]);
}

#[test]
fn objects_that_somebody_packed_away_are_found_in_the_new_pack() {
    let (_dir, path) = fixture();
    let Opened { store, .. } = Store::open(&path).unwrap();
    let reader = ReadOnly::open(&path).unwrap();
    crate::repack(&path, Loose::Keep, &quietly).unwrap();
    for id in ids_of("store") {
        fs::remove_file(crate::layout::path(&path, &id)).unwrap();
    }
    for id in ids_of("store") {
        assert!(store.read(&id).is_ok() && reader.read(&id).is_ok(), "{id}");
    }
    assert!(matches!(store.read(&id(1)), Err(ReadError::Missing(_))));
}

#[test]
fn a_damaged_member_is_named_and_hides_no_loose_file() {
    let (_dir, path) = copy("store-packed");
    let (pack, id, offset, length) = member(&path);
    let object = ReadOnly::open(&path).unwrap().read(&id).unwrap();
    flip(&pack, usize::try_from(offset + u64::from(length)).unwrap() - 2, 0);
    let opened = Store::open(&path).unwrap();
    assert_eq!(opened.damaged, [id]);
    assert!(matches!(opened.store.read(&id), Err(ReadError::Damaged { .. })));
    assert_eq!(opened.store.heal(id, &Object::blob("other")).unwrap_err().id, id);
    assert_eq!(opened.store.heal(id, &object).unwrap(), crate::Healed::Rewritten);
    assert_eq!(opened.store.heal(id, &object).unwrap(), crate::Healed::WasWhole);
    assert_eq!(opened.store.read(&id).unwrap(), object);
    assert_eq!(Store::open(&path).unwrap().damaged, []);
}

#[test]
fn a_file_that_is_no_pack_is_left_out() {
    let (_dir, path) = copy("store-packed");
    fs::write(path.join("pack/pack-00.pack"), "epoch(1).\n").unwrap();
    let header = format!("gitty(1).\nobj('{}',blob,1,{}).\nend_of_header.\n", id(1), u32::MAX);
    fs::write(path.join("pack/huge.pack"), header).unwrap();
    let opened = Store::open(&path).unwrap();
    assert_eq!((opened.report.packs, opened.index.len()), (3, 238));
    assert_eq!(opened.damaged, [id(1)]);
}

#[test]
fn a_store_that_is_read_only_stays_as_it_is() {
    let (_dir, path) = copy("store-packed");
    fs::remove_dir_all(path.join("ref")).unwrap();
    fs::write(path.join("e6/tmp-1-1"), "half").unwrap();
    let before = everything(&path);
    let store = ReadOnly::open(&path).unwrap();
    assert_eq!(store.ids().unwrap(), ids_of("store-packed"));
    let heads = store.heads(&quietly).unwrap();
    assert_eq!((heads.of.len(), heads.from), (62, crate::HeadsFrom::Times));
    let (_journal_dir, whole) = copy("store-packed");
    let journal = ReadOnly::open(&whole).unwrap().heads(&quietly).unwrap();
    assert_eq!((journal.of, journal.from), (heads.of, crate::HeadsFrom::Journal));
    crate::fsck(&path, &quietly).unwrap();
    assert_eq!(everything(&path), before);
    assert!(!path.join("ref").exists());
}
