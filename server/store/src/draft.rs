//! A new file that becomes visible only when all of it is on the disk.
//!
//! For tools that work on a directory without a database: sync the file, rename, sync the
//! folders. The node itself writes without syncs, because its database holds everything.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{disk::Owner, layout};

/// A file under a temporary name; removed again unless it is published.
pub(crate) struct Draft {
    path: PathBuf,
    file: File,
    published: bool,
}

impl Draft {
    /// Makes an empty file in a folder, and the folder if it is missing.
    pub(crate) fn create(folder: &Path, owner: &Owner) -> io::Result<Self> {
        owner.create_dir(folder)?;
        let path = layout::temporary(folder);
        let file = owner.create_file(&path)?;
        Ok(Self { path, file, published: false })
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Brings what was written to the disk, for a look at it before it is published.
    pub(crate) fn sync(&self) -> io::Result<&Path> {
        self.file.sync_all()?;
        Ok(&self.path)
    }

    /// Gives the file its name, durably: also its folders, up to the store's.
    pub(crate) fn publish(mut self, path: &Path, store: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, path)?;
        self.published = true;
        sync_folders(path, store)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Syncs the folders that lead from the store to a file.
pub(crate) fn sync_folders(path: &Path, store: &Path) -> io::Result<()> {
    for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(store)) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
