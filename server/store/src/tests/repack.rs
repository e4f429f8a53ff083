//! Repacking: the same store in other files, and never less of it.

use std::process::{Child, Stdio};

use gitty::PackIndex;

use super::*;
use crate::{Finding, InUseError, Loose, ReadOnly, RepackError, repack};

/// A process that reads the journal, as a SWISH does as long as it runs.
struct Reader(Child);

impl Reader {
    fn start(store: &Path) -> Self {
        let journal = fs::File::open(store.join("ref/head")).unwrap();
        let child = Command::new("sleep").arg("60").stdin(Stdio::from(journal)).spawn();
        Self(child.unwrap())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// All objects of a store by content.
fn contents(store: &Path) -> Vec<(ObjectId, Object)> {
    let store = ReadOnly::open(store).unwrap();
    let ids = store.ids().unwrap();
    ids.into_iter().map(|id| (id, store.read(&id).unwrap())).collect()
}

#[test]
fn a_repacked_store_is_one_pack_with_the_same_objects() {
    for (name, merged, removed) in [("store", 0, 238), ("store-packed", 2, 58)] {
        let (_dir, path) = copy(name);
        let before = contents(&path);
        let done = repack(&path, Loose::Drop, &quietly).unwrap();
        assert_eq!((done.objects, done.removed, done.merged.len()), (238, removed, merged));
        assert_eq!(done.findings, []);
        assert_eq!(contents(&path), before);
        let files: Vec<_> = everything(&path).into_keys().collect();
        let pack = path.join("pack").join(done.pack.unwrap());
        assert_eq!(files, [path.join(".swish-cluster.lock"), pack, path.join("ref/head")]);
        let found = crate::fsck(&path, &quietly).unwrap();
        assert_eq!((found.packed, found.findings), (238, vec![]));
        // Folders of objects are gone as well.
        assert_eq!(fs::read_dir(&path).unwrap().count(), 3);
        let again = repack(&path, Loose::Drop, &quietly).unwrap();
        assert_eq!(again, crate::Repacked::default());
        assert_eq!(packs(&path).len(), 1);
    }
}

#[test]
fn members_are_the_loose_files_byte_for_byte() {
    let (_dir, path) = fixture();
    let before = everything(&path);
    let done = repack(&path, Loose::Keep, &quietly).unwrap();
    let file = path.join("pack").join(done.pack.unwrap());
    let bytes = fs::read(&file).unwrap();
    let index = PackIndex::parse(&bytes).unwrap();
    assert_eq!(index.entries().len(), 238);
    for (entry, range) in index.members() {
        let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
        assert_eq!(bytes[start..end], before[&crate::layout::path(&path, &entry.id)]);
    }
    let mut after = everything(&path);
    after.remove(&file);
    assert_eq!(after, before);
    assert_eq!(repack(&path, Loose::Keep, &quietly).unwrap(), crate::Repacked::default());
}

#[test]
fn nothing_is_removed_while_a_process_reads_the_journal() {
    let (_dir, path) = copy("store-packed");
    let reader = Reader::start(&path);
    let before = everything(&path);
    let refused = repack(&path, Loose::Drop, &quietly).unwrap_err();
    let RepackError::InUse(InUseError::Open { opener, .. }) = &refused else {
        panic!("{refused}");
    };
    assert_eq!((opener.pid, opener.program.as_str()), (reader.0.id(), "sleep"));
    assert!(refused.to_string().contains(&reader.0.id().to_string()));
    let mut after = everything(&path);
    after.remove(&path.join(".swish-cluster.lock"));
    assert_eq!(after, before);
    let added = repack(&path, Loose::Keep, &quietly).unwrap();
    assert_eq!((added.objects, added.removed), (58, 0));
    drop(reader);
    assert_eq!(repack(&path, Loose::Drop, &quietly).unwrap().objects, 238);
}

#[test]
fn a_process_that_starts_meanwhile_stops_the_removal() {
    let (_dir, path) = fixture();
    let reader = std::cell::RefCell::new(None);
    let watch = |_| {
        reader.borrow_mut().get_or_insert_with(|| Reader::start(&path));
    };
    let refused = repack(&path, Loose::Drop, &watch).unwrap_err();
    assert!(matches!(refused, RepackError::InUse(_)), "{refused}");
    assert_eq!(crate::walk::walk(&path).unwrap().ids.len(), 238);
    assert_eq!(packs(&path).len(), 1);
}

#[test]
fn a_damaged_object_stays_where_it_is() {
    let (_dir, path) = fixture();
    let id = ids_of("store")[7];
    let file = crate::layout::path(&path, &id);
    let length = fs::read(&file).unwrap().len();
    flip(&file, length - 2, 3);
    let done = repack(&path, Loose::Drop, &quietly).unwrap();
    assert_eq!((done.objects, done.removed), (237, 237));
    assert!(matches!(&done.findings[..], [Finding::Loose { id: named, .. }] if *named == id));
    assert!(file.exists());
}

#[test]
fn a_damaged_pack_is_made_again_if_its_objects_are_elsewhere() {
    let (_dir, path) = copy("store-packed");
    let pack = packs(&path)[0].clone();
    let bytes = fs::read(&pack).unwrap();
    let index = PackIndex::parse(&bytes).unwrap();
    let (entry, range) = index.members().next().unwrap();
    let object = ReadOnly::open(&path).unwrap().read(&entry.id).unwrap();
    flip(&pack, usize::try_from(range.end).unwrap() - 2, 3);
    // Without another copy the pack has to stay, with all that is whole in it.
    let before = repack(&path, Loose::Drop, &quietly).unwrap();
    assert!(pack.exists() && !before.findings.is_empty());
    assert_eq!(before.merged.len(), 1);

    let Opened { store, .. } = Store::open(&path).unwrap();
    store.heal(entry.id, &object).unwrap();
    drop(store);
    let done = repack(&path, Loose::Drop, &quietly).unwrap();
    assert_eq!((done.objects, packs(&path).len()), (238, 1));
    assert_eq!(crate::fsck(&path, &quietly).unwrap().findings, []);
}
