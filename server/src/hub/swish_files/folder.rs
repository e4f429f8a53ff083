//! Where the file of a document is, and which files are there.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use relay::DocumentId;
use sha1::{Digest, Sha1};

/// Path of a document's file below the directory: the SHA-1 of its id, as SWISH cuts it.
pub(in crate::hub) fn path_of(document: &DocumentId) -> PathBuf {
    let hash: [u8; 20] = Sha1::digest(document.as_str().as_bytes()).into();
    let hash = domain::ObjectId::from_bytes(hash).to_string();
    [&hash[..2], &hash[2..4], &hash[4..]].iter().collect()
}

/// How a file looks from outside; another look means that there may be more in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looks {
    pub(super) size: u64,
    pub(super) inode: u64,
    changed: (i64, i64),
}

impl Looks {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let meta = fs::metadata(path)?;
        let changed = (meta.mtime(), meta.mtime_nsec());
        Ok(Self { size: meta.size(), inode: meta.ino(), changed })
    }
}

/// Every chat file of a directory, by its path below it. One that cannot be looked at is left out.
pub(super) fn files(directory: &Path) -> io::Result<Vec<(PathBuf, Looks)>> {
    let mut found = Vec::new();
    for first in names(directory, 2)? {
        for second in names(&directory.join(&first), 2).unwrap_or_default() {
            let folder: PathBuf = [&first, &second].iter().collect();
            for name in names(&directory.join(&folder), 36).unwrap_or_default() {
                let path = folder.join(name);
                if let Ok(looks) = Looks::of(&directory.join(&path)) {
                    found.push((path, looks));
                }
            }
        }
    }
    Ok(found)
}

/// Names of so many hexadecimal digits in a folder.
fn names(folder: &Path, digits: usize) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(folder)?.filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_hex = |name: &String| {
        name.len() == digits && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    Ok(names.filter(is_hex).collect())
}
