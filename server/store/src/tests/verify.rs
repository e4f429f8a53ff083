//! Every value of SWISH's manifests, from loose, packed and repacked stores.

use serde_json::Value;

use super::*;
use crate::{Loose, ReadOnly};

fn manifest(name: &str) -> Value {
    serde_json::from_slice(&fs::read(format!("{FIXTURES}/{name}")).unwrap()).unwrap()
}

/// What the keys of ours say, without the one commit whose variables have other names in each
/// reading; `gitty` compares that one.
fn compare(path: &Path, manifest: &Value) {
    let store = ReadOnly::open(path).unwrap();
    let heads = store.heads(&quietly).unwrap().of;
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(manifest["n_files"], heads.len());
    for (file, (name, head)) in files.iter().zip(&heads) {
        assert_eq!(file["name"], name.as_str());
        assert_eq!(file["ext"], name.extension());
        assert_eq!(file["head"], head.to_string());
    }
    let ids = store.ids().unwrap();
    assert_eq!(manifest["n_objects"], ids.len());
    let mut theirs = manifest["objects"].as_array().unwrap().iter();
    let mut checked = 0;
    store.each(&ids, &quietly, |id, object| {
        let ours = gitty::tagged::object(id, &object.unwrap());
        let theirs = theirs.next().unwrap();
        for (key, value) in ours.as_object().unwrap() {
            if key != "meta" || !value.to_string().contains("meta_zoo") {
                assert_eq!(*value, theirs[key], "{id} {key}");
                checked += 1;
            }
        }
    });
    assert!(checked > 1000);
}

#[test]
fn every_value_of_the_manifests_is_reproduced() {
    for (name, manifest_name) in
        [("store", "manifest.json"), ("store-packed", "manifest-packed.json")]
    {
        let (_dir, path) = copy(name);
        let manifest = manifest(manifest_name);
        compare(&path, &manifest);
        crate::repack(&path, Loose::Keep, &quietly).unwrap();
        compare(&path, &manifest);
        crate::repack(&path, Loose::Drop, &quietly).unwrap();
        assert!(crate::walk::walk(&path).unwrap().ids.is_empty());
        compare(&path, &manifest);
    }
}
