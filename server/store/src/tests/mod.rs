//! The store on real directories, with real locks and a disk that fails on purpose.

mod crash;
mod following;
mod fsck;
mod growth;
mod indexing;
mod locks;
mod opening;
mod packs;
mod repack;
mod swipl;
mod tools;
mod users;
mod verify;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use domain::{FileName, ObjectId};
use gitty::{Commit, HeadUpdate, Meta, Object, commit};
use tempfile::TempDir;

use crate::{Opened, Rewrite, Store};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/swish");

/// A copy of the store that SWISH wrote.
fn fixture() -> (TempDir, PathBuf) {
    copy("store")
}

/// A copy of one of the stores that SWISH wrote.
fn copy(name: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let copied =
        Command::new("cp").arg("-r").arg(format!("{FIXTURES}/{name}")).arg(dir.path()).status();
    assert!(copied.unwrap().success());
    let store = dir.path().join(name);
    (dir, store)
}

/// Names of the objects, by the manifest of a store.
fn ids_of(store: &str) -> Vec<ObjectId> {
    let name = if store == "store" { "manifest.json" } else { "manifest-packed.json" };
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(format!("{FIXTURES}/{name}")).unwrap()).unwrap();
    let objects = manifest["objects"].as_array().unwrap().iter();
    objects.map(|entry| entry["hash"].as_str().unwrap().parse().unwrap()).collect()
}

/// Every file below a directory with its bytes.
fn everything(dir: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

/// The pack files of a store.
fn packs(store: &Path) -> Vec<PathBuf> {
    crate::packs::list(&store.join("pack")).unwrap()
}

/// Nobody watches.
fn quietly(_: crate::Progress) {}

/// Turns one bit of a file.
fn flip(path: &Path, at: usize, bit: u32) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
}

/// An empty store.
fn empty() -> (TempDir, Opened) {
    let dir = tempfile::tempdir().unwrap();
    let opened = Store::open(dir.path()).unwrap();
    (dir, opened)
}

fn id(byte: u8) -> ObjectId {
    ObjectId::from_bytes([byte; 20])
}

fn moved(name: &str, old: Option<u8>, new: u8) -> HeadUpdate {
    HeadUpdate { name: name.into(), old: old.map(id), new: id(new) }
}

fn served(name: &str, head: u8) -> [(FileName, ObjectId); 1] {
    [(name.into(), id(head))]
}

/// Appends as somebody else would.
fn append(store: &Path, text: &str) {
    use std::io::Write;
    let path = store.join("ref/head");
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn append_line(store: &Path, update: &HeadUpdate) {
    append(store, &format!("{update}\n"));
}

/// Lines of the journal after the epoch.
fn lines(store: &Path) -> Vec<String> {
    let text = fs::read_to_string(store.join("ref/head")).unwrap();
    text.lines().skip(2).map(str::to_owned).collect()
}

fn text(updates: &[HeadUpdate]) -> Vec<String> {
    updates.iter().map(ToString::to_string).collect()
}

/// A blob and the first commit of a file.
fn version(name: &str, text: &str, time: f64) -> [(ObjectId, Object); 2] {
    let blob = Object::blob(text);
    let blob_id = blob.id().unwrap();
    let commit: Commit = commit::create(&name.into(), blob_id, Meta::default(), None, time);
    [(blob_id, blob), (commit.object().id().unwrap(), commit.object())]
}

#[test]
fn written_objects_are_read_back() {
    let (dir, Opened { store, .. }) = empty();
    let objects = version("a b.pl", "p(1).\n", 1.5);
    store.write_objects(&objects, Rewrite::No).unwrap();
    store.sync().unwrap();
    for (id, object) in &objects {
        assert_eq!(store.read(id).unwrap(), *object);
    }
    let again = Store::open(dir.path()).unwrap();
    assert_eq!(again.index.len(), 2);
    assert_eq!(again.index.latest_ms(&"a b.pl".into()), Some(1500));
}

#[test]
fn new_files_have_the_mode_of_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o2770)).unwrap();
    let Opened { store, .. } = Store::open(dir.path()).unwrap();
    let objects = version("a.pl", "", 1.0);
    store.write_objects(&objects, Rewrite::No).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let file = crate::layout::path(dir.path(), &objects[0].0);
    assert_eq!(mode(&file), 0o660);
    assert_eq!(mode(file.parent().unwrap()), 0o2770);
    assert_eq!(mode(&dir.path().join("ref/head")), 0o660);
}

#[test]
fn a_served_head_is_appended_once() {
    let (dir, Opened { store, .. }) = empty();
    assert_eq!(store.lead(&served("a.pl", 1)).unwrap().appended, 1);
    assert_eq!(store.lead(&served("a.pl", 1)).unwrap().appended, 0);
    assert_eq!(store.lead(&served("a.pl", 2)).unwrap().appended, 1);
    let expected = [moved("a.pl", None, 1), moved("a.pl", Some(1), 2)];
    assert_eq!(lines(dir.path()), text(&expected));
    assert_eq!(store.read_journal().unwrap(), []);
}

#[test]
fn two_processes_that_part_are_led_together() {
    let (dir, Opened { store, .. }) = empty();
    store.lead(&served("a.pl", 1)).unwrap();
    // Two SWISH processes save inside one second, each from head 1.
    let foreign = [moved("a.pl", Some(1), 2), moved("a.pl", Some(1), 3)];
    foreign.iter().for_each(|line| append_line(dir.path(), line));
    let led = store.lead(&served("a.pl", 4)).unwrap();
    assert_eq!((led.appended, &led.foreign[..]), (2, &foreign[..]));
    let expected = [moved("a.pl", Some(2), 4), moved("a.pl", Some(3), 4)];
    assert_eq!(lines(dir.path())[3..], text(&expected));
    assert_eq!(Store::open(dir.path()).unwrap().heads, served("a.pl", 4).into());
}

#[test]
fn a_process_without_the_file_is_led_too() {
    let (dir, Opened { store, .. }) = empty();
    append_line(dir.path(), &moved("a.pl", Some(8), 2));
    let led = store.lead(&served("a.pl", 2)).unwrap();
    assert_eq!(led.appended, 1);
    assert_eq!(lines(dir.path())[1..], text(&[moved("a.pl", None, 2)]));
}

#[test]
fn lines_of_others_are_read_once() {
    let (dir, Opened { store, .. }) = empty();
    append_line(dir.path(), &moved("a.pl", None, 1));
    append(dir.path(), "head('b.pl',-,");
    assert_eq!(store.read_journal().unwrap(), [moved("a.pl", None, 1)]);
    append(dir.path(), "'0202020202020202020202020202020202020202').\n");
    assert_eq!(store.read_journal().unwrap(), [moved("b.pl", None, 2)]);
    assert_eq!(store.read_journal().unwrap(), []);
}
