//! The recorded data that the tests of this package read.
#![expect(clippy::disallowed_methods, reason = "tests read the fixtures from disk")]

use domain::ObjectId;
use serde_json::Value;

use crate::{Commit, Object};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/swish");

/// A file of the fixtures.
pub(crate) fn read(path: &str) -> Vec<u8> {
    std::fs::read(format!("{ROOT}/{path}")).unwrap()
}

/// A JSON file of the fixtures.
pub(crate) fn json(path: &str) -> Value {
    serde_json::from_slice(&read(path)).unwrap()
}

/// Events of a recorded transcript.
pub(crate) fn transcript(name: &str) -> Vec<Value> {
    let text = String::from_utf8(read(&format!("transcripts/{name}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Each file two folders deep, by the hash its path spells.
pub(crate) fn loose_objects() -> Vec<(ObjectId, Vec<u8>)> {
    let manifest = json("manifest.json");
    let objects = manifest["objects"].as_array().unwrap();
    objects.iter().map(|entry| loose(entry["hash"].as_str().unwrap())).collect()
}

/// The object called `id`.
pub(crate) fn object(id: &str) -> Object {
    Object::decode_loose(&loose(id).1, 8 << 20).unwrap()
}

/// The commit called `id`.
pub(crate) fn commit(id: &str) -> Commit {
    Commit::parse(&object(id).content).unwrap()
}

fn loose(id: &str) -> (ObjectId, Vec<u8>) {
    let path = format!("store/{}/{}/{}", &id[..2], &id[2..4], &id[4..]);
    (id.parse().unwrap(), read(&path))
}
