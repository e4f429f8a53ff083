//! A store of many files with short histories, made quickly.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::Result;
use domain::{FileName, ObjectId};
use gitty::{HeadUpdate, Meta, Object, commit, journal};

use crate::stock::write_pack;

/// Objects of a pack.
const PACKED: usize = 100_000;

/// What a store is made of.
#[derive(Clone, Copy, Debug)]
pub(in crate::bench) struct Shape {
    /// Files, `file-0.pl` and so on.
    pub(in crate::bench) files: usize,
    /// Commits of all of them together.
    pub(in crate::bench) commits: usize,
    /// Text of a file in a commit, by their numbers.
    pub(in crate::bench) text: fn(usize, usize) -> String,
    /// Whether in packs; else in loose files.
    pub(in crate::bench) packed: bool,
}

/// Makes a store with a journal of all its commits.
pub(in crate::bench) fn make(store: &Path, shape: Shape) -> Result<()> {
    let Shape { files, commits, text, packed } = shape;
    fs::create_dir_all(store.join("ref"))?;
    let mut lines = BufWriter::new(File::create(store.join("ref/head"))?);
    lines.write_all(journal::beginning(1_700_000_000).as_bytes())?;
    let mut objects = Vec::new();
    let mut heads: Vec<Option<ObjectId>> = vec![None; files];
    for number in 0..commits {
        // Round after round over all files, as a site is written.
        let file = number % heads.len();
        let name = FileName::new(format!("file-{file}.pl"));
        let text = text(file, number);
        let blob = Object::blob(&text);
        let blob_id = blob.id()?;
        let time = 1_700_000_000.0 + f64::from(u32::try_from(number)?);
        let previous = heads[file];
        let meta = Meta::from_json(
            &serde_json::json!({ "title": "a title", "author": "Ann", "public": true }),
            false,
        );
        let commit = commit::create(&name, blob_id, meta, previous, time).object();
        let new = commit.id()?;
        objects.extend([(blob_id, blob), (new, commit)]);
        writeln!(lines, "{}", HeadUpdate { name, old: previous, new })?;
        heads[file] = Some(new);
        if objects.len() >= PACKED {
            write(store, &mut objects, packed)?;
        }
    }
    write(store, &mut objects, packed)?;
    lines.flush()?;
    Ok(())
}

/// About a thousand characters, like a small program.
pub(super) fn text(file: usize, number: usize) -> String {
    (0..24).map(|line| format!("p{line}(X) :- q({file}, X), r({number}, {line}).\n")).collect()
}

fn write(store: &Path, objects: &mut Vec<(ObjectId, Object)>, packed: bool) -> Result<()> {
    if packed && !objects.is_empty() {
        return write_pack(store, objects);
    }
    for (id, object) in objects.drain(..) {
        let digits = id.to_string();
        let folder = store.join(&digits[..2]).join(&digits[2..4]);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(&digits[4..]), object.encode_loose())?;
    }
    Ok(())
}
