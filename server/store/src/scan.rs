//! The walk over all objects when the store is opened.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use domain::{FileName, ObjectId, ObjectKind};
use gitty::{Commit, HeadUpdate};

use crate::{disk::Disk, error::ReadError, index::Index, layout, objects, packs::Packs};

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) index: Index,
    /// Files that are short, hold something else, or commits that cannot be read.
    pub(crate) damaged: Vec<ObjectId>,
    /// Latest commit of each file, by its time in full: saves share a millisecond.
    latest: BTreeMap<FileName, (f64, ObjectId)>,
}

/// Reads every object, checks its hash and takes it into the index.
pub(crate) fn scan(disk: &dyn Disk, dir: &Path, packs: &Packs) -> io::Result<Scan> {
    let mut scan = Scan::default();
    for (first, outer) in folders(dir)? {
        for (second, inner) in folders(&outer)? {
            for name in files(&inner)? {
                if let Ok(id) = format!("{first}{second}{name}").parse() {
                    scan.take(disk, dir, packs, id)?;
                }
            }
        }
    }
    for id in packs.ids() {
        if !scan.index.holds(&id) {
            scan.take(disk, dir, packs, id)?;
        }
    }
    // One that is damaged in both places was met twice.
    scan.damaged.sort_unstable();
    scan.damaged.dedup();
    Ok(scan)
}

impl Scan {
    fn take(&mut self, disk: &dyn Disk, dir: &Path, packs: &Packs, id: ObjectId) -> io::Result<()> {
        let object = match objects::read(disk, dir, packs, &id) {
            Ok(object) => object,
            Err(ReadError::Damaged { reason, .. }) => {
                tracing::warn!(object.id = %id, reason, "object is damaged");
                self.damaged.push(id);
                return Ok(());
            }
            // SWISH removes a commit whose head it could not move.
            Err(ReadError::Missing(_)) => return Ok(()),
            Err(ReadError::Io { source, .. }) => return Err(source),
        };
        if object.kind != ObjectKind::Commit {
            self.index.insert_blob(id);
            return Ok(());
        }
        match Commit::parse(&object.content) {
            Ok(commit) => {
                self.date(&commit, id);
                self.index.insert_commit(id, commit.link());
            }
            Err(error) => {
                tracing::warn!(object.id = %id, %error, "commit is unreadable");
                self.damaged.push(id);
            }
        }
        Ok(())
    }

    fn date(&mut self, commit: &Commit, id: ObjectId) {
        let latest = self.latest.entry(commit.name()).or_insert((commit.time(), id));
        if commit.time() >= latest.0 {
            *latest = (commit.time(), id);
        }
    }

    /// Heads as SWISH finds them without a journal: the commit with the greatest time.
    pub(crate) fn heads_by_time(&self) -> impl Iterator<Item = HeadUpdate> + '_ {
        self.latest.iter().map(|(name, (_, id))| HeadUpdate {
            name: name.clone(),
            old: None,
            new: *id,
        })
    }
}

/// Folders of two characters; other names are not SWISH's objects.
fn folders(dir: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && name.len() == 2
            && entry.path().is_dir()
        {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Names of the files, after those that a crash left half written are removed.
fn files(dir: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with(layout::TEMPORARY) {
            fs::remove_file(entry.path())?;
        } else {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}
