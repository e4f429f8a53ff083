//! Stores that exist before any node: their objects in one pack, their journal with every save.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use anyhow::Result;
use domain::{FileName, ObjectId};
use gitty::{
    HeadUpdate, Meta, Object, commit, journal,
    pack::{self, Entry},
};
use serde_json::json;

/// A store that is being made.
#[derive(Clone, Debug)]
pub struct Stock {
    objects: Vec<(ObjectId, Object)>,
    lines: String,
}

impl Default for Stock {
    fn default() -> Self {
        Self { objects: Vec::new(), lines: journal::beginning(1_700_000_000) }
    }
}

impl Stock {
    /// Saves a text of `author` at this second; the same arguments make the same version.
    ///
    /// # Errors
    /// Never, but for an attack on SHA-1.
    pub fn save(
        &mut self,
        name: &str,
        previous: Option<ObjectId>,
        (author, text): (&str, &str),
        time: f64,
    ) -> Result<ObjectId> {
        let name = FileName::new(name);
        let blob = Object::blob(text);
        let data = blob.id()?;
        let meta = Meta::from_json(&json!({ "author": author, "public": true }), false);
        let commit = commit::create(&name, data, meta, previous, time).object();
        let new = commit.id()?;
        self.objects.extend([(data, blob), (new, commit)]);
        writeln!(self.lines, "{}", HeadUpdate { name, old: previous, new })?;
        Ok(new)
    }

    /// Writes it as a directory that SWISH could serve.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(mut self, store: &Path) -> Result<()> {
        fs::create_dir_all(store.join("ref"))?;
        fs::write(store.join("ref/head"), &self.lines)?;
        write_pack(store, &mut self.objects)
    }
}

/// Writes these objects as one pack, and takes them.
///
/// # Errors
/// The disk's.
pub fn write_pack(store: &Path, objects: &mut Vec<(ObjectId, Object)>) -> Result<()> {
    objects.sort_unstable_by_key(|(id, _)| *id);
    objects.dedup_by_key(|(id, _)| *id);
    let mut entries = Vec::new();
    let mut members = Vec::new();
    for (id, object) in objects.drain(..) {
        let bytes = object.encode_loose();
        entries.push(Entry {
            id,
            kind: object.kind,
            size: u64::try_from(object.content.len())?,
            file_size: u64::try_from(bytes.len())?,
        });
        members.extend(bytes);
    }
    let header = pack::header(&entries);
    let mut naming = pack::Naming::default();
    naming.update(header.as_bytes());
    naming.update(&members);
    fs::create_dir_all(store.join("pack"))?;
    let mut file = File::create(store.join("pack").join(pack::file_name(naming.finish())))?;
    file.write_all(header.as_bytes())?;
    file.write_all(&members)?;
    Ok(())
}
