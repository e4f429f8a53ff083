//! The loose objects of a store by name, listed without changing anything.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::ObjectId;

use crate::layout;

/// What the folders hold.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Names of the loose objects, in order.
    pub(crate) ids: Vec<ObjectId>,
    /// Files that a crash left half written.
    pub(crate) leftovers: Vec<PathBuf>,
    /// Files that break SWISH's own walk: it takes each name of two characters for a folder.
    pub(crate) misplaced: Vec<PathBuf>,
}

/// Lists the folders as SWISH does.
pub(crate) fn walk(dir: &Path) -> io::Result<Walk> {
    let mut walk = Walk::default();
    for (first, outer) in walk.folders(dir)? {
        for (second, inner) in walk.folders(&outer)? {
            walk.files(&format!("{first}{second}"), &inner)?;
        }
    }
    walk.ids.sort_unstable();
    Ok(walk)
}

impl Walk {
    fn folders(&mut self, dir: &Path) -> io::Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for (name, path) in names(dir)? {
            if name.len() == 2 && path.is_dir() {
                found.push((name, path));
            } else if name.chars().count() == 2 {
                self.misplaced.push(path);
            }
        }
        Ok(found)
    }

    fn files(&mut self, prefix: &str, dir: &Path) -> io::Result<()> {
        for (name, path) in names(dir)? {
            if name.starts_with(layout::TEMPORARY) {
                self.leftovers.push(path);
            } else if let Ok(id) = format!("{prefix}{name}").parse() {
                self.ids.push(id);
            }
        }
        Ok(())
    }
}

/// Names that are text, in order; none of a folder that SWISH pruned in this moment.
fn names(dir: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Files in a folder that a crash left half written, ours or SWISH's pack.
pub(crate) fn leftovers(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let is_leftover = |name: &str| name.starts_with(layout::TEMPORARY) || name == "pack-create";
    Ok(names(dir)?
        .into_iter()
        .filter(|(name, _)| is_leftover(name))
        .map(|(_, path)| path)
        .collect())
}
