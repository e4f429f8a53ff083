//! What opening finds, and what it makes.

use super::*;
use crate::{OpenError, OpenReport, ReadError};

fn manifest() -> serde_json::Value {
    serde_json::from_slice(&fs::read(format!("{FIXTURES}/manifest.json")).unwrap()).unwrap()
}

fn heads_of(manifest: &serde_json::Value) -> std::collections::BTreeMap<FileName, ObjectId> {
    let files = manifest["files"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    files
        .map(|file| (FileName::new(text(&file["name"])), text(&file["head"]).parse().unwrap()))
        .collect()
}

#[test]
fn the_store_of_a_real_swish_has_its_heads_and_objects() {
    let (_dir, path) = fixture();
    let opened = Store::open(&path).unwrap();
    assert_eq!(opened.heads.len(), 62);
    assert_eq!(opened.heads, heads_of(&manifest()));
    assert_eq!(opened.index.len(), 238);
    assert_eq!(opened.damaged, []);
    assert_eq!(opened.report, OpenReport::default());
}

#[test]
fn a_lost_journal_is_rebuilt_by_time() {
    let (_dir, path) = fixture();
    fs::remove_dir_all(path.join("ref")).unwrap();
    let opened = Store::open(&path).unwrap();
    assert!(opened.report.journal_rebuilt);
    assert_eq!(opened.heads, heads_of(&manifest()));
    assert_eq!(lines(&path).len(), 62);
}

#[test]
fn an_empty_directory_becomes_a_store_that_swish_opens() {
    let (dir, opened) = empty();
    assert!(opened.heads.is_empty() && opened.index.is_empty());
    let text = fs::read_to_string(dir.path().join("ref/head")).unwrap();
    assert!(text.starts_with("epoch(") && text.ends_with(").\n\n"), "{text}");
    assert!(!Store::open(dir.path()).unwrap().report.journal_rebuilt);
}

#[test]
fn a_journal_that_swish_would_not_restore_is_refused() {
    let (dir, _) = empty();
    fs::write(dir.path().join("ref/head"), format!("{}\n", moved("a.pl", None, 1))).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(OpenError::NoEpoch(_))));
}

#[test]
fn short_and_wrong_objects_are_reported_and_rewritten() {
    let (dir, Opened { store, .. }) = empty();
    let objects = version("a.pl", "p.\n", 1.0);
    store.write_objects(&objects, Rewrite::No).unwrap();
    let [short, wrong] = [0, 1].map(|at| crate::layout::path(dir.path(), &objects[at].0));
    let bytes = fs::read(&short).unwrap();
    fs::write(&short, &bytes[..bytes.len() - 9]).unwrap();
    fs::write(&wrong, bytes).unwrap();

    let opened = Store::open(dir.path()).unwrap();
    let mut damaged = objects.each_ref().map(|(id, _)| *id);
    damaged.sort();
    assert_eq!(opened.damaged, damaged);
    assert!(opened.index.is_empty());
    let error = store.read(&objects[0].0).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { .. }), "{error}");
    assert!(matches!(store.read(&id(1)), Err(ReadError::Missing(_))));

    store.write_objects(&objects, Rewrite::No).unwrap();
    assert!(store.read(&objects[0].0).is_err());
    store.write_objects(&objects, Rewrite::Yes).unwrap();
    assert_eq!(store.read(&objects[0].0).unwrap(), objects[0].1);
}

#[test]
fn what_a_crash_left_half_written_is_removed() {
    let (dir, Opened { store, .. }) = empty();
    let objects = version("a.pl", "p.\n", 1.0);
    store.write_objects(&objects, Rewrite::No).unwrap();
    let folder = crate::layout::path(dir.path(), &objects[0].0).parent().unwrap().to_owned();
    fs::write(folder.join("tmp-1-1"), "half").unwrap();
    Store::open(dir.path()).unwrap();
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}
