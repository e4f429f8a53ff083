//! Where an object's file is, and how it is read and written.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use domain::ObjectId;
use gitty::Object;

use crate::{
    disk::{Disk, Owner},
    error::ReadError,
};

/// Largest content of an object that is read.
pub const MAX_OBJECT_BYTES: usize = 64 << 20;
/// Largest loose file; gzip adds little to what it cannot compress.
pub(crate) const MAX_FILE_BYTES: u64 = 65 << 20;
/// Begins the name of a file that is being written; SWISH looks at names of 36 characters only.
pub(crate) const TEMPORARY: &str = "tmp-";
/// Folder of the pack files.
pub(crate) const PACKS: &str = "pack";

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Path of an object's loose file.
pub(crate) fn path(dir: &Path, id: &ObjectId) -> PathBuf {
    let hex = id.to_string();
    dir.join(&hex[..2]).join(&hex[2..4]).join(&hex[4..])
}

/// Reads a loose file and checks that it is the object its name says.
pub(crate) fn read(disk: &dyn Disk, dir: &Path, id: &ObjectId) -> Result<Object, ReadError> {
    let bytes = disk.read(&path(dir, id), MAX_FILE_BYTES).map_err(|source| {
        if source.kind() == io::ErrorKind::NotFound {
            ReadError::Missing(*id)
        } else {
            ReadError::Io { id: *id, source }
        }
    })?;
    check(id, &bytes)
}

/// Reads the bytes of a loose file or a pack's member, which must be the object called `id`.
pub(crate) fn check(id: &ObjectId, bytes: &[u8]) -> Result<Object, ReadError> {
    let damaged = |reason: String| ReadError::Damaged { id: *id, reason };
    if bytes.is_empty() {
        return Err(damaged("it is empty".into()));
    }
    let object = Object::decode_loose(bytes, MAX_OBJECT_BYTES)
        .map_err(|error| damaged(error.to_string()))?;
    if object.is_named(id) {
        return Ok(object);
    }
    match object.id() {
        Ok(found) => Err(damaged(format!("its content is {found}"))),
        Err(error) => Err(damaged(error.to_string())),
    }
}

/// Writes a file under a temporary name and puts it in its place.
pub(crate) fn write(disk: &dyn Disk, path: &Path, bytes: &[u8], owner: &Owner) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let temporary = temporary(dir);
    let written = match disk.write(&temporary, bytes, owner) {
        // In a store that has grown, the folder is there.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            owner.create_dir(dir).and_then(|()| disk.write(&temporary, bytes, owner))
        }
        written => written,
    };
    let written = written.and_then(|()| disk.rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report; opening the store removes what stays.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A name in a folder that no other process and no other call uses.
pub(crate) fn temporary(folder: &Path) -> PathBuf {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{TEMPORARY}{}-{number}", std::process::id()))
}
