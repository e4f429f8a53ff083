//! A gitty directory, read as SWISH reads it: the journal for heads, loose files for objects.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use domain::ObjectId;
use gitty::{Commit, Object, journal::Journal};

use crate::history::Version;

/// Longest object of these tests.
const MAX_BYTES: usize = 16 << 20;

/// A directory on disk.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// The directory at `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The journal as it is now.
    ///
    /// # Errors
    /// It cannot be read, or holds a line that SWISH would not take.
    pub fn journal(&self) -> Result<Journal> {
        let path = self.0.join("ref/head");
        let journal = Journal::read(&fs::read(&path).with_context(|| path.display().to_string())?);
        ensure!(journal.epoch.is_some(), "{} begins with no epoch", path.display());
        ensure!(journal.foreign.is_empty(), "{}: {:?}", path.display(), journal.foreign);
        Ok(journal)
    }

    /// Heads as a SWISH that starts now finds them: the last line of each file.
    ///
    /// # Errors
    /// See [`Directory::journal`].
    pub fn heads(&self) -> Result<BTreeMap<String, ObjectId>> {
        let updates = self.journal()?.updates.into_iter();
        Ok(updates.map(|update| (update.name.as_str().to_owned(), update.new)).collect())
    }

    /// Heads as a SWISH that runs since before the first line has them: it follows a line only
    /// from where it stands.
    ///
    /// # Errors
    /// See [`Directory::journal`].
    pub fn followed_heads(&self) -> Result<BTreeMap<String, ObjectId>> {
        let mut heads = BTreeMap::new();
        for update in self.journal()?.updates {
            let name = update.name.as_str().to_owned();
            if heads.get(&name).copied() == update.old {
                heads.insert(name, update.new);
            }
        }
        Ok(heads)
    }

    /// An object, whose hash is that of its name.
    ///
    /// # Errors
    /// It has no file, or a damaged one.
    pub fn object(&self, id: ObjectId) -> Result<Object> {
        let path = self.file(id);
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let object = Object::decode_loose(&bytes, MAX_BYTES)?;
        ensure!(object.id()? == id, "{} holds something else", path.display());
        Ok(object)
    }

    /// True if the object has a loose file.
    #[must_use]
    pub fn has(&self, id: ObjectId) -> bool {
        self.file(id).exists()
    }

    /// How many objects have a loose file.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn loose(&self) -> Result<usize> {
        let is_part = |name: &str| name.len() == 2 && u8::from_str_radix(name, 16).is_ok();
        let parts = |path: &Path| -> Result<Vec<PathBuf>> {
            let entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
            let named =
                entries.iter().filter(|entry| entry.file_name().to_str().is_some_and(is_part));
            Ok(named.map(fs::DirEntry::path).collect())
        };
        let mut count = 0;
        for first in parts(&self.0)? {
            for second in parts(&first)? {
                count += fs::read_dir(second)?.count();
            }
        }
        Ok(count)
    }

    /// Versions from the first to `head`, all of the same file.
    ///
    /// # Errors
    /// An object is missing or damaged.
    pub fn chain(&self, head: ObjectId) -> Result<Vec<Version>> {
        let mut chain = Vec::new();
        let mut at = Some(head);
        let mut name = None;
        while let Some(id) = at {
            let commit = Commit::parse(&self.object(id)?.content)?;
            // A fork's first version names another file's: that is not its history.
            if *name.get_or_insert(commit.name()) != commit.name() {
                break;
            }
            let blob = self.object(commit.data())?;
            chain.push(Version { commit: id, text: String::from_utf8(blob.content.to_vec())? });
            at = commit.previous();
        }
        chain.reverse();
        Ok(chain)
    }

    fn file(&self, id: ObjectId) -> PathBuf {
        let digits = id.to_string();
        self.0.join(&digits[..2]).join(&digits[2..4]).join(&digits[4..])
    }
}
